/** The running pipeline as the control door sees it. */
import type { DeadLetter, DeadLetterPage, LoadAnswer, PipelineStatus, StreamStatus } from "../api/control/contract.js";
import type { DeadLetterFilter, PipelineInstance } from "../api/control/instance.js";
import { type AuditSources, audit } from "../audit/audit.js";
import { describeObject } from "../audit/object-footer.js";
import { newestRecords } from "../audit/records.js";
import { trace } from "../audit/trace.js";
import type { Clock } from "../core/clock.js";
import { PenstockError } from "../core/errors.js";
import { inTurn } from "../core/in-turn.js";
import type { PipelineModel } from "../definition/model.js";
import type { ConversionEngine } from "../delivery/engine.js";
import { lakeBucketName } from "../lake/bucket-name.js";
import type { ObjectStore } from "../lake/object-store.js";
import type { Reconvert } from "../loader/reconvert.js";
import { openRedrive } from "../loader/redrive.js";
import { replay } from "../loader/replay.js";
import type { SqlDatabase } from "../redshift/database.js";
import type { Stream, StreamStore } from "../stream/stream.js";
import { DEAD_LETTER_PAGE_BYTES, type StoredDeadLetter, type Warehouse } from "../warehouse/warehouse.js";
import { type AdvisorParts, advise, objectsOfAllAges } from "./advisor.js";
import { createMetrics, type ObservedRequest } from "./metrics.js";
import type { Pins } from "./pins.js";
import { runQuery } from "./query.js";
import { createRates } from "./rates.js";
import { buildShadow } from "./shadow.js";
import { sqlOn } from "./stores.js";
import type { TableLine } from "./table-line.js";

export interface InstanceParts {
  readonly model: PipelineModel;
  readonly version: string;
  readonly dataDirectory: string;
  readonly store: StreamStore;
  readonly lake: ObjectStore;
  readonly engine: ConversionEngine;
  readonly warehouse: Warehouse;
  readonly sql: SqlDatabase;
  readonly reconvert: Reconvert;
  readonly lines: readonly TableLine[];
  readonly advisor: Omit<AdvisorParts, "objects">;
  readonly pins: Pins;
  readonly clock: Clock;
  readonly addresses: () => PipelineStatus["addresses"];
}

export interface RuntimeInstance extends PipelineInstance {
  observe(request: ObservedRequest): void;
}

export function createInstance(parts: InstanceParts): RuntimeInstance {
  const { model, store, warehouse, lines, clock } = parts;
  const startedAtMs = clock.now();
  const streamStatus = streamStatuses(store, clock);
  const status = (): PipelineStatus => ({
    pipeline: model.name,
    version: parts.version,
    pid: process.pid,
    dataDirectory: parts.dataDirectory,
    startedAtMs,
    atMs: clock.now(),
    addresses: parts.addresses(),
    lakeBucket: lakeBucketName(model.name),
    streams: streamStatus(),
    tables: lines.map((line) => line.status()),
    memoryBytes: process.memoryUsage.rss(),
  });
  const metrics = createMetrics(status);
  const lineOf = (table: string) => lines.find((line) => line.table.name === table);
  const auditSources = (): AuditSources => ({
    model,
    store,
    flushes: (table) => lineOf(table)!.delivery,
    lake: parts.lake,
    sql: sqlOn(parts.engine),
    warehouse,
    nowMs: clock.now(),
  });
  const redrive = openRedrive({ tables: model.tables, warehouse, lake: parts.lake, reconvert: parts.reconvert });

  const adviceInTurn = inTurn();
  const advisor: AdvisorParts = {
    ...parts.advisor,
    objects: (table) => objectsOfAllAges(lineOf(table)!.delivery),
  };

  return {
    model,
    status,
    observe: metrics.observe,
    metrics: metrics.text,
    isSuperuser: (user) => parts.sql.isSuperuser(user),
    query: (body, signal, user) =>
      runQuery(parts.sql, body, { clock, signal, ...(user === undefined ? {} : { user }) }),
    flush: async () => {
      // All of the others are flushed, too, where one table cannot be.
      const flushed = await Promise.allSettled(lines.map((line) => line.flush()));
      const failed = flushed.find((one) => one.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      const tables = lines.map((line) => {
        const { name, rowsDelivered, rowsLoaded } = line.status();
        return { name, rowsDelivered, rowsLoaded };
      });
      return { tables };
    },
    deadLetters: (filter) => deadLetterPage(warehouse, filter),
    deadLetter: async (id) => {
      const [letter] = await warehouse.deadLetters({ ids: [id], limit: 1 });
      return letter === undefined ? undefined : deadLetterOf(letter);
    },
    redrive,
    replay: (body, onProgress) =>
      replay(
        {
          tables: model.tables,
          streams: store,
          warehouse,
          lake: parts.lake,
          reconvert: parts.reconvert,
          delivered: (table) => lineOf(table)?.delivery.results() ?? [],
        },
        body,
        onProgress,
      ),
    audit: (onProgress, gone) =>
      audit({
        ...auditSources(),
        onProgress: (progress) => {
          gone?.throwIfAborted();
          onProgress?.(progress);
        },
      }),
    // One at a time: each holds a sample in memory, and shadows go by the tables' names.
    advise: (body) => adviceInTurn("advise", () => advise(advisor, body)),
    shadow: (body) => adviceInTurn("advise", () => buildShadow(advisor, body)),
    trace: (sequence, stream, shardId) =>
      trace(auditSources(), sequence, {
        ...(stream === undefined ? {} : { stream }),
        ...(shardId === undefined ? {} : { shardId }),
      }),
    object: (key) => describeObject(parts.lake, sqlOn(parts.engine), key),
    load: (table, key) => loadAnswer(lineOf(table), warehouse, table, key),
    pins: () => parts.pins.all(),
    replacePins: (pins) => parts.pins.replace(pins),
    records: (choice) => newestRecords(store, choice),
    health: () => {
      const reasons = lines.flatMap((line) => {
        const { name, delivery, loader } = line.status();
        return [
          ...(delivery.reason === undefined ? [] : [`delivery of ${name} is ${delivery.state}: ${delivery.reason}`]),
          ...(loader.reason === undefined ? [] : [`loading of ${name} is ${loader.state}: ${loader.reason}`]),
        ];
      });
      const damaged = store
        .streams()
        .filter(({ unreadable }) => unreadable.length > 0)
        .map(
          (stream) =>
            `${unreadableRecords(stream)} records of the stream ${stream.name} cannot be read: its journal is damaged`,
        );
      const stopped = lines.some((line) => {
        const { delivery, loader } = line.status();
        return line.broken !== undefined || delivery.state === "stopped" || loader.state === "stopped";
      });
      return { ok: !stopped, reasons: [...reasons, ...damaged] };
    },
  };
}

function streamStatuses(store: StreamStore, clock: Clock): () => StreamStatus[] {
  const rates = createRates(clock);
  const recordsOf = (stream: Stream) => stream.shards.reduce((sum, shard) => sum + shard.lastSequence, 0);
  return () => {
    const streams = store.streams();
    const growth = rates.sample(
      Object.fromEntries(
        streams.flatMap((stream) => [
          [`${stream.name} records`, recordsOf(stream)],
          [`${stream.name} bytes`, stream.sizeBytes],
        ]),
      ),
    );
    return streams.map((stream) => ({
      name: stream.name,
      kind: stream.kind,
      openShards: stream.shards.filter((shard) => shard.closedAtMs === undefined).length,
      records: recordsOf(stream),
      sizeBytes: stream.sizeBytes,
      recordsPerSecond: growth[`${stream.name} records`] ?? 0,
      bytesPerSecond: growth[`${stream.name} bytes`] ?? 0,
      ...(stream.unreadable.length === 0 ? {} : { unreadableRecords: unreadableRecords(stream) }),
      shards: stream.shards.map((shard) => ({
        id: shard.id,
        firstSequence: shard.firstSequence,
        lastSequence: shard.lastSequence,
        open: shard.closedAtMs === undefined,
      })),
    }));
  };
}

function unreadableRecords({ unreadable }: Stream): number {
  return unreadable.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

async function loadAnswer(
  line: TableLine | undefined,
  warehouse: Warehouse,
  table: string,
  key: string,
): Promise<LoadAnswer> {
  if (line === undefined) {
    throw new PenstockError("not-found", `The definition has no table ${JSON.stringify(table.slice(0, 200))}.`);
  }
  const entry = (await warehouse.ledger(table, [key])).get(key);
  const attempts = line.loader.attempts(key);
  if (entry === undefined && attempts.length === 0) {
    throw new PenstockError("not-found", `The object ${key.slice(0, 300)} has not been loaded into ${table}.`, {
      hint: "Rows of an external table stay in the lake; anything else is loaded soon after it is delivered.",
    });
  }
  const deliveredAtMs = entry === undefined ? undefined : await deliveredAt(line, entry.flush);
  return {
    table,
    key,
    ...(deliveredAtMs === undefined ? {} : { deliveredAtMs }),
    ...(entry === undefined ? {} : { entry }),
    attempts,
  };
}

async function deliveredAt({ delivery }: TableLine, flush: number): Promise<number | undefined> {
  for await (const result of delivery.results(flush)) return result.flush === flush ? result.deliveredAtMs : undefined;
  return undefined;
}

async function deadLetterPage(warehouse: Warehouse, filter: DeadLetterFilter): Promise<DeadLetterPage> {
  const letters = await warehouse.deadLetters({ ...filter, redriven: false });
  const { rows } = await warehouse.query(
    `SELECT table_name, error_code, column_name, count(*)::DOUBLE FROM penstock.dead_letters
      WHERE redriven_at IS NULL GROUP BY ALL ORDER BY 4 DESC, 1, 2`,
  );
  const groups = rows
    .map(([table, code, column, count]) => ({
      table: String(table),
      code: String(code),
      column: column === null ? null : String(column),
      count: Number(count),
    }))
    .filter(
      ({ table, code }) =>
        (filter.table === undefined || filter.table === table) && (filter.code === undefined || filter.code === code),
    );
  // A page is full by its letters or by their bytes.
  const bytes = letters.reduce((sum, { raw }) => sum + raw.length, 0);
  const last = letters.length === filter.limit || bytes >= DEAD_LETTER_PAGE_BYTES ? letters.at(-1)?.id : undefined;
  return { groups, letters: letters.map(deadLetterOf), ...(last === undefined ? {} : { next: last }) };
}

function deadLetterOf(letter: StoredDeadLetter): DeadLetter {
  return {
    id: letter.id,
    table: letter.table,
    stream: letter.stream,
    shardId: letter.shardId,
    sequenceNumber: letter.sequenceNumber,
    rowIndex: letter.rowIndex,
    arrivedAtMs: letter.arrivedAtMs,
    code: letter.code,
    column: letter.column ?? null,
    message: letter.message,
    rawBase64: Buffer.from(letter.raw).toString("base64"),
    redriven: letter.redrivenAtMs !== undefined,
  };
}
