import { dirname } from "node:path";
import type { Disk } from "./disk.js";

/**
 * Makes a folder, and those above it that are missing, so that a crash cannot take it away again: a new folder's name is durable once
 * the folder above it is synced. From the top down, or a crash could lose a folder with what was synced in it.
 *
 * A folder that is there already may be there since a moment ago, made by someone who has not synced its name yet, or by a process that was
 * killed before it could. So the folder above is synced in any case; higher up it has been, before this one was made.
 */
export async function makeDurableDirectory(disk: Disk, path: string): Promise<void> {
  const parent = dirname(path);
  const found = await disk.stat(path);
  if (found === undefined) {
    if (parent !== path) await makeDurableDirectory(disk, parent);
    await disk.makeDirectory(path);
  }
  try {
    await disk.syncDirectory(parent);
  } catch (error) {
    // A folder above one's own may be closed to reading: then it was not this program that made the folder in it.
    const closed = error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM");
    if (found === undefined || !closed) throw error;
  }
}
