import { resolve } from "node:path";
import { PenstockError } from "../core/errors.js";
import type { StreamRepair, TableRepair } from "../runtime/repair.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { EXIT } from "./support/exit-codes.js";
import { print, printJson } from "./support/terminal.js";
import { count } from "./support/text.js";

interface RepairOptions {
  readonly data?: string;
  readonly dryRun?: boolean;
  readonly acceptLoss?: boolean;
  readonly json?: boolean;
}

export const addRepair: AddCommand = (program, { terminal, exit }) => {
  program
    .command("repair")
    .summary("mend tables that damage has stopped")
    .description(
      "A table whose flush log is damaged, missing or older than its loads is set aside by `penstock up`: it is neither delivered nor loaded, " +
        "and nothing of it is lost. This makes the log anew from its whole lines, the lake's objects and the ledger, so that the table goes on " +
        "exactly where it stopped. The damaged files are kept beside it. No instance may be running on the data directory; a log that is sound is left as it is.\n" +
        "It also looks for records that are damaged in the journal and have come into no table yet: delivery stops at them. Restore the file if you have a copy; " +
        "with --accept-loss they are given up, delivery goes on behind them, and the audit counts them as lost.\n" +
        "Exit code 1 where something could not be proved; `penstock audit` then says what it comes to.",
    )
    .argument("[tables...]", "the tables; all of the definition unless named")
    .option("--data <dir>", "the data directory (default: .penstock in the working directory)")
    .option("--dry-run", "say what is damaged and what would be made of it, and change nothing")
    .option("--accept-loss", "give up records that are damaged in the journal and in no table yet")
    .addOption(
      jsonOption(
        "print { tables: [{ table, state, damage, flushes, putAside, doubts }], streams: [{ stream, state, records, missing }] }",
      ),
    )
    .addHelpText(
      "after",
      examples([
        ["penstock repair --data ./pipeline/.penstock", "every table that needs it"],
        ["penstock repair quotes --data ./pipeline/.penstock --dry-run", "look only"],
      ]),
    )
    .action(async (tables: readonly string[], options: RepairOptions) => {
      const { findDataDirectory, withDataDirectory } = await import("../runtime/offline-audit.js");
      const path = resolve(terminal.workingDirectory, options.data ?? ".");
      const directory = findDataDirectory(path);
      if (directory === undefined) {
        throw new PenstockError("not-found", `There is no data directory at ${path}.`, {
          hint: "Name it with --data.",
        });
      }
      const log = await (await import("./support/log.js")).openLog("text", "warn", terminal);
      const report = await withDataDirectory(directory, log, (offline) =>
        offline.repair({ tables, dryRun: options.dryRun === true, acceptLoss: options.acceptLoss === true }),
      );
      if (options.json) printJson(terminal, report);
      else print(terminal, [...report.tables.map(tableText), ...report.streams.flatMap(streamText)].join("\n"));
      const unsettled =
        report.tables.some(({ state, doubts }) => state === "damaged" || doubts.length > 0) ||
        report.streams.some(({ state }) => state !== "sound");
      exit(unsettled ? EXIT.failed : EXIT.ok);
    });
};

function tableText({ table, state, damage, flushes, putAside, doubts }: TableRepair): string {
  if (state === "sound") return `${table}: sound, ${flushesText(flushes)}`;
  return [
    `${table}: ${damage ?? "damaged"}`,
    state === "repaired"
      ? `  repaired: ${flushesText(flushes)}${putAside === undefined ? "" : `; the damaged log is in ${putAside}`}`
      : `  it can be made anew with ${flushesText(flushes)}; nothing was changed`,
    ...doubts.map((doubt) => `  not proved: ${doubt}`),
  ].join("\n");
}

function streamText({ stream, state, records, missing }: StreamRepair): string[] {
  if (state === "sound") return [];
  const places = missing.map(({ shardId, from, to }) => `${shardId} ${from} to ${to}`).join(", ");
  return [
    `stream ${stream}: ${count(records)} acked records cannot be read from the journal and are in no table: ${places}`,
    state === "damaged"
      ? "  restore the journal's file from a copy, or give them up by --accept-loss"
      : "  given up: delivery goes on behind them, and the audit counts them as lost",
  ];
}

function flushesText(flushes: number): string {
  return `${count(flushes)} ${flushes === 1 ? "flush" : "flushes"}`;
}
