import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type ErrorCode, PenstockError } from "../core/errors.js";
import type { PipelineModel } from "../definition/model.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { print, printJson } from "./support/terminal.js";
import { counted } from "./support/text.js";

/** What is called of `@penstock/aws`, which is no dependency: the construct library alone is 160 MB. */
interface AwsPackage {
  synthesize(
    model: PipelineModel,
    options: {
      readonly outDir: string;
      readonly definitionFile: string;
      readonly streamMode: "provisioned" | "on-demand";
      readonly warehouse: { readonly kind: "serverless" | "provisioned" };
    },
  ): Promise<{ readonly stackName: string; readonly template: string; readonly resources: number }>;
}

interface Options {
  readonly out: string;
  readonly onDemand?: boolean;
  readonly ra3?: boolean;
  readonly json?: boolean;
}

const PACKAGE = new URL("../../deploy/", import.meta.url);

export const addSynth: AddCommand = (program, { terminal }) => {
  program
    .command("synth")
    .summary("write the CloudFormation of a definition")
    .description(
      "Writes what the definition is on AWS: a CloudFormation template and the Lambdas' bundles. Needs no network, no account and no credentials. " +
        "docs/aws.md says what each resource is for.",
    )
    .argument("[definition]", "a definition's file, or a folder with a penstock.ts (default: this folder)")
    .requiredOption("--out <dir>", "where to; what an earlier synthesis left there is written over")
    .option("--on-demand", "streams that scale by themselves, instead of the definition's shards")
    .option("--ra3", "a provisioned warehouse of RA3 nodes, instead of Redshift Serverless")
    .addOption(jsonOption("print what was written as JSON"))
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
      const { synthesize } = await awsPackage();
      const outDir = resolve(terminal.workingDirectory, options.out);
      const made = await synthesize(model, {
        outDir,
        definitionFile,
        streamMode: options.onDemand ? "on-demand" : "provisioned",
        warehouse: { kind: options.ra3 ? "provisioned" : "serverless" },
      }).catch(asOurs);
      if (options.json) printJson(terminal, made);
      else print(terminal, `${made.stackName}: ${counted(made.resources, "resource")} in ${made.template}`);
    });
};

async function awsPackage(): Promise<AwsPackage> {
  if (!existsSync(new URL("node_modules/aws-cdk-lib/package.json", PACKAGE))) {
    throw new PenstockError("not-found", "The part of Penstock that knows AWS is not installed.", {
      hint: `Install it with \`npm ci --prefix ${fileURLToPath(PACKAGE)}\` (in the repository: \`npm ci --prefix deploy\`).`,
    });
  }
  const loader = new URL("load.mjs", PACKAGE).href;
  return (await import(loader)) as AwsPackage;
}

/** The package has its own copy of our error's class. */
function asOurs(error: unknown): never {
  if (error instanceof Error && error.name === "PenstockError" && "code" in error) {
    const { code, hint } = error as Error & { readonly code: ErrorCode; readonly hint?: string };
    throw new PenstockError(code, error.message, { ...(hint === undefined ? {} : { hint }), cause: error });
  }
  throw error;
}
