import { createHash } from "node:crypto";
import type { ColumnModel, DeliverModel, PipelineModel, StreamModel, TableModel } from "./model.js";
import { typeText } from "./types.js";

/**
 * One difference between two versions of a definition.
 *
 * - `additive`: the next `up` applies it, and nothing that is there already changes its meaning.
 * - `warning`: applied too, but it means something for what is under way, which `advice` says.
 * - `incompatible`: refused before anything is touched; `advice` says what to do instead.
 */
export interface Change {
  readonly kind: "additive" | "warning" | "incompatible";
  /** `tables.quotes.columns.bid.type` */
  readonly path: string;
  /** As text; absent where there was nothing. */
  readonly before?: string;
  readonly after?: string;
  /** What to do, or what to know; one sentence or two. */
  readonly advice?: string;
}

/**
 * What is stored of a definition: the model without its functions, keys sorted, so that equal definitions have equal text.
 * Charts are left in: they change nothing but the console.
 */
export function canonicalText(model: PipelineModel): string {
  return JSON.stringify(model, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return typeof value === "function" ? undefined : value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function canonical(model: PipelineModel): PipelineModel {
  return JSON.parse(canonicalText(model)) as PipelineModel;
}

/** The SHA-256 of the canonical text, in hexadecimal. */
export function digestOf(model: PipelineModel): string {
  return createHash("sha256").update(canonicalText(model)).digest("hex");
}

/**
 * Every difference, in the order of the definition. What is additive follows from what Redshift's ALTER TABLE can do (add a column at the
 * end, lengthen a VARCHAR, change encodings, distribution and compound sort keys) and from what delivery does by itself: defaults, paths and
 * formats are read per record and change nothing that was loaded before.
 */
export function compareModels(earlier: PipelineModel, later: PipelineModel): readonly Change[] {
  // A stored model has its keys sorted and a fresh one has not, which is no difference.
  const before = canonical(earlier);
  const after = canonical(later);
  const changes: Change[] = [];
  if (before.name !== after.name) {
    changes.push({
      kind: "incompatible",
      path: "name",
      before: before.name,
      after: after.name,
      advice:
        "The data directory belongs to the pipeline of the first name: keep it, or give another directory with --data.",
    });
  }
  comparePairs(before.streams, after.streams, (was, is) => {
    if (!was) changes.push({ kind: "additive", path: `streams.${is!.name}`, after: streamText(is!) });
    else if (!is) {
      changes.push({
        kind: "warning",
        path: `streams.${was.name}`,
        before: streamText(was),
        advice: "The stream and its records stay; no table takes from it any more.",
      });
    } else changes.push(...compareStreams(was, is));
  });
  comparePairs(before.tables, after.tables, (was, is) => {
    if (!was) changes.push({ kind: "additive", path: `tables.${is!.name}`, after: `${is!.columns.length} columns` });
    else if (!is) {
      changes.push({
        kind: "warning",
        path: `tables.${was.name}`,
        before: `${was.columns.length} columns`,
        advice: "The table stays in the warehouse with its rows; it gets no more of them.",
      });
    } else changes.push(...compareTables(was, is));
  });
  if (text(before.charts ?? []) !== text(after.charts ?? [])) {
    changes.push({
      kind: "additive",
      path: "charts",
      before: `${before.charts?.length ?? 0}`,
      after: `${after.charts?.length ?? 0}`,
    });
  }
  return changes;
}

function comparePairs<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
  visit: (was: T | undefined, is: T | undefined) => void,
): void {
  for (const was of before)
    visit(
      was,
      after.find(({ name }) => name === was.name),
    );
  for (const is of after) if (!before.some(({ name }) => name === is.name)) visit(undefined, is);
}

function compareStreams(was: StreamModel, is: StreamModel): Change[] {
  const path = `streams.${was.name}`;
  if (was.kind !== is.kind) {
    const advice = "A stream cannot become a direct put, nor the other way: give the new source a name of its own.";
    return [{ kind: "incompatible", path: `${path}.kind`, before: was.kind, after: is.kind, advice }];
  }
  return [
    ...changed("additive", `${path}.shards`, was.shards, is.shards),
    ...changed("additive", `${path}.retentionHours`, was.retentionHours, is.retentionHours),
  ];
}

function compareTables(was: TableModel, is: TableModel): Change[] {
  const path = `tables.${was.name}`;
  return [
    ...compareSources(path, was, is),
    ...compareFormats(path, was, is),
    ...changed("warning", `${path}.where`, was.where, is.where, "It holds for records that are not delivered yet."),
    ...compareColumns(path, was, is),
    ...changed("additive", `${path}.distStyle`, was.distStyle, is.distStyle),
    ...changed("additive", `${path}.distKey`, was.distKey, is.distKey),
    ...compareSortKeys(path, was, is),
    ...changed(
      "warning",
      `${path}.dedupe`,
      was.dedupe,
      is.dedupe,
      "It holds from the next load on; rows that are loaded already are not compared with each other.",
    ),
    ...compareDelivery(path, was.deliver, is.deliver),
    ...changed("incompatible", `${path}.load`, was.load ?? "copy", is.load ?? "copy", LOAD_ADVICE),
  ];
}

const LOAD_ADVICE =
  "Rows are kept otherwise (in a table, or under a view of what Redshift or the lake has), and nothing moves them: make a table of another name that loads the new way.";

function compareSources(path: string, was: TableModel, is: TableModel): Change[] {
  // A row's identity names the stream only where there are several: with the number of sources, the identity of every row would change.
  if (was.sources.length > 1 !== is.sources.length > 1) {
    const advice =
      "Rows of a table with several sources are identified by stream and shard, those of a table with one by shard alone: make a new table for it.";
    return [{ kind: "incompatible", path: `${path}.from`, before: text(was.sources), after: text(is.sources), advice }];
  }
  if (was.sources.length === 1 && was.sources[0] !== is.sources[0]) {
    const advice =
      "Rows are identified by shard and sequence number within their stream, which another stream has too: make a new table for it.";
    return [{ kind: "incompatible", path: `${path}.from`, before: was.sources[0]!, after: is.sources[0]!, advice }];
  }
  const removed = was.sources.filter((name) => !is.sources.includes(name));
  const added = is.sources.filter((name) => !was.sources.includes(name));
  return [
    ...removed.map<Change>((name) => ({
      kind: "warning",
      path: `${path}.from`,
      before: name,
      advice: "What is in that stream and not delivered yet does not come to this table.",
    })),
    ...added.map<Change>((name) => ({ kind: "additive", path: `${path}.from`, after: name })),
  ];
}

function compareFormats(path: string, was: TableModel, is: TableModel): Change[] {
  if (was.format.kind !== is.format.kind) {
    const advice = `Records that are in the stream already are ${was.format.kind.toUpperCase()} and would all be dead letters: send the new ones to a new stream.`;
    return [{ kind: "incompatible", path: `${path}.format`, before: was.format.kind, after: is.format.kind, advice }];
  }
  return changed(
    "warning",
    `${path}.format`,
    was.format,
    is.format,
    "Records that are in the stream and not delivered yet are read the new way.",
  );
}

function compareColumns(path: string, was: TableModel, is: TableModel): Change[] {
  const changes: Change[] = [];
  const names = is.columns.map(({ name }) => name);
  const kept = was.columns.filter(({ name }) => names.includes(name));
  for (const column of was.columns) {
    if (names.includes(column.name)) continue;
    const advice =
      "A column cannot be removed, because older objects and rows have it: keep it in the definition (nothing has to fill it if it is nullable).";
    changes.push({ kind: "incompatible", path: `${path}.columns.${column.name}`, before: columnText(column), advice });
  }
  const stays = kept.map(({ name }) => name);
  // Whatever is new must stand behind everything that was there, in the order in which that stood.
  const moved = stays.find((name, index) => names[index] !== name);
  for (const [index, column] of is.columns.entries()) {
    const earlier = was.columns.find(({ name }) => name === column.name);
    const at = `${path}.columns.${column.name}`;
    if (earlier) {
      changes.push(...compareColumn(at, earlier, column));
      if (column.name !== moved) continue;
      const advice = "Columns keep their order, because Parquet is loaded by position: put new columns at the end.";
      const before = `column ${was.columns.indexOf(earlier) + 1}`;
      changes.push({ kind: "incompatible", path: at, before, after: `column ${index + 1}`, advice });
    } else if (column.nullable || column.default !== undefined) {
      changes.push({ kind: "additive", path: at, after: columnText(column) });
    } else {
      const advice = "Rows that are there have no value for it: drop .notNull(), or give it a .default().";
      changes.push({ kind: "incompatible", path: at, after: columnText(column), advice });
    }
  }
  return changes;
}

function compareColumn(path: string, was: ColumnModel, is: ColumnModel): Change[] {
  const perRecord = "Records that are not delivered yet are read the new way; rows that are loaded stay as they are.";
  const nullability = was.nullable
    ? "Rows may have a NULL there already: keep it nullable, or make a new column."
    : "Redshift cannot drop NOT NULL from a column: keep it, or make a new column.";
  return [
    ...compareTypes(`${path}.type`, was, is),
    ...changed("incompatible", `${path}.notNull`, !was.nullable, !is.nullable, nullability),
    ...changed("warning", `${path}.path`, was.path, is.path, perRecord),
    ...changed("warning", `${path}.format`, was.timeFormat, is.timeFormat, perRecord),
    ...(was.default !== undefined && is.default === undefined && !is.nullable
      ? changed(
          "warning",
          `${path}.default`,
          was.default,
          is.default,
          "From now on a record without the field is a dead letter.",
        )
      : changed("additive", `${path}.default`, was.default, is.default)),
    ...changed("additive", `${path}.encode`, was.encode, is.encode),
  ];
}

/** Redshift lengthens a VARCHAR in place, unless its encoding is one of these. */
const FIXED_LENGTH_ENCODINGS = ["bytedict", "runlength", "text255", "text32k"];

function compareTypes(path: string, was: ColumnModel, is: ColumnModel): Change[] {
  const [before, after] = [typeText(was.type), typeText(is.type)];
  if (before === after) return [];
  const longer = was.type.kind === "varchar" && is.type.kind === "varchar" && is.type.length > was.type.length;
  if (longer && !FIXED_LENGTH_ENCODINGS.includes(was.encode ?? "")) return [{ kind: "additive", path, before, after }];
  const advice = longer
    ? `Redshift cannot lengthen a VARCHAR that is encoded ${was.encode}: make a new column.`
    : "A column keeps its type (only a varchar can grow): make a new column with the new type, under a name of its own.";
  return [{ kind: "incompatible", path, before, after, advice }];
}

function compareSortKeys(path: string, was: TableModel, is: TableModel): Change[] {
  const interleaved = is.sortKey?.style === "interleaved";
  const advice =
    "Redshift cannot alter a table to an interleaved sort key, nor change one: make a new table, or use a compound key.";
  return changed(
    interleaved ? "incompatible" : "additive",
    `${path}.sortKey`,
    was.sortKey,
    is.sortKey,
    interleaved ? advice : undefined,
  );
}

function compareDelivery(path: string, was: DeliverModel, is: DeliverModel): Change[] {
  const fields = Object.keys(is) as (keyof DeliverModel)[];
  return fields.flatMap((field) => changed("additive", `${path}.deliver.${field}`, was[field], is[field]));
}

/** A change where the two differ; none where they do not. */
function changed(kind: Change["kind"], path: string, was: unknown, is: unknown, advice?: string): Change[] {
  const [before, after] = [text(was), text(is)];
  if (before === after) return [];
  return [
    {
      kind,
      path,
      ...(was === undefined ? {} : { before }),
      ...(is === undefined ? {} : { after }),
      ...(advice === undefined ? {} : { advice }),
    },
  ];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function columnText(column: ColumnModel): string {
  const fallback = column.default === undefined ? "" : ` default ${JSON.stringify(column.default)}`;
  return `${typeText(column.type)}${column.nullable ? "" : " not null"}${fallback}`;
}

function streamText({ kind, shards, retentionHours }: StreamModel): string {
  return kind === "direct-put" ? "direct put" : `${shards} shards, ${retentionHours} hours`;
}
