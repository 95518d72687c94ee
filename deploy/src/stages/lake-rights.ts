import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Bucket } from "aws-cdk-lib/aws-s3";

export interface LakeRights {
  /** Folders, each with its slash. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly remove?: readonly string[];
}

/** Of a Lambda of ours, in folders of the lake and no others. */
export function lakeRights(
  of: LambdaFunction,
  bucket: Bucket,
  key: Key,
  { read, write, remove = [] }: LakeRights,
): void {
  const under = (folders: readonly string[]) => folders.map((folder) => bucket.arnForObjects(`${folder}*`));
  const allow = (sid: string, actions: string[], resources: string[], conditions = {}) => {
    if (resources.length === 0) return;
    of.addToRolePolicy(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions }));
  };
  allow("ReadLake", ["s3:GetObject"], under(read));
  allow("WriteLake", ["s3:PutObject"], under(write));
  allow("RemoveFromLake", ["s3:DeleteObject"], under(remove));
  // Without it, an object that is not there is answered as one that may not be read.
  allow("ListLake", ["s3:ListBucket"], [bucket.bucketArn]);
  allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key.keyArn], {
    StringLike: { "kms:ViaService": "s3.*.amazonaws.com" },
  });
}
