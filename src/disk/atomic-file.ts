import { dirname } from "node:path";
import { messageOf, PenstockError } from "../core/errors.js";
import type { Disk } from "./disk.js";

/**
 * Replaces a small file so that a crash leaves the old content or the new, never a mixture: write beside it, sync, rename,
 * sync the folder. On return the new content is durable.
 */
export async function writeFileAtomically(disk: Disk, path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await disk.open(temporary, "write");
  try {
    await file.write([typeof content === "string" ? Buffer.from(content) : content]);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  // Commit point. Before: the old content, and a stray .tmp that the next write replaces. After: the new content.
  await disk.syncDirectory(dirname(path));
}

/** The parsed content of a JSON file; undefined when there is none, `damaged` when it is none. */
export async function readJsonFile<T>(disk: Disk, path: string): Promise<T | undefined> {
  try {
    return JSON.parse((await disk.readFile(path)).toString("utf8")) as T;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new PenstockError("damaged", `${path} is damaged: it holds no JSON (${messageOf(error)}).`, {
      hint: "Restore the file from a copy; nothing else was touched.",
      cause: error,
    });
  }
}
