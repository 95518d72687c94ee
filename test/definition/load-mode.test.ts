import {
  csv,
  day,
  directPut,
  integer,
  json,
  pipeline,
  stream,
  type TableOptions,
  table,
  timestamptz,
  varchar,
} from "penstock";
import { describe, expect, it } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { DefinitionError } from "../../src/definition/problems.js";
import { canonicalText, compareModels } from "../../src/definition/version.js";

const columns = { id: integer().notNull(), name: varchar(20), at: timestamptz() };
type Options = Partial<TableOptions<typeof columns>>;

const modelOf = (more: Options) =>
  draftOf<PipelineModel>(
    pipeline("p", { tables: [table("t", { from: stream("s"), columns, ...more })] }),
    PIPELINE,
  ) as PipelineModel;

function mistakes(define: () => unknown): string[] {
  try {
    define();
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe("load", () => {
  it("is copy where nothing is said, and a definition that says so is the same", () => {
    expect(canonicalText(modelOf({ load: "copy" }))).toBe(canonicalText(modelOf({})));
    expect(modelOf({}).tables[0]!.load).toBeUndefined();
  });

  it.each(["auto-copy", "streaming", "external"] as const)(
    "%s is kept with the table and in its stored version",
    (load) => {
      const model = modelOf({ load });
      expect(model.tables[0]!.load).toBe(load);
      expect(JSON.parse(canonicalText(model)).tables[0].load).toBe(load);
    },
  );

  it("that is no word of it is refused with what is meant", () => {
    expect(mistakes(() => modelOf({ load: "autocopy" as never }))).toEqual([
      "t.load".replace(/^t/, "tables.t") +
        ': is "autocopy" (did you mean "auto-copy"?); it must be "copy", "auto-copy", "streaming" or "external".',
    ]);
  });

  const refused: readonly (readonly [what: string, options: Options, at: string, because: RegExp])[] = [
    ["auto-copy with dedupe", { load: "auto-copy", dedupe: { by: "id" } }, "dedupe", /only ever added/],
    ["streaming with dedupe", { load: "streaming", dedupe: { by: "id" } }, "dedupe", /only ever added/],
    ["external with dedupe", { load: "external", dedupe: { by: "id" } }, "dedupe", /only ever added/],
    ["streaming with transform", { load: "streaming", transform: (r) => r }, "transform", /no JavaScript runs/],
    ["streaming with CSV", { load: "streaming", format: csv() }, "format", /no CSV/],
    [
      "streaming that rejects unknown fields",
      { load: "streaming", format: json({ unknownFields: "reject" }) },
      "format.unknownFields",
      /must be "ignore"/,
    ],
    ["streaming from two streams", { load: "streaming", from: [stream("a"), stream("b")] }, "from", /one stream/],
    ["streaming from a direct put", { load: "streaming", from: directPut() }, "from", /through Firehose alone/],
    ["streaming with a key", { load: "streaming", distKey: "id" }, "distKey", /whole records/],
    [
      "streaming with partitions",
      { load: "streaming", deliver: { partitionBy: day("at") } },
      "deliver.partitionBy",
      /no query reads/,
    ],
    ["external with a sort key", { load: "external", sortKey: "id" }, "sortKey", /partitionBy/],
    ["external with a distribution", { load: "external", distStyle: "all" }, "distStyle", /no keys/],
    [
      "external of JSON objects",
      { load: "external", deliver: { format: "json" } },
      "deliver.format",
      /read from Parquet/,
    ],
  ];
  it.each(refused)("%s is refused at the option, with the reason", (_, options, at, because) => {
    const [first, ...others] = mistakes(() => modelOf(options));
    expect(others).toEqual([]);
    expect(first).toContain(`tables.t.${at}: cannot be with load: "${options.load}": `);
    expect(first).toMatch(because);
  });

  it("columns that a view over the stream could not read so are refused one by one", () => {
    const given = { a: timestamptz().format("epochsecs"), b: integer().default(1), c: varchar(9).encode("zstd") };
    const said = mistakes(() =>
      pipeline("p", { tables: [table("t", { from: stream("s"), columns: given, load: "streaming" })] }),
    );
    expect(said.map((text) => text.split(":")[0])).toEqual([
      "tables.t.columns.c.encode",
      "tables.t.columns.a.format",
      "tables.t.columns.b.default",
    ]);
  });

  it("cannot change from version to version, since nothing moves the rows", () => {
    for (const [before, after] of [
      [modelOf({}), modelOf({ load: "external" })],
      [modelOf({ load: "streaming" }), modelOf({})],
    ] as const) {
      expect(compareModels(before, after)).toEqual([
        expect.objectContaining({
          kind: "incompatible",
          path: "tables.t.load",
          advice: expect.stringContaining("another name"),
        }),
      ]);
    }
    expect(compareModels(modelOf({ load: "streaming" }), modelOf({ load: "streaming" }))).toEqual([]);
  });
});
