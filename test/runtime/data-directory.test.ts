import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { openDataDirectory } from "../../src/runtime/data-directory.js";
import { dataDirectoryError } from "../../src/runtime/unusable.js";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const open = (path: string) => openDataDirectory(nodeDisk(), path, 0);

test("one holder at a time has a data directory, and whoever comes second is told its pid", async () => {
  const path = join(await temporaryFolder(), "data");
  const first = await open(path);
  await expect(open(path)).rejects.toMatchObject({
    code: "locked",
    message: expect.stringContaining(`in use by process ${process.pid}`),
  });
  await first.release();
  const second = await open(path);
  await second.release();
  expect((await readdir(path)).filter((name) => name.startsWith("lock"))).toEqual([]);
});

test.each([
  ["of a process that has ended", JSON.stringify({ pid: 2 ** 22 + 1, processStart: "", lockedAtMs: 0 })],
  [
    "of a process whose pid another program has now",
    JSON.stringify({ pid: process.pid, processStart: "before", lockedAtMs: 0 }),
  ],
  ["that a power cut left empty", ""],
  ["that a power cut left torn", '{"pid":1'],
])("a lock %s is taken over", async (_, content) => {
  const path = join(await temporaryFolder(), "data");
  await (await open(path)).release();
  await writeFile(join(path, "lock.json"), content);
  const taken = await open(path);
  expect(JSON.parse(await readFile(join(path, "lock.json"), "utf8"))).toMatchObject({ pid: process.pid });
  await taken.release();
});

test.runIf(process.platform === "linux")(
  "a lock of a process that was killed, and that its parent never asks after, is taken over",
  async () => {
    const path = join(await temporaryFolder(), "data");
    await (await open(path)).release();
    // The shell's child is killed while the shell has become a program that waits for nobody.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [said] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(said.toString());
    const stat = () => readFile(`/proc/${pid}/stat`, "utf8");
    const [boot, line] = await Promise.all([readFile("/proc/sys/kernel/random/boot_id", "utf8"), stat()]);
    const processStart = `${boot.trim()}/${line.slice(line.lastIndexOf(")") + 2).split(" ")[19]}`;
    await writeFile(join(path, "lock.json"), JSON.stringify({ pid, processStart, lockedAtMs: 0 }));
    await expect(open(path)).rejects.toMatchObject({ code: "locked" });
    process.kill(pid, "SIGKILL");
    await vi.waitFor(async () => expect(await stat()).toContain(") Z "));
    await (await open(path)).release();
  },
);

test("a layout that this program does not know is refused, and the lock given up", async () => {
  const path = join(await temporaryFolder(), "data");
  await (await open(path)).release();
  await writeFile(join(path, "format.json"), '{"format":99}');
  await expect(open(path)).rejects.toMatchObject({ code: "refused", message: expect.stringContaining("layout 99") });
  expect(await readdir(path)).not.toContain("lock.json");
});

test("a data directory that is a file is refused, with what to do", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    'export default pipeline("p", { tables: [table("t", { from: stream("s"), format: json(), columns: { a: integer() } })] });',
  );
  const data = join(folder, "a-file");
  await writeFile(data, "");
  await expect(run(folder, { data })).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("is a file"),
    hint: expect.stringContaining("--data"),
  });
});

test.each([
  ["EROFS: read-only file system, open '/data/lock.json.7'", "is read-only"],
  ["EACCES: permission denied, mkdir '/data/streams'", "may not write"],
  ['Failed to commit: Could not write file "/data/warehouse.duckdb.wal": No space left on device', "disk is full"],
])("a start that fails with %j says what is the matter", (message, said) => {
  expect(dataDirectoryError(new Error(message), "/data")).toMatchObject({
    code: "refused",
    message: expect.stringContaining(said),
  });
  expect(dataDirectoryError(new Error("ENOSPC: no space left on device, write"), "/data")).toMatchObject({
    code: "refused",
    message: expect.stringContaining("disk is full"),
  });
  const elsewhere = new Error(message);
  expect(dataDirectoryError(elsewhere, "/other")).toBe(elsewhere);
});
