import { PenstockError } from "../../src/core/errors.js";

/** What the cloud needs to know that a definition does not say. */
export interface DeployOptions {
  /** The definition's file; needed where a table has a `transform`, whose code goes into its Lambda. */
  readonly definitionFile?: string;
  /** `provisioned` has the shards of the definition; `on-demand` leaves them to Kinesis. Default: provisioned. */
  readonly streamMode?: "provisioned" | "on-demand";
  /** Default: serverless, 8 RPU to 64. */
  readonly warehouse?: WarehouseOptions;
  /** Networks outside the VPC that may reach the warehouse's port, such as a VPN's: CIDRs of IPv4. Default: none. */
  readonly toolCidrs?: readonly string[];
  /** A dashboard of the definition's charts. Default: none. */
  readonly quickSight?: QuickSightOptions;
  /** The region's managed prefix list of S3 (`aws ec2 describe-managed-prefix-lists`): narrows what may be called by HTTPS to S3. */
  readonly s3PrefixListId?: string;
}

export interface QuickSightOptions {
  /** Who may see and use it: a user or a group of QuickSight's. */
  readonly userArn: string;
  /** A secret with `username` and `password` of a database user who may read the tables, and no more. */
  readonly secretArn: string;
}

export type WarehouseOptions =
  | { readonly kind: "serverless"; readonly baseRpu?: number; readonly maxRpu?: number }
  | {
      readonly kind: "provisioned";
      readonly nodeType?: "ra3.large" | "ra3.xlplus" | "ra3.4xlarge";
      readonly nodes?: number;
    };

/** Redshift Serverless: 8 to 512 in steps of 8 (1,024 in some regions, which is not offered here). */
const RPU_MIN = 8;
const RPU_MAX = 512;
const RPU_STEP = 8;
/** RA3 large and xlplus: up to 32 nodes; 4xlarge up to 128. Below two nodes the cluster has no other to fall back to. */
const NODES_MIN = 2;
const NODES_MAX = 32;

/** Throws `invalid-argument` at the first option that cannot be. */
export function checkOptions(options: DeployOptions): void {
  const { warehouse } = options;
  if (warehouse?.kind === "serverless") {
    for (const name of ["baseRpu", "maxRpu"] as const) {
      const value = warehouse[name];
      if (value === undefined) continue;
      if (!Number.isInteger(value) || value < RPU_MIN || value > RPU_MAX || value % RPU_STEP !== 0) {
        refuse(`warehouse.${name} is ${value}; it must be ${RPU_MIN} to ${RPU_MAX}, in steps of ${RPU_STEP}.`);
      }
    }
    if (warehouse.baseRpu !== undefined && warehouse.maxRpu !== undefined && warehouse.maxRpu < warehouse.baseRpu) {
      refuse(`warehouse.maxRpu is ${warehouse.maxRpu}, less than the base of ${warehouse.baseRpu}.`);
    }
  }
  if (warehouse?.kind === "provisioned" && warehouse.nodes !== undefined) {
    const { nodes } = warehouse;
    if (!Number.isInteger(nodes) || nodes < NODES_MIN || nodes > NODES_MAX) {
      refuse(`warehouse.nodes is ${nodes}; it must be ${NODES_MIN} to ${NODES_MAX}.`);
    }
  }
  for (const cidr of options.toolCidrs ?? []) {
    const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
    if (match === null || match.slice(1, 5).some((part) => Number(part) > 255) || Number(match[5]) > 32) {
      refuse(`toolCidrs has ${JSON.stringify(cidr)}; it must be a CIDR of IPv4, such as "203.0.113.0/24".`);
    }
    if (match?.[5] === "0")
      refuse(`toolCidrs has ${JSON.stringify(cidr)}, the whole internet; name your own networks.`);
  }
  if (options.quickSight !== undefined) checkQuickSight(options.quickSight);
  if (options.s3PrefixListId !== undefined && !/^pl-[0-9a-f]+$/.test(options.s3PrefixListId)) {
    refuse(`s3PrefixListId is ${JSON.stringify(options.s3PrefixListId)}; it must be such as "pl-63a5400a".`);
  }
}

function checkQuickSight({ userArn, secretArn }: QuickSightOptions): void {
  if (!/^arn:[a-z-]+:quicksight:[a-z0-9-]+:\d{12}:(user|group)\/.+$/.test(userArn)) {
    refuse(
      `quickSight.userArn is ${JSON.stringify(userArn)}; it must be such as "arn:aws:quicksight:us-east-1:123456789012:user/default/jo".`,
    );
  }
  if (!/^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$/.test(secretArn)) {
    refuse(`quickSight.secretArn is ${JSON.stringify(secretArn)}; it must be the ARN of a secret.`);
  }
}

function refuse(message: string): never {
  throw new PenstockError("invalid-argument", message, { hint: "docs/aws.md has what each option takes." });
}
