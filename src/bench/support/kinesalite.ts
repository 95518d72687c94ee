import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { tracked } from "./children.js";
import { freePort } from "./free-port.js";
import { callKinesis } from "./raw-connection.js";

const VERSION = "3.3.3";

export interface Kinesalite {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Its program: of the folder that the benchmark was started in, else installed into `folder`, without its install scripts (what they build is for
 * data on disk, and it is measured in memory). Undefined where that could not be.
 */
export function findKinesalite(folder: string): string | undefined {
  try {
    return createRequire(join(process.cwd(), "package.json")).resolve("kinesalite/cli.js");
  } catch {
    // Not there.
  }
  const home = join(folder, "kinesalite");
  const program = join(home, "node_modules", "kinesalite", "cli.js");
  if (existsSync(program)) return program;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  const words = [
    "install",
    `kinesalite@${VERSION}`,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
  ];
  spawnSync("npm", words, { cwd: home, stdio: "ignore", shell: process.platform === "win32" });
  return existsSync(program) ? program : undefined;
}

/** kinesalite in its own process, its data in memory: it writes nothing to disk and syncs nothing. */
export async function startKinesalite(program: string): Promise<Kinesalite> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [program, "--port", String(port), "--createStreamMs", "0", "--shardLimit", "1000"],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  tracked(child);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for (let tries = 0; ; tries++) {
    try {
      await callKinesis(port, "ListStreams", {});
      break;
    } catch (error) {
      if (tries >= 100 || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    port,
    stop: () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

/** A stream of so many shards, waited for until it takes records. */
export async function createStream(port: number, name: string, shards: number): Promise<void> {
  await callKinesis(port, "CreateStream", { StreamName: name, ShardCount: shards });
  for (;;) {
    const { StreamDescriptionSummary } = await callKinesis<{
      StreamDescriptionSummary: { StreamStatus: string };
    }>(port, "DescribeStreamSummary", { StreamName: name });
    if (StreamDescriptionSummary.StreamStatus === "ACTIVE") return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
