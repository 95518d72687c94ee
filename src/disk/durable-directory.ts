import { dirname } from "node:path";
import type { Disk } from "./disk.js";

/**
 * Makes a folder, and those above it that are missing, so that a crash cannot take it away again: a new folder's name is durable once
 * the folder above it is synced. From the top down, or a crash could lose a folder with what was synced in it.
 */
export async function makeDurableDirectory(disk: Disk, path: string): Promise<void> {
  if ((await disk.stat(path)) !== undefined) return;
  const parent = dirname(path);
  if (parent !== path) await makeDurableDirectory(disk, parent);
  await disk.makeDirectory(path);
  await disk.syncDirectory(parent);
}
