import { Option } from "commander";
import type { ReplayBody, ReplayProgress } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import type { AwsFlags } from "./aws/deployment.js";
import { awsOptions } from "./support/aws-options.js";
import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { EXIT } from "./support/exit-codes.js";
import { pointInTime } from "./support/parse.js";
import { progress } from "./support/progress.js";
import { note, print, type Terminal } from "./support/terminal.js";
import { bytes, count, counted } from "./support/text.js";

interface ReplayOptions extends InstanceOptions, AwsFlags {
  readonly aws?: boolean;
  readonly json?: boolean;
  readonly from?: "stream" | "lake";
  readonly into?: string;
  readonly since?: number;
  readonly until?: number;
  readonly fromSequence?: string;
  readonly toSequence?: string;
  readonly shard?: string;
  readonly dryRun?: boolean;
}

export const addReplay: AddCommand = (program, { terminal, exit }) => {
  const command = program
    .command("replay")
    .summary("load a past range again, into a table or a shadow of it")
    .description(
      "Reads a range of the past again: from the stream (decoded by the definition as it stands now) or from the lake (as it was written).\n" +
        "Rows that the target has already, by their identity, are skipped, so a replay may overlap and may be repeated.\n" +
        "--into fills another table, made if absent: compare it with the first, then swap.",
    )
    .argument("<table>", "the table whose definition decides")
    .addOption(
      new Option("--from <source>", "where to read (default: stream; with --aws: lake)").choices(["stream", "lake"]),
    )
    .option("--into <table>", "fill this table instead (a shadow), made if absent")
    .option(
      "--since <time>",
      "from this arrival time on: ISO 8601, or how long ago (15m, 2h, 3d)",
      pointInTime("--since", Date.now),
    )
    .option("--until <time>", "up to this arrival time", pointInTime("--until", Date.now))
    .option("--from-sequence <n>", "from this sequence number on; needs --shard")
    .option("--to-sequence <n>", "up to and with this sequence number; needs --shard")
    .option("--shard <id>", "only this shard, e.g. shardId-000000000000")
    .option("--dry-run", "count what would happen, change nothing")
    .addOption(jsonOption("print each progress report as a line of JSON, the last one with state done"));
  awsOptions(instanceOptions(command))
    .addHelpText(
      "after",
      examples([
        [
          "penstock replay quotes --into quotes_next",
          "the whole stream through the definition as it is now, into a shadow",
        ],
        ["penstock replay quotes --since 2h --dry-run", "what the last two hours would give"],
        [
          "penstock replay quotes --from lake --since 2026-03-01",
          "the lake's objects since March, where the table lost them",
        ],
      ]),
    )
    .action(async (table: string, options: ReplayOptions) => {
      if (options.aws) {
        await replayOnAws(table, options, terminal);
        return;
      }
      const body = bodyOf(table, options);
      const { connect } = await import("./support/control-client.js");
      const client = connect(options, terminal);
      const bar = options.json ? undefined : await progress(terminal, "records");
      let interrupted = false;
      const stop = terminal.onInterrupt(() => {
        interrupted = true;
        bar?.stop();
        note(
          terminal,
          "No longer watching; the replay goes on in the instance. Repeat the command to see it to its end.",
        );
        stop();
      });
      let last: ReplayProgress | undefined;
      for await (const state of client.replay(body)) {
        if (interrupted) break;
        last = state;
        if (options.json) terminal.stdout.write(`${JSON.stringify(state)}\n`);
        else bar?.update(state.recordsRead, state.recordsRead / Math.max(state.recordsTotal, 1));
      }
      stop();
      bar?.stop();
      if (interrupted) {
        exit(EXIT.interrupted);
        return;
      }
      if (last?.state !== "done") {
        throw new PenstockError("unavailable", "The instance went away before the replay was done.", {
          hint: "Start it again and repeat the command: rows that are loaded already are skipped.",
        });
      }
      if (!options.json) print(terminal, doneText(last, options));
      exit(EXIT.ok);
    });
};

async function replayOnAws(table: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const { into, fromSequence, toSequence, shard } = options;
  if (options.from === "stream") {
    throw new PenstockError("invalid-argument", "--from stream is for a running instance.", {
      hint: "On AWS nothing but Firehose reads the stream, and what it has written is read again: leave --from out, or say --from lake.",
    });
  }
  if ([fromSequence, toSequence, shard].some((value) => value !== undefined)) {
    throw new PenstockError("invalid-argument", "--shard and sequence numbers are for a running instance.", {
      hint: "On AWS whole objects of the lake are read again: choose them with --since and --until.",
    });
  }
  const { findDeployment } = await import("./aws/deployment.js");
  if (into !== undefined) {
    const { replayIntoShadow } = await import("./aws/replay-into.js");
    const shadowBar = options.json ? undefined : await progress(terminal, "objects");
    const chosen = { into, sinceMs: options.since, untilMs: options.until, dryRun: options.dryRun === true };
    try {
      const deployment = await findDeployment(options, terminal);
      const report = await replayIntoShadow(deployment, table, chosen, (done, total) =>
        shadowBar?.update(done, done / total),
      );
      shadowBar?.stop();
      if (options.json) terminal.stdout.write(`${JSON.stringify({ ...report, state: "done" })}\n`);
      else {
        print(
          terminal,
          report.dryRun
            ? `${counted(report.objects, "object")} (${bytes(report.bytes)}) would be loaded into ${into}.`
            : `${counted(report.objects, "object")} (${bytes(report.bytes)}) read into ${into}: ${counted(report.rowsLoaded, "row")} loaded, ${count(report.rowsSkipped)} there twice, ${counted(report.objectsAlready, "object")} loaded before.`,
        );
      }
    } finally {
      shadowBar?.stop();
    }
    return;
  }
  const { replayFromLake } = await import("./aws/replay.js");
  const bar = options.json ? undefined : await progress(terminal, "objects");
  const range = { sinceMs: options.since, untilMs: options.until, dryRun: options.dryRun === true };
  try {
    const deployment = await findDeployment(options, terminal);
    const report = await replayFromLake(deployment, table, range, (sent, total) => bar?.update(sent, sent / total));
    bar?.stop();
    if (options.json) terminal.stdout.write(`${JSON.stringify({ ...report, state: "done" })}\n`);
    else {
      const would = report.dryRun ? "would be" : "were";
      print(
        terminal,
        `${counted(report.objects, "object")} (${bytes(report.bytes)}) ${would} handed to the loader, which loads those that its ledger has not.`,
      );
    }
  } finally {
    bar?.stop();
  }
}

function bodyOf(table: string, options: ReplayOptions): ReplayBody {
  if ((options.fromSequence !== undefined || options.toSequence !== undefined) && options.shard === undefined) {
    throw new PenstockError(
      "invalid-argument",
      "A range of sequence numbers needs --shard: each shard counts its own.",
      {
        hint: "`penstock status --json` lists the shards of each stream.",
      },
    );
  }
  return {
    table,
    from: options.from ?? "stream",
    dryRun: options.dryRun === true,
    ...(options.into === undefined ? {} : { into: options.into }),
    ...(options.since === undefined ? {} : { sinceMs: options.since }),
    ...(options.until === undefined ? {} : { untilMs: options.until }),
    ...(options.fromSequence === undefined ? {} : { fromSequence: options.fromSequence }),
    ...(options.toSequence === undefined ? {} : { toSequence: options.toSequence }),
    ...(options.shard === undefined ? {} : { shard: options.shard }),
  };
}

function doneText(state: ReplayProgress, options: ReplayOptions): string {
  const would = options.dryRun ? "would be " : "";
  return (
    `${counted(state.recordsRead, "record")} read: ${counted(state.rowsLoaded, "row")} ${would}loaded, ${count(state.rowsSkipped)} there already, ` +
    `${count(state.rowsFiltered)} filtered, ${count(state.deadLetters)} dead letters.`
  );
}
