import type { Clock } from "../core/clock.js";
import { PenstockError } from "../core/errors.js";
import { type Packable, type Packed, type PackLimits, packRequest } from "./pack.js";
import { type Outcome, SendFailure, type Transport } from "./transport.js";

/** Where one record came to rest. */
export interface RecordResult {
  readonly shardId?: string;
  readonly sequenceNumber?: string;
  /** The record's place in its KPL aggregate; only where it was sent in one. */
  readonly subSequenceNumber?: number;
  /** Firehose's answer in place of a sequence number. */
  readonly recordId?: string;
  /** How often it was sent: 1 when the first time went well. */
  readonly attempts: number;
}

/** A record was given up: nothing of it is on its way any more. Where no answer came (`unavailable`) it may have been taken all the same. */
export class GivenUpError extends PenstockError {
  readonly attempts: number;
  /** The service's name for what went wrong. */
  readonly awsCode: string;
  /** The row as it was given to `put`; bytes for `putBytes`. */
  readonly row: unknown;

  constructor(what: {
    target: string;
    row: unknown;
    attempts: number;
    awsCode: string;
    reason: string;
    retryable: boolean;
    cause?: unknown;
  }) {
    const times = what.attempts === 1 ? "once" : `${what.attempts} times`;
    super(
      what.retryable ? "unavailable" : "refused",
      `A record for ${what.target} was given up after it was sent ${times}: ${what.awsCode}${what.reason && ` (${what.reason})`}.`,
      {
        hint: what.retryable
          ? "The service may be busy, away, or short of shards: put it again later, or allow more attempts."
          : "Sending it again would not help: look at the stream's name, the region and the credentials.",
        cause: what.cause,
      },
    );
    this.attempts = what.attempts;
    this.awsCode = what.awsCode;
    this.row = what.row;
  }
}

export interface OutboxOptions {
  /** How long the oldest record may wait for others to go with it. */
  readonly lingerMs: number;
  readonly requestsMax: number;
  /** Accepted and not settled, with what is under way. */
  readonly bytesMax: number;
  readonly attemptsMax: number;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  readonly aggregateBytesMax: number | undefined;
}

export interface Outbox {
  /** Whether so many bytes more would be within the bound now. One record is always within it when nothing else is there. */
  hasRoom(sizeBytes: number): boolean;
  /** Room for so many bytes, which is then the caller's: at once (undefined), or when the promise resolves; first come, first served. */
  room(sizeBytes: number): Promise<void> | undefined;
  /** Gives room back that nothing was added for. */
  release(sizeBytes: number): void;
  /** Takes a record that room was got for. */
  add(record: {
    readonly data: Uint8Array;
    readonly partitionKey: string;
    readonly row: unknown;
  }): Promise<RecordResult>;
  /** From now until the answering function is called, nothing lingers. */
  hurry(): () => void;
}

interface Entry extends Packable {
  readonly row: unknown;
  readonly addedMs: number;
  attempts: number;
  readonly resolve: (result: RecordResult) => void;
  readonly reject: (error: GivenUpError) => void;
}

/**
 * Gathers records into requests, keeps a few requests under way, and sends again exactly the records that failed.
 *
 *     add -> queue -> request -> settled
 *              ^         |
 *              +- backoff+   (only what failed; the front of the queue, since it is the oldest)
 */
export function openOutbox(
  transport: Transport,
  options: OutboxOptions,
  tools: { clock: Clock; random: () => number },
): Outbox {
  const { clock, random } = tools;
  const limits: PackLimits = {
    countMax: transport.countMax,
    bytesMax: transport.bytesMax,
    aggregateBytesMax: options.aggregateBytesMax,
  };
  let queue: Entry[] = [];
  let queuedBytes = 0;
  let heldBytes = 0;
  let requests = 0;
  let hurrying = 0;
  let lingering = false;
  let waiting: { readonly sizeBytes: number; readonly go: () => void }[] = [];

  const hasRoom = (sizeBytes: number) => heldBytes === 0 || heldBytes + sizeBytes <= options.bytesMax;

  function release(sizeBytes: number): void {
    heldBytes -= sizeBytes;
    while (waiting.length > 0 && hasRoom(waiting[0]!.sizeBytes)) {
      const [next, ...rest] = waiting;
      waiting = rest;
      // Held from now on, so that the next in line does not count on the same room.
      heldBytes += next!.sizeBytes;
      next!.go();
    }
  }

  function isDue(): boolean {
    const [oldest] = queue;
    if (!oldest) return false;
    if (hurrying > 0 || oldest.attempts > 0 || queuedBytes >= transport.bytesMax) return true;
    if (options.aggregateBytesMax === undefined && queue.length >= transport.countMax) return true;
    return clock.monotonic() - oldest.addedMs >= options.lingerMs;
  }

  function pump(): void {
    while (requests < options.requestsMax && isDue()) {
      const { packed, taken } = packRequest(queue, limits);
      for (const entry of queue.slice(0, taken)) queuedBytes -= entry.sizeBytes;
      queue = queue.slice(taken);
      requests++;
      void send(packed);
    }
    if (queue.length > 0 && !lingering && requests < options.requestsMax) void linger();
  }

  async function linger(): Promise<void> {
    lingering = true;
    await clock.sleep(Math.max(0, queue[0]!.addedMs + options.lingerMs - clock.monotonic()));
    lingering = false;
    pump();
  }

  async function send(packed: readonly Packed<Entry>[]): Promise<void> {
    for (const { members } of packed) for (const entry of members) entry.attempts++;
    let outcomes: readonly Outcome[];
    let failure: SendFailure | undefined;
    try {
      outcomes = await transport.send(packed.map(({ record }) => record));
    } catch (error) {
      failure = error instanceof SendFailure ? error : new SendFailure("Unknown", String(error), false, error);
      outcomes = [];
    }
    requests--;
    const missing: Outcome = {
      ok: false,
      code: failure?.code ?? "InternalFailure",
      message: failure?.message ?? "no answer for the record",
    };
    const again: Entry[] = [];
    for (const [index, { members }] of packed.entries()) {
      const outcome = outcomes[index] ?? missing;
      for (const [place, entry] of members.entries()) {
        if (outcome.ok) {
          const { ok: _, ...where } = outcome;
          release(entry.sizeBytes);
          entry.resolve({
            ...where,
            ...(members.length > 1 ? { subSequenceNumber: place } : {}),
            attempts: entry.attempts,
          });
        } else if (failure?.retryable !== false && entry.attempts < options.attemptsMax) {
          again.push(entry);
        } else {
          release(entry.sizeBytes);
          entry.reject(givenUp(entry, outcome, failure));
        }
      }
    }
    if (again.length > 0) void retry(again);
    pump();
  }

  function givenUp(
    entry: Entry,
    outcome: { readonly code: string; readonly message: string },
    failure: SendFailure | undefined,
  ): GivenUpError {
    return new GivenUpError({
      target: transport.target,
      row: entry.row,
      attempts: entry.attempts,
      awsCode: outcome.code,
      reason: outcome.message,
      retryable: failure?.retryable ?? true,
      ...(failure === undefined ? {} : { cause: failure }),
    });
  }

  /** Full jitter: anywhere between at once and a bound that doubles, so that many producers do not come back together. */
  async function retry(entries: readonly Entry[]): Promise<void> {
    const attempts = Math.max(...entries.map((entry) => entry.attempts));
    const boundMs = Math.min(options.backoffMsMax, options.backoffMs * 2 ** (attempts - 1));
    await clock.sleep(random() * boundMs);
    queue = [...entries, ...queue];
    for (const entry of entries) queuedBytes += entry.sizeBytes;
    pump();
  }

  return {
    hasRoom: (sizeBytes) => waiting.length === 0 && hasRoom(sizeBytes),
    room: (sizeBytes) => {
      if (waiting.length === 0 && hasRoom(sizeBytes)) {
        heldBytes += sizeBytes;
        return undefined;
      }
      return new Promise<void>((resolve) => waiting.push({ sizeBytes, go: resolve }));
    },
    release,
    add: ({ data, partitionKey, row }) =>
      new Promise((resolve, reject) => {
        const sizeBytes = recordBytes(data, partitionKey);
        queue.push({ data, partitionKey, row, sizeBytes, addedMs: clock.monotonic(), attempts: 0, resolve, reject });
        queuedBytes += sizeBytes;
        pump();
      }),
    hurry: () => {
      hurrying++;
      pump();
      return () => {
        hurrying--;
      };
    },
  };
}

/** What the service counts of a record. */
export function recordBytes(data: Uint8Array, partitionKey: string): number {
  return data.length + Buffer.byteLength(partitionKey);
}
