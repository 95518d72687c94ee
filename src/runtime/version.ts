import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/** Of the package that this file is in. */
export function programVersion(): string {
  return (JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string }).version;
}

/**
 * Where on this machine npm has this package from: the clone's folder, or the archive (`npm pack`) that was installed. Undefined where a
 * registry gave it, which then has it for others too.
 */
export function sourceOnDisk(root: URL = ROOT): string | undefined {
  const folder = fileURLToPath(root);
  if (!/[\\/]node_modules[\\/]/.test(folder)) return folder;
  const modules = dirname(folder);
  try {
    const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")) as InstalledPackages;
    const resolved = lock.packages[`node_modules/${basename(folder)}`]?.resolved;
    return resolved?.startsWith("file:") ? resolve(dirname(modules), resolved.slice("file:".length)) : undefined;
  } catch {
    // Another package manager keeps no such list.
    return undefined;
  }
}

/** What npm writes beside the packages that it has installed; a path is relative to the folder that holds node_modules. */
interface InstalledPackages {
  readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
}
