import { resolve } from "node:path";
import type { ColumnType, PipelineModel, TableModel } from "../definition/model.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { print, printJson } from "./support/terminal.js";
import { bytes, counted, duration } from "./support/text.js";

export const addValidate: AddCommand = (program, { terminal }) => {
  program
    .command("validate")
    .summary("check a definition without running it")
    .description(
      "Loads the definition and checks everything in it: names, types, keys, bounds. Prints what it means, or what is wrong, where, and " +
        "what is allowed. Starts nothing and touches no data. Exit code 1 when it is not valid.",
    )
    .argument("[definition]", "a definition's file, or a folder with a penstock.ts (default: this folder)")
    .addOption(jsonOption("print the checked definition, with every default filled in, as JSON"))
    .addHelpText(
      "after",
      examples([
        ["penstock validate my-pipeline", "before a commit"],
        ["penstock validate . --json | jq '.tables[].columns'", "what the defaults came to"],
      ]),
    )
    .action(async (definition: string | undefined, options: { json?: boolean }) => {
      const { loadDefinition } = await import("../definition/load.js");
      const model = await loadDefinition(resolve(terminal.workingDirectory, definition ?? "."));
      if (options.json) printJson(terminal, model);
      else print(terminal, modelText(model));
    });
};

function modelText(model: PipelineModel): string {
  return [
    `${model.name} is valid: ${counted(model.streams.length, "stream")}, ${counted(model.tables.length, "table")}.`,
    ...model.streams.map((stream) =>
      stream.kind === "direct-put"
        ? `  delivery stream ${stream.name}, fed through Firehose`
        : `  stream ${stream.name}: ${counted(stream.shards, "shard")}, keeps ${stream.retentionHours} h`,
    ),
    ...model.tables.flatMap(tableText),
  ].join("\n");
}

function tableText(table: TableModel): string[] {
  const { deliver } = table;
  const keys = [
    table.distKey === undefined ? "" : `, dist key ${table.distKey}`,
    table.sortKey === undefined ? "" : `, sort key ${table.sortKey.columns.join(", ")}`,
    table.dedupe === undefined ? "" : `, one row for each ${table.dedupe.by.join(", ")} (${table.dedupe.keep})`,
  ].join("");
  return [
    `  table ${table.name} from ${table.sources.join(", ")}: ${table.format.kind}, ${counted(table.columns.length, "column")}${keys}`,
    `    ${table.columns.map((column) => `${column.name} ${typeText(column.type)}${column.nullable ? "" : " not null"}`).join(", ")}`,
    `    delivered as ${deliver.fileFormat} (${deliver.compression}) after ${bytes(deliver.bufferBytes)} or ${duration(deliver.bufferMs)}`,
  ];
}

function typeText(type: ColumnType): string {
  if (type.kind === "decimal") return `decimal(${type.precision},${type.scale})`;
  if (type.kind === "varchar" || type.kind === "char") return `${type.kind}(${type.length})`;
  return type.kind;
}
