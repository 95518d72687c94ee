import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { callKinesis } from "../../test/support/raw-connection.js";

const BENCH = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = fileURLToPath(new URL("../node_modules/kinesalite/cli.js", import.meta.url));

export interface Kinesalite {
  readonly port: number;
  stop(): Promise<void>;
}

/** kinesalite in its own process, its data in memory: it writes nothing to disk and syncs nothing. */
export async function startKinesalite(): Promise<Kinesalite> {
  installKinesalite();
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [PROGRAM, "--port", String(port), "--createStreamMs", "0", "--shardLimit", "1000"],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
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

/** Without its install scripts: what they build is for data on disk, and it is measured in memory. */
function installKinesalite(): void {
  if (existsSync(PROGRAM)) return;
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"], {
    cwd: BENCH,
    stdio: "inherit",
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
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
