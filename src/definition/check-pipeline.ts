import { RETENTION_HOURS_MAX, RETENTION_HOURS_MIN } from "../core/limits.js";
import { draftOf, SOURCE, TABLE } from "./brand.js";
import { checkCharts } from "./check-charts.js";
import { checkLoad } from "./check-load.js";
import { type CheckedTable, checkTable } from "./check-table.js";
import type { PipelineModel, StreamModel, TableModel } from "./model.js";
import { DefinitionError, gatherProblems, type Problems, readOptions, readWhole, show } from "./problems.js";
import type { SourceDraft } from "./source.js";
import type { AnyTable, TableDraft } from "./table.js";

const SHARDS_MAX = 10_000;
/** Kinesis: CreateStream's StreamName. */
const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
/** Firehose: CreateDeliveryStream's DeliveryStreamName. */
const DELIVERY_STREAM_NAME = /^[a-zA-Z0-9_.-]{1,64}$/;
/** It becomes part of the names of AWS resources. */
const PIPELINE_NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** The model of a whole definition, every default filled in; throws a DefinitionError with every mistake. */
export function checkPipeline(name: unknown, given: unknown): PipelineModel {
  const problems = gatherProblems();
  if (typeof name !== "string" || !PIPELINE_NAME.test(name)) {
    problems.add("name", `is ${show(name)}; it must be a lower-case letter, then letters, digits or -, at most 63.`);
  }
  const options = readOptions("pipeline", given, ["tables", "charts"], problems) ?? {};
  const tables = checkTables(options.tables, problems);
  const { streams, models } = checkSources(tables, problems);
  checkPrefixes(tables, problems);
  const charts = options.charts === undefined ? undefined : checkCharts("charts", options.charts, problems);
  if (problems.all.length > 0) throw new DefinitionError(`The definition of pipeline ${show(name)}`, problems.all);
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return Object.freeze<PipelineModel>({
    name: name as string,
    streams: Object.freeze(streams.sort(byName)),
    tables: Object.freeze(models.sort(byName)),
    ...(charts === undefined ? {} : { charts: Object.freeze(charts) }),
  });
}

/** The model of one table by itself, with its streams, as a producer needs it. */
export function checkSingleTable(table: AnyTable): {
  readonly table: TableModel;
  readonly streams: readonly StreamModel[];
} {
  const problems = gatherProblems();
  const tables = checkTables([table], problems);
  const { streams, models } = checkSources(tables, problems);
  if (problems.all.length > 0) {
    throw new DefinitionError(tables[0] ? `The table ${show(tables[0].core.name)}` : "The table", problems.all);
  }
  return { table: models[0]!, streams };
}

function checkTables(given: unknown, problems: Problems): CheckedTable[] {
  if (!Array.isArray(given) || given.length === 0) {
    problems.add("tables", `is ${show(given)}; it must be a list of at least one table.`);
    return [];
  }
  const tables: CheckedTable[] = [];
  const seen = new Set<string>();
  for (const [index, value] of given.entries()) {
    const draft = draftOf<TableDraft>(value, TABLE);
    if (!draft) {
      problems.add(`tables[${index}]`, `is ${show(value)}; it must be made by table().`);
      continue;
    }
    const path = typeof draft.name === "string" && draft.name !== "" ? `tables.${draft.name}` : `tables[${index}]`;
    if (typeof draft.name === "string") {
      if (seen.has(draft.name))
        problems.add(`tables[${index}]`, `is named ${show(draft.name)}, as another table is; names must differ.`);
      seen.add(draft.name);
    }
    const table = checkTable(path, draft, problems);
    if (table) tables.push(table);
  }
  return tables;
}

interface SeenStream {
  readonly model: StreamModel;
  /** Where it was first met. */
  readonly path: string;
}

function checkSources(
  tables: readonly CheckedTable[],
  problems: Problems,
): { streams: StreamModel[]; models: TableModel[] } {
  const seen = new Map<string, SeenStream>();
  const models = tables.map(({ core, from, path }) => {
    const list: readonly unknown[] = Array.isArray(from) ? from : [from];
    if (list.length === 0) problems.add(`${path}.from`, "is an empty list; a table takes from at least one source.");
    const sources: string[] = [];
    for (const [index, source] of list.entries()) {
      const at = Array.isArray(from) ? `${path}.from[${index}]` : `${path}.from`;
      const model = checkSource(at, source, core.name, problems);
      if (!model) continue;
      if (sources.includes(model.name)) {
        problems.add(at, `is ${show(model.name)} for the second time.`);
        continue;
      }
      sources.push(model.name);
      const earlier = seen.get(model.name);
      if (!earlier) seen.set(model.name, { model, path: at });
      else checkAgreement(at, model, earlier, problems);
    }
    const table = Object.freeze<TableModel>({ ...core, sources: Object.freeze(sources) });
    checkLoad(path, table, (name) => seen.get(name)?.model, problems);
    return table;
  });
  return { streams: [...seen.values()].map(({ model }) => model), models };
}

function checkAgreement(at: string, model: StreamModel, earlier: SeenStream, problems: Problems): void {
  if (model.kind !== earlier.model.kind) {
    problems.add(
      at,
      `is ${show(model.name)}, a ${model.kind} source, and ${earlier.path} is a ${earlier.model.kind} source of that name; rename one of them.`,
    );
  } else if (model.kind === "direct-put") {
    problems.add(
      at,
      `is directPut(${show(model.name)}), as ${earlier.path} is; a Firehose delivery stream feeds one table (several can share a stream()).`,
    );
  } else if (model.shards !== earlier.model.shards || model.retentionHours !== earlier.model.retentionHours) {
    const said = ({ shards, retentionHours }: StreamModel) =>
      `{ shards: ${shards}, retentionHours: ${retentionHours} }`;
    problems.add(
      at,
      `is stream ${show(model.name)} with ${said(model)}, and ${earlier.path} has it with ${said(earlier.model)}; make it once and use it twice.`,
    );
  }
}

function checkSource(path: string, given: unknown, table: string, problems: Problems): StreamModel | undefined {
  const draft = draftOf<SourceDraft>(given, SOURCE);
  if (!draft) {
    problems.add(path, `is ${show(given)}; it must be stream("..."), directPut(), or a list of them.`);
    return undefined;
  }
  const direct = draft.kind === "direct-put";
  const name = direct && draft.name === undefined ? table : draft.name;
  if (typeof name !== "string" || !(direct ? DELIVERY_STREAM_NAME : STREAM_NAME).test(name)) {
    problems.add(
      path,
      `is named ${show(name)}; the name must be 1 to ${direct ? 64 : 128} letters, digits, _ . or - only.`,
    );
    return undefined;
  }
  if (direct)
    return Object.freeze<StreamModel>({ name, kind: "direct-put", shards: 1, retentionHours: RETENTION_HOURS_MIN });
  const options = readOptions(path, draft.options, ["shards", "retentionHours"], problems);
  if (!options) return undefined;
  const { shards = 1, retentionHours = RETENTION_HOURS_MIN } = options;
  const shardBounds = { min: 1, max: SHARDS_MAX, what: "the number of shards" };
  const retentionBounds = { min: RETENTION_HOURS_MIN, max: RETENTION_HOURS_MAX, what: "the retention in hours" };
  return Object.freeze<StreamModel>({
    name,
    kind: "kinesis",
    shards: readWhole(`${path}.shards`, shards, shardBounds, problems) ?? 1,
    retentionHours:
      readWhole(`${path}.retentionHours`, retentionHours, retentionBounds, problems) ?? RETENTION_HOURS_MIN,
  });
}

/** No prefix may hold what another writes: who lists the one would find objects of the other. */
function checkPrefixes(tables: readonly CheckedTable[], problems: Problems): void {
  const fixed = tables.flatMap(({ core, path }) =>
    (["prefix", "errorPrefix"] as const).map((which) => {
      const text = core.deliver[which];
      const expression = text.indexOf("!{");
      return { at: `${path}.deliver.${which}`, text, root: expression === -1 ? text : text.slice(0, expression) };
    }),
  );
  for (const [index, one] of fixed.entries()) {
    const other = fixed.slice(0, index).find(({ root }) => root.startsWith(one.root) || one.root.startsWith(root));
    if (!other) continue;
    problems.add(
      one.at,
      `is ${show(one.text)}, and ${other.at} is ${show(other.text)}: their objects would lie among each other. Begin each with a folder of its own.`,
    );
  }
}
