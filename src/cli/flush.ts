import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { print, printJson } from "./support/terminal.js";
import { counted } from "./support/text.js";

interface FlushOptions extends InstanceOptions {
  readonly json?: boolean;
}

export const addFlush: AddCommand = (program, { terminal }) => {
  const command = program
    .command("flush")
    .summary("deliver and load at once what is buffered")
    .description(
      "Does not wait for the buffers to fill or to age: everything acked before the call is delivered to the lake and loaded into the " +
        "warehouse when it returns. Prints how many rows of each table were ever delivered and loaded. Useful in scripts that put records and then ask for them.",
    )
    .addOption(jsonOption("print { tables: [{ name, rowsDelivered, rowsLoaded }] }"));
  instanceOptions(command)
    .addHelpText(
      "after",
      examples([
        ["penstock flush", "now"],
        [
          'penstock put events new.ndjson && penstock flush && penstock query "select count(*) from events"',
          "put, then ask",
        ],
      ]),
    )
    .action(async (options: FlushOptions) => {
      const { connect } = await import("./support/control-client.js");
      const answer = await connect(options, terminal).flush();
      if (options.json) {
        printJson(terminal, answer);
        return;
      }
      for (const table of answer.tables) {
        print(
          terminal,
          `${table.name}: ${counted(table.rowsDelivered, "row")} delivered, ${counted(table.rowsLoaded, "row")} loaded, in all`,
        );
      }
    });
};
