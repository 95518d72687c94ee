import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of the console, ready to be sent. */
export interface Page {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  /** Its name changes with its content, so a browser may keep it for ever. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".ico": "image/x-icon",
  ".png": "image/png",
};

/**
 * The built console, by URL path, read once: it is some tens of kilobytes, and a request can then name nothing outside of it.
 * Empty where it has not been built.
 */
export function loadPages(folder: URL): ReadonlyMap<string, Page> {
  const pages = new Map<string, Page>();
  const root = fileURLToPath(folder);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) return pages;
  for (const entry of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const path = join(root, entry);
    const type = TYPES[extname(entry)];
    if (type === undefined || !statSync(path).isFile()) continue;
    const body = new Uint8Array(readFileSync(path));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const name = `/${entry.replaceAll("\\", "/")}`;
    const page = { body, type, etag, immutable: name.startsWith("/assets/") };
    pages.set(name, page);
    if (name === "/index.html") pages.set("/", page);
  }
  return pages;
}
