import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { awsListener } from "../../src/api/aws/aws-listener.js";
import type { PipelineInstance } from "../../src/api/control/instance.js";
import { controlServer } from "../../src/api/control/server.js";
import { firehoseService } from "../../src/api/firehose/service.js";
import { kinesisService } from "../../src/api/kinesis/service.js";
import { run } from "../../src/cli/run.js";
import { announceInstance } from "../../src/cli/support/instances.js";
import type { Terminal } from "../../src/cli/support/terminal.js";
import { systemClock } from "../../src/core/clock.js";
import type { Credential } from "../../src/core/credential.js";
import type { StreamStore } from "../../src/stream/stream.js";
import { marketModel, pipelineInstance, pipelineStatus } from "../fixtures/pipeline-instance.js";
import { attributes, openStore } from "../stream/fixtures.js";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Stage {
  readonly directory: string;
  readonly environment: Record<string, string>;
  /** Runs a command line in this process, as main.ts would. */
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
}

interface RunOptions {
  readonly stdin?: string | Buffer | Readable;
  readonly environment?: Record<string, string>;
  /** Given the way to press Ctrl-C. */
  readonly onStart?: (interrupt: () => void) => void;
}

/** A folder of its own and a user's environment in which nothing runs yet. */
export async function stage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-cli-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const environment = { PENSTOCK_RUN_DIR: join(directory, "run") };
  return {
    directory,
    environment,
    run: async (argv, options = {}) => {
      const listeners = new Set<() => void>();
      const stdout = collector();
      const stderr = collector();
      const terminal: Terminal = {
        environment: { ...environment, ...options.environment },
        workingDirectory: directory,
        stdin: readable(options.stdin),
        stdout: stdout.stream,
        stderr: stderr.stream,
        onInterrupt: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      };
      options.onStart?.(() => {
        for (const listener of listeners) listener();
      });
      const code = await run(argv, terminal);
      return { code, stdout: stdout.text(), stderr: stderr.text() };
    },
  };
}

function readable(stdin: string | Buffer | Readable = ""): Readable {
  if (stdin instanceof Readable) return stdin;
  return Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]);
}

function collector() {
  const parts: Buffer[] = [];
  const stream = new PassThrough();
  stream.on("data", (part: Buffer) => parts.push(part));
  return { stream, text: () => Buffer.concat(parts).toString("utf8") };
}

export interface RunningStage extends Stage {
  readonly store: StreamStore;
  readonly consoleUrl: string;
  /** Every record of a stream, as text. */
  recordsOf(stream: string): Promise<{ readonly key: string; readonly data: string }[]>;
}

export interface RunningOptions {
  readonly instance?: Partial<PipelineInstance>;
  readonly credentials?: readonly Credential[];
  readonly throughputLimits?: boolean;
  readonly shards?: number;
}

/** With the real journal and the real doors; what is behind the journal answers from a fixture. */
export async function runningStage(options: RunningOptions = {}): Promise<RunningStage> {
  const before = await stage();
  const { credentials = [], throughputLimits = false, shards = 2 } = options;
  const store = await openStore({ directory: join(before.directory, "journal") });
  await store.create({ name: "quotes", kind: "kinesis", shards, attributes });
  await store.create({ name: "prices", kind: "direct-put", shards: 1, attributes });
  const common = { store, clock: systemClock, accountId: "000000000000", region: "us-east-1", throughputLimits };
  const kinesis = kinesisService(common);
  const aws = await awsListener({
    services: [kinesis, firehoseService(common)],
    clock: systemClock,
    host: "127.0.0.1",
    port: 0,
    credentials,
  });
  let consoleUrl = "";
  const dataDirectory = join(before.directory, ".penstock-data");
  const status = () =>
    pipelineStatus({
      addresses: { aws: aws.url, console: consoleUrl, sql: "postgres://penstock@127.0.0.1:5439/penstock" },
      dataDirectory,
    });
  const server = await controlServer({
    instance: pipelineInstance({ status, model: marketModel, ...options.instance }),
    host: "127.0.0.1",
    port: 0,
    credentials,
    log: pino({ level: "silent" }),
  });
  consoleUrl = server.url;
  const { mkdir } = await import("node:fs/promises");
  await mkdir(dataDirectory);
  const [credential] = credentials;
  const note = announceInstance(
    {
      pid: process.pid,
      pipeline: "market",
      dataDirectory,
      aws: aws.url,
      console: consoleUrl,
      startedAtMs: 0,
      version: "0.1.0",
      ...(credential === undefined ? {} : { credential }),
    },
    before.environment,
  );
  onTestFinished(async () => {
    note.withdraw();
    await server.close();
    await aws.close(0);
    kinesis.close();
    await store.close();
  });
  return {
    ...before,
    store,
    consoleUrl,
    recordsOf: async (name) => {
      const found: { key: string; data: string }[] = [];
      for (const shard of store.find(name)?.shards ?? []) {
        for await (const block of shard.blocks(1, shard.lastSequence)) {
          for (const record of block.records()) {
            found.push({ key: record.partitionKey, data: Buffer.from(record.data).toString("utf8") });
          }
        }
      }
      return found;
    },
  };
}
