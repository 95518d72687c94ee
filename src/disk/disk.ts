/**
 * The disk as our own code uses it: every byte that Penstock itself writes or reads passes this port, so that a test
 * can put a disk under it that crashes, tears, reorders, fills up or lies. (DuckDB does its own input and output.)
 *
 * Durability is explicit and as weak as POSIX has it: written bytes are durable after `sync` on their file, and a file's
 * name (created, renamed, removed) is durable after `syncDirectory` on its folder. A failed `sync` must be taken as lost data:
 * the kernel may have marked the pages clean, so a second try proves nothing.
 *
 * Errors are Node's own (`code` ENOENT, ENOSPC, EIO, ...).
 */
export interface Disk {
  /** `read`: must exist. `append`: created when absent, every write goes to the end. `write`: created or truncated. */
  open(path: string, mode: "read" | "append" | "write"): Promise<DiskFile>;
  /** The whole file. For small files; large ones are read through `open`. */
  readFile(path: string): Promise<Buffer>;
  /** Replaces `to` if it is there, atomically; durable after `syncDirectory` of the folder. */
  rename(from: string, to: string): Promise<void>;
  /** Removing what is absent is no error. */
  remove(path: string): Promise<void>;
  /** Removes a folder and all below it; absent is no error. */
  removeAll(path: string): Promise<void>;
  /** Makes the folder and its parents; there already is no error. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a folder, sorted; [] when the folder is absent. */
  list(path: string): Promise<string[]>;
  /** undefined when absent. */
  stat(
    path: string,
  ): Promise<{ readonly sizeBytes: number; readonly modifiedMs: number; readonly directory: boolean } | undefined>;
  syncDirectory(path: string): Promise<void>;
}

export interface DiskFile {
  /** Fills `into` from `position`; answers how many bytes there were (fewer only at the end of the file). */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of the buffers, in order, at the end of the file. */
  write(buffers: readonly Uint8Array[]): Promise<void>;
  /** fdatasync. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}
