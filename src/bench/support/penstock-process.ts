import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AuditReport, PipelineStatus } from "../../api/control/contract.js";
import type { QueryResult } from "../../warehouse/warehouse.js";
import { tracked } from "./children.js";
import { memoryOf } from "./memory-of.js";

const PROGRAM = fileURLToPath(new URL("../../../bin/penstock.cjs", import.meta.url));

export interface PenstockOptions {
  /** A definition's file or folder. */
  readonly definition: string;
  readonly data: string;
  readonly flags?: readonly string[];
  /** SIGKILL after this long, if it is not ready by then. */
  readonly killAfterMs?: number;
  /** Default: this process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** `penstock up` as a user runs it: a process of its own, of the built program, on free ports. */
export interface PenstockProcess {
  readonly pid: number;
  readonly aws: URL;
  readonly console: URL;
  readonly sql: URL;
  /** From the start of the process to its ready line. */
  readonly readyAfterMs: number;
  /** At most a million rows. */
  query(sql: string): Promise<QueryResult>;
  status(): Promise<PipelineStatus>;
  audit(): Promise<AuditReport>;
  flush(): Promise<void>;
  memory(): { readonly rssBytes: number; readonly peakBytes: number };
  /** SIGTERM: drains, and answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: no last words. */
  kill(): Promise<void>;
  readonly exited: Promise<number | null>;
  /** What it wrote to stderr, the newest 64 KiB of it. */
  log(): string;
}

const LOG_CHARS_MAX = 65_536;

export async function startPenstock(options: PenstockOptions): Promise<PenstockProcess> {
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [
      PROGRAM,
      "up",
      options.definition,
      "--data",
      options.data,
      "--aws-port",
      "0",
      "--console-port",
      "0",
      "--sql-port",
      "0",
      "--json",
      "--log-level",
      "warn",
      ...(options.flags ?? []),
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.environment === undefined ? {} : { env: options.environment }),
    },
  );
  tracked(child);
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-LOG_CHARS_MAX);
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const impatience =
    options.killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), options.killAfterMs);
  const ready = await readyLine(child, exited, () => log).finally(() => clearTimeout(impatience));
  const readyAfterMs = performance.now() - startedMs;
  const aws = new URL(ready.addresses.aws);
  const console = new URL(ready.addresses.console);
  const sql = new URL(ready.addresses.sql);

  async function call<T>(path: string, body?: unknown): Promise<T> {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(new URL(path, console), body === undefined ? {} : init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  return {
    pid: child.pid!,
    aws,
    console,
    sql,
    readyAfterMs,
    query: (sql) => call("/api/query", { sql, rowsMax: 1_000_000, timeoutMs: 600_000 }),
    status: () => call("/api/status"),
    audit: () => call("/api/audit", {}),
    flush: async () => {
      await call("/api/flush", {});
    },
    memory: () => memoryOf(child.pid!),
    stop: () => {
      child.kill("SIGTERM");
      return exited;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    exited,
    log: () => log,
  };
}

interface Ready {
  readonly addresses: { readonly aws: string; readonly console: string; readonly sql: string };
}

function readyLine(child: ChildProcess, exited: Promise<number | null>, log: () => string): Promise<Ready> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", (line) => resolve(JSON.parse(line) as Ready));
    void exited.then((code) => reject(new Error(`penstock ended with code ${code} before it was ready:\n${log()}`)));
  });
}
