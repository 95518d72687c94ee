/**
 * Keeps web pages out. A page can make a browser send requests to this machine, and a name its owner controls can be pointed at
 * 127.0.0.1 (DNS rebinding); so a request must name us as Host, and must not come from a foreign Origin.
 */
export interface HostGuard {
  /** Why the request is refused, in a sentence; undefined lets it pass. */
  refusal(request: { readonly host: string | undefined; readonly origin: string | undefined }): string | undefined;
}

export interface HostGuardOptions {
  /** Names besides loopback's and plain addresses. */
  readonly allowedHosts: readonly string[];
}

export function hostGuard(options: HostGuardOptions): HostGuard {
  const allowed = new Set(options.allowedHosts.map((name) => name.toLowerCase()));
  // A plain address as Host is harmless: rebinding needs a name.
  const isOurs = (host: string) => isLoopbackName(host) || isAddress(host) || allowed.has(host);
  return {
    refusal: ({ host, origin }) => {
      if (host !== undefined && !isOurs(nameOf(host))) {
        return `Host ${host} is not a name of this server; start it with --allow-host ${nameOf(host)} if it should be.`;
      }
      if (origin !== undefined && mayComeFromBrowser(origin)) {
        const from = originHost(origin);
        if (from === undefined || !(isLoopbackName(from) || isLoopbackAddress(from) || allowed.has(from))) {
          return `Origin ${origin} may not call this server.`;
        }
      }
      return undefined;
    },
  };
}

/**
 * Browsers send `null` or `scheme://...` and nothing else; a bare word comes from a program that could leave the header away as well.
 * The services answer such a word with their CORS headers, and so do we.
 */
function mayComeFromBrowser(origin: string): boolean {
  return origin === "null" || origin.includes(":") || origin.includes("/");
}

function originHost(origin: string): string | undefined {
  return /^https?:\/\/([^/?#@]+)$/.test(origin) ? nameOf(origin.slice(origin.indexOf("//") + 2)) : undefined;
}

/** The name in `name:port`, lower case, an IPv6 address without its brackets. */
function nameOf(host: string): string {
  const lower = host.trim().toLowerCase();
  if (lower.startsWith("[")) return lower.slice(1, Math.max(1, lower.indexOf("]")));
  const colon = lower.lastIndexOf(":");
  const name = colon < 0 ? lower : lower.slice(0, colon);
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function isLoopbackName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

function isLoopbackAddress(name: string): boolean {
  return name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

function isAddress(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || (name.includes(":") && /^[0-9a-f:.]+$/.test(name));
}
