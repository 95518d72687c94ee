/** A PostgreSQL of its own, where the machine has its programs: a throwaway cluster in a folder, for one run. */
import { execFile, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { MIB } from "../../core/limits.js";
import { tracked } from "./children.js";
import { freePort } from "./free-port.js";
import { type WireClient, wireClient } from "./wire-client.js";

const run = promisify(execFile);

export interface Postgres {
  /** `PostgreSQL 15.18, shared_buffers = ...`. */
  readonly about: string;
  readonly client: WireClient;
  /** A folder whose files the server may read. */
  readonly inbox: string;
  /** Lets the server read a file in `inbox`. */
  share(path: string): void;
  stop(): Promise<void>;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined where there is no PostgreSQL, or nobody who may run it; `why` says which. */
export async function startPostgres(
  folder: string,
): Promise<{ readonly postgres: Postgres } | { readonly postgres: undefined; readonly why: string }> {
  const programs = findPrograms();
  if (programs === undefined) {
    return { postgres: undefined, why: "PostgreSQL's initdb and postgres were not found: left out." };
  }
  const owner = ownerOf();
  if (owner === undefined) {
    return { postgres: undefined, why: "PostgreSQL does not run as root, and there is no user postgres: left out." };
  }
  const home = join(folder, "postgres");
  const data = join(home, "data");
  mkdirSync(home, { recursive: true });
  // The way to it must be open to the other user.
  if (owner !== "self") {
    chownSync(home, owner.uid, owner.gid);
    chownSync(dirname(home), owner.uid, owner.gid);
  }
  const as = owner === "self" ? {} : owner;
  await run(join(programs, "initdb"), ["-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"], {
    ...as,
    cwd: home,
  });
  const port = await freePort();
  const settings = settingsOf();
  const child = spawn(
    join(programs, "postgres"),
    [
      "-D",
      data,
      ...["-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    { ...as, cwd: home, stdio: ["ignore", "ignore", "ignore"] },
  );
  tracked(child);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const client = await connected(port, () => child.exitCode !== null);
  const version = (await client.query("SHOW server_version")).rows[0]?.[0] ?? "";
  return {
    postgres: {
      about: `PostgreSQL ${version.split(" ")[0]}: ${Object.entries(settings)
        .map(([name, value]) => `${name} = ${value}`)
        .join(", ")}; VACUUM ANALYZE after loading.`,
      client,
      inbox: home,
      share: (path) => {
        if (owner !== "self") chownSync(path, owner.uid, owner.gid);
      },
      stop() {
        client.close();
        // A fast shutdown: it waits for no client.
        child.kill("SIGINT");
        return exited;
      },
    },
  };
}

/** What its own documentation advises for a machine that it has to itself, for queries over much data. */
function settingsOf(): Readonly<Record<string, string>> {
  const memory = totalmem();
  const mib = (bytes: number) => `${Math.round(bytes / MIB)}MB`;
  return {
    shared_buffers: mib(Math.min(memory / 4, 4096 * MIB)),
    effective_cache_size: mib(memory / 2),
    work_mem: "256MB",
    maintenance_work_mem: "512MB",
    max_parallel_workers_per_gather: String(cpus().length),
    max_parallel_workers: String(Math.max(8, cpus().length)),
    max_wal_size: "8GB",
    random_page_cost: "1.1",
  };
}

function findPrograms(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const newest = versions.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
  // What the figures are wanted against.
  const debians = ["15", ...newest].map((version) => join(debian, version, "bin"));
  const others = ["/usr/local/bin", "/opt/homebrew/bin", "/usr/bin"];
  return [...debians, ...others].find((path) => existsSync(join(path, "initdb")) && existsSync(join(path, "postgres")));
}

function ownerOf(): Owner | "self" | undefined {
  if (process.getuid?.() !== 0) return "self";
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  return line === null ? undefined : { uid: Number(line[1]), gid: Number(line[2]) };
}

async function connected(port: number, ended: () => boolean): Promise<WireClient> {
  for (let tries = 0; ; tries++) {
    try {
      return await wireClient({ port, user: "bench", database: "postgres" });
    } catch (error) {
      if (ended() || tries >= 200) throw new Error("PostgreSQL did not start.", { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
