import { resolve } from "node:path";
import { PenstockError } from "../core/errors.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { addDeployOptions, type DeployFlags, deployOptionsOf } from "./support/deploy-options.js";
import { print, printJson } from "./support/terminal.js";
import { counted } from "./support/text.js";

interface Options extends DeployFlags {
  readonly out?: string;
  readonly terraform?: string;
  readonly json?: boolean;
}

export const addSynth: AddCommand = (program, { terminal }) => {
  const command = program
    .command("synth")
    .summary("write the CloudFormation, or the Terraform, of a definition")
    .description(
      "Writes what the definition is on AWS: a CloudFormation template and the Lambdas' bundles. Needs no network, no account and no credentials. " +
        "With --terraform it writes the same resources as Terraform's JSON, for the providers awscc and aws. docs/aws.md says what each is for.",
    )
    .argument("[definition]", "a definition's file, or a folder with a penstock.ts (default: this folder)")
    .option("--out <dir>", "where to; what an earlier synthesis left there is written over")
    .option("--terraform <dir>", "a Terraform configuration, in this folder")
    .addOption(jsonOption("print what was written as JSON"));
  addDeployOptions(command)
    .addHelpText(
      "after",
      examples([
        ["penstock synth my-pipeline --out cdk.out", "look at the template"],
        ["penstock synth . --out cdk.out --on-demand --ra3", "other streams, another warehouse"],
        ["penstock synth . --terraform infra", "for teams that run Terraform or OpenTofu"],
      ]),
    )
    .action(async (definition: string | undefined, options: Options) => {
      if (options.out === undefined && options.terraform === undefined) {
        throw new PenstockError("invalid-argument", "synth needs to know where to write to.", {
          hint: "Give --out <dir> for CloudFormation, --terraform <dir> for Terraform, or both.",
        });
      }
      const { findDefinition, loadDefinition } = await import("../definition/load.js");
      const definitionFile = findDefinition(resolve(terminal.workingDirectory, definition ?? "."));
      const model = await loadDefinition(definitionFile);
      const deployOptions = deployOptionsOf(options);
      const { awsPackage } = await import("./support/aws-package.js");
      const { synthesize, synthesizeTerraform } = await awsPackage();
      const { out, terraform } = options;
      const into = (folder: string) => ({
        outDir: resolve(terminal.workingDirectory, folder),
        definitionFile,
        ...deployOptions,
      });
      const made = out === undefined ? undefined : await synthesize(model, into(out));
      const written = terraform === undefined ? undefined : await synthesizeTerraform(model, into(terraform));
      if (options.json) {
        printJson(terminal, { ...made, ...(written === undefined ? {} : { terraform: written }) });
        return;
      }
      if (made !== undefined)
        print(terminal, `${made.stackName}: ${counted(made.resources, "resource")} in ${made.template}`);
      if (written !== undefined) print(terminal, `${counted(written.resources, "resource")} in ${written.file}`);
    });
};
