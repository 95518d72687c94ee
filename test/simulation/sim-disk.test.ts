import { describe, expect, test } from "vitest";
import { describeDisk } from "../disk/disk.contract.js";
import { seededRandom } from "./random.js";
import { type SimDisk, simDisk } from "./sim-disk.js";

let seed = 0;
const freshDisk = () => simDisk({ random: seededRandom(++seed) });

describeDisk("simulated", async () => {
  const disk = freshDisk();
  await disk.makeDirectory("/data");
  return { disk, folder: "/data" };
});

/** What many power cuts leave of the same work: each outcome once. */
async function outcomes(work: (disk: SimDisk) => Promise<void>, look: (next: SimDisk) => Promise<string>) {
  const seen = new Set<string>();
  for (let i = 0; i < 400; i++) {
    const disk = freshDisk();
    await work(disk);
    disk.powerCut();
    seen.add(await look(disk.boot()));
  }
  return seen;
}

const put = async (disk: SimDisk, path: string, content: string, sync = true) => {
  const file = await disk.open(path, "append");
  await file.write([Buffer.from(content)]);
  if (sync) await file.sync();
};
const contentOf = async (disk: SimDisk, path: string) =>
  (await disk.stat(path)) === undefined ? "absent" : (await disk.readFile(path)).toString();

describe("a power cut on the simulated disk", () => {
  test("keeps what was synced, content and name", async () => {
    const seen = await outcomes(
      async (disk) => {
        await put(disk, "/a", "synced");
        await disk.syncDirectory("/");
      },
      (next) => contentOf(next, "/a"),
    );
    expect([...seen]).toEqual(["synced"]);
  });

  test("may lose the name of a file whose content was synced", async () => {
    const seen = await outcomes(
      (disk) => put(disk, "/a", "synced"),
      (next) => contentOf(next, "/a"),
    );
    expect([...seen].sort()).toEqual(["absent", "synced"]);
  });

  test("may keep the name and lose, tear or keep the content", async () => {
    const seen = await outcomes(
      async (disk) => {
        await disk.syncDirectory("/");
        await put(disk, "/a", "x".repeat(1000), false);
        await disk.syncDirectory("/");
      },
      async (next) => {
        const content = await contentOf(next, "/a");
        if (content === "") return "empty";
        if (content === "x".repeat(1000)) return "whole";
        if (/^x+$/.test(content)) return "short";
        if (/^\0+$/.test(content)) return "zeros";
        if (/^x*\0+x*$/.test(content)) return "torn by the sector";
        return content;
      },
    );
    expect([...seen].sort()).toEqual(["empty", "short", "torn by the sector", "whole", "zeros"]);
  });

  test("may keep a later write and lose an earlier one", async () => {
    const page = 4096;
    const seen = await outcomes(
      async (disk) => {
        await put(disk, "/a", "");
        await disk.syncDirectory("/");
        await put(disk, "/a", "1".repeat(page), false);
        await put(disk, "/a", "2".repeat(page), false);
      },
      async (next) => {
        const content = await contentOf(next, "/a");
        return `${content[0] ?? ""},${content[page] ?? ""}`;
      },
    );
    expect(seen).toContain("\0,2");
    expect(seen).toContain("1,\0");
    expect(seen).toContain("1,2");
    expect(seen).toContain(",");
  });

  test("never touches synced bytes when unsynced ones follow on the same page", async () => {
    const seen = await outcomes(
      async (disk) => {
        await put(disk, "/a", "synced ");
        await disk.syncDirectory("/");
        await put(disk, "/a", "not", false);
      },
      async (next) => (await contentOf(next, "/a")).slice(0, 7),
    );
    expect([...seen]).toEqual(["synced "]);
  });

  test("leaves a replaced file as the old or the new one when the new one was synced first", async () => {
    const seen = await outcomes(
      async (disk) => {
        await put(disk, "/a", "old");
        await disk.syncDirectory("/");
        await put(disk, "/a.tmp", "new");
        await disk.rename("/a.tmp", "/a");
      },
      async (next) => `${await contentOf(next, "/a")}, ${await contentOf(next, "/a.tmp")}`,
    );
    expect([...seen].sort()).toEqual(["new, absent", "old, absent", "old, new"]);
  });

  test("leaves an empty or torn file where the new one was renamed unsynced", async () => {
    const seen = await outcomes(
      async (disk) => {
        await put(disk, "/a", "old");
        await disk.syncDirectory("/");
        await put(disk, "/a.tmp", "new", false);
        await disk.rename("/a.tmp", "/a");
        await disk.syncDirectory("/");
      },
      (next) => contentOf(next, "/a"),
    );
    expect(seen).toContain("");
    expect(seen).toContain("new");
    expect(seen).not.toContain("old");
  });

  test("may bring a removed file back until its folder is synced", async () => {
    const work = async (disk: SimDisk) => {
      await put(disk, "/a", "x");
      await disk.syncDirectory("/");
      await disk.remove("/a");
    };
    const look = (next: SimDisk) => contentOf(next, "/a");
    expect([...(await outcomes(work, look))].sort()).toEqual(["absent", "x"]);
    const synced = async (disk: SimDisk) => {
      await work(disk);
      await disk.syncDirectory("/");
    };
    expect([...(await outcomes(synced, look))]).toEqual(["absent"]);
  });

  test("loses a whole folder whose own name was never synced", async () => {
    const seen = await outcomes(
      async (disk) => {
        await disk.makeDirectory("/d");
        await put(disk, "/d/a", "x");
        await disk.syncDirectory("/d");
      },
      (next) => contentOf(next, "/d/a"),
    );
    expect([...seen].sort()).toEqual(["absent", "x"]);
  });

  test("never undoes a folder's removal by halves: no folder is gone while its files stay", async () => {
    const seen = await outcomes(
      async (disk) => {
        await disk.makeDirectory("/d");
        await put(disk, "/d/a", "a");
        await put(disk, "/d/b", "b");
        await disk.syncDirectory("/d");
        await disk.syncDirectory("/");
        await disk.removeAll("/d");
      },
      async (next) => `${(await next.stat("/d")) === undefined ? "gone" : (await next.list("/d")).join()}`,
    );
    expect([...seen].sort()).toEqual(["", "a", "a,b", "b", "gone"]);
  });

  test("lets two calls make the same folder and the same file, and keeps what both put there", async () => {
    for (let i = 0; i < 50; i++) {
      const disk = freshDisk();
      const work = async (name: string) => {
        await disk.makeDirectory("/d/e");
        await put(disk, `/d/e/${name}`, name);
        await put(disk, "/d/e/both", name);
      };
      await Promise.all([work("a"), work("b")]);
      expect(await disk.list("/d/e")).toEqual(["a", "b", "both"]);
      expect(["ab", "ba"]).toContain(await contentOf(disk, "/d/e/both"));
    }
  });

  test("answers no call that was under way, and none after", async () => {
    for (let at = 1; at <= 4; at++) {
      const disk = freshDisk();
      disk.powerCutAt(at);
      let answered = 0;
      const work = async () => {
        const file = await disk.open("/a", "append");
        answered++;
        await file.write([Buffer.from("x")]);
        answered++;
        await file.sync();
        answered++;
        await disk.syncDirectory("/");
        answered++;
      };
      await Promise.race([work(), disk.dead]);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(answered).toBe(at - 1);
      expect(disk.isDead).toBe(true);
    }
  });

  test("is the same again with the same seed", async () => {
    const run = async () => {
      const disk = simDisk({ random: seededRandom(77) });
      disk.powerCutAt(31);
      const work = async () => {
        for (let i = 0; i < 20; i++) {
          await put(disk, `/file-${i % 5}`, String(i).repeat(100), i % 3 === 0);
          if (i % 4 === 0) await disk.syncDirectory("/");
        }
      };
      await Promise.race([work(), disk.dead]);
      return [...disk.boot().files()].map(([path, content]) => [path, content.toString("hex")]);
    };
    expect(await run()).toEqual(await run());
  });
});

describe("a fault of the simulated disk", () => {
  test("a killed process leaves what it wrote, and a power cut afterwards may still take it", async () => {
    const disk = freshDisk();
    await put(disk, "/a", "x", false);
    disk.kill();
    const next = disk.boot();
    expect(await contentOf(next, "/a")).toBe("x");
    const lost = await outcomes(
      (fresh) => put(fresh, "/a", "x", false),
      (again) => contentOf(again, "/a"),
    );
    expect(lost).toContain("absent");
  });

  test("a failed sync counts the pages as clean: the next one succeeds and proves nothing", async () => {
    const seen = await outcomes(
      async (disk) => {
        await put(disk, "/a", "first ");
        await disk.syncDirectory("/");
        const file = await disk.open("/a", "append");
        await file.write([Buffer.from("second")]);
        disk.fail({ operation: "sync", code: "EIO" });
        await expect(file.sync()).rejects.toMatchObject({ code: "EIO" });
        await file.sync();
      },
      (next) => contentOf(next, "/a"),
    );
    expect([...seen].sort()).toEqual(["first \0\0\0\0\0\0", "first second"]);
  });

  test("a full disk takes what fits, refuses the rest, and takes more once there is room", async () => {
    const disk = freshDisk();
    disk.capacityBytes = 10;
    const file = await disk.open("/a", "append");
    await file.write([Buffer.from("12345678")]);
    await expect(file.write([Buffer.from("9abcdef")])).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await contentOf(disk, "/a")).toBe("123456789a");
    await file.truncate(3);
    await file.write([Buffer.from("more")]);
    expect(await contentOf(disk, "/a")).toBe("123more");
  });

  test("a rule picks the operation, the file and the turn", async () => {
    const disk = freshDisk();
    disk.fail({ operation: "write", code: "EIO", path: /b$/, nth: 2, times: 2 });
    const [a, b] = [await disk.open("/a", "append"), await disk.open("/b", "append")];
    const results: string[] = [];
    for (let i = 0; i < 4; i++) {
      await a.write([Buffer.from("x")]);
      await b.write([Buffer.from("x")]).then(
        () => results.push("written"),
        (error: NodeJS.ErrnoException) => results.push(error.code!),
      );
    }
    expect(results).toEqual(["written", "EIO", "EIO", "written"]);
  });

  test("a damaged medium answers other bytes than were synced", async () => {
    const disk = freshDisk();
    await put(disk, "/a", "abc");
    disk.damage("/a", (content) => {
      content[1]! ^= 1;
      return content.subarray(0, 2);
    });
    expect(await contentOf(disk, "/a")).toBe("ac");
  });
});
