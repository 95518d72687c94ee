import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { addDeployOptions, type DeployFlags, deployOptionsOf } from "./support/deploy-options.js";
import { EXIT } from "./support/exit-codes.js";
import { wholeNumber } from "./support/parse.js";
import { print, printJson } from "./support/terminal.js";

interface Options extends DeployFlags {
  readonly against?: string;
  readonly region?: string;
  readonly recordsPerSecond: number;
  readonly bytesPerRecord: number;
  readonly keptDays: number;
  readonly queryHours: number;
  readonly json?: boolean;
}

export const addPlan: AddCommand = (program, { terminal, exit }) => {
  const command = program
    .command("plan")
    .summary("show what a deployment would change, lose and cost")
    .description(
      "Compares the definition with what is deployed on AWS and prints, by stage, what is added, changed, replaced or removed, what loses data, " +
        "which changes of the tables are refused, and what a month would cost. Changes nothing.\n" +
        "Exit code 4 when a change of the definition is refused.",
    )
    .argument("[definition]", "a definition's file, or a folder with a penstock.ts (default: this folder)")
    .option("--against <file>", "compare with this template (of `penstock synth`), or with `none`; needs no AWS")
    .option("--region <name>", "where it is deployed (default: AWS_REGION, or the profile's)")
    .addOption(jsonOption("print { plan, estimate } as JSON"))
    .optionsGroup("What it would carry, for the bill:")
    .option("--records-per-second <n>", "into each stream", wholeNumber("--records-per-second", 0, 10_000_000), 100)
    .option("--bytes-per-record <n>", "on average", wholeNumber("--bytes-per-record", 1, 10_485_760), 500)
    .option("--kept-days <n>", "how long rows are kept", wholeNumber("--kept-days", 1, 36_500), 30)
    .option("--query-hours <n>", "hours a day in which somebody queries", wholeNumber("--query-hours", 0, 24), 2);
  addDeployOptions(command)
    .addHelpText(
      "after",
      examples([
        ["penstock plan examples/market", "against what is deployed"],
        [
          "penstock plan . --against none --records-per-second 1000 --bytes-per-record 300",
          "a first look, without AWS",
        ],
        [
          "penstock synth . --out before && vi penstock.ts && penstock plan . --against before/penstock-market.template.json",
          "what an edit means",
        ],
      ]),
    )
    .action(async (definition: string | undefined, options: Options) => {
      const deployOptions = deployOptionsOf(options);
      const { makePlan, refusedChanges } = await import("./aws/plan.js");
      const { awsSession } = await import("./aws/session.js");
      const { estimate, estimateText } = await import("./aws/estimate.js");
      const { plan, model, template, assembly } = await makePlan({
        definition,
        options: deployOptions,
        terminal,
        against:
          options.against === undefined
            ? awsSession(options.region, terminal)
            : options.against === "none"
              ? "none"
              : { file: options.against },
      });
      await assembly.remove();
      const bill = estimate(model, deployOptions, options, template);
      if (options.json) {
        printJson(terminal, { plan, estimate: bill });
      } else {
        const { planText } = await import("./aws/plan-text.js");
        const { textTable } = await import("./support/table.js");
        print(terminal, `${planText(plan)}\n\n${estimateText(bill, textTable)}`);
      }
      exit(refusedChanges(plan).length === 0 ? EXIT.ok : EXIT.refused);
    });
};
