import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/** Of the package that this file is in. */
export function programVersion(): string {
  return (JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string }).version;
}

/** The package's own folder where it is a clone; undefined where npm has installed it. */
export function cloneFolder(): string | undefined {
  const folder = fileURLToPath(ROOT);
  return /[\\/]node_modules[\\/]/.test(folder) ? undefined : folder;
}
