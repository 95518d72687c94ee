import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Disk } from "../disk/disk.js";
import type { ListOptions } from "./buckets.js";
import { type KeyPart, partOfName, pathOfKey } from "./fs-key-path.js";

type Position = Pick<ListOptions, "after" | "afterPrefix">;

/** The keys of a bucket's folder that begin with `prefix` and stand behind the position, in order; read as far as they are taken. */
export async function* walkKeys(disk: Disk, root: string, prefix: string, position: Position): AsyncGenerator<string> {
  const wanted = Buffer.from(prefix);
  const { folder, base } = folderOfPrefix(prefix);
  yield* walk(disk, join(root, folder), base, wanted, passed(position));
}

interface Passed {
  /** Whether this key stands before the position, or at it. */
  key(key: Buffer): boolean;
  /** Whether all keys that begin so do. */
  folder(start: Buffer): boolean;
}

/** How many names are looked at before others have their turn. */
const NAMES_A_TURN = 4096;

async function* walk(disk: Disk, at: string, base: Buffer, prefix: Buffer, behind: Passed): AsyncGenerator<string> {
  const relevant: { readonly name: string; readonly kind: KeyPart["kind"]; readonly key: Buffer }[] = [];
  for (const [index, name] of (await disk.list(at)).entries()) {
    if (index % NAMES_A_TURN === NAMES_A_TURN - 1) await setImmediate();
    const part = partOfName(name);
    if (part === undefined) continue;
    const { kind } = part;
    const key = Buffer.concat([base, part.bytes]);
    const chosen =
      kind === "key"
        ? startsWith(key, prefix) && !behind.key(key)
        : (startsWith(key, prefix) || startsWith(prefix, key)) && !behind.folder(key);
    if (chosen) relevant.push({ name, kind, key });
  }
  relevant.sort((a, b) => Buffer.compare(a.key, b.key));
  for (const { name, kind, key } of relevant) {
    if (kind === "key") yield key.toString();
    else yield* walk(disk, join(at, name), key, prefix, behind);
  }
}

/** The deepest folder that all keys with this prefix lie in: that of the prefix up to its last slash. */
function folderOfPrefix(prefix: string): { folder: string; base: Buffer } {
  const slash = prefix.lastIndexOf("/");
  if (slash === -1) return { folder: "", base: Buffer.alloc(0) };
  const base = prefix.slice(0, slash + 1);
  const path = pathOfKey(base);
  return { folder: path.slice(0, path.lastIndexOf("/")), base: Buffer.from(base) };
}

function passed({ after, afterPrefix }: Position): Passed {
  const key = after === undefined ? undefined : Buffer.from(after);
  const start = afterPrefix === undefined ? undefined : Buffer.from(afterPrefix);
  return {
    key: (candidate) =>
      (key !== undefined && Buffer.compare(candidate, key) <= 0) ||
      (start !== undefined && (startsWith(candidate, start) || Buffer.compare(candidate, start) < 0)),
    folder: (candidate) =>
      (key !== undefined && Buffer.compare(candidate, key) < 0 && !startsWith(key, candidate)) ||
      (start !== undefined &&
        (startsWith(candidate, start) || (Buffer.compare(candidate, start) < 0 && !startsWith(start, candidate)))),
  };
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.length >= start.length && bytes.compare(start, 0, start.length, 0, start.length) === 0;
}
