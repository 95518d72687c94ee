import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ModelAnswer, PipelineStatus, RecordPage } from "../../../../src/api/control/contract.ts";
import type { QueryResult } from "../../../../src/warehouse/warehouse.ts";
import { ApiError, get, post } from "../../api.ts";
import { clockTime, count, plural } from "../../text.ts";

/** A record, as the trace asks for it: by the service's sequence number, or by the count within a shard. */
export interface RecordName {
  readonly sequence: string;
  readonly stream?: string;
  readonly shard?: string;
}

type Way = "sequence" | "key" | "row";

const RECORDS_SHOWN = 20;
const WAYS: Readonly<Record<Way, string>> = {
  sequence: "Sequence number",
  key: "Partition key",
  row: "Row of a table",
};

interface Candidate {
  readonly name: RecordName;
  readonly when: string;
  readonly text: string;
}

interface Found {
  readonly candidates: readonly Candidate[];
  readonly note: string;
  readonly next?: string;
}

export function FindRecord(props: {
  readonly status: PipelineStatus;
  readonly model: ModelAnswer | undefined;
  readonly onChosen: (name: RecordName) => void;
}): JSX.Element {
  const { status, model, onChosen } = props;
  const [way, setWay] = useState<Way>("sequence");
  const [found, setFound] = useState<Found>();
  const [failure, setFailure] = useState<string>();

  const look = async (search: () => Promise<Found>) => {
    setFailure(undefined);
    try {
      setFound(await search());
    } catch (error) {
      setFound(undefined);
      setFailure(error instanceof ApiError ? [error.message, error.hint].filter(Boolean).join(" ") : String(error));
    }
  };
  return (
    <section class="panel find" aria-label="Find a record">
      <div class="ways" role="radiogroup" aria-label="Find it by">
        {(Object.keys(WAYS) as Way[]).map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="way"
              checked={way === one}
              onChange={() => {
                setWay(one);
                setFound(undefined);
                setFailure(undefined);
              }}
            />
            {WAYS[one]}
          </label>
        ))}
      </div>
      {way === "sequence" && <BySequence onChosen={onChosen} />}
      {way === "key" && <ByKey status={status} look={look} next={found?.next} />}
      {way === "row" && model !== undefined && <ByRow model={model} look={look} />}
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      {found !== undefined && (
        <>
          <p class="quiet">{found.note}</p>
          <ul class="candidates">
            {found.candidates.map(({ name, when, text }) => (
              <li key={`${name.shard ?? ""}/${name.sequence}`}>
                <button type="button" onClick={() => onChosen(name)}>
                  <span class="quiet">{when}</span> <code>{text}</code>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function BySequence({ onChosen }: { onChosen: (name: RecordName) => void }): JSX.Element {
  const [sequence, setSequence] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (sequence.trim() !== "") onChosen({ sequence: sequence.trim() });
      }}
    >
      <input
        class="long"
        aria-label="Sequence number"
        placeholder="as PutRecord answered it"
        inputMode="numeric"
        value={sequence}
        onInput={(event) => setSequence(event.currentTarget.value)}
      />
      <button type="submit" class="button primary">
        Trace
      </button>
    </form>
  );
}

function ByKey(props: {
  readonly status: PipelineStatus;
  readonly look: (search: () => Promise<Found>) => Promise<void>;
  readonly next: string | undefined;
}): JSX.Element {
  const { status, look, next } = props;
  const streams = status.streams.map(({ name }) => name);
  const [stream, setStream] = useState(streams[0] ?? "");
  const [key, setKey] = useState("");
  const search = (after?: string) => look(() => recordsOf(stream, key, after));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void search();
      }}
    >
      <Choice label="Stream" value={stream} options={streams} onChange={setStream} />
      <input
        aria-label="Partition key"
        placeholder="any: the newest records"
        value={key}
        onInput={(event) => setKey(event.currentTarget.value)}
      />
      <button type="submit" class="button primary">
        Find
      </button>
      {next !== undefined && (
        <button type="button" class="button" onClick={() => void search(next)}>
          Older ones
        </button>
      )}
    </form>
  );
}

async function recordsOf(stream: string, key: string, after: string | undefined): Promise<Found> {
  const asked = new URLSearchParams({ stream, limit: String(RECORDS_SHOWN) });
  if (key !== "") asked.set("key", key);
  if (after !== undefined) asked.set("after", after);
  const page = await get<RecordPage>(`records?${asked}`);
  const candidates = page.records.map((record) => ({
    name: { sequence: record.sequenceNumber, stream },
    when: clockTime(record.arrivedAtMs),
    text: `${record.partitionKey}  ${new TextDecoder().decode(Uint8Array.from(atob(record.rawBase64), (c) => c.charCodeAt(0))).slice(0, 200)}`,
  }));
  return {
    candidates,
    note: `${plural(candidates.length, "record")}, newest first; ${count(page.recordsRead)} looked at.`,
    ...(page.next === undefined ? {} : { next: page.next }),
  };
}

function ByRow(props: {
  readonly model: ModelAnswer;
  readonly look: (search: () => Promise<Found>) => Promise<void>;
}): JSX.Element {
  const { model, look } = props;
  const [table, setTable] = useState(model.tables[0]?.name ?? "");
  const columns = model.tables.find(({ name }) => name === table)?.columns.map(({ name }) => name) ?? [];
  const [column, setColumn] = useState("");
  const [value, setValue] = useState("");
  const chosen = columns.includes(column) ? column : (columns[0] ?? "");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void look(() => rowsOf(model, table, chosen, value));
      }}
    >
      <Choice label="Table" value={table} options={model.tables.map(({ name }) => name)} onChange={setTable} />
      <Choice label="Column" value={chosen} options={columns} onChange={setColumn} />
      <span>=</span>
      <input aria-label="Value" value={value} onInput={(event) => setValue(event.currentTarget.value)} />
      <button type="submit" class="button primary">
        Find
      </button>
    </form>
  );
}

async function rowsOf(model: ModelAnswer, table: string, column: string, value: string): Promise<Found> {
  const sql = `select _shard_id, cast(_sequence_number as varchar), _row_index, cast(_arrived_at as varchar)
    from "${table}" where cast("${column}" as varchar) = '${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'
    order by _arrived_at desc limit ${RECORDS_SHOWN}`;
  const { rows } = await post<QueryResult>("query", { sql });
  const sources = model.tables.find(({ name }) => name === table)?.sources ?? [];
  const candidates = rows.map(([shardId, sequence, rowIndex, arrived]) => {
    // With several sources the shard's id says which of them it is.
    const [own, of] = String(shardId).split(":").reverse() as [string, string | undefined];
    const stream = of ?? sources[0];
    return {
      name: { sequence: String(sequence), shard: own, ...(stream === undefined ? {} : { stream }) },
      when: String(arrived),
      text: `${shardId} ${sequence}, row ${rowIndex}`,
    };
  });
  return {
    candidates,
    note: candidates.length === 0 ? "The table has no such row." : `${plural(candidates.length, "row")}, newest first.`,
  };
}

function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChange: (value: string) => void;
}): JSX.Element {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    >
      {props.options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}
