import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { wholeNumber } from "./support/parse.js";
import { note, print, printJson } from "./support/terminal.js";
import { count, plain } from "./support/text.js";

interface RecordsOptions extends InstanceOptions {
  readonly json?: boolean;
  readonly key?: string;
  readonly limit: number;
  readonly after?: string;
}

/** As much of a record as fits a line. */
const SHOWN_CHARS = 100;

export const addRecords: AddCommand = (program, { terminal }) => {
  const command = program
    .command("records")
    .summary("show a stream's newest records, or those of a partition key")
    .description(
      "Shows the newest records of a stream as they were put, newest first; with --key those of one partition key alone. " +
        "The journal has no index of keys: it is read backwards, 64 MiB a page, and --after goes on from there.",
    )
    .argument("<stream>", "the stream")
    .option("--key <key>", "only records of this partition key")
    .option("--limit <n>", "show at most this many", wholeNumber("--limit", 1, 200), 20)
    .option("--after <cursor>", "go on after this place: the `next` of the page before")
    .addOption(jsonOption("print { records, recordsRead, next } as JSON, the bytes in base64"));
  instanceOptions(command)
    .addHelpText(
      "after",
      examples([
        ["penstock records quotes", "what came last"],
        [
          "penstock records quotes --key SPY --limit 1 --json | jq -r .records[0].sequenceNumber",
          "for `penstock audit --trace`",
        ],
      ]),
    )
    .action(async (stream: string, options: RecordsOptions) => {
      const { connect } = await import("./support/control-client.js");
      const page = await connect(options, terminal).records({
        stream,
        limit: options.limit,
        ...(options.key === undefined ? {} : { key: options.key }),
        ...(options.after === undefined ? {} : { after: options.after }),
      });
      if (options.json) {
        printJson(terminal, page);
        return;
      }
      if (page.records.length === 0) {
        print(
          terminal,
          options.key === undefined
            ? "No records."
            : `None of the ${count(page.recordsRead)} records looked at has this key.`,
        );
      } else {
        const { textTable } = await import("./support/table.js");
        const lines = page.records.map((record) => [
          new Date(record.arrivedAtMs).toISOString(),
          record.sequenceNumber,
          plain(record.partitionKey),
          count(record.bytes),
          shown(Buffer.from(record.rawBase64, "base64")),
        ]);
        print(
          terminal,
          textTable(["ARRIVED", "SEQUENCE NUMBER", "KEY", "BYTES", "RECORD"], lines, [
            false,
            false,
            false,
            true,
            false,
          ]),
        );
      }
      if (page.next !== undefined) note(terminal, `There may be more: add --after ${page.next}`);
    });
};

/** A record's beginning on one line; of bytes that are no text, what they are. */
function shown(bytes: Buffer): string {
  try {
    // As a stream: the bytes may end in the middle of a character.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, 4 * SHOWN_CHARS), { stream: true });
    return plain(text).slice(0, SHOWN_CHARS);
  } catch {
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? "(gzip)" : "(no text)";
  }
}
