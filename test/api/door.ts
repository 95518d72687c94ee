/** A real door on a real store in a folder of its own, and plain requests to it. */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AwsListenerOptions, awsListener } from "../../src/api/aws/aws-listener.js";
import { firehoseService } from "../../src/api/firehose/service.js";
import { type KinesisOptions, kinesisService } from "../../src/api/kinesis/service.js";
import { type Clock, systemClock } from "../../src/core/clock.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { openStreamStore } from "../../src/stream/embedded/store.js";
import type { StreamAttributes, StreamStore } from "../../src/stream/stream.js";

export const ACCOUNT = "000000000000";
export const REGION = "us-east-1";

export interface DoorOptions {
  readonly clock?: Clock;
  /** Kept, so that a second door can be opened on it. */
  readonly directory?: string;
  readonly kinesis?: Partial<KinesisOptions>;
  readonly listener?: Partial<AwsListenerOptions>;
}

export interface Door {
  readonly port: number;
  readonly url: string;
  readonly directory: string;
  readonly store: StreamStore;
  readonly errors: readonly unknown[];
  call(operation: string, body: object): Promise<Reply>;
  raw(request: RawRequest): Promise<Reply>;
  /** CreateStream, and wait until it is active. */
  stream(name: string, shards: number): Promise<void>;
  active(name: string): Promise<void>;
  close(options?: { readonly keep?: boolean }): Promise<void>;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; the text itself where it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came.
  readonly body: any;
}

export const JSON_TYPE = "application/x-amz-json-1.1";
/** Well-formed, and signed by nobody. */
export const UNVERIFIED = {
  authorization:
    "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
  "x-amz-date": "20261122T000000Z",
};

export async function openDoor(options: DoorOptions = {}): Promise<Door> {
  const clock = options.clock ?? systemClock;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "penstock-door-")));
  const store = await openStreamStore({ disk: nodeDisk(), clock, directory });
  const errors: unknown[] = [];
  const log = { error: (message: string, error: unknown) => errors.push([message, error]) };
  const common = { store, clock, accountId: ACCOUNT, region: REGION };
  const kinesis = kinesisService({
    ...common,
    delays: { creatingMs: 30, updatingMs: 60, deletingMs: 30 },
    log,
    ...options.kinesis,
  });
  const listener = await awsListener({
    services: [kinesis, firehoseService({ ...common, throughputLimits: options.kinesis?.throughputLimits ?? false })],
    clock,
    host: "127.0.0.1",
    port: 0,
    log,
    ...options.listener,
  });
  const agent = new Agent({ keepAlive: true });
  const raw = (request: RawRequest) => send(agent, listener.port, request);
  const call = (operation: string, body: object) =>
    raw({
      headers: {
        ...UNVERIFIED,
        "content-type": JSON_TYPE,
        "x-amz-target": operation.includes(".") ? operation : `Kinesis_20131202.${operation}`,
      },
      body: JSON.stringify(body),
    });
  const active = async (name: string) => {
    while (store.find(name)?.attributes.status !== "ACTIVE") await systemClock.sleep(5);
  };
  return {
    port: listener.port,
    url: listener.url,
    directory,
    store,
    errors,
    call,
    raw,
    active,
    stream: async (name, shards) => {
      const reply = await call("CreateStream", { StreamName: name, ShardCount: shards });
      if (reply.status !== 200) throw new Error(reply.text);
      await active(name);
    },
    close: async ({ keep = false } = {}) => {
      agent.destroy();
      kinesis.close();
      await listener.close(50);
      await store.close();
      if (!keep) await rm(directory, { recursive: true, force: true });
    },
  };
}

function send(agent: Agent, port: number, request: RawRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        agent,
        host: "127.0.0.1",
        port,
        method: request.method ?? "POST",
        path: request.path ?? "/",
        headers: request.headers,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
        });
      },
    );
    sent.on("error", reject);
    sent.end(request.body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function attributes(over: Partial<StreamAttributes> = {}): StreamAttributes {
  return {
    status: "ACTIVE",
    mode: "PROVISIONED",
    retentionHours: 24,
    maxRecordKiB: 1024,
    tags: {},
    encryption: { type: "NONE" },
    shardMetrics: [],
    consumers: [],
    defined: false,
    ...over,
  };
}

export const base64 = (text: string) => Buffer.from(text).toString("base64");
