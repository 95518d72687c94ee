import { resolve } from "node:path";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { addDeployOptions, type DeployFlags, deployOptionsOf } from "./support/deploy-options.js";
import { print, printJson } from "./support/terminal.js";
import { counted } from "./support/text.js";

interface Options extends DeployFlags {
  readonly out: string;
  readonly json?: boolean;
}

export const addSynth: AddCommand = (program, { terminal }) => {
  const command = program
    .command("synth")
    .summary("write the CloudFormation of a definition")
    .description(
      "Writes what the definition is on AWS: a CloudFormation template and the Lambdas' bundles. Needs no network, no account and no credentials. " +
        "docs/aws.md says what each resource is for.",
    )
    .argument("[definition]", "a definition's file, or a folder with a penstock.ts (default: this folder)")
    .requiredOption("--out <dir>", "where to; what an earlier synthesis left there is written over")
    .addOption(jsonOption("print what was written as JSON"));
  addDeployOptions(command)
    .addHelpText(
      "after",
      examples([
        ["penstock synth my-pipeline --out cdk.out", "look at the template"],
        ["penstock synth . --out cdk.out --on-demand --ra3", "other streams, another warehouse"],
      ]),
    )
    .action(async (definition: string | undefined, options: Options) => {
      const { findDefinition, loadDefinition } = await import("../definition/load.js");
      const definitionFile = findDefinition(resolve(terminal.workingDirectory, definition ?? "."));
      const model = await loadDefinition(definitionFile);
      const deployOptions = deployOptionsOf(options);
      const { awsPackage } = await import("./support/aws-package.js");
      const { synthesize } = await awsPackage();
      const outDir = resolve(terminal.workingDirectory, options.out);
      const made = await synthesize(model, {
        outDir,
        definitionFile,
        ...deployOptions,
      });
      if (options.json) printJson(terminal, made);
      else print(terminal, `${made.stackName}: ${counted(made.resources, "resource")} in ${made.template}`);
    });
};
