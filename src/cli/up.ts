import type { Logger } from "pino";
import type { ConfigFlags, RuntimeConfig } from "../runtime/config.js";
import type { StartedPipeline, StartPipeline } from "../runtime/started.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import type { Demo, RunningDemo } from "./support/demo.js";
import { EXIT } from "./support/exit-codes.js";
import { announceInstance } from "./support/instances.js";
import { wholeNumber } from "./support/parse.js";
import { print, type Terminal } from "./support/terminal.js";
import { duration } from "./support/text.js";

interface UpOptions extends ConfigFlags {
  readonly json?: boolean;
  readonly demo?: boolean;
  readonly demoRate?: number;
}

export const addUp: AddCommand = (program, { terminal, exit }) => {
  program
    .command("up")
    .summary("run a pipeline, whole, in this process")
    .description(
      "Runs the pipeline of a definition: a Kinesis and Firehose endpoint that any AWS SDK can use, the delivery to a lake of Parquet files, " +
        "the loads into a warehouse, and the console. Prints one line when it is ready. Ctrl-C or SIGTERM delivers and loads what was acked, " +
        "then ends with exit code 0; a second Ctrl-C ends it at once (nothing acked is lost: it is loaded at the next start).",
    )
    .argument("[definition]", "a definition's file, or a folder with a penstock.ts (default: this folder)")
    .optionsGroup("Where:")
    .option("--data <dir>", "journal, lake and warehouse (default: .penstock beside the definition)")
    .option("--aws-port <port>", "Kinesis, Firehose and S3; 0 for any free port (default: 4566)")
    .option("--console-port <port>", "console and control API; 0 for any free port (default: 4580)")
    .option("--sql-port <port>", "SQL, for psql and Redshift's drivers; 0 for any free port (default: 5439)")
    .option("--host <address>", "address to listen on; beyond loopback it needs --credentials (default: 127.0.0.1)")
    .option("--allow-host <name...>", "further names that requests may call this host by")
    .optionsGroup("Who:")
    .option("--credentials <file>", "only these may come in: one name:secret a line (or PENSTOCK_CREDENTIALS)")
    .option("--sql-auth <method>", "how SQL clients prove a password: md5 or scram (default: md5)")
    .option("--sql-cert <file>", "certificate for SQL clients that ask for TLS (PEM)")
    .option("--sql-key <file>", "its key (PEM)")
    .optionsGroup("Demo:")
    .option("--demo", "run the demo.ts beside the definition, which puts records")
    .option("--demo-rate <n>", "records a second that the demo should put", wholeNumber("--demo-rate", 1, 1_000_000))
    .optionsGroup("Behaviour:")
    .option("--throughput-limits", "refuse what is beyond a shard's limits, as AWS does (default: no limits)")
    .option("--region <name>", "region in ARNs (default: us-east-1)")
    .option("--account <digits>", "account in ARNs (default: 000000000000)")
    .option("--warehouse-memory-mib <n>", "memory of the warehouse engine (default: 160, more for wide tables)")
    .option("--conversion-memory-mib <n>", "memory of the conversion engine (default: 160, more for wide tables)")
    .option("--spill-mib <n>", "disk that queries may spill to (default: 4096)")
    .optionsGroup("Output:")
    .option("--log-level <level>", "trace, debug, info, warn, error or silent; on stderr (default: info)")
    .option("--log-format <format>", "text or json (default: text on a terminal, json elsewhere)")
    .addOption(jsonOption("print the ready line as JSON: { ready, pipeline, pid, addresses, dataDirectory, tookMs }"))
    .optionsGroup("Options:")
    .addHelpText(
      "after",
      `${examples([
        ["penstock up my-pipeline", "the pipeline of my-pipeline/penstock.ts"],
        ["penstock up examples/market --demo", "an example with its own producer"],
        ["penstock up . --data /var/lib/market --log-format json", "as a service"],
        ["penstock up . --host 0.0.0.0 --credentials users.txt", "for others, who must sign their requests"],
      ])}
Each flag may stand in the environment instead: --aws-port is PENSTOCK_AWS_PORT, and so on; a flag wins.`,
    )
    .action(async (definition: string | undefined, options: UpOptions) => {
      const startedMs = performance.now();
      const { readConfig } = await import("../runtime/config.js");
      const config = readConfig(definition === undefined ? options : { ...options, definition }, {
        environment: terminal.environment,
        workingDirectory: terminal.workingDirectory,
        terminal: terminal.stderr.isTTY === true,
      });
      const demo = options.demo ? await (await import("./support/demo.js")).loadDemo(config.definitionPath) : undefined;
      const { openLog } = await import("./support/log.js");
      const log = await openLog(config.logFormat, config.logLevel, terminal);
      const { startPipeline }: { startPipeline: StartPipeline } = await import("../runtime/index.js");
      const pipeline = await startPipeline(config, { log });
      exit(await untilStopped(pipeline, { config, options, demo, log, terminal, startedMs }));
    });
};

export interface UpSurroundings {
  readonly config: RuntimeConfig;
  readonly options: UpOptions;
  readonly demo: Demo | undefined;
  readonly log: Logger;
  readonly terminal: Terminal;
  readonly startedMs: number;
}

/** From ready to stopped; answers the exit code. Whatever ends it, the notes are withdrawn and the pipeline is closed. */
export async function untilStopped(pipeline: StartedPipeline, around: UpSurroundings): Promise<number> {
  const { terminal, log } = around;
  const { interrupted, stopListening } = listen(terminal, log);
  const note = announce(pipeline, around.config, terminal);
  let running: RunningDemo | undefined;
  try {
    running = startDemo(pipeline, around);
    sayReady(pipeline, around);
    const failure = await Promise.race([interrupted, pipeline.failed]);
    if (failure instanceof Error) throw failure;
  } catch (error) {
    await running?.stop();
    // What made it stop may keep it from closing well, too; what was acked is on disk, and the first error is the one to tell.
    await pipeline
      .close()
      .catch((closing: unknown) => log.debug({ err: closing }, "closing after a failure failed too"));
    note.withdraw();
    stopListening();
    throw error;
  }
  try {
    await running?.stop();
    const loaded = await pipeline.close();
    if (loaded) log.info("stopped; everything acked is loaded");
    else log.warn("stopped; what is acked and not loaded waits in the data directory for the next start");
    return EXIT.ok;
  } finally {
    note.withdraw();
    stopListening();
  }
}

function listen(terminal: Terminal, log: Logger): { interrupted: Promise<undefined>; stopListening: () => void } {
  let stopListening = () => {};
  const interrupted = new Promise<undefined>((resolve) => {
    let times = 0;
    stopListening = terminal.onInterrupt(() => {
      times++;
      // A journal is made to be left like this: the next start finishes what was acked.
      if (times > 1) process.exit(EXIT.interrupted);
      log.info("stopping: delivering and loading what was acked (once more Ctrl-C to stop at once)");
      resolve(undefined);
    });
  });
  return { interrupted, stopListening };
}

function announce(pipeline: StartedPipeline, config: RuntimeConfig, terminal: Terminal): { withdraw(): void } {
  const { pid, pipeline: name, version, startedAtMs, addresses } = pipeline.instance.status();
  const [credential] = config.credentials;
  return announceInstance(
    {
      pid,
      pipeline: name,
      dataDirectory: config.dataDirectory,
      aws: addresses.aws,
      console: addresses.console,
      startedAtMs,
      version,
      ...(credential === undefined ? {} : { credential }),
    },
    terminal.environment,
  );
}

function startDemo(pipeline: StartedPipeline, { demo, options, log }: UpSurroundings): RunningDemo | undefined {
  return demo?.start({
    endpoint: pipeline.instance.status().addresses.aws,
    recordsPerSecond: options.demoRate,
    log,
    onFailure: (error) => log.error({ err: error }, "the demo stopped; the pipeline goes on"),
  });
}

function sayReady(pipeline: StartedPipeline, { options, terminal, config, startedMs }: UpSurroundings): void {
  const { addresses, pipeline: name, pid } = pipeline.instance.status();
  const tookMs = Math.round(performance.now() - startedMs);
  if (options.json) {
    const ready = { ready: true, pipeline: name, pid, addresses, dataDirectory: config.dataDirectory, tookMs };
    terminal.stdout.write(`${JSON.stringify(ready)}\n`);
    return;
  }
  print(
    terminal,
    `${name} is ready in ${duration(tookMs)}   console ${addresses.console}   aws ${addresses.aws}   sql ${addresses.sql}   data ${config.dataDirectory}`,
  );
}
