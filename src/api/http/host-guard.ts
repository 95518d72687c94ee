/**
 * Keeps web pages out. A page can make a browser send requests to this machine, and a name its owner controls can be pointed at
 * 127.0.0.1 (DNS rebinding); so a request must name us as Host, and must not come from a foreign Origin.
 */
import { type HostRule, isLoopback, isOwnHost } from "../../core/loopback.js";

export interface HostGuard {
  /** Why the request is refused, in a sentence; undefined lets it pass. */
  refusal(request: { readonly host: string | undefined; readonly origin: string | undefined }): string | undefined;
}

export function hostGuard(rule: HostRule): HostGuard {
  return {
    refusal: ({ host, origin }) => {
      if (!isOwnHost(host, rule)) {
        return `Host ${host ?? ""} is not a name of this server; start it with --allow-host if it should be.`;
      }
      if (origin !== undefined && mayComeFromBrowser(origin) && !isOurs(origin, rule)) {
        return `Origin ${origin} may not call this server.`;
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
  return !/^[\w.-]+$/.test(origin) || origin === "null";
}

/** A page of this machine, whatever its port, or of a host that was named on purpose. */
function isOurs(origin: string, { allowedHosts }: HostRule): boolean {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const name = new URL(origin).hostname.replace(/^\[(.*)\]$/, "$1");
  return isLoopback(name) || allowedHosts.includes(name);
}
