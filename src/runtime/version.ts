import { readFileSync } from "node:fs";

/** Of the package that this file is in. */
export function programVersion(): string {
  const manifest = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
