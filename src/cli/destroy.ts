import type { KeptResource } from "./aws/kept.js";
import type { AwsSession } from "./aws/session.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { EXIT } from "./support/exit-codes.js";
import { note, print, printJson, type Terminal } from "./support/terminal.js";
import { count, counted } from "./support/text.js";

interface Options {
  readonly stack?: string;
  readonly region?: string;
  readonly account?: string;
  readonly deleteData?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export const addDestroy: AddCommand = (program, { terminal, exit }) => {
  program
    .command("destroy")
    .summary("take the pipeline off AWS, and keep its data")
    .description(
      "Deletes the stack of the definition. The lake, its key, the Glue tables and the warehouse's data are kept, and a later `apply` adopts them; records that " +
        "are still in a stream are lost, so stop the producers first. --delete-data deletes everything. Asks first.",
    )
    .argument("[definition]", "a definition's file, or a folder with a penstock.ts (default: this folder)")
    .option("--stack <name>", "the stack's name, instead of a definition")
    .option("--region <name>", "where it is (default: AWS_REGION, or the profile's)")
    .option("--account <digits>", "refuse credentials of any other account")
    .option("--delete-data", "delete the lake, the warehouse and the key too: for good")
    .option("-y, --yes", "do not ask")
    .addOption(jsonOption("print { stackName, deleted, kept } as JSON; `apply --adopt` takes it"))
    .addHelpText(
      "after",
      examples([
        ["penstock destroy examples/market", "look at what goes and what stays, then type the pipeline's name"],
        ["penstock destroy . --json > kept.json", "for `penstock apply --adopt kept.json`, after 90 days"],
      ]),
    )
    .action(async (definition: string | undefined, options: Options) => {
      exit(await destroy(definition, options, terminal));
    });
};

const HOLDS_DATA: Readonly<Record<string, string>> = {
  "AWS::Kinesis::Stream": "records that are not delivered yet",
  "AWS::KinesisFirehose::DeliveryStream": "records in its buffer",
  "AWS::SQS::Queue": "messages of objects that are not loaded yet",
  "AWS::S3::Bucket": "every object",
  "AWS::KMS::Key": "what it encrypts cannot be read again (scheduled: 30 days in which AWS lets it be recovered)",
  "AWS::RedshiftServerless::Namespace": "every table",
  "AWS::Redshift::Cluster": "every table",
};

async function destroy(definition: string | undefined, options: Options, terminal: Terminal): Promise<number> {
  const [{ awsSession }, { checkAccount }, deployment, { confirm }, { deleteStack }] = await Promise.all([
    import("./aws/session.js"),
    import("./aws/account.js"),
    import("./aws/deployment.js"),
    import("./support/confirm.js"),
    import("./aws/delete-stack.js"),
  ]);
  const stackName = options.stack ?? deployment.stackNameOf(await deployment.pipelineName(definition, terminal));
  const found = await checkAccount(awsSession(options.region, terminal), options.account);
  const session = awsSession(found.region, terminal);
  const stack = await deployment.describeStack(session, stackName);
  if (stack === undefined) {
    if (options.json) printJson(terminal, { stackName, deleted: false, kept: [] });
    else print(terminal, `There is no stack ${stackName} in ${found.region}: nothing to destroy.`);
    return EXIT.ok;
  }
  const template = (await deployment.deployedTemplate(session, stackName)) ?? { Resources: {} };
  deployment.refuseTerraforms(template, stackName);
  // Refuses a stack that is somebody else's.
  const { name: pipeline } = deployment.definitionOf(template, `The stack ${stackName}`);
  const resources = await listResources(session, stack.StackId!);
  const policies = (template as { Resources: Record<string, { DeletionPolicy?: string }> }).Resources;
  const policyOf = ({ logicalId }: KeptResource) => policies[logicalId]?.DeletionPolicy ?? "Delete";
  const stays = options.deleteData ? [] : resources.filter((one) => /^Retain|^Snapshot/.test(policyOf(one)));
  const goes = resources.filter((one) => !stays.includes(one));

  note(
    terminal,
    `Destroying ${stackName} in ${found.region}, account ${found.account}: ${counted(goes.length, "resource")} will be deleted.`,
  );
  for (const one of goes) {
    const lost = HOLDS_DATA[one.type];
    if (lost !== undefined) note(terminal, `!!! LOST with ${one.type} ${one.physicalId}: ${lost}`);
  }
  for (const one of stays) {
    note(terminal, `  ${policyOf(one) === "Snapshot" ? "a last snapshot of" : "kept:"} ${one.type} ${one.physicalId}`);
  }
  if (!options.yes) {
    const question = options.deleteData ? "\nThis deletes the data for good." : "";
    if (!(await confirm(terminal, question, { flag: "--yes", word: pipeline }))) {
      note(terminal, "Nothing was changed.");
      return EXIT.interrupted;
    }
  }
  const onProgress = (line: string) => note(terminal, line);
  const buckets = goes.filter(({ type }) => type === "AWS::S3::Bucket").map(({ physicalId }) => physicalId);
  if (options.deleteData) {
    const { releaseData } = await import("./aws/release-data.js");
    await releaseData(
      session,
      stack.StackId!,
      template as { Resources: Record<string, object> },
      found.bootstrapBucket,
      onProgress,
    );
    await emptyAll(session, buckets, terminal);
  }
  let ended = await deleteStack(session, stack.StackId!, onProgress);
  if (ended.StackStatus === "DELETE_FAILED" && buckets.length > 0) {
    // What was still on its way (Firehose's buffers, access logs) came after the buckets were empty.
    await emptyAll(session, buckets, terminal);
    ended = await deleteStack(session, stack.StackId!, onProgress);
  }
  if (ended.StackStatus !== "DELETE_COMPLETE") {
    const { PenstockError } = await import("../core/errors.js");
    throw new PenstockError(
      "load-failed",
      `${stackName} could not be deleted whole: ${ended.StackStatusReason ?? ended.StackStatus}`,
      {
        hint: "The events above say which resource it was. Run it again: what is deleted already is passed over.",
      },
    );
  }
  const { keptResources } = await import("./aws/kept.js");
  const kept = options.deleteData ? [] : await keptResources(session, stackName, stack.StackId);
  if (options.json) printJson(terminal, { stackName, deleted: true, kept });
  else {
    print(terminal, `${stackName} is deleted.`);
    if (kept.length > 0) {
      print(
        terminal,
        `Kept, and adopted by the next \`penstock apply\` (they cost storage, and the key a dollar a month):`,
      );
      for (const { type, physicalId } of kept) print(terminal, `  ${type} ${physicalId}`);
    }
  }
  return EXIT.ok;
}

async function emptyAll(session: AwsSession, buckets: readonly string[], terminal: Terminal): Promise<void> {
  const { emptyBucket } = await import("./aws/empty-bucket.js");
  for (const bucket of buckets) {
    const deleted = await emptyBucket(session, bucket, (soFar) => {
      if (soFar % 10_000 === 0) note(terminal, `  ${count(soFar)} objects of ${bucket} deleted`);
    });
    if (deleted > 0) note(terminal, `  ${bucket}: ${counted(deleted, "object")} deleted`);
  }
}

async function listResources(session: AwsSession, stackId: string): Promise<readonly KeptResource[]> {
  const [{ CloudFormationClient, paginateListStackResources }, { calling }] = await Promise.all([
    import("@aws-sdk/client-cloudformation"),
    import("./aws/session.js"),
  ]);
  const client = new CloudFormationClient(session.client);
  try {
    return await calling("list what the stack has", async () => {
      const all: KeptResource[] = [];
      for await (const page of paginateListStackResources({ client }, { StackName: stackId })) {
        for (const one of page.StackResourceSummaries ?? []) {
          if (/^DELETE_/.test(one.ResourceStatus ?? "")) continue;
          all.push({
            logicalId: one.LogicalResourceId!,
            type: one.ResourceType!,
            physicalId: one.PhysicalResourceId ?? "",
          });
        }
      }
      return all;
    });
  } finally {
    client.destroy();
  }
}
