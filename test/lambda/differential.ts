/** The same generated records through the Lambda's Firehose events and through embedded delivery: what comes out must be equal as typed values. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { mappingOf } from "../../src/definition/types.js";
import type { SourceBlock } from "../../src/delivery/conversion.js";
import { type FirehoseEvent, firehoseTransform } from "../../src/lambda/firehose-transform.js";
import { ARRIVAL_MS, conversionKit, journalBlock } from "../delivery/conversion-kit.js";
import { jsonText } from "../delivery/record-arbitraries.js";
import { column, tableModel } from "../fixtures/tables.js";

const table = tableModel(
  [
    column("id", { kind: "bigint" }, { nullable: false }),
    column("price", { kind: "decimal", precision: 12, scale: 4 }),
    column("wide", { kind: "decimal", precision: 38, scale: 18 }),
    column("small", { kind: "smallint" }, { default: 7 }),
    column("ratio", { kind: "double" }),
    column("part", { kind: "real" }),
    column("flag", { kind: "boolean" }),
    column("name", { kind: "varchar", length: 40 }, { path: ["who", "name"] }),
    column("code", { kind: "char", length: 4 }),
    column("day", { kind: "date" }),
    column("at", { kind: "timestamp" }),
    column("seen", { kind: "timestamptz" }),
    column("opens", { kind: "time" }),
    column("rest", { kind: "super" }),
  ],
  { where: { field: "kind", in: ["a", 1] } },
);

const RECORDS_AN_EVENT = 500;
/** Different values of a column; a record takes one of each, so that there are far more records than values. */
const VALUES_A_COLUMN = 3000;
/** Of the records, those of which every value is a likely one: else hardly any would be a row. */
const PLAIN = 0.6;

const LIKELY: Readonly<Record<string, readonly string[]>> = {
  id: ["1", "9007199254740993", '"-42"', "9223372036854775807"],
  price: ["600.1234", '"600.12345"', "-0.00005", "99999999.9999", "1e3"],
  wide: ["0.100000000000000005", '"12345678901234567890.123456789012345678"', "1e-18"],
  small: ["1", "-32768", "null"],
  ratio: ["0.1", "1e308", "-0.0", "5e-324", "123456789.123456789"],
  part: ["0.1", "16777217", "1e-45"],
  flag: ["true", "false", "null"],
  name: ['"SPY"', '"\\u00e9\\ud83d\\ude00"', '"tab\\t"', "12", '{"a":1}', '""'],
  code: ['"abcd"', '"a"', "null"],
  day: ['"2026-11-22"', '"0001-01-01"', '"9999-12-31"'],
  at: ['"2026-11-22T09:30:00.123456"', '"2026-11-22 09:30:00+02:00"', '"1969-12-31 23:59:59.999999"'],
  seen: ['"2026-11-22T09:30:00Z"', '"2026-11-22T09:30:00.25+01:00"', '"2026-11-22"'],
  opens: ['"09:30:00"', '"23:59:59.999999"'],
  rest: ['{"a":[1,2.50,{"b":null}]}', "1.10", '"text"', "[]", "null"],
};

export interface Differential {
  readonly records: number;
  readonly rows: { readonly embedded: number; readonly lambda: number };
  /** Rows that only one of them has, some of them. */
  readonly onlyEmbedded: readonly unknown[];
  readonly onlyLambda: readonly unknown[];
  readonly dead: { readonly embedded: readonly string[]; readonly lambda: readonly string[] };
  readonly filtered: { readonly embedded: number; readonly lambda: number };
  /** Records that the Lambda's answer had no room for. */
  readonly failed: number;
}

/** Carried and compared together: what a million of them take of memory is what so many do. */
const RECORDS_A_PART = 100_000;
const EXAMPLES_MAX = 5;

export async function differential(records: number, seed: number): Promise<Differential> {
  const payloadOf = generator(seed);
  const parts: Differential[] = [];
  for (let first = 1; first <= records; first += RECORDS_A_PART) {
    const count = Math.min(RECORDS_A_PART, records - first + 1);
    parts.push(await differentialOf(first, count, payloadOf));
  }
  const sum = (count: (part: Differential) => number) => parts.reduce((total, part) => total + count(part), 0);
  return {
    records,
    rows: { embedded: sum(({ rows }) => rows.embedded), lambda: sum(({ rows }) => rows.lambda) },
    onlyEmbedded: parts.flatMap(({ onlyEmbedded }) => onlyEmbedded).slice(0, EXAMPLES_MAX),
    onlyLambda: parts.flatMap(({ onlyLambda }) => onlyLambda).slice(0, EXAMPLES_MAX),
    dead: {
      embedded: parts.flatMap(({ dead }) => dead.embedded),
      lambda: parts.flatMap(({ dead }) => dead.lambda),
    },
    filtered: { embedded: sum(({ filtered }) => filtered.embedded), lambda: sum(({ filtered }) => filtered.lambda) },
    failed: sum(({ failed }) => failed),
  };
}

async function differentialOf(
  begin: number,
  records: number,
  payloadOf: (number: number) => string,
): Promise<Differential> {
  const kit = await conversionKit();
  try {
    const file = join(kit.directory, "lambda.ndjson");
    const out = createWriteStream(file);
    const blocks: SourceBlock[] = [];
    const lambda = { rows: 0, filtered: 0, failed: 0, dead: [] as string[] };
    const transform = firehoseTransform({
      table,
      stream: "events",
      schemaVersion: 1,
      writeDeadLetters: async (_, body) => {
        for (const line of body.split("\n").filter((text) => text !== "")) {
          const letter = JSON.parse(line) as { sequenceNumber: string; rowIndex: number; code: string };
          lambda.dead.push(`${Number(letter.sequenceNumber)}/${letter.rowIndex} ${letter.code}`);
        }
      },
    });
    const end = begin + records;
    for (let first = begin; first < end; first += RECORDS_AN_EVENT) {
      const count = Math.min(RECORDS_AN_EVENT, end - first);
      const payloads = Array.from({ length: count }, (_, index) => payloadOf(first + index));
      // Kept as blocks, outside of the heap: conversion may read its source a second time, with more care.
      blocks.push({ stream: "events", block: journalBlock(payloads, { first }) });
      const { answer, counts } = await transform(eventOf(first, payloads));
      lambda.rows += counts.rows;
      lambda.filtered += counts.filtered;
      lambda.failed += counts.failed;
      const text = answer.records.map(({ data }) => linesOf(data)).join("");
      if (!out.write(text)) await once(out, "drain");
    }
    out.end();
    await once(out, "finish");

    const { rowsFiles, deadLetters, filtered } = await kit.convert(table, blocks);
    const parquet = rowsFiles.map(({ path }) => `'${path}'`).join(", ");
    const lake = table.columns.map(({ name, type }) => [name, mappingOf(type).lake] as const);
    const columns = lake.map(([name, type]) => `CAST("${name}" AS ${type}) AS "${name}"`).join(", ");
    const fields = ["_sequence_number", "_row_index", ...lake.map(([name]) => name)].map(
      (name) => `"${name}": 'VARCHAR'`,
    );
    // NaN and the infinities have no word in JSON: to the Lambda such a row is a dead letter (docs/aws.md).
    const finite = "coalesce(isfinite(ratio), true) AND coalesce(isfinite(part), true)";
    const embedded = `(SELECT CAST(_sequence_number AS BIGINT) AS s, CAST(_row_index AS BIGINT) AS i, ${columns} FROM read_parquet([${parquet}]))`;
    const others = `(SELECT CAST(_sequence_number AS BIGINT) AS s, CAST(_row_index AS BIGINT) AS i, ${columns}
      FROM read_json('${file}', format = 'newline_delimited', columns = {${fields.join(", ")}}))`;
    const spoken = `(SELECT * FROM ${embedded} WHERE ${finite})`;
    const [unspoken, onlyEmbedded, onlyLambda, rows] = await Promise.all([
      kit.query(`SELECT s || '/' || i || ' out-of-range' FROM ${embedded} WHERE NOT (${finite})`),
      kit.query(`SELECT * FROM (SELECT * FROM ${spoken} EXCEPT ALL SELECT * FROM ${others}) LIMIT ${EXAMPLES_MAX}`),
      kit.query(`SELECT * FROM (SELECT * FROM ${others} EXCEPT ALL SELECT * FROM ${spoken}) LIMIT ${EXAMPLES_MAX}`),
      kit.query(`SELECT count(*)::DOUBLE FROM ${spoken}`),
    ]);
    return {
      records,
      rows: { embedded: Number(rows[0]?.[0]), lambda: lambda.rows },
      onlyEmbedded,
      onlyLambda,
      dead: {
        embedded: [
          ...deadLetters.map(({ sequence, rowIndex, code }) => `${sequence}/${rowIndex} ${code}`),
          ...unspoken.map(([text]) => String(text)),
        ].sort(),
        lambda: lambda.dead.sort(),
      },
      filtered: { embedded: filtered, lambda: lambda.filtered },
      failed: lambda.failed,
    };
  } finally {
    await kit.close();
  }
}

/** The record of a number; the same one whenever it is asked for. */
function generator(seed: number): (number: number) => string {
  const pools = new Map(
    table.columns.map(({ name, type }) => [name, fc.sample(jsonText(type), { numRuns: VALUES_A_COLUMN, seed })]),
  );
  return (number) => {
    const random = mulberry(seed + number * 2_654_435_761);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
    const document = () => {
      const isPlain = random() < PLAIN;
      const members = table.columns.flatMap(({ name }) => {
        if (name !== "id" && random() < 0.1) return [];
        const value = isPlain || random() < 0.7 ? pick(LIKELY[name] ?? ["null"]) : pick(pools.get(name) ?? []);
        return name === "name" ? [`"who":{"name":${value}}`] : [`"${name}":${value}`];
      });
      members.push(`"kind":${random() < 0.9 ? pick(['"a"', "1", "1.0"]) : pick(['"b"', "null", "2"])}`);
      if (random() < 0.05) members.push(pick(members));
      return `{${members.join(pick([",", ", ", ",\n"]))}}`;
    };
    const form = random();
    if (form < 0.94) return document();
    if (form < 0.97) return `${document()}\n${document()}`;
    return pick(["{", "", "[]", `${document()}}`, `[${document()},${document()}]`, `\ufeff${document()}`]);
  };
}

function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function eventOf(first: number, payloads: readonly string[]): FirehoseEvent {
  return {
    invocationId: "one",
    deliveryStreamArn: "arn:aws:firehose:eu-west-1:111122223333:deliverystream/events",
    sourceKinesisStreamArn: "arn:aws:kinesis:eu-west-1:111122223333:stream/events",
    records: payloads.map((data, index) => ({
      recordId: `record-${first + index}`,
      approximateArrivalTimestamp: ARRIVAL_MS,
      data: Buffer.from(data).toString("base64"),
      kinesisRecordMetadata: {
        sequenceNumber: String(first + index).padStart(56, "0"),
        subsequenceNumber: "",
        shardId: "shardId-000000000000",
        partitionKey: "key",
        approximateArrivalTimestamp: ARRIVAL_MS,
      },
    })),
  };
}

/** Rows as they were answered, every value as its own text: a reader of the test's must not round what Firehose's does not. */
function linesOf(data: string | undefined): string {
  return Buffer.from(data ?? "", "base64")
    .toString()
    .replace(/"(?:[^"\\]|\\.)*"|[^\s"{}:,]+/g, (token) => (token.startsWith('"') ? token : `"${token}"`));
}
