/** A real door on real buckets in a folder of its own, for the AWS SDK and for plain requests. */
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { onTestFinished } from "vitest";
import { type AwsListenerOptions, awsListener } from "../../../src/api/aws/aws-listener.js";
import { s3Service } from "../../../src/api/s3/service.js";
import { type Clock, systemClock } from "../../../src/core/clock.js";
import type { Credential } from "../../../src/core/credential.js";
import { nodeDisk } from "../../../src/disk/node-disk.js";
import type { Buckets } from "../../../src/lake/buckets.js";
import { openFsObjectStore } from "../../../src/lake/fs.js";
import { openFsBuckets } from "../../../src/lake/fs-buckets.js";
import type { ObjectStore } from "../../../src/lake/object-store.js";

export const ACCOUNT = "000000000000";
export const LAKE = "market-lake";

export interface S3DoorOptions {
  readonly clock?: Clock;
  readonly credentials?: readonly Credential[];
  readonly listener?: Partial<AwsListenerOptions>;
  readonly idleMs?: number;
  readonly client?: S3ClientConfig;
}

export interface S3Door {
  readonly port: number;
  readonly client: S3Client;
  readonly buckets: Buckets;
  /** The lake as Penstock itself writes it. */
  readonly lake: ObjectStore;
  readonly directory: string;
  readonly errors: readonly unknown[];
  /** Another client of this door. */
  clientWith(config: S3ClientConfig): S3Client;
  raw(request: RawRequest): Promise<Reply>;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Of an error's XML. */
  readonly code: string | undefined;
}

export async function openS3Door(options: S3DoorOptions = {}): Promise<S3Door> {
  const { clock = systemClock, credentials = [] } = options;
  const directory = await mkdtemp(join(tmpdir(), "penstock-s3-"));
  const disk = nodeDisk();
  const lake = await openFsObjectStore({
    disk,
    directory: join(directory, "lake"),
    stagingDirectory: join(directory, "staging", "lake"),
  });
  const errors: unknown[] = [];
  const buckets = await openFsBuckets({
    disk,
    directory: join(directory, "buckets"),
    stagingDirectory: join(directory, "staging", "buckets"),
    lake: {
      name: LAKE,
      store: lake,
      owned: [
        { prefix: "tables/quotes/", of: "table quotes" },
        { prefix: "errors/quotes/", of: "dead letters of table quotes" },
      ],
    },
    now: () => clock.now(),
    onError: (error) => errors.push(error),
  });
  const log = { error: (message: string, error: unknown) => errors.push([message, error]) };
  const listener = await awsListener({
    services: [],
    httpService: s3Service({
      buckets,
      clock,
      region: "us-east-1",
      accountId: ACCOUNT,
      credentials,
      log,
      ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
    }),
    clock,
    host: "127.0.0.1",
    port: 0,
    credentials,
    log,
    ...options.listener,
  });
  const clients: S3Client[] = [];
  const clientWith = (config: S3ClientConfig) => {
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${listener.port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
      maxAttempts: 1,
      ...config,
    });
    clients.push(client);
    return client;
  };
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    await listener.close(50);
    await buckets.close();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    port: listener.port,
    client: clientWith(options.client ?? {}),
    buckets,
    lake,
    directory,
    errors,
    clientWith,
    raw: (request) => send(listener.port, request),
  };
}

function send(port: number, { method = "GET", path, headers = {}, body }: RawRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: "127.0.0.1", port, method, path, headers: { ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const whole = Buffer.concat(chunks);
          const text = whole.toString();
          const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole, text, code });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A pattern that no part of repeats soon. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
