import { createHash, randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../core/clock.js";
import { PenstockError } from "../core/errors.js";
import { KIB, MIB, PARTITION_KEY_CHARS_MAX, RECORD_KIB_MAX } from "../core/limits.js";
import { checkSingleTable } from "../definition/check-pipeline.js";
import type { StreamModel, TableModel } from "../definition/model.js";
import { show } from "../definition/problems.js";
import type { AnyTable, Row } from "../definition/table.js";
import { rowEncoder } from "./encode-row.js";
import { firehoseTransport } from "./firehose-transport.js";
import { kinesisTransport } from "./kinesis-transport.js";
import { GivenUpError, type Outbox, openOutbox, type RecordResult, recordBytes } from "./outbox.js";
import type { Connection, Transport } from "./transport.js";

export interface ProducerOptions<R = Readonly<Record<string, unknown>>> extends Connection {
  /** Which of the table's sources to put to, by name; needed where it has several. */
  readonly source?: string;
  /** What a row's shard follows from. The `distKey` column unless given, or the first column of `dedupe`; random where there is neither. */
  readonly partitionKey?: (row: R) => string;
  /** How long a row may wait for others to go with it: 0 to 60,000 ms; default 50. */
  readonly lingerMs?: number;
  /** Requests under way at a time: 1 to 64; default 4. With more than one, and whenever records are sent again, they may overtake each other. */
  readonly requestsMax?: number;
  /** Bytes that may be accepted and not settled: 64 KiB to 1 GiB; default 16 MiB. */
  readonly bufferBytesMax?: number;
  /** Beyond it `put` waits ("wait", the default) or rejects at once with `unavailable` ("reject"). */
  readonly whenFull?: "wait" | "reject";
  /** How often a record is sent before it is given up: 1 to 1,000; default 10. */
  readonly attemptsMax?: number;
  /** The bound of the first pause before a record is sent again; it doubles each time. 1 to 60,000 ms; default 100. */
  readonly backoffMs?: number;
  /** What the bound does not go beyond: up to 600,000 ms; default 5,000. */
  readonly backoffMsMax?: number;
  /** How long one request may take: 100 to 600,000 ms; default 30,000. */
  readonly requestTimeoutMs?: number;
  /**
   * Put several rows of one partition key into one record, as the Kinesis Producer Library does: true, or the size of a record at most
   * (1 KiB to 1 MiB; default 50 KiB). For streams alone; delivery takes such records apart again.
   */
  readonly aggregate?: boolean | { readonly bytesMax?: number };
  /** The stream's own limit, where it is above 1 MiB: up to 10 MiB. */
  readonly recordBytesMax?: number;
}

/**
 * Puts rows of one table, checked by the compiler and again before they are sent.
 *
 * A record's bytes may be taken more than once when an answer is lost and they are sent again; `dedupe` in the table's definition makes
 * that one row.
 */
export interface Producer<R> {
  /**
   * Resolves when the row is durable in its stream, with where it is; rejects with a GivenUpError when it was given up, or with
   * `invalid-argument`, before anything is sent, when it is no row of the table. To put many, do not wait for each one:
   *
   *     for (const row of rows) {
   *       await quotes.ready();
   *       quotes.put(row).catch(report);
   *     }
   *     await quotes.flush();
   */
  put(row: R): Promise<RecordResult>;
  /** The same for bytes that are a record already. */
  putBytes(data: Uint8Array, partitionKey?: string): Promise<RecordResult>;
  /** Resolves when there is room for a record such as the last; for those who do not wait for each `put`. */
  ready(): Promise<void>;
  /**
   * Sends what waits, and resolves when all that was put before is settled. Rejects when any of it was given up, the first errors in `errors`
   * of the AggregateError that is its cause.
   */
  flush(): Promise<void>;
  /** Flushes, then closes the connections. What is put afterwards is `refused`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Time and chance, for tests. */
export interface ProducerTools {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/** A GivenUpError keeps its row: no more than so many for one flush. */
const ERRORS_KEPT_MAX = 100;

/** A producer of a table's rows, for a pipeline on this machine (by `endpoint`) and for AWS alike. */
export function producer<T extends AnyTable>(
  table: T,
  options: ProducerOptions<Row<T>> = {},
  tools: ProducerTools = { clock: systemClock, random: Math.random },
): Producer<Row<T>> {
  const { table: model, streams } = checkSingleTable(table);
  const settings = readSettings(options);
  const source = sourceOf(model, streams, options.source);
  if (source.kind === "direct-put" && settings.aggregateBytesMax !== undefined) {
    throw new PenstockError(
      "invalid-argument",
      `aggregate is for streams, and table ${show(model.name)} is fed by directPut().`,
      {
        hint: "Firehose takes aggregates apart only where they come from a stream.",
      },
    );
  }
  if (model.load === "streaming" && settings.aggregateBytesMax !== undefined) {
    throw new PenstockError(
      "invalid-argument",
      `aggregate cannot be for table ${show(model.name)}, whose load is "streaming".`,
      { hint: "On AWS Redshift reads the stream itself and takes no aggregates apart: leave aggregate out." },
    );
  }
  const open = source.kind === "kinesis" ? kinesisTransport : firehoseTransport;
  const transport = open(source.name, options, settings.requestTimeoutMs);
  const encoder = rowEncoder(model);
  const keyOf = keyReader(
    model,
    source,
    options.partitionKey as ((row: Readonly<Record<string, unknown>>) => string) | undefined,
  );
  const core = openProducer(openOutbox(transport, settings, tools), transport, {
    recordBytesMax: options.recordBytesMax ?? transport.recordBytesMax,
    whenFull: options.whenFull ?? "wait",
    bufferBytesMax: settings.bytesMax,
  });
  return {
    ...core,
    put: async (row) => {
      const values = row as Readonly<Record<string, unknown>>;
      return await core.accept(encoder.encode(values), keyOf(values), row);
    },
    putBytes: async (data, partitionKey) =>
      await core.accept(data, source.kind === "direct-put" ? "" : keyText(partitionKey), data),
  };
}

interface CoreOptions {
  readonly recordBytesMax: number;
  readonly whenFull: "wait" | "reject";
  readonly bufferBytesMax: number;
}

/** The producer but for what it knows of rows. */
function openProducer(outbox: Outbox, transport: Transport, { recordBytesMax, whenFull, bufferBytesMax }: CoreOptions) {
  const unsettled = new Set<Promise<RecordResult>>();
  let errors: GivenUpError[] = [];
  let givenUp = 0;
  let closing: Promise<void> | undefined;
  let typicalBytes = 1;

  async function take(data: Uint8Array, partitionKey: string, sizeBytes: number, row: unknown): Promise<RecordResult> {
    // Not awaited where there is room: rows that are put one after the other must all be there when a flush follows.
    const room = outbox.room(sizeBytes);
    if (room !== undefined) await room;
    try {
      return await outbox.add({ data, partitionKey, row });
    } catch (error) {
      givenUp++;
      if (error instanceof GivenUpError && errors.length < ERRORS_KEPT_MAX) errors.push(error);
      throw error;
    }
  }

  async function flush(): Promise<void> {
    const before = [...unsettled];
    const relax = outbox.hurry();
    await Promise.allSettled(before);
    relax();
    if (givenUp === 0) return;
    const [count, cause] = [givenUp, new AggregateError(errors, "records that were given up")];
    givenUp = 0;
    errors = [];
    throw new PenstockError(
      "unavailable",
      `${count} record${count === 1 ? " was" : "s were"} given up since the last flush; the first: ${cause.errors[0]?.message ?? ""}`,
      {
        hint: "Each was told to its own put() too.",
        cause,
      },
    );
  }

  async function close(): Promise<void> {
    try {
      await flush();
    } finally {
      transport.close();
    }
  }

  const core = {
    accept: (data: Uint8Array, partitionKey: string, row: unknown): Promise<RecordResult> => {
      if (closing !== undefined)
        return Promise.reject(new PenstockError("refused", `The producer for ${transport.target} is closed.`));
      const sizeBytes = recordBytes(data, partitionKey);
      if (sizeBytes > recordBytesMax || data.length === 0) {
        return Promise.reject(
          new PenstockError(
            "invalid-argument",
            `A record for ${transport.target} has ${sizeBytes} bytes; it must have 1 to ${recordBytesMax}, its key included.`,
            {
              hint: "Split it, or keep large values elsewhere and put a reference to them.",
            },
          ),
        );
      }
      if (whenFull === "reject" && !outbox.hasRoom(sizeBytes)) {
        return Promise.reject(
          new PenstockError(
            "unavailable",
            `The producer for ${transport.target} has ${bufferBytesMax} bytes under way, as many as it may.`,
            {
              hint: "Wait for ready() before the next put, or raise bufferBytesMax.",
            },
          ),
        );
      }
      typicalBytes = sizeBytes;
      const result = take(data, partitionKey, sizeBytes, row);
      unsettled.add(result);
      const settled = () => unsettled.delete(result);
      result.then(settled, settled);
      return result;
    },
    ready: async () => {
      const wanted = typicalBytes;
      await outbox.room(wanted);
      outbox.release(wanted);
    },
    flush,
    close: () => {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]: () => core.close(),
  };
  return core;
}

function readSettings(options: ProducerOptions<never>) {
  const bounded = (
    name: keyof ProducerOptions,
    value: number | undefined,
    fallback: number,
    min: number,
    max: number,
  ) => {
    if (value === undefined) return fallback;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new PenstockError(
      "invalid-argument",
      `${name} is ${show(value)}; it must be a whole number from ${min} to ${max}.`,
    );
  };
  const { aggregate } = options;
  if (options.recordBytesMax !== undefined)
    bounded("recordBytesMax", options.recordBytesMax, 0, 1, RECORD_KIB_MAX * KIB);
  return {
    lingerMs: bounded("lingerMs", options.lingerMs, 50, 0, 60_000),
    requestsMax: bounded("requestsMax", options.requestsMax, 4, 1, 64),
    bytesMax: bounded("bufferBytesMax", options.bufferBytesMax, 16 * MIB, 64 * KIB, 1024 * MIB),
    attemptsMax: bounded("attemptsMax", options.attemptsMax, 10, 1, 1000),
    backoffMs: bounded("backoffMs", options.backoffMs, 100, 1, 60_000),
    backoffMsMax: bounded("backoffMsMax", options.backoffMsMax, 5000, 1, 600_000),
    requestTimeoutMs: bounded("requestTimeoutMs", options.requestTimeoutMs, 30_000, 100, 600_000),
    aggregateBytesMax:
      aggregate === undefined || aggregate === false
        ? undefined
        : bounded("aggregate", aggregate === true ? undefined : aggregate.bytesMax, 50 * KIB, KIB, MIB),
  };
}

function sourceOf(model: TableModel, streams: readonly StreamModel[], wanted: string | undefined): StreamModel {
  const names = streams.map(({ name }) => name).join(", ");
  if (wanted === undefined && streams.length > 1) {
    throw new PenstockError("invalid-argument", `Table ${show(model.name)} takes from several sources: ${names}.`, {
      hint: `Say which to put to: producer(table, { source: ${show(streams[0]!.name)} }).`,
    });
  }
  const source = wanted === undefined ? streams[0] : streams.find(({ name }) => name === wanted);
  if (source) return source;
  throw new PenstockError(
    "invalid-argument",
    `source is ${show(wanted)}; table ${show(model.name)} takes from ${names}.`,
  );
}

function keyReader(
  model: TableModel,
  source: StreamModel,
  given: ((row: Readonly<Record<string, unknown>>) => string) | undefined,
): (row: Readonly<Record<string, unknown>>) => string {
  if (source.kind === "direct-put") return () => "";
  if (given) return (row) => keyText(given(row));
  const column = model.distKey ?? model.dedupe?.by[0];
  if (column === undefined) return () => randomUUID();
  return (row) => {
    const value = row[column];
    return keyText(value instanceof Date ? value.toISOString() : value == null ? undefined : String(value));
  };
}

/** A key that Kinesis takes: 1 to 256 characters. Without one, rows are spread evenly; a longer one stands by its digest. */
function keyText(text: string | undefined): string {
  if (text === undefined || text === "") return randomUUID();
  return [...text].length <= PARTITION_KEY_CHARS_MAX ? text : createHash("sha256").update(text).digest("hex");
}
