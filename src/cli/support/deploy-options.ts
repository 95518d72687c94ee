import { type Command, InvalidArgumentError, Option } from "commander";
import { PenstockError } from "../../core/errors.js";
import { wholeNumber } from "./parse.js";

/**
 * What the cloud needs to know that a definition does not say: one set of flags for `synth`, `plan` and `apply`, so that what one looked at is what the
 * other deploys. The same shape as `deploy/src/options.ts`, which checks it again; here, because the command line must not load the construct library.
 */
export interface DeployOptions {
  readonly streamMode: "provisioned" | "on-demand";
  readonly warehouse:
    | { readonly kind: "serverless"; readonly baseRpu?: number; readonly maxRpu?: number }
    | { readonly kind: "provisioned"; readonly nodeType?: NodeType; readonly nodes?: number };
  readonly toolCidrs?: readonly string[];
  readonly s3PrefixListId?: string;
  readonly quickSight?: { readonly userArn: string; readonly secretArn: string };
}

type NodeType = "ra3.large" | "ra3.xlplus" | "ra3.4xlarge";

/** As commander gives them. */
export interface DeployFlags {
  readonly onDemand?: boolean;
  readonly ra3?: boolean;
  readonly nodeType?: NodeType;
  readonly nodes?: number;
  readonly baseRpu?: number;
  readonly maxRpu?: number;
  readonly toolCidr?: readonly string[];
  readonly s3PrefixList?: string;
  readonly quicksightUser?: string;
  readonly quicksightSecret?: string;
}

export function addDeployOptions(command: Command): Command {
  return command
    .optionsGroup("What is deployed:")
    .option("--on-demand", "streams that scale by themselves, instead of the definition's shards")
    .option("--base-rpu <n>", "Redshift Serverless: capacity at rest, in steps of 8 (default: 8)", rpu("--base-rpu"))
    .option(
      "--max-rpu <n>",
      "Redshift Serverless: the most it may scale to, in steps of 8 (default: 64)",
      rpu("--max-rpu"),
    )
    .addOption(
      new Option("--ra3", "a provisioned warehouse of RA3 nodes, instead of Redshift Serverless").conflicts([
        "baseRpu",
        "maxRpu",
      ]),
    )
    .addOption(
      new Option("--node-type <type>", "with --ra3 (default: ra3.large)").choices([
        "ra3.large",
        "ra3.xlplus",
        "ra3.4xlarge",
      ]),
    )
    .option("--nodes <n>", "with --ra3 (default: 2)", wholeNumber("--nodes", 2, 32))
    .option("--tool-cidr <cidr...>", "networks outside the VPC that may reach the warehouse's port")
    .option("--s3-prefix-list <id>", "the region's prefix list of S3, to which the security groups are then held")
    .option("--quicksight-user <arn>", "a dashboard of the charts for this user or group (default: none)")
    .option("--quicksight-secret <arn>", "with --quicksight-user: the secret of a database user who may read")
    .optionsGroup("Options:");
}

export function deployOptionsOf(flags: DeployFlags): DeployOptions {
  if (flags.ra3 !== true && (flags.nodes !== undefined || flags.nodeType !== undefined)) {
    throw new PenstockError("invalid-argument", "--nodes and --node-type are of a provisioned warehouse.", {
      hint: "Add --ra3.",
    });
  }
  const { quicksightUser, quicksightSecret } = flags;
  if ((quicksightUser === undefined) !== (quicksightSecret === undefined)) {
    throw new PenstockError("invalid-argument", "--quicksight-user and --quicksight-secret go together.", {
      hint: "docs/bi-tools.md says how to make the database user and its secret.",
    });
  }
  return {
    streamMode: flags.onDemand === true ? "on-demand" : "provisioned",
    warehouse: flags.ra3
      ? {
          kind: "provisioned",
          ...(flags.nodeType === undefined ? {} : { nodeType: flags.nodeType }),
          ...(flags.nodes === undefined ? {} : { nodes: flags.nodes }),
        }
      : {
          kind: "serverless",
          ...(flags.baseRpu === undefined ? {} : { baseRpu: flags.baseRpu }),
          ...(flags.maxRpu === undefined ? {} : { maxRpu: flags.maxRpu }),
        },
    ...(flags.toolCidr === undefined ? {} : { toolCidrs: flags.toolCidr }),
    ...(flags.s3PrefixList === undefined ? {} : { s3PrefixListId: flags.s3PrefixList }),
    ...(quicksightUser === undefined || quicksightSecret === undefined
      ? {}
      : { quickSight: { userArn: quicksightUser, secretArn: quicksightSecret } }),
  };
}

function rpu(name: string): (text: string) => number {
  const parse = wholeNumber(name, 8, 512);
  return (text) => {
    const value = parse(text);
    if (value % 8 !== 0) throw new InvalidArgumentError(`${name} goes in steps of 8.`);
    return value;
  };
}
