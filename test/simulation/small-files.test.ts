import { describe, expect, test } from "vitest";
import { readJsonFile, writeFileAtomically } from "../../src/disk/atomic-file.js";
import { must } from "./must.js";
import { seededRandom } from "./random.js";
import { forEachSeed } from "./seeds.js";
import { simDisk } from "./sim-disk.js";

describe("a small file that is replaced, on a disk that crashes", () => {
  test("is the old one or the new one at every operation, and the new one once it was answered", async () => {
    await forEachSeed(200, async (seed) => {
      const random = seededRandom(seed);
      let disk = simDisk({ random: random.fork() });
      await disk.makeDirectory("/data");
      await disk.syncDirectory("/");
      let answered = 0;
      let begun = 0;
      for (let life = 0; life < 6; life++) {
        disk.powerCutAt(random.between(1, 30));
        const work = async () => {
          for (;;) {
            begun++;
            const content = JSON.stringify({ version: begun, filling: "x".repeat(random.between(0, 9000)) });
            await writeFileAtomically(disk, "/data/file.json", content);
            answered = begun;
            if (begun % 20 === 0) return;
          }
        };
        await Promise.race([work(), disk.dead]);
        if (random.chance(0.2)) disk.kill();
        else disk.powerCut();
        disk = disk.boot();
        const found = await readJsonFile<{ version: number }>(disk, "/data/file.json");
        const version = found?.version ?? 0;
        must(version >= answered, `version ${answered} was answered, ${version} is there`);
        must(version <= begun, `version ${version} was never written`);
        // What was read may be acted upon: from now on it must stay.
        answered = version;
        await disk.syncDirectory("/data");
      }
    });
  });

  test("stays as it was when the disk refuses any step", async () => {
    for (const operation of ["open", "create", "write", "sync", "rename"] as const) {
      for (const code of ["EIO", "ENOSPC"]) {
        const disk = simDisk({ random: seededRandom(1) });
        await writeFileAtomically(disk, "/file.json", '{"version":1}');
        disk.fail({ operation, code });
        await expect(writeFileAtomically(disk, "/file.json", '{"version":2}')).rejects.toMatchObject({ code });
        expect(await readJsonFile(disk, "/file.json")).toEqual({ version: 1 });
        await writeFileAtomically(disk, "/file.json", '{"version":3}');
        expect(await readJsonFile(disk, "/file.json")).toEqual({ version: 3 });
      }
    }
  });
});
