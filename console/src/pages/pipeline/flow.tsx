import type { ComponentChildren, JSX } from "preact";
import type { PipelineStatus, StageState, StreamStatus, TableStatus } from "../../../../src/api/control/contract.ts";
import type { Live } from "../../live.ts";
import { ago, bytes, count, duration, plural, rate } from "../../text.ts";

export type StageName = "Stream" | "Delivery" | "Lake" | "Loads" | "Warehouse";

export interface ChosenStage {
  readonly table: string;
  readonly stage: StageName;
}

/** The data's way, a lane a table: stream, delivery, lake, loads, warehouse. */
export function Flow(props: {
  readonly status: PipelineStatus;
  readonly rates: Live["rates"];
  readonly chosen: ChosenStage | undefined;
  readonly onChosen: (chosen: ChosenStage) => void;
}): JSX.Element {
  const { status, rates, chosen, onChosen } = props;
  const read = new Set(status.tables.flatMap((table) => table.sources));
  const unread = status.streams.filter((stream) => !read.has(stream.name));
  return (
    <section class="flow" aria-labelledby="flow-title">
      <h2 id="flow-title" class="hidden">
        The data's way
      </h2>
      <div class="stages" aria-hidden="true">
        <span>Stream</span>
        <span>Delivery</span>
        <span>Lake</span>
        <span>Loads</span>
        <span>Warehouse</span>
      </div>
      {status.tables.map((table) => (
        <Lane key={table.name} table={table} status={status} rates={rates} chosen={chosen} onChosen={onChosen} />
      ))}
      {unread.length > 0 && (
        <p class="quiet unread">
          Read by no table: {unread.map((stream) => `${stream.name} (${plural(stream.records, "record")})`).join(", ")}
        </p>
      )}
    </section>
  );
}

function Lane(props: {
  readonly table: TableStatus;
  readonly status: PipelineStatus;
  readonly rates: Live["rates"];
  readonly chosen: ChosenStage | undefined;
  readonly onChosen: (chosen: ChosenStage) => void;
}): JSX.Element {
  const { table, status, rates, chosen, onChosen } = props;
  const more = (stage: StageName) => ({
    chosen: chosen?.table === table.name && chosen.stage === stage,
    onMore: () => onChosen({ table: table.name, stage }),
  });
  const sources = status.streams.filter((stream) => table.sources.includes(stream.name));
  const perSecond = sources.reduce((sum, stream) => sum + stream.recordsPerSecond, 0);
  const [object] = table.objects;
  const [load] = table.loads;
  const { atMs } = status;
  const quarantined = table.loads.filter((one) => one.status === "quarantined").length;
  return (
    <article class="lane" aria-label={`table ${table.name}`}>
      <Stage name="Stream" {...more("Stream")} moving={perSecond > 0}>
        {sources.map((stream) => (
          <Source key={stream.name} stream={stream} rates={rates.get(`stream:${stream.name}`) ?? []} />
        ))}
      </Stage>
      <Stage
        name="Delivery"
        {...more("Delivery")}
        moving={table.delivery.state === "working" || table.rowsPerSecond > 0}
      >
        <State stage={table.delivery} />
        <Meter
          label="Buffer"
          share={table.bufferBytes / Math.max(table.bufferBytesMax, 1)}
          text={`${bytes(table.bufferBytes)} / ${bytes(table.bufferBytesMax)}`}
        />
        <Meter
          label="Age"
          share={table.bufferAgeMs / Math.max(table.bufferAgeMsMax, 1)}
          text={`${duration(table.bufferAgeMs)} / ${duration(table.bufferAgeMsMax)}`}
        />
        <Fact label="Records behind" value={count(table.lagRecords)} />
      </Stage>
      <Stage name="Lake" {...more("Lake")} moving={table.rowsPerSecond > 0}>
        <Big value={count(table.rowsDelivered)} unit="rows" />
        <Fact label="Newest" value={object === undefined ? "none yet" : ago(object.deliveredAtMs, atMs)} />
        {object !== undefined && <Fact label="Size" value={bytes(object.sizeBytes)} />}
        {table.deadLetters > 0 && <Fact label="Dead" value={count(table.deadLetters)} tone="warn" />}
        {table.rowsFiltered > 0 && <Fact label="Filtered" value={count(table.rowsFiltered)} />}
      </Stage>
      <Stage name="Loads" {...more("Loads")} moving={table.rowsPerSecond > 0}>
        <State stage={table.loader} />
        <Fact label="Pending" value={count(table.loadsPending)} />
        <Fact label="Newest" value={load === undefined ? "none yet" : ago(load.loadedAtMs, atMs)} />
        {load !== undefined && <Fact label="Took" value={duration(load.tookMs)} />}
        {quarantined > 0 && <Fact label="Quarantined" value={count(quarantined)} tone="bad" />}
      </Stage>
      <Stage name="Warehouse" {...more("Warehouse")} moving={false}>
        <h3>{table.name}</h3>
        <Big value={count(table.rowsLoaded)} unit="rows" />
        <Spark values={rates.get(`table:${table.name}`) ?? []} label={`${rate(table.rowsPerSecond)} rows/s`} />
        <Fact label="Fresh to" value={table.freshnessMs === undefined ? "nothing yet" : duration(table.freshnessMs)} />
        {table.rowsDeduped > 0 && <Fact label="Deduped" value={count(table.rowsDeduped)} />}
      </Stage>
    </article>
  );
}

function Source({ stream, rates }: { stream: StreamStatus; rates: readonly number[] }): JSX.Element {
  return (
    <div class="source">
      <h3>{stream.name}</h3>
      <Big value={rate(stream.recordsPerSecond)} unit="records/s" />
      <Spark values={rates} label={`${bytes(stream.bytesPerSecond)}/s`} />
      <Fact label="Held" value={count(stream.records)} />
      <Fact label="On disk" value={bytes(stream.sizeBytes)} />
      <Fact label={stream.kind === "kinesis" ? "Kinesis" : "Firehose"} value={plural(stream.openShards, "shard")} />
    </div>
  );
}

function Stage(props: {
  readonly name: StageName;
  readonly moving: boolean;
  readonly chosen: boolean;
  readonly onMore: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { name, moving, chosen, onMore, children } = props;
  return (
    <div class={`stage${moving ? " moving" : ""}${chosen ? " chosen" : ""}`}>
      <div class="stage-name">{name}</div>
      {children}
      <button type="button" class="more" aria-expanded={chosen} aria-label={`${name}: details`} onClick={onMore}>
        {chosen ? "less" : "more"}
      </button>
    </div>
  );
}

/** Each state has a sign of its own: it must be readable without colour. */
const SIGNS = { idle: "○", working: "●", retrying: "↻", stopped: "■" } as const;

function State({ stage }: { stage: StageState }): JSX.Element {
  return (
    <p class={`state ${stage.state}`}>
      <span aria-hidden="true">{SIGNS[stage.state]}</span> {stage.state}
      {stage.reason !== undefined && <span class="reason">{stage.reason}</span>}
    </p>
  );
}

function Big({ value, unit }: { value: string; unit: string }): JSX.Element {
  return (
    <p class="big">
      {value} <small>{unit}</small>
    </p>
  );
}

function Fact({ label, value, tone }: { label: string; value: string; tone?: "warn" | "bad" }): JSX.Element {
  return (
    <p class={`fact${tone === undefined ? "" : ` ${tone}`}`}>
      <span>{label}</span>
      <span>{value}</span>
    </p>
  );
}

function Meter({ label, share, text }: { label: string; share: number; text: string }): JSX.Element {
  const percent = Math.round(100 * Math.min(1, Math.max(0, share)));
  return (
    <div class="meter">
      <p class="fact">
        <span>{label}</span>
        <span>{text}</span>
      </p>
      {/* The words above say the same to whom the bar says nothing. */}
      <div class="track" aria-hidden="true">
        <div class="fill" style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}

const SPARK = { width: 120, height: 26, points: 60 } as const;

/** The last minute of a rate. The line says more than the number: whether it is steady. */
function Spark({ values, label }: { values: readonly number[]; label: string }): JSX.Element {
  const top = 1.25 * Math.max(...values, 1);
  const step = SPARK.width / (SPARK.points - 1);
  const offset = SPARK.width - (values.length - 1) * step;
  const points = values.map((value, index) => {
    const y = SPARK.height - 2 - (value / top) * (SPARK.height - 4);
    return `${(offset + index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  const area = `${offset.toFixed(1)},${SPARK.height} ${points.join(" ")} ${SPARK.width},${SPARK.height}`;
  return (
    <div class="spark">
      <svg
        class="spark-plot"
        viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {points.length > 1 && <polygon points={area} />}
        {points.length > 1 && <polyline points={points.join(" ")} />}
      </svg>
      <span class="spark-label">{label}</span>
    </div>
  );
}
