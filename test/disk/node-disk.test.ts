import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { describeDisk } from "./disk.contract.js";

describeDisk("node", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { disk: nodeDisk(), folder };
});
