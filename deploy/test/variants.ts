/** Every example, and a pipeline for whatever else a definition or an option can say, each synthesized once a file of tests. */
import { fileURLToPath } from "node:url";
import flights from "../../examples/flights/penstock.js";
import market from "../../examples/market/penstock.js";
import {
  csv,
  day,
  directPut,
  hour,
  integer,
  json,
  type Pipeline,
  pipeline,
  stream,
  superType,
  table,
  time,
  timestamptz,
  varchar,
} from "../../src/index.js";
import type { DeployOptions } from "../src/options.js";
import { type Synthesis, synthesis } from "./synthesis.js";

const columns = { id: integer().notNull(), kind: varchar(10), at: timestamptz(), opens: time(), rest: superType() };
const events = stream("events", { shards: 2, retentionHours: 48 });

/** All ways to load, sources, formats and partitions. */
const everything = pipeline("every-thing", {
  tables: [
    table("copied", { from: [events, stream("more")], columns, where: { kind: "a" }, dedupe: { by: "id" } }),
    table("lines", { from: directPut(), format: csv(), columns, deliver: { format: "json" } }),
    table("jobbed", { from: events, columns, load: "auto-copy", distKey: "id", deliver: { partitionBy: hour("at") } }),
    table("plain_job", { from: events, columns, load: "auto-copy", deliver: { format: "json", compression: "none" } }),
    table("streamed", { from: events, format: json(), columns, load: "streaming" }),
    table("outside", {
      from: events,
      columns,
      load: "external",
      deliver: {
        partitionBy: [day("at"), "id"],
        prefix: "lake/outside/day=!{partitionKeyFromQuery:day}/!{partitionKeyFromQuery:id}/",
      },
    }),
  ],
  charts: [
    { title: "Events", sql: "SELECT at, id FROM outside ORDER BY at DESC LIMIT 100", x: "at", y: "id", unit: "events" },
    { title: "By number", sql: "SELECT id, COUNT(*) AS n FROM copied GROUP BY 1", x: "id", y: ["n"] },
  ],
});

const QUICKSIGHT = {
  userArn: "arn:aws:quicksight:us-east-1:123456789012:user/default/reader",
  secretArn: "arn:aws:secretsmanager:us-east-1:123456789012:secret:penstock-reader-AbCdEf",
};

const VARIANTS: Readonly<Record<string, readonly [Pipeline, DeployOptions]>> = {
  market: [market, { quickSight: QUICKSIGHT }],
  "flights-provisioned": [
    flights,
    {
      streamMode: "on-demand",
      warehouse: { kind: "provisioned", nodes: 3, nodeType: "ra3.xlplus" },
      definitionFile: fileURLToPath(new URL("../../examples/flights/penstock.ts", import.meta.url)),
    },
  ],
  everything: [
    everything,
    {
      warehouse: { kind: "serverless", baseRpu: 16, maxRpu: 128 },
      toolCidrs: ["203.0.113.0/24", "198.51.100.7/32"],
      s3PrefixListId: "pl-63a5400a",
      quickSight: QUICKSIGHT,
    },
  ],
  "everything-provisioned": [everything, { warehouse: { kind: "provisioned" } }],
};

export async function allVariants(): Promise<ReadonlyMap<string, Synthesis>> {
  return await variants(...Object.keys(VARIANTS));
}

export async function variants(...names: readonly string[]): Promise<ReadonlyMap<string, Synthesis>> {
  const made = new Map<string, Synthesis>();
  for (const name of names) {
    const [definition, options] = VARIANTS[name]!;
    made.set(name, await synthesis(definition, options));
  }
  return made;
}
