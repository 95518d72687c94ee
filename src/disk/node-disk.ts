import { constants, type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import type { Disk, DiskFile } from "./disk.js";

const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC } = constants;

/** Written at the end always, also after a truncation: hence O_APPEND for both. */
const FLAGS = {
  read: O_RDONLY,
  append: O_RDWR | O_CREAT | O_APPEND,
  write: O_RDWR | O_CREAT | O_APPEND | O_TRUNC,
} as const;

/** The machine's real disk, through Node. */
export function nodeDisk(): Disk {
  return {
    open: async (path, mode) => nodeFile(await open(path, FLAGS[mode])),
    readFile: (path) => readFile(path),
    rename,
    remove: (path) => rm(path, { force: true }),
    removeAll: (path) => rm(path, { force: true, recursive: true }),
    makeDirectory: async (path) => {
      await mkdir(path, { recursive: true });
    },
    list: async (path) => {
      try {
        return (await readdir(path)).sort();
      } catch (error) {
        if (isAbsent(error)) return [];
        throw error;
      }
    },
    stat: async (path) => {
      try {
        const found = await stat(path);
        return { sizeBytes: found.size, modifiedMs: found.mtimeMs, directory: found.isDirectory() };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    syncDirectory: async (path) => {
      const directory = await open(path, "r");
      try {
        await directory.sync();
      } finally {
        await directory.close();
      }
    },
  };
}

function nodeFile(handle: FileHandle): DiskFile {
  return {
    read: async (into, position) => {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    write: async (buffers) => {
      let wanted = 0;
      for (const buffer of buffers) wanted += buffer.length;
      const { bytesWritten } = await handle.writev(buffers as Uint8Array[]);
      if (bytesWritten === wanted) return;
      // A short write (a nearly full disk, a signal): go on from where it stopped, so that ENOSPC shows itself.
      const rest = Buffer.concat(buffers).subarray(bytesWritten);
      for (let offset = 0; offset < rest.length; ) {
        offset += (await handle.write(rest, offset)).bytesWritten;
      }
    },
    sync: () => handle.datasync(),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
