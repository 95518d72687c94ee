import { PenstockError } from "../../core/errors.js";
import { type AwsSession, calling } from "./session.js";
import { eventText, followStack } from "./stack-events.js";

interface Template {
  readonly Resources: Readonly<Record<string, object>>;
}

/** CloudFormation changes a deletion policy only beside another change; this resource is nothing but a name. */
const BESIDE = { Type: "AWS::CloudFormation::WaitConditionHandle" };

/**
 * Updates the stack so that its deletion takes everything with it: from here on nothing of it is kept. The template goes by way of the bootstrap's
 * bucket, being larger than a request may be.
 */
export async function releaseData(
  session: AwsSession,
  stackId: string,
  template: Template,
  bucket: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const Key = `penstock/destroy-${stackId.split("/").at(-1)}.json`;
  const Body = JSON.stringify(withoutKeeping(template));
  const [{ CloudFormationClient, UpdateStackCommand }, { PutObjectCommand, S3Client }] = await Promise.all([
    import("@aws-sdk/client-cloudformation"),
    import("@aws-sdk/client-s3"),
  ]);
  const s3 = new S3Client({ ...session.client, forcePathStyle: true });
  const client = new CloudFormationClient(session.client);
  try {
    const startedMs = Date.now();
    await calling("give the data free for deletion", async () => {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
      const region = await client.config.region();
      await client.send(
        new UpdateStackCommand({
          StackName: stackId,
          TemplateURL: `https://s3.${region}.${suffixOf(region)}/${bucket}/${Key}`,
          Capabilities: ["CAPABILITY_NAMED_IAM"],
        }),
      );
    });
    const { StackStatus } = await followStack(session, stackId, startedMs, (event) => onProgress(eventText(event)));
    if (StackStatus !== "UPDATE_COMPLETE") {
      throw new PenstockError("load-failed", `The data could not be given free for deletion (${StackStatus}).`, {
        hint: "Nothing was deleted. The events above say why.",
      });
    }
  } finally {
    client.destroy();
    s3.destroy();
  }
}

/** The same template, in which every resource goes with the stack. */
export function withoutKeeping(template: Template): Template {
  const Resources = Object.fromEntries(
    Object.entries(template.Resources).map(([id, resource]) => [
      id,
      { ...resource, DeletionPolicy: "Delete", UpdateReplacePolicy: "Delete" },
    ]),
  );
  return { ...template, Resources: { ...Resources, PenstockDestroy: BESIDE } };
}

function suffixOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}
