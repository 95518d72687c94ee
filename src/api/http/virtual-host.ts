/** Splits a Host header into a label and one of the door's own names: `photos.localhost:4566` is `photos` at `localhost:4566`. */
export function splitVirtualHost(
  header: string | undefined,
  allowedHosts: readonly string[],
): { readonly label: string | undefined; readonly host: string | undefined } {
  const host = header?.toLowerCase();
  for (const own of ["localhost", ...allowedHosts]) {
    const at = host?.lastIndexOf(`.${own}`) ?? -1;
    if (host === undefined || at <= 0 || !/^(?::\d{1,5})?$/.test(host.slice(at + 1 + own.length))) continue;
    // One of the door's names may end in another.
    if (allowedHosts.includes(host.replace(/:\d+$/, ""))) continue;
    return { label: host.slice(0, at), host: host.slice(at + 1) };
  }
  return { label: undefined, host: header };
}
