import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { ObjectStore } from "../../src/lake/object-store.js";
import { temporaryDirectory } from "../stream/fixtures.js";

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}

/** What every object store keeps. */
export function objectStoreContract(name: string, open: () => Promise<ObjectStore>): void {
  describe(`object store contract: ${name}`, () => {
    test("an object is read back whole and in part, and replaced whole", async () => {
      const store = await open();
      await store.put("a/b/one.txt", Buffer.from("hello, lake"));
      expect(await textOf(await store.get("a/b/one.txt"))).toBe("hello, lake");
      expect(await textOf(await store.get("a/b/one.txt", { first: 7, last: 10 }))).toBe("lake");
      expect(await store.head("a/b/one.txt")).toMatchObject({ key: "a/b/one.txt", sizeBytes: 11 });
      await store.put("a/b/one.txt", Buffer.from("again"));
      expect(await textOf(await store.get("a/b/one.txt"))).toBe("again");
      await store.put("empty", Buffer.alloc(0));
      expect(await textOf(await store.get("empty"))).toBe("");
    });

    test("what is absent is said to be, and deleting it is no error", async () => {
      const store = await open();
      expect(await store.head("no/such")).toBeUndefined();
      await store.put("file", Buffer.from("1"));
      expect(await store.head("file/below")).toBeUndefined();
      expect(await store.head("n".repeat(1000))).toBeUndefined();
      await expect(store.get("no/such")).rejects.toMatchObject({ code: "not-found" });
      await store.delete("no/such");
      await store.put("x", Buffer.from("1"));
      await store.delete("x");
      expect(await store.head("x")).toBeUndefined();
    });

    test("keys are listed in the order of their bytes, by prefix, after a key, up to a limit", async () => {
      const store = await open();
      const keys = ["a.b/1", "a/1", "a/2", "a/10", "a0", "b/\u{1f600}", "b/\uffee", "c/d/e/f"];
      for (const key of keys) await store.put(key, Buffer.from(key));
      const sorted = keys.slice().sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
      const keysOf = async (...args: Parameters<ObjectStore["list"]>) =>
        (await store.list(...args)).map(({ key }) => key);
      expect(await keysOf("")).toEqual(sorted);
      expect(await keysOf("a/")).toEqual(["a/1", "a/10", "a/2"]);
      expect(await keysOf("a/1")).toEqual(["a/1", "a/10"]);
      expect(await keysOf("", { after: "a/1", limit: 2 })).toEqual(["a/10", "a/2"]);
      expect(await keysOf("c/d/e/")).toEqual(["c/d/e/f"]);
      expect(await keysOf("none/")).toEqual([]);
      expect(await keysOf("", { afterPrefix: "a/" })).toEqual(sorted.slice(sorted.indexOf("a0")));
      expect(await keysOf("", { afterPrefix: "a", limit: 1 })).toEqual(["b/\uffee"]);
      expect(await keysOf("c/d", { after: "c/d/e" })).toEqual(["c/d/e/f"]);
      expect(await keysOf("../")).toEqual([]);
      expect(await keysOf("a/1/")).toEqual([]);
    });

    test("a finished file is moved in under its key", async () => {
      const store = await open();
      const path = join(await temporaryDirectory(), "finished");
      await writeFile(path, "moved");
      expect(await store.adopt(path, "t/moved.bin")).toMatchObject({ sizeBytes: 5 });
      expect(await textOf(await store.get("t/moved.bin"))).toBe("moved");
      await expect(store.adopt(path, "t/again.bin")).rejects.toThrow(/ENOENT/);
    });

    test.each(["../out", "/abs", "a//b", "a/../b", ".", "", "a/\0", "k".repeat(1025)])(
      "%j is refused as a key",
      async (key) => {
        const store = await open();
        await expect(store.put(key, Buffer.from("x"))).rejects.toMatchObject({ code: "invalid-argument" });
      },
    );
  });
}
