import { setTimeout as sleep } from "node:timers/promises";
import { PenstockError } from "../../core/errors.js";
import { FIREHOSE_BATCH_BYTES_MAX, MIB } from "../../core/limits.js";
import type { Endpoint } from "./endpoint.js";
import type { PutRecord } from "./records.js";

export interface SenderOptions {
  readonly endpoint: Endpoint;
  readonly stream: string;
  readonly service: "kinesis" | "firehose";
  /** Records in a request, at most. */
  readonly batchRecords: number;
  /** Requests under way at once, at most. */
  readonly concurrency: number;
  /** Records a second; undefined: as fast as it goes. */
  readonly recordsPerSecond: number | undefined;
  /** How long one request's records are tried again before the whole is given up. */
  readonly retryMs: number;
  /** Fires at Ctrl-C: what is under way is finished, nothing more is begun. */
  readonly signal: AbortSignal;
  readonly onProgress: (acked: number) => void;
}

export interface SendReport {
  /** Taken from the input, in order. */
  readonly read: number;
  readonly acked: number;
  readonly bytes: number;
  /** Records that were sent more than once because the service had no room for them, or no answer came. */
  readonly retried: number;
  /** Records that the service will never take, each with its place in the input (from 1) and why; the first hundred. */
  readonly rejected: readonly { readonly record: number; readonly message: string }[];
  readonly rejectedCount: number;
  /** Why it ended before the input did. */
  readonly failure: PenstockError | undefined;
  /** How many records from the start of the input all have their answer: where to go on after a failure or Ctrl-C. */
  readonly answeredFromStart: number;
}

/** A partition key for records that have none: 4,096 in turn are spread evenly, and the server need not hash a new one each time. */
const KEYS = Array.from({ length: 4096 }, (_, index) => `k${index}`);
const REJECTED_SHOWN_MAX = 100;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 2000;
/** Below the service's own (10 MiB for PutRecords), since a smaller request is answered sooner and costs as much a record. */
const BATCH_BYTES_MAX = { kinesis: 4 * MIB, firehose: FIREHOSE_BATCH_BYTES_MAX - 64 * 1024 } as const;
const ACTIONS = {
  kinesis: { action: "PutRecords", name: "StreamName" },
  firehose: { action: "PutRecordBatch", name: "DeliveryStreamName" },
} as const;

interface Entry {
  readonly data: Buffer;
  readonly key: string;
  /** Its place in the input, from 1. */
  readonly place: number;
}

/** Sends every record of the blocks; sends again exactly those that were not taken. */
export async function sendAll(
  blocks: AsyncIterable<readonly PutRecord[]>,
  options: SenderOptions,
): Promise<SendReport> {
  const report = { read: 0, acked: 0, bytes: 0, retried: 0, rejectedCount: 0 };
  const rejected: { record: number; message: string }[] = [];
  let failure: PenstockError | undefined;
  let firstUnanswered = Infinity;
  const batches = batchesOf(blocks, options);

  const reject = (entry: Entry, message: string) => {
    report.rejectedCount++;
    if (rejected.length < REJECTED_SHOWN_MAX) rejected.push({ record: entry.place, message });
  };
  const acked = (entries: readonly Entry[]) => {
    report.acked += entries.length;
    for (const entry of entries) report.bytes += entry.data.length;
    options.onProgress(report.acked);
  };

  /** Tries until every entry is acked or rejected; throws when time is up or trying is no use. */
  const deliver = async (entries: readonly Entry[], deadlineMs: number, backoffMs: number): Promise<void> => {
    const outcome = await attempt(entries, options);
    if (outcome.kind === "invalid") {
      const [only] = entries;
      if (entries.length === 1 && only !== undefined) {
        reject(only, outcome.message);
        return;
      }
      // Something in the request is refused for good: the half without it must not suffer.
      const middle = entries.length >> 1;
      await deliver(entries.slice(0, middle), deadlineMs, backoffMs);
      await deliver(entries.slice(middle), deadlineMs, backoffMs);
      return;
    }
    const failed = outcome.kind === "answered" ? outcome.failed : entries;
    const failedSet = new Set(failed);
    acked(failed.length === 0 ? entries : entries.filter((entry) => !failedSet.has(entry)));
    if (failed.length === 0) return;
    if (performance.now() + backoffMs > deadlineMs) throw gaveUp(outcome.message, options.retryMs);
    report.retried += failed.length;
    await sleep(backoffMs * (0.5 + Math.random()));
    await deliver(failed, deadlineMs, Math.min(backoffMs * 2, BACKOFF_MS_MAX));
  };

  const worker = async () => {
    while (failure === undefined && !options.signal.aborted) {
      const next = await batches.next();
      if (next.done || failure !== undefined) return;
      report.read += next.value.length;
      try {
        await deliver(next.value, performance.now() + options.retryMs, BACKOFF_MS_MIN);
      } catch (error) {
        firstUnanswered = Math.min(firstUnanswered, next.value[0]?.place ?? Infinity);
        failure ??=
          error instanceof PenstockError ? error : new PenstockError("unavailable", String(error), { cause: error });
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency }, worker));
  } catch (error) {
    // The input itself is at fault; what was read before it has been sent.
    failure =
      error instanceof PenstockError ? error : new PenstockError("invalid-argument", String(error), { cause: error });
  }
  return { ...report, rejected, failure, answeredFromStart: Math.min(report.read, firstUnanswered - 1) };
}

/** A slow input's records wait this long for others to go with them. */
const LINGER_MS = 100;

/** One after another, paced; workers that ask at once are answered in turn, as async generators do. Ends at once when the signal fires. */
async function* batchesOf(
  blocks: AsyncIterable<readonly PutRecord[]>,
  options: SenderOptions,
): AsyncGenerator<Entry[], void> {
  const { signal, recordsPerSecond } = options;
  const startedMs = performance.now();
  const bytesMax = BATCH_BYTES_MAX[options.service];
  // A slow rate in large requests would come in jerks: ten requests a second are smooth enough.
  const smooth = recordsPerSecond === undefined ? Infinity : Math.max(1, Math.floor(recordsPerSecond / 10));
  const countMax = Math.min(options.batchRecords, smooth);
  const stopped = new Promise<"stopped">((resolve) => {
    if (signal.aborted) resolve("stopped");
    signal.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  let place = 0;
  let batch: Entry[] = [];
  let batchBytes = 0;

  /** The batch in hand, once it is due; undefined when there is none, or Ctrl-C came first and it goes unsent. */
  const take = async (): Promise<Entry[] | undefined> => {
    if (recordsPerSecond !== undefined) {
      const waitMs = startedMs + (1000 * (place - batch.length)) / recordsPerSecond - performance.now();
      if (waitMs > 1) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted || batch.length === 0) return undefined;
    const taken = batch;
    batch = [];
    batchBytes = 0;
    return taken;
  };

  const iterator = blocks[Symbol.asyncIterator]();
  for (;;) {
    const pending = iterator.next();
    let next = await first(batch.length === 0 ? undefined : LINGER_MS, pending, stopped);
    if (next === undefined) {
      const due = await take();
      if (due !== undefined) yield due;
      next = await first(undefined, pending, stopped);
    }
    if (next === "stopped" || next === undefined || next.done) break;
    for (const record of next.value) {
      const key = record.key ?? KEYS[place % KEYS.length]!;
      const sizeBytes = record.data.length + key.length;
      if (batch.length >= countMax || (batch.length > 0 && batchBytes + sizeBytes > bytesMax)) {
        const due = await take();
        if (due === undefined) return;
        yield due;
      }
      place++;
      batch.push({ data: record.data, key, place });
      batchBytes += sizeBytes;
    }
  }
  const last = await take();
  if (last !== undefined) yield last;
}

/** Whichever comes first; undefined when nothing has come within `ms`. */
async function first<A, B>(ms: number | undefined, a: Promise<A>, b: Promise<B>): Promise<A | B | undefined> {
  if (ms === undefined) return await Promise.race([a, b]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  const winner = await Promise.race([a, b, late]);
  clearTimeout(timer);
  return winner;
}

type Outcome =
  /** `failed` were not taken, and may be sent again. */
  | { readonly kind: "answered"; readonly failed: readonly Entry[]; readonly message: string }
  /** The service refuses the request as it is. */
  | { readonly kind: "invalid"; readonly message: string }
  /** Nothing came back, or only that it is busy: all of it is to be sent again. */
  | { readonly kind: "again"; readonly message: string };

async function attempt(entries: readonly Entry[], options: SenderOptions): Promise<Outcome> {
  const { action } = ACTIONS[options.service];
  let answer: { status: number; body: string };
  try {
    answer = await options.endpoint.call(action, bodyOf(entries, options));
  } catch (error) {
    if (error instanceof PenstockError && error.retryable) return { kind: "again", message: error.message };
    throw error;
  }
  if (answer.status === 200) {
    // The text tells whether any record failed; only then is it worth parsing 500 sequence numbers.
    if (!answer.body.includes('"ErrorCode"')) return { kind: "answered", failed: [], message: "" };
    return failures(entries, answer.body);
  }
  const { type, message } = errorOf(answer.body);
  if (
    answer.status >= 500 ||
    /Throughput|Throttling|LimitExceeded|ServiceUnavailable|InternalFailure|ResourceInUse/.test(type)
  ) {
    return { kind: "again", message: `${type}: ${message}` };
  }
  if (/ResourceNotFound/.test(type)) {
    throw new PenstockError("not-found", `${options.stream}: ${message}`, {
      hint: "`penstock status` lists the streams.",
    });
  }
  if (answer.status === 403 || /AccessDenied|Signature|Token|UnrecognizedClient|IncompleteSignature/.test(type)) {
    throw new PenstockError("refused", `The instance refuses the signature (${type}: ${message}).`, {
      hint: "Put name:secret of one of its credentials in PENSTOCK_CREDENTIALS.",
    });
  }
  return { kind: "invalid", message: `${type}: ${message}` };
}

function bodyOf(entries: readonly Entry[], options: SenderOptions): Buffer {
  const keyed = options.service === "kinesis";
  let text = `{"${ACTIONS[options.service].name}":${JSON.stringify(options.stream)},"Records":[`;
  for (let index = 0; index < entries.length; index++) {
    const { data, key } = entries[index]!;
    const separator = index === 0 ? "" : ",";
    const partition = keyed ? `,"PartitionKey":${JSON.stringify(key)}` : "";
    text += `${separator}{"Data":"${data.toString("base64")}"${partition}}`;
  }
  return Buffer.from(`${text}]}`);
}

function failures(entries: readonly Entry[], body: string): Outcome {
  const answer = JSON.parse(body) as {
    Records?: readonly { ErrorCode?: string; ErrorMessage?: string }[];
    RequestResponses?: readonly { ErrorCode?: string; ErrorMessage?: string }[];
  };
  const results = answer.Records ?? answer.RequestResponses ?? [];
  const failed = entries.filter(
    (_, index) => results[index]?.ErrorCode !== undefined && results[index]?.ErrorCode !== null,
  );
  const first = results.find((result) => result.ErrorCode);
  return { kind: "answered", failed, message: `${first?.ErrorCode}: ${first?.ErrorMessage}` };
}

function errorOf(body: string): { type: string; message: string } {
  try {
    const answer = JSON.parse(body) as { __type?: string; message?: string; Message?: string };
    return { type: (answer.__type ?? "Error").replace(/^.*#/, ""), message: answer.message ?? answer.Message ?? body };
  } catch {
    return { type: "Error", message: body.slice(0, 200) };
  }
}

function gaveUp(why: string, retryMs: number): PenstockError {
  return new PenstockError("unavailable", `Gave up after trying again for ${Math.round(retryMs / 1000)} s (${why}).`, {
    hint: "`penstock status` shows how the instance does; --retry-seconds waits longer.",
  });
}
