import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ObjectAnswer, PipelineStatus, TableStatus } from "../../../../src/api/control/contract.ts";
import type { QueryResult } from "../../../../src/warehouse/warehouse.ts";
import { ApiError, get, post } from "../../api.ts";
import { bytes, clockTime, count, duration, plural } from "../../text.ts";
import type { ChosenStage } from "./flow.tsx";
import { Load } from "./load.tsx";

const ENTRIES_A_PAGE = 50;

/** One stage of one table's way, closer. */
export function StageDetail({ chosen, status }: { chosen: ChosenStage; status: PipelineStatus }): JSX.Element | null {
  const table = status.tables.find(({ name }) => name === chosen.table);
  if (table === undefined) return null;
  return (
    <section class="panel" aria-label={`${chosen.stage} of ${chosen.table}`}>
      <header>
        <h2>
          {chosen.stage} of {chosen.table}
        </h2>
      </header>
      {chosen.stage === "Stream" && <Shards table={table} status={status} />}
      {chosen.stage === "Delivery" && <Buffer table={table} />}
      {(chosen.stage === "Lake" || chosen.stage === "Loads") && (
        <Ledger key={`${chosen.table} ${chosen.stage}`} table={table} stage={chosen.stage} />
      )}
      {chosen.stage === "Warehouse" && (
        <p>
          {count(table.rowsLoaded)} rows loaded, {count(table.rowsDeduped)} deduplicated.{" "}
          <a href={`#/tables?table=public.${encodeURIComponent(table.name)}`}>Columns, keys, statistics and advice</a>
        </p>
      )}
    </section>
  );
}

function Shards({ table, status }: { table: TableStatus; status: PipelineStatus }): JSX.Element {
  const streams = status.streams.filter(({ name }) => table.sources.includes(name));
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Stream</th>
            <th>Shard</th>
            <th>State</th>
            <th class="number">First record</th>
            <th class="number">Last record</th>
            <th class="number">Kept</th>
            <th class="number" title="Where delivery's iterator stands: all before it is in a flush of this table">
              Delivery reads next
            </th>
          </tr>
        </thead>
        <tbody>
          {streams.flatMap((stream) =>
            stream.shards.map((shard) => (
              <tr key={`${stream.name}/${shard.id}`}>
                <td>{stream.name}</td>
                <td>{shard.id}</td>
                <td>{shard.open ? "● open" : "○ closed"}</td>
                <td class="number">{count(shard.firstSequence)}</td>
                <td class="number">{count(shard.lastSequence)}</td>
                <td class="number">{count(shard.lastSequence - shard.firstSequence + 1)}</td>
                <td class="number">{iteratorOf(table, stream.name, shard.id)}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
      <p class="quiet">{count(table.lagRecords)} of these records are in no flush of this table yet.</p>
    </div>
  );
}

function iteratorOf({ positions }: TableStatus, stream: string, shardId: string): string {
  const position = positions.find((one) => one.stream === stream && one.shardId === shardId);
  return position === undefined ? "" : count(position.sequence);
}

function Buffer({ table }: { table: TableStatus }): JSX.Element {
  const { delivery } = table;
  return (
    <p>
      {delivery.reason === undefined ? `It is ${delivery.state}.` : `It is ${delivery.state}: ${delivery.reason}`} A
      flush is decided at {bytes(table.bufferBytesMax)} or {duration(table.bufferAgeMsMax)}, whichever comes first; now{" "}
      {bytes(table.bufferBytes)} wait, the oldest for {duration(table.bufferAgeMs)}. {count(table.rowsDelivered)} rows
      were delivered, {count(table.deadLetters)} became dead letters, {count(table.rowsFiltered)} were filtered.
    </p>
  );
}

interface Entry {
  readonly key: string;
  readonly status: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly loadedAt: string;
  readonly tookMs: number;
}

/** The ledger, a page at a time, however long it is: what was loaded, when, and how long each load took. */
function Ledger({ table, stage }: { table: TableStatus; stage: "Lake" | "Loads" }): JSX.Element {
  /** The last entry of each page before this one: a page is found by what it follows, however deep it is. */
  const [path, setPath] = useState<readonly Entry[]>([]);
  const [entries, setEntries] = useState<readonly Entry[]>();
  const [failure, setFailure] = useState<string>();
  const [shown, setShown] = useState<string>();
  useEffect(() => {
    const leaving = new AbortController();
    entriesOf(table.name, path.at(-1), leaving.signal).then(setEntries, (error: unknown) => {
      if (!leaving.signal.aborted) setFailure(error instanceof ApiError ? error.message : String(error));
    });
    return () => leaving.abort();
  }, [path, path.length === 0 ? table.rowsLoaded : 0]);
  const longest = Math.max(1, ...(entries ?? []).map(({ tookMs }) => tookMs));
  return (
    <>
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      <div class="scroll ledger">
        <table>
          <thead>
            <tr>
              <th>Object</th>
              <th class="number">Rows</th>
              <th class="number">Size</th>
              <th class="number">Loaded</th>
              <th>Took</th>
            </tr>
          </thead>
          <tbody>
            {(entries ?? []).map((entry) => (
              <tr key={entry.key}>
                <td>
                  <button type="button" class="object" onClick={() => setShown(entry.key)} title={entry.key}>
                    {entry.status === "loaded" ? "" : "■ quarantined: "}
                    {entry.key.slice(entry.key.lastIndexOf("/") + 1)}
                  </button>
                </td>
                <td class="number">{count(entry.rows)}</td>
                <td class="number">{bytes(entry.sizeBytes)}</td>
                <td class="number">{clockTime(Date.parse(entry.loadedAt))}</td>
                <td>
                  <meter min={0} max={longest} value={entry.tookMs} /> {duration(entry.tookMs)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="actions">
        <button type="button" class="button" disabled={path.length === 0} onClick={() => setPath(path.slice(0, -1))}>
          Newer
        </button>
        <button
          type="button"
          class="button"
          disabled={(entries?.length ?? 0) < ENTRIES_A_PAGE}
          onClick={() => setPath([...path, entries!.at(-1)!])}
        >
          Older
        </button>
        {shown === undefined && (
          <span class="quiet">
            Choose an object to see {stage === "Lake" ? "its footer" : "its load's times and SQL"}.
          </span>
        )}
      </p>
      {shown !== undefined && stage === "Lake" && <Footer key={shown} objectKey={shown} />}
      {shown !== undefined && stage === "Loads" && <Load key={shown} table={table.name} objectKey={shown} />}
    </>
  );
}

async function entriesOf(table: string, after: Entry | undefined, signal: AbortSignal): Promise<readonly Entry[]> {
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const at = after === undefined ? "" : text(after.loadedAt);
  const behind =
    after === undefined ? "" : `and (loaded_at < ${at} or (loaded_at = ${at} and object_key > ${text(after.key)}))`;
  const { rows } = await post<QueryResult>(
    "query",
    {
      sql: `select object_key, status, "rows", size_bytes, loaded_at, took_ms from penstock.loads where target = ${text(table)} ${behind}
        order by loaded_at desc, object_key limit ${ENTRIES_A_PAGE}`,
    },
    signal,
  );
  return rows.map(([key, status, count, sizeBytes, loadedAt, tookMs]) => ({
    key: String(key),
    status: String(status),
    rows: Number(count),
    sizeBytes: Number(sizeBytes),
    loadedAt: String(loadedAt),
    tookMs: Number(tookMs),
  }));
}

function Footer({ objectKey }: { objectKey: string }): JSX.Element {
  const [answer, setAnswer] = useState<ObjectAnswer>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    const leaving = new AbortController();
    get<ObjectAnswer>(`object?key=${encodeURIComponent(objectKey)}`, leaving.signal).then(
      setAnswer,
      (error: unknown) => {
        if (!leaving.signal.aborted)
          setFailure(error instanceof ApiError ? [error.message, error.hint].filter(Boolean).join(" ") : String(error));
      },
    );
    return () => leaving.abort();
  }, []);
  if (failure !== undefined) {
    return (
      <p class="notice bad" role="alert">
        {failure}
      </p>
    );
  }
  if (answer === undefined) return <p class="quiet">Reading…</p>;
  const { parquet } = answer;
  return (
    <section aria-label="Object">
      <h3 class="key">{answer.key}</h3>
      {parquet === undefined ? (
        <p>{bytes(answer.sizeBytes)}; it is no Parquet, so it has no footer.</p>
      ) : (
        <>
          <p>
            {bytes(answer.sizeBytes)}, {count(parquet.rows)} rows in {plural(parquet.rowGroups, "row group")}{" "}
            <span class="quiet">{parquet.writtenBy}</span>
          </p>
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th>Column</th>
                  <th>Type</th>
                  <th>Encodings</th>
                  <th class="number">Packed</th>
                  <th class="number">Unpacked</th>
                  <th class="number">NULL</th>
                  <th>Smallest</th>
                  <th>Largest</th>
                </tr>
              </thead>
              <tbody>
                {parquet.columns.map((column) => (
                  <tr key={column.name}>
                    <td>{column.name}</td>
                    <td>{column.type}</td>
                    <td>
                      {column.encodings} <span class="quiet">{column.compression}</span>
                    </td>
                    <td class="number">{bytes(column.compressedBytes)}</td>
                    <td class="number">{bytes(column.uncompressedBytes)}</td>
                    <td class="number">{column.nulls === undefined ? "" : count(column.nulls)}</td>
                    <td>{column.smallest}</td>
                    <td>{column.largest}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}
