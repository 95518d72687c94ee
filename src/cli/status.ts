import type { PipelineStatus, StageState, TableStatus } from "../api/control/contract.js";
import type { AwsFlags } from "./aws/deployment.js";
import { awsOptions } from "./support/aws-options.js";
import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { print, printJson, type Terminal } from "./support/terminal.js";
import { bytes, count, duration, rate } from "./support/text.js";

interface StatusOptions extends InstanceOptions, AwsFlags {
  readonly aws?: boolean;
  readonly json?: boolean;
  readonly watch?: boolean;
}

const WATCH_INTERVAL_MS = 1000;

export const addStatus: AddCommand = (program, { terminal, exit }) => {
  const command = program
    .command("status")
    .summary("show each stage: rate, lag, buffer, freshness")
    .description(
      "Shows how each stage of the running instance does: what comes into the streams, what waits in the buffers, what the lake and the " +
        "warehouse took last, and how old the newest loaded row was when it could be queried.\n" +
        "Exit code 1 when a stage has stopped; with --aws, when an alarm rings.",
    )
    .addOption(jsonOption("print the whole status as JSON; with --watch, a line each second"))
    .option("-w, --watch", "go on once a second until Ctrl-C");
  awsOptions(instanceOptions(command))
    .addHelpText(
      "after",
      examples([
        ["penstock status", "once"],
        ["penstock status --watch", "as it moves"],
        ["penstock status --json | jq '.tables[].lagRecords'", "for a script"],
      ]),
    )
    .action(async (options: StatusOptions) => {
      if (options.aws) {
        exit(await statusOnAws(options, terminal));
        return;
      }
      const { connect } = await import("./support/control-client.js");
      const { textTable } = await import("./support/table.js");
      const client = connect(options, terminal);
      let going = options.watch === true;
      let wake = () => {};
      const stop = terminal.onInterrupt(() => {
        going = false;
        wake();
      });
      try {
        do {
          const status = await client.status();
          show(status, options, terminal, textTable);
          exit(status.tables.some(hasStopped) ? 1 : 0);
          if (going) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, WATCH_INTERVAL_MS);
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
            });
          }
        } while (going);
      } finally {
        stop();
      }
    });
};

async function statusOnAws(options: StatusOptions, terminal: Terminal): Promise<number> {
  const { findDeployment } = await import("./aws/deployment.js");
  const { isWell, statusOf, statusText } = await import("./aws/status.js");
  const { textTable } = await import("./support/table.js");
  const nowMs = Date.now();
  const status = await statusOf(await findDeployment(options, terminal), nowMs);
  if (options.json) printJson(terminal, status);
  else print(terminal, statusText(status, nowMs, textTable));
  return isWell(status) ? 0 : 1;
}

function show(status: PipelineStatus, options: StatusOptions, terminal: Terminal, textTable: TextTable): void {
  if (options.json) {
    if (options.watch) terminal.stdout.write(`${JSON.stringify(status)}\n`);
    else printJson(terminal, status);
    return;
  }
  // Home and clear below: the screen is drawn over, so that watching does not scroll.
  if (options.watch && terminal.stdout.isTTY) terminal.stdout.write("\u001b[H\u001b[J");
  print(terminal, statusText(status, textTable));
}

type TextTable = typeof import("./support/table.js").textTable;

function statusText(status: PipelineStatus, textTable: TextTable): string {
  const numeric = [false, true, true, true, true, true, true, true];
  const streams = status.streams.map((stream) => [
    stream.name + (stream.kind === "direct-put" ? " (direct put)" : ""),
    count(stream.openShards),
    count(stream.records),
    bytes(stream.sizeBytes),
    `${rate(stream.recordsPerSecond)}/s`,
    `${bytes(stream.bytesPerSecond)}/s`,
  ]);
  const tables = status.tables.map((table) => [
    table.name,
    `${count(table.lagRecords)}`,
    `${bytes(table.bufferBytes)} of ${bytes(table.bufferBytesMax)}, ${duration(table.bufferAgeMs)} of ${duration(table.bufferAgeMsMax)}`,
    count(table.rowsLoaded),
    `${rate(table.rowsPerSecond)}/s`,
    count(table.deadLetters),
    count(table.rowsFiltered + table.rowsDeduped),
    table.freshnessMs === undefined ? "-" : duration(table.freshnessMs),
  ]);
  const troubles = status.tables.flatMap((table) => [
    ...trouble(`${table.name}: delivery`, table.delivery),
    ...trouble(`${table.name}: loader`, table.loader),
  ]);
  return [
    `${status.pipeline}  up ${duration(status.atMs - status.startedAtMs)}, pid ${status.pid}, memory ${bytes(status.memoryBytes)}`,
    `console ${status.addresses.console}   aws ${status.addresses.aws}   sql ${status.addresses.sql}   lake s3://${status.lakeBucket}   data ${status.dataDirectory}`,
    "",
    textTable(["STREAM", "SHARDS", "RECORDS", "ON DISK", "RECORDS IN", "BYTES IN"], streams, numeric),
    "",
    textTable(
      ["TABLE", "LAG", "BUFFER", "LOADED", "ROWS", "DEAD", "LEFT OUT", "FRESHNESS"],
      tables,
      numeric.with(2, false),
    ),
    ...(troubles.length === 0 ? [] : ["", ...troubles]),
  ].join("\n");
}

function hasStopped(table: TableStatus): boolean {
  return table.delivery.state === "stopped" || table.loader.state === "stopped";
}

function trouble(what: string, stage: StageState): string[] {
  if (stage.state !== "retrying" && stage.state !== "stopped") return [];
  return [`${what} is ${stage.state}${stage.reason === undefined ? "" : `: ${stage.reason}`}`];
}
