import { isIP } from "node:net";

/** Whether only this machine can reach the address, or the name. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

export interface HostRule {
  /** The address that the door listens on. */
  readonly host: string;
  /** Further names it goes by, lower case. */
  readonly allowedHosts: readonly string[];
}

/**
 * Whether a request's Host header names this door. A web page can have its own name point at 127.0.0.1 (DNS rebinding), and the
 * browser then takes the door for the page's own server; only the Host header still shows the foreign name. A plain
 * address cannot be pointed anywhere, so beyond loopback any of them will do.
 */
export function isOwnHost(header: string | undefined, { host, allowedHosts }: HostRule): boolean {
  const name = hostName(header);
  if (name === undefined) return false;
  if (isLoopback(name) || name === host.toLowerCase() || allowedHosts.includes(name)) return true;
  return !isLoopback(host) && isIP(name) !== 0;
}

/** Whether a request's Origin, where it has one, is the door itself: a page of the very host and port that it is sent to. */
export function isOwnOrigin(origin: string | undefined, header: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && header !== undefined && new URL(origin).host === header.toLowerCase();
}

/** The name in a Host header, lower case, without port and brackets. */
function hostName(header: string | undefined): string | undefined {
  const [, bracketed, plain] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? "") ?? [];
  return bracketed ?? plain;
}
