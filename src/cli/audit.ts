import { resolve } from "node:path";
import type { AuditCounts, AuditProgress, AuditReport, TraceReport } from "../api/control/contract.js";
import { isPenstockError, PenstockError } from "../core/errors.js";
import type { AwsFlags } from "./aws/deployment.js";
import { awsOptions } from "./support/aws-options.js";
import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { EXIT } from "./support/exit-codes.js";
import { note, print, printJson, type Terminal } from "./support/terminal.js";
import { count } from "./support/text.js";

interface AuditOptions extends InstanceOptions, AwsFlags {
  readonly aws?: boolean;
  readonly json?: boolean;
  readonly trace?: string;
  readonly stream?: string;
  readonly shard?: string;
}

export const addAudit: AddCommand = (program, { terminal, exit }) => {
  const command = program
    .command("audit")
    .summary("prove that nothing was lost or loaded twice")
    .description(
      "Counts again, from the journal, the lake's files and the ledger (never from counters): every acked record must be loaded, a dead " +
        "letter, filtered, deduplicated, or still on its way. Exit code 1 unless lost and duplicated are 0 and every table is proved.\n" +
        "With --trace it follows one record instead; exit code 1 when there is no such record.\n" +
        "With --data and no instance running there, it reads the data directory itself, and changes nothing that was acknowledged.",
    )
    .addOption(jsonOption("print the whole report, with each table and shard, as JSON"))
    .option(
      "--trace <sequence>",
      "follow the record of this sequence number: PutRecord's, or a row's `_sequence_number`",
    )
    .option("--stream <name>", "with --trace: the stream it is in, where more than one may have it")
    .option("--shard <id>", "with --trace: its shard, which a row has as its `_shard_id`");
  awsOptions(instanceOptions(command))
    .addHelpText(
      "after",
      examples([
        ["penstock audit", "the totals and each table"],
        ["penstock audit --data ./pipeline/.penstock", "of a pipeline that does not run"],
        ["penstock audit --json | jq '{ok, acked, loaded, lost, duplicated}'", "for a script"],
        ["penstock audit --trace 49671684212163905832837481...", "where one record went"],
      ]),
    )
    .action(async (options: AuditOptions) => {
      if (options.aws) {
        exit(await auditOnAws(options, terminal));
        return;
      }
      const source = await sourceOf(options, terminal);
      if (options.trace !== undefined) {
        const trace = await source.trace(options.trace, options.stream, options.shard);
        if (options.json) printJson(terminal, trace);
        else print(terminal, traceText(trace));
        return;
      }
      const report = await source.audit(sayProgress(terminal));
      if (options.json) {
        printJson(terminal, report);
      } else {
        const { textTable } = await import("./support/table.js");
        print(terminal, auditText(report, textTable));
      }
      exit(report.ok ? EXIT.ok : EXIT.failed);
    });
};

/** There the stream's records are Kinesis' own to keep: what is recounted begins at the lake. */
async function auditOnAws(options: AuditOptions, terminal: Terminal): Promise<number> {
  const { findDeployment } = await import("./aws/deployment.js");
  if (options.trace !== undefined) {
    const { traceOnAws, traceText: awsTraceText } = await import("./aws/trace.js");
    const trace = await traceOnAws(await findDeployment(options, terminal), options.trace, options.stream);
    if (options.json) printJson(terminal, trace);
    else print(terminal, awsTraceText(trace));
    return trace.found ? EXIT.ok : EXIT.failed;
  }
  const { auditDeployment, auditText: awsAuditText } = await import("./aws/audit.js");
  const { textTable } = await import("./support/table.js");
  const report = await auditDeployment(await findDeployment(options, terminal), Date.now());
  if (options.json) printJson(terminal, report);
  else print(terminal, awsAuditText(report, textTable));
  return report.missing === 0 && report.duplicated === 0 ? EXIT.ok : EXIT.failed;
}

interface AuditSource {
  audit(onProgress: (progress: AuditProgress) => void): Promise<AuditReport>;
  trace(sequence: string, stream?: string, shard?: string): Promise<TraceReport>;
}

/** The running instance; where --data names a directory that no process has, that directory itself. */
async function sourceOf(options: AuditOptions, terminal: Terminal): Promise<AuditSource> {
  const { connect } = await import("./support/control-client.js");
  try {
    return connect(options, terminal);
  } catch (error) {
    if (options.url !== undefined || options.data === undefined || !isPenstockError(error, "unavailable")) throw error;
    const { findDataDirectory, withDataDirectory } = await import("../runtime/offline-audit.js");
    const directory = findDataDirectory(resolve(terminal.workingDirectory, options.data));
    if (directory === undefined) throw error;
    note(terminal, `No instance is running on ${directory}: reading the directory itself.`);
    const log = await (await import("./support/log.js")).openLog("text", "warn", terminal);
    return {
      audit: (onProgress) => withDataDirectory(directory, log, (offline) => offline.audit(onProgress)),
      trace: async (sequence, stream, shard) => {
        const found = await withDataDirectory(directory, log, (offline) =>
          offline.trace(sequence, {
            ...(stream === undefined ? {} : { stream }),
            ...(shard === undefined ? {} : { shardId: shard }),
          }),
        );
        if (found !== undefined) return found;
        throw new PenstockError("not-found", `No record ${sequence} was ever acknowledged here.`, {
          hint: "Give the sequence number as PutRecord answered it.",
        });
      },
    };
  }
}

const PROGRESS_EVERY_MS = 5000;

/** Of one that takes long: how far it has come, on standard error. */
function sayProgress(terminal: Terminal): (progress: AuditProgress) => void {
  let saidMs = performance.now();
  return ({ table, flushes, flushesTotal }) => {
    if (performance.now() - saidMs < PROGRESS_EVERY_MS) return;
    saidMs = performance.now();
    const percent = Math.floor((100 * flushes) / Math.max(1, flushesTotal));
    note(terminal, `${table}: ${percent}%, ${count(flushes)} of ${count(flushesTotal)} flushes recounted`);
  };
}

const COLUMNS = [
  ["ACKED", "acked"],
  ["DELIVERED", "delivered"],
  ["LOADED", "loaded"],
  ["DEAD", "deadLettered"],
  ["FILTERED", "filtered"],
  ["DEDUPED", "deduped"],
  ["PENDING", "pending"],
  ["LOST", "lost"],
  ["DUPLICATED", "duplicated"],
] as const satisfies readonly (readonly [string, keyof AuditCounts])[];

function auditText(report: AuditReport, textTable: typeof import("./support/table.js").textTable): string {
  const line = (name: string, counts: AuditCounts) => [name, ...COLUMNS.map(([, field]) => count(counts[field]))];
  const rows = [...report.tables.map((table) => line(table.name, table)), line("total", report)];
  const deleted = report.tables.filter((table) => table.deletedByUser > 0);
  return [
    textTable(["", ...COLUMNS.map(([title]) => title)], rows, [false, ...COLUMNS.map(() => true)]),
    "",
    ...deleted.map(
      (table) =>
        `${table.name}: ${count(table.deletedByUser)} of the loaded rows were deleted in the warehouse since, which is no loss.`,
    ),
    ...report.findings,
    report.ok
      ? "Every acked record is accounted for: lost 0, duplicated 0."
      : `NOT every record is accounted for: lost ${count(report.lost)}, duplicated ${count(report.duplicated)}${unprovenText(report)}.`,
  ].join("\n");
}

function unprovenText({ tables }: AuditReport): string {
  const unproven = tables.filter((table) => table.unproven !== undefined).map(({ name }) => name);
  return unproven.length === 0 ? "" : `; nothing is proved of ${unproven.join(", ")}`;
}

function traceText(trace: TraceReport): string {
  const arrived =
    trace.arrivedAtMs === undefined ? "at a time no longer kept" : new Date(trace.arrivedAtMs).toISOString();
  return [
    `${trace.stream} ${trace.shardId}, record ${trace.sequence} of the shard, arrived ${arrived}`,
    trace.inJournal ? "still in the journal" : "no longer in the journal (past its retention)",
    ...trace.tables.flatMap((table) => [
      `${table.table}:${table.rows.length === 0 ? " not taken yet" : ""}`,
      ...table.rows.map((row) =>
        [
          `  row ${row.rowIndex} ${row.outcome}`,
          row.reason === undefined ? "" : `: ${row.reason}`,
          row.object === undefined
            ? ""
            : `\n    object ${row.object}${row.flush === undefined ? "" : ` (flush ${row.flush})`}`,
          row.loadedAtMs === undefined ? "" : `\n    loaded ${new Date(row.loadedAtMs).toISOString()}`,
        ].join(""),
      ),
    ]),
  ].join("\n");
}
