import type { MiddlewareHandler } from "hono";
import { type Credential, sameText } from "../../core/credential.js";
import { type HostRule, isOwnHost, isOwnOrigin } from "../../core/loopback.js";
import { refuse } from "./answers.js";

/** Nothing from elsewhere is loaded, nothing inline is run, nobody may frame the page. The editor sets styles of its own elements as attributes. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

export function securityHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  };
}

/** Keeps out the pages of other sites, which a browser on this machine would otherwise carry here in its user's name. */
export function refuseForeign(rule: HostRule): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header("host");
    if (!isOwnHost(host, rule)) {
      return refuse(
        c,
        403,
        `This is not a host named ${JSON.stringify(host?.slice(0, 255) ?? "")}.`,
        "Use the address that `penstock up` printed; --allow-host lets a further name in.",
      );
    }
    if (!isOwnOrigin(c.req.header("origin"), host)) {
      return refuse(c, 403, "Requests from the pages of other sites are refused.", "Open the console itself.");
    }
    // Browsers say so where they send no Origin, as for an image or a script; following a link to the page itself is welcome.
    const site = c.req.header("sec-fetch-site");
    const foreign = site === "cross-site" || site === "same-site";
    if (foreign && !(c.req.method === "GET" && c.req.path === "/" && c.req.header("sec-fetch-mode") === "navigate")) {
      return refuse(c, 403, "Requests from the pages of other sites are refused.", "Open the console itself.");
    }
    return next();
  };
}

/** Who asks, where that is known. */
export interface Caller {
  readonly Variables: { user?: string };
}

/** HTTP Basic for people, a bearer token for programs; without credentials configured everyone on this machine is let in. */
export function requireCredentials(credentials: readonly Credential[]): MiddlewareHandler<Caller> {
  return async (c, next) => {
    const user = authorizedUser(c.req.header("authorization"), credentials);
    if (credentials.length === 0 || user !== undefined) {
      if (user !== undefined) c.set("user", user);
      return next();
    }
    c.header("www-authenticate", 'Basic realm="Penstock", charset="UTF-8"');
    return refuse(
      c,
      401,
      "This instance wants to know who asks.",
      "Put name:secret of one of its credentials in PENSTOCK_CREDENTIALS, or in the browser's question.",
    );
  };
}

/** What ordinary users are answered: all else shows rows of all tables, or changes something. */
const OPEN: readonly RegExp[] = [/^GET \/api\/(status|events|model|pins)$/, /^POST \/api\/query$/, /^GET \/(?!api\/)/];

export function refuseOrdinary(isSuperuser: (user: string) => boolean): MiddlewareHandler<Caller> {
  return async (c, next) => {
    const user = c.get("user");
    const asked = `${c.req.method === "HEAD" ? "GET" : c.req.method} ${c.req.path}`;
    if (user === undefined || OPEN.some((one) => one.test(asked)) || isSuperuser(user)) return next();
    return refuse(c, 403, `This is for superusers, and ${user} is none.`, "Ask by SQL, for what was granted to you.");
  };
}

export function isAuthorized(header: string | undefined, credentials: readonly Credential[]): boolean {
  return credentials.length === 0 || authorizedUser(header, credentials) !== undefined;
}

function authorizedUser(header: string | undefined, credentials: readonly Credential[]): string | undefined {
  const [, scheme, value] = /^(Basic|Bearer) +(\S+)$/i.exec(header ?? "") ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  const basic = scheme.toLowerCase() === "basic";
  const said = basic ? Buffer.from(value, "base64").toString("utf8") : value;
  // Every one is compared, so that the time tells nothing of which name exists.
  return credentials.filter((one) => sameText(said, basic ? `${one.name}:${one.secret}` : one.secret))[0]?.name;
}
