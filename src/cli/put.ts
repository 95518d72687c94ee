import { Option } from "commander";
import { PUT_RECORDS_COUNT_MAX } from "../core/limits.js";
import type { PipelineModel, StreamModel } from "../definition/model.js";
import type { AwsFlags } from "./aws/deployment.js";
import type { Endpoint } from "./put/endpoint.js";
import type { InputFormat } from "./put/input.js";
import type { SendReport } from "./put/sender.js";
import { awsOptions } from "./support/aws-options.js";
import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { EXIT, exitCodeOf } from "./support/exit-codes.js";
import { wholeNumber } from "./support/parse.js";
import { note, print, printJson, type Terminal } from "./support/terminal.js";
import { bytes, count, counted, duration, plain, rate } from "./support/text.js";

interface PutOptions extends InstanceOptions, AwsFlags {
  readonly aws?: boolean;
  readonly json?: boolean;
  readonly format?: InputFormat;
  readonly partitionKey?: string;
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly skip: number;
  readonly rate?: number;
  readonly concurrency: number;
  readonly batch: number;
  readonly retrySeconds: number;
}

/** As `InputFormat`; here again so that the command line can be read without the code that reads files. */
const FORMATS = ["ndjson", "json", "csv", "parquet"];

export const addPut: AddCommand = (program, { terminal, exit }) => {
  const command = program
    .command("put")
    .summary("put the records of a file into a stream")
    .description(
      "Puts each record of a file, or of standard input, into a stream, or into the stream that a table takes from: NDJSON (a record a " +
        "line), a JSON array, CSV, or Parquet; gzip-compressed or not. The format is found out by looking. Rows of CSV and Parquet are " +
        "written as the table wants its records (JSON or CSV); lines of NDJSON go out as they are.\n" +
        "Records that the stream does not take are sent again, those alone. Ctrl-C stops and says how to go on from there.",
    )
    .argument("<stream|table>", "where to; a table fed by direct put goes through Firehose")
    .argument("[file]", "a file, or - for standard input", "-")
    .optionsGroup("Reading:")
    .addOption(new Option("--format <format>", "what the file is, instead of looking").choices(FORMATS))
    .option("--header", "CSV: the first line names the columns (default: find out)")
    .option("--no-header", "CSV: it does not; fields are the table's columns in order")
    .option("--delimiter <char>", "CSV: what stands between fields (default: a comma)")
    .option("--skip <n>", "leave out the first n records", wholeNumber("--skip", 0, 1e15), 0)
    .optionsGroup("Sending:")
    .option("--partition-key <field>", "take each record's partition key from this field (default: spread evenly)")
    .option("--rate <n>", "records a second (default: as fast as it goes)", wholeNumber("--rate", 1, 10_000_000))
    .option(
      "--concurrency <n>",
      "requests at once; 1 keeps the records of a key in order",
      wholeNumber("--concurrency", 1, 64),
      8,
    )
    .option("--batch <n>", "records a request", wholeNumber("--batch", 1, PUT_RECORDS_COUNT_MAX), PUT_RECORDS_COUNT_MAX)
    .option("--retry-seconds <n>", "try a record again for this long", wholeNumber("--retry-seconds", 0, 86_400), 60)
    .optionsGroup("Options:")
    .addOption(
      jsonOption(
        "print { stream, read, acked, rejected, rejectedCount, retried, bytes, answeredFromStart, tookMs, recordsPerSecond } at the end",
      ),
    );
  awsOptions(instanceOptions(command))
    .addHelpText(
      "after",
      examples([
        ["penstock put quotes quotes.ndjson.gz", "a file"],
        ["penstock put prices prices.csv --rate 500", "slowly, as if it happened now"],
        [
          "penstock put quotes quotes.parquet --partition-key symbol --concurrency 1",
          "each symbol's rows in order, on its own shard",
        ],
        ["my-generator | penstock put events -", "from another program, until it ends"],
        ["penstock put quotes quotes.ndjson.gz --aws", "into the deployed stream"],
      ]),
    )
    .action(async (name: string, file: string, given: PutOptions & { header?: boolean }) => {
      // commander gives an option that has a --no- form the value true when neither is said.
      const said = command.getOptionValueSource("header") === "cli";
      const { header, ...others } = given;
      const options: PutOptions = said && header !== undefined ? { ...others, header } : others;
      exit(await put(name, file, options, terminal));
    });
};

async function put(name: string, file: string, options: PutOptions, terminal: Terminal): Promise<number> {
  const [{ resolveTarget }, { openInput }, { records }, { sendAll }, { progress }] = await Promise.all([
    import("./put/target.js"),
    import("./put/input.js"),
    import("./put/records.js"),
    import("./put/sender.js"),
    import("./support/progress.js"),
  ]);
  const place = options.aws ? await onAws(options, terminal) : await onInstance(options, terminal);
  const target = resolveTarget(name, place.model, place.streams);
  const input = await openInput(file, options.format, terminal);
  const service = target.kind === "direct-put" ? "firehose" : "kinesis";
  const endpoint = await place.open(service);
  const leaving = new AbortController();
  const stop = terminal.onInterrupt(() => leaving.abort());
  const bar = await progress(terminal, "records");
  const startedMs = performance.now();
  let report: SendReport;
  let handed = 0;
  try {
    const all = records(input, target, {
      keyField: options.partitionKey,
      header: options.header,
      delimiter: options.delimiter,
    });
    const counted = async function* () {
      for await (const block of skipping(all, options.skip)) {
        handed += block.length;
        yield block;
      }
    };
    report = await sendAll(counted(), {
      endpoint,
      stream: target.stream,
      service,
      batchRecords: options.batch,
      concurrency: options.concurrency,
      recordsPerSecond: options.rate,
      retryMs: options.retrySeconds * 1000,
      signal: leaving.signal,
      onProgress: (acked) => bar.update(acked, shareOf(input.share(), acked, handed)),
    });
  } finally {
    bar.stop();
    stop();
    endpoint.close();
    await input.close();
  }
  const tookMs = performance.now() - startedMs;
  if (options.json) printJson(terminal, { ...summary(report, tookMs), stream: target.stream });
  else tell(report, { stream: target.stream, tookMs, stopped: leaving.signal.aborted }, options, terminal);
  if (report.failure !== undefined) {
    if (options.json) note(terminal, `error: ${report.failure.message}`);
    return exitCodeOf(report.failure);
  }
  if (leaving.signal.aborted) return EXIT.interrupted;
  return report.rejectedCount === 0 ? EXIT.ok : EXIT.failed;
}

/** Where the records go: what it has, and the way to it. */
interface Place {
  readonly model: Pick<PipelineModel, "name" | "tables">;
  readonly streams: readonly Pick<StreamModel, "name" | "kind">[];
  open(service: "kinesis" | "firehose"): Promise<Endpoint>;
}

async function onInstance(options: PutOptions, terminal: Terminal): Promise<Place> {
  const [{ connect }, { openEndpoint }] = await Promise.all([
    import("./support/control-client.js"),
    import("./put/endpoint.js"),
  ]);
  const client = connect(options, terminal);
  const [model, status] = await Promise.all([client.model(), client.status()]);
  return {
    model,
    streams: status.streams,
    open: async (service) =>
      openEndpoint({
        url: reachable(status.addresses.aws, client.url),
        service,
        region: options.region ?? "us-east-1",
        credential: client.credential,
        sockets: options.concurrency,
        timeoutMs: 30_000,
      }),
  };
}

async function onAws(options: PutOptions, terminal: Terminal): Promise<Place> {
  const [{ findDeployment }, { openAwsEndpoint }] = await Promise.all([
    import("./aws/deployment.js"),
    import("./aws/put-endpoint.js"),
  ]);
  const { model, session } = await findDeployment(options, terminal);
  return { model, streams: model.streams, open: (service) => openAwsEndpoint(session, service) };
}

/** How much of the input is acked, where `read` of it is in `handed` records: it is read ahead of what is sent, a small file at once. */
function shareOf(read: number | undefined, acked: number, handed: number): number | undefined {
  return read === undefined ? undefined : (read * acked) / Math.max(handed, 1);
}

function summary(report: SendReport, tookMs: number) {
  const { failure, rejectedCount, ...rest } = report;
  return {
    ...rest,
    rejectedCount,
    tookMs: Math.round(tookMs),
    recordsPerSecond: Math.round(report.acked / Math.max(tookMs / 1000, 0.001)),
    ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
  };
}

function tell(
  report: SendReport,
  { stream, tookMs, stopped }: { readonly stream: string; readonly tookMs: number; readonly stopped: boolean },
  options: PutOptions,
  terminal: Terminal,
): void {
  const speed = rate(report.acked / Math.max(tookMs / 1000, 0.001));
  const again = report.retried === 0 ? "" : `, ${count(report.retried)} sent again`;
  print(
    terminal,
    `${counted(report.acked, "record")} (${bytes(report.bytes)}) acked by ${stream} in ${duration(tookMs)}: ${speed}/s${again}`,
  );
  for (const one of report.rejected.slice(0, 10)) {
    note(terminal, `record ${count(one.record + options.skip)} is refused: ${plain(one.message)}`);
  }
  if (report.rejectedCount > 10)
    note(terminal, `and ${count(report.rejectedCount - 10)} more are refused (--json lists them)`);
  if (report.failure !== undefined) {
    note(terminal, `error: ${report.failure.message}`);
    if (report.failure.hint !== undefined) note(terminal, `hint:  ${report.failure.hint}`);
  }
  if (report.failure === undefined && !stopped) return;
  const from = report.answeredFromStart + options.skip;
  const sure = `The first ${counted(from, "record")} of the input ${from === 1 ? "has its" : "have their"} answer`;
  note(terminal, `${stopped ? "Stopped by Ctrl-C. " : ""}${sure}: go on with --skip ${from}.`);
  const doubtful = report.read - report.answeredFromStart;
  if (doubtful > 0)
    note(
      terminal,
      `Of the ${count(doubtful)} after them some may be in the stream already; going on puts those twice.`,
    );
}

/** An instance that listens on every address names none that helps from elsewhere: then the way to its console is the way to it. */
function reachable(aws: string, consoleUrl: string): string {
  const url = new URL(aws);
  const known = new URL(consoleUrl);
  const local = /^(localhost|127\.|\[::1\]|0\.0\.0\.0|\[::\])/;
  if (local.test(url.hostname) && !/^(localhost|127\.|\[::1\])/.test(known.hostname)) url.hostname = known.hostname;
  if (/^(0\.0\.0\.0|\[::\])$/.test(url.hostname)) url.hostname = known.hostname;
  return url.href;
}

async function* skipping<T>(blocks: AsyncIterable<readonly T[]>, skip: number): AsyncGenerator<readonly T[]> {
  let left = skip;
  for await (const block of blocks) {
    yield left === 0 ? block : block.slice(left);
    left = Math.max(0, left - block.length);
  }
}
