import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Disk } from "../../src/disk/disk.js";

/** What every driver of the disk port does while nothing crashes. `open` answers an empty folder that exists. */
export function describeDisk(
  name: string,
  open: () => Promise<{ readonly disk: Disk; readonly folder: string }>,
): void {
  const text = (value: string) => Buffer.from(value);
  const write = async (disk: Disk, path: string, content: string) => {
    const file = await disk.open(path, "write");
    await file.write([text(content)]);
    await file.close();
  };
  const contentOf = async (disk: Disk, path: string) => (await disk.readFile(path)).toString();

  describe(`the ${name} disk`, () => {
    test("gives back what was written, from any position", async () => {
      const { disk, folder } = await open();
      const file = await disk.open(join(folder, "a"), "append");
      await file.write([text("one "), text(""), text("two ")]);
      await file.write([text("three")]);
      expect(await file.size()).toBe(13);
      const into = Buffer.alloc(5);
      expect(await file.read(into, 4)).toBe(5);
      expect(into.toString()).toBe("two t");
      expect(await file.read(into, 10)).toBe(3);
      expect(into.subarray(0, 3).toString()).toBe("ree");
      expect(await file.read(into, 13)).toBe(0);
      expect(await file.read(into, 500)).toBe(0);
      await file.sync();
      await file.close();
      expect(await contentOf(disk, join(folder, "a"))).toBe("one two three");
    });

    test("keeps files that span many pages", async () => {
      const { disk, folder } = await open();
      const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, i) => (i * 7) % 251));
      const file = await disk.open(join(folder, "a"), "append");
      for (let at = 0; at < bytes.length; at += 777) await file.write([bytes.subarray(at, at + 777)]);
      expect((await disk.readFile(join(folder, "a"))).equals(bytes)).toBe(true);
      const middle = Buffer.alloc(9000);
      await file.read(middle, 4090);
      expect(middle.equals(bytes.subarray(4090, 13_090))).toBe(true);
      await file.truncate(8192);
      await file.write([text("end")]);
      await file.close();
      expect(
        (await disk.readFile(join(folder, "a"))).equals(Buffer.concat([bytes.subarray(0, 8192), text("end")])),
      ).toBe(true);
    });

    test("append goes on at the end, write begins anew, and read demands that the file is there", async () => {
      const { disk, folder } = await open();
      const path = join(folder, "a");
      await expect(disk.open(path, "read")).rejects.toMatchObject({ code: "ENOENT" });
      await expect(disk.readFile(path)).rejects.toMatchObject({ code: "ENOENT" });
      await write(disk, path, "first");
      const more = await disk.open(path, "append");
      await more.write([text(" second")]);
      await more.close();
      expect(await contentOf(disk, path)).toBe("first second");
      await write(disk, path, "new");
      expect(await contentOf(disk, path)).toBe("new");
      const reader = await disk.open(path, "read");
      await expect(reader.write([text("x")])).rejects.toMatchObject({ code: "EBADF" });
      await reader.close();
    });

    test("a truncated file goes on where it was cut, and a lengthened one holds zeros", async () => {
      const { disk, folder } = await open();
      const file = await disk.open(join(folder, "a"), "append");
      await file.write([text("abcdef")]);
      await file.truncate(2);
      await file.write([text("X")]);
      expect(await contentOf(disk, join(folder, "a"))).toBe("abX");
      await file.truncate(5);
      expect(await contentOf(disk, join(folder, "a"))).toBe("abX\0\0");
      await file.close();
    });

    test("renames files and folders, replacing a file that is there", async () => {
      const { disk, folder } = await open();
      await write(disk, join(folder, "a"), "a");
      await write(disk, join(folder, "b"), "b");
      await disk.rename(join(folder, "a"), join(folder, "b"));
      expect(await disk.list(folder)).toEqual(["b"]);
      expect(await contentOf(disk, join(folder, "b"))).toBe("a");
      await disk.makeDirectory(join(folder, "old/deep"));
      await write(disk, join(folder, "old/deep/file"), "x");
      await disk.rename(join(folder, "old"), join(folder, "new"));
      expect(await contentOf(disk, join(folder, "new/deep/file"))).toBe("x");
      await expect(disk.rename(join(folder, "old"), join(folder, "other"))).rejects.toMatchObject({ code: "ENOENT" });
      await disk.makeDirectory(join(folder, "full/below"));
      await expect(disk.rename(join(folder, "new"), join(folder, "full"))).rejects.toMatchObject({ code: "ENOTEMPTY" });
      await expect(disk.rename(join(folder, "b"), join(folder, "full"))).rejects.toMatchObject({ code: "EISDIR" });
    });

    test("an open file outlives its name", async () => {
      const { disk, folder } = await open();
      const file = await disk.open(join(folder, "a"), "append");
      await file.write([text("kept")]);
      await disk.remove(join(folder, "a"));
      const into = Buffer.alloc(4);
      expect(await file.read(into, 0)).toBe(4);
      expect(into.toString()).toBe("kept");
      await file.close();
      expect(await disk.stat(join(folder, "a"))).toBeUndefined();
    });

    test("removes files and trees; what is absent is no error", async () => {
      const { disk, folder } = await open();
      await disk.remove(join(folder, "absent"));
      await disk.removeAll(join(folder, "absent"));
      await disk.makeDirectory(join(folder, "a/b/c"));
      await disk.makeDirectory(join(folder, "a/b/c"));
      await write(disk, join(folder, "a/b/file"), "x");
      await disk.remove(join(folder, "a/b/file"));
      expect(await disk.list(join(folder, "a/b"))).toEqual(["c"]);
      await write(disk, join(folder, "a/b/c/file"), "x");
      await disk.removeAll(join(folder, "a"));
      expect(await disk.list(folder)).toEqual([]);
    });

    test("lists names in order, and nothing for a folder that is absent", async () => {
      const { disk, folder } = await open();
      for (const name of ["b", "a", "c.tmp", "B"]) await write(disk, join(folder, name), name);
      expect(await disk.list(folder)).toEqual(["B", "a", "b", "c.tmp"]);
      expect(await disk.list(join(folder, "absent"))).toEqual([]);
    });

    test("says of a path whether it is a file, a folder or absent", async () => {
      const { disk, folder } = await open();
      await write(disk, join(folder, "a"), "12345");
      await disk.makeDirectory(join(folder, "d"));
      expect(await disk.stat(join(folder, "a"))).toMatchObject({ sizeBytes: 5, directory: false });
      expect(await disk.stat(join(folder, "d"))).toMatchObject({ directory: true });
      expect(await disk.stat(join(folder, "e"))).toBeUndefined();
      await disk.syncDirectory(folder);
      await expect(disk.syncDirectory(join(folder, "e"))).rejects.toMatchObject({ code: "ENOENT" });
      await expect(disk.open(join(folder, "e/f"), "append")).rejects.toMatchObject({ code: "ENOENT" });
    });
  });
}
