import { fileURLToPath } from "node:url";
import { PenstockError } from "../../core/errors.js";
import { describeStack } from "./deployment.js";
import { type AwsSession, calling } from "./session.js";

export interface Account {
  readonly account: string;
  /** Who AWS says we are. */
  readonly arn: string;
  readonly region: string;
  /** Where templates and the Lambdas' bundles are put, before they are deployed. */
  readonly bootstrapBucket: string;
}

const TOOLKIT = "CDKToolkit";
/** What the synthesized templates ask for. */
const TOOLKIT_VERSION_MIN = 6;

/** Everything that a deployment needs before it begins: credentials, a region, the account that is meant, the CDK's bootstrap. The first that is missing is said. */
export async function checkAccount(session: AwsSession, expected: string | undefined): Promise<Account> {
  const { STSClient, GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
  const client = new STSClient(session.client);
  try {
    const { account, arn, region } = await calling("ask who you are", async () => {
      const identity = await client.send(new GetCallerIdentityCommand({}));
      return { account: identity.Account!, arn: identity.Arn!, region: await client.config.region() };
    });
    if (expected !== undefined && account !== expected) {
      throw new PenstockError("refused", `These are credentials of the account ${account}, and ${expected} is meant.`, {
        hint: `You are ${arn}. Set AWS_PROFILE, or log in, for the other account.`,
      });
    }
    return { account, arn, region, bootstrapBucket: await checkBootstrap(session, account, region) };
  } finally {
    client.destroy();
  }
}

async function checkBootstrap(session: AwsSession, account: string, region: string): Promise<string> {
  const cdk = fileURLToPath(new URL("../../../deploy/", import.meta.url));
  const hint = `Once for each account and region: npx --prefix ${cdk} cdk bootstrap aws://${account}/${region}`;
  const toolkit = await describeStack(session, TOOLKIT);
  if (toolkit === undefined) {
    throw new PenstockError("refused", `The account ${account} has no CDK bootstrap in ${region}.`, { hint });
  }
  const output = (name: string) => toolkit.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  const version = Number(output("BootstrapVersion") ?? 0);
  if (version < TOOLKIT_VERSION_MIN) {
    throw new PenstockError(
      "refused",
      `The CDK bootstrap of ${account} in ${region} has version ${version}, and ${TOOLKIT_VERSION_MIN} is needed.`,
      { hint },
    );
  }
  return output("BucketName") ?? `cdk-hnb659fds-assets-${account}-${region}`;
}
