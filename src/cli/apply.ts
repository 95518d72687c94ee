import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PenstockError } from "../core/errors.js";
import type { KeptResource } from "./aws/kept.js";
import type { AwsSession } from "./aws/session.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { addDeployOptions, type DeployFlags, deployOptionsOf } from "./support/deploy-options.js";
import { EXIT } from "./support/exit-codes.js";
import { note, print, printJson, type Terminal } from "./support/terminal.js";
import { counted } from "./support/text.js";

interface Options extends DeployFlags {
  readonly region?: string;
  readonly account?: string;
  readonly yes?: boolean;
  readonly allowDataLoss?: boolean;
  /** `false` of --no-adopt, a file of --adopt. */
  readonly adopt?: boolean | string;
  readonly json?: boolean;
}

export const addApply: AddCommand = (program, { terminal, exit }) => {
  const command = program
    .command("apply")
    .summary("put the pipeline on AWS")
    .description(
      "Shows the plan, asks, and deploys the definition as one CloudFormation stack; prints its outputs. Safe to repeat: what is as it should be stays " +
        "as it is. What an earlier `destroy` kept (lake, key, warehouse) is adopted.",
    )
    .argument("[definition]", "a definition's file, or a folder with a penstock.ts (default: this folder)")
    .option("--region <name>", "where to (default: AWS_REGION, or the profile's)")
    .option("--account <digits>", "refuse credentials of any other account")
    .option("-y, --yes", "do not ask")
    .option("--allow-data-loss", "with --yes: even where the plan says that data is lost")
    .option("--adopt <file>", "adopt what this file lists: what `penstock destroy --json` printed")
    .option("--no-adopt", "adopt nothing")
    .addOption(jsonOption("print { stackName, account, region, changed, outputs } as JSON"));
  addDeployOptions(command)
    .addHelpText(
      "after",
      examples([
        ["penstock apply examples/market", "look at the plan, then say yes"],
        ["penstock apply . --yes --account 123456789012 --json", "from a pipeline of another kind"],
      ]),
    )
    .action(async (definition: string | undefined, options: Options) => {
      exit(await apply(definition, options, terminal));
    });
};

async function apply(definition: string | undefined, options: Options, terminal: Terminal): Promise<number> {
  const deployOptions = deployOptionsOf(options);
  const [
    { awsSession },
    { checkAccount },
    { makePlan, refusedChanges },
    { planText },
    { deployAssembly },
    { confirm },
  ] = await Promise.all([
    import("./aws/session.js"),
    import("./aws/account.js"),
    import("./aws/plan.js"),
    import("./aws/plan-text.js"),
    import("./aws/deploy-assembly.js"),
    import("./support/confirm.js"),
  ]);
  const found = await checkAccount(awsSession(options.region, terminal), options.account);
  const session = awsSession(found.region, terminal);
  const { plan, assembly } = await makePlan({ definition, options: deployOptions, terminal, against: session });
  const leaving = new AbortController();
  const stop = terminal.onInterrupt(() => leaving.abort());
  try {
    note(terminal, planText(plan));
    if (refusedChanges(plan).length > 0) {
      throw new PenstockError("incompatible-schema", "The definition has changes that what is deployed cannot take.", {
        hint: "The plan says of each what to do instead.",
      });
    }
    const failedId = await failedCreation(session, plan.stackName);
    const kept = plan.first ? await keptBefore(options, session, plan.stackName, failedId, terminal) : [];
    if (kept.length > 0) {
      note(terminal, `\n${counted(kept.length, "resource")} of an earlier deployment will be adopted:`);
      for (const { type, physicalId } of kept) note(terminal, `  ${type} ${physicalId}`);
    }
    const losing = plan.resources.some(({ loses }) => loses !== undefined);
    const where = `account ${found.account}, ${found.region}, as ${found.arn}`;
    if (plan.resources.length > 0 && !(options.yes && (!losing || options.allowDataLoss))) {
      if (options.yes) {
        throw new PenstockError("refused", "The plan loses data, which --yes alone does not grant.", {
          hint: "Add --allow-data-loss where that is meant.",
        });
      }
      const granted = await confirm(terminal, `\nDeploy ${plan.stackName} to ${where}?`, {
        flag: losing ? "--yes --allow-data-loss" : "--yes",
        ...(losing ? { word: plan.pipeline } : {}),
      });
      if (!granted) {
        note(terminal, "Nothing was changed.");
        return EXIT.interrupted;
      }
    }
    if (failedId !== undefined) {
      note(terminal, "\nThe first deployment failed; what is left of its stack is cleared away.");
      const { deleteStack } = await import("./aws/delete-stack.js");
      await deleteStack(session, failedId, (line) => note(terminal, line));
    }
    if (kept.length > 0) {
      const { adopt } = await import("./aws/adopt.js");
      const { awsPackage } = await import("./support/aws-package.js");
      const { identityOf } = await awsPackage();
      const template = JSON.parse(await readFile(join(assembly.directory, `${plan.stackName}.template.json`), "utf8"));
      await adopt(session, {
        stackName: plan.stackName,
        account: found.account,
        template,
        kept,
        identityOf,
        onProgress: (line) => note(terminal, line),
      });
    }
    note(terminal, `\nDeploying ${plan.stackName} to ${where}.`);
    const outputs = await deployAssembly({
      directory: assembly.directory,
      stackName: plan.stackName,
      region: found.region,
      terminal,
      onProgress: (line) => note(terminal, line),
      signal: leaving.signal,
    });
    const { stackName } = plan;
    const { account, region } = found;
    if (options.json) {
      printJson(terminal, { stackName, account, region, changed: plan.resources.length, outputs });
      return EXIT.ok;
    }
    const { textTable } = await import("./support/table.js");
    print(terminal, `${stackName} is deployed in ${region}.\n`);
    print(
      terminal,
      textTable(
        ["OUTPUT", "VALUE"],
        Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    );
    note(
      terminal,
      `\nNext: penstock put <stream> <file> --aws, penstock status --aws (with --stack ${stackName} from elsewhere).`,
    );
    return EXIT.ok;
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
    note(
      terminal,
      "No longer watching. CloudFormation goes on with what it has begun: `penstock status --aws` shows it.",
    );
    return EXIT.interrupted;
  } finally {
    stop();
    await assembly.remove();
  }
}

/** The id of a stack whose first deployment failed; refuses one that CloudFormation is at work on. */
async function failedCreation(session: AwsSession, stackName: string): Promise<string | undefined> {
  const { describeStack } = await import("./aws/deployment.js");
  const stack = await describeStack(session, stackName);
  const status = stack?.StackStatus ?? "";
  if (/_IN_PROGRESS$/.test(status) && status !== "REVIEW_IN_PROGRESS") {
    throw new PenstockError("locked", `CloudFormation is at work on ${stackName} (${status}).`, {
      hint: "Wait until it is done: `penstock status --aws` shows it.",
    });
  }
  return /^(ROLLBACK_COMPLETE|ROLLBACK_FAILED)$/.test(status) ? stack?.StackId : undefined;
}

async function keptBefore(
  { adopt }: Options,
  session: AwsSession,
  stackName: string,
  failedId: string | undefined,
  terminal: Terminal,
): Promise<readonly KeptResource[]> {
  if (adopt === false) return [];
  const { keptResources, parseKept } = await import("./aws/kept.js");
  if (typeof adopt !== "string") return await keptResources(session, stackName, failedId);
  const text = await readFile(resolve(terminal.workingDirectory, adopt), "utf8").catch((error: unknown) => {
    throw new PenstockError("invalid-argument", `--adopt ${adopt} cannot be read.`, { cause: error });
  });
  return parseKept(text, adopt);
}
