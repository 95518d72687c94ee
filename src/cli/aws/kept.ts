import type { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { PenstockError } from "../../core/errors.js";
import { type AwsSession, calling } from "./session.js";

/** What a deleted stack left in the account, by its policy. */
export interface KeptResource {
  readonly logicalId: string;
  readonly type: string;
  /** The bucket's name, the key's id. */
  readonly physicalId: string;
}

/**
 * What the last deleted stack of the name has kept; CloudFormation remembers it for 90 days. Empty where there was no such stack, or it kept nothing.
 * `stackId` names one itself: the stack that was deleted just now, or one whose first deployment failed, whose rollback keeps by the same policies.
 */
export async function keptResources(
  session: AwsSession,
  stackName: string,
  stackId?: string,
): Promise<readonly KeptResource[]> {
  const { CloudFormationClient, paginateListStackResources } = await import("@aws-sdk/client-cloudformation");
  const client = new CloudFormationClient(session.client);
  try {
    return await calling("look for what an earlier deployment kept", async () => {
      const id = stackId ?? (await newestDeleted(client, stackName));
      if (id === undefined) return [];
      const kept: KeptResource[] = [];
      for await (const page of paginateListStackResources({ client }, { StackName: id })) {
        for (const one of page.StackResourceSummaries ?? []) {
          if (one.ResourceStatus !== "DELETE_SKIPPED" || one.PhysicalResourceId === undefined) continue;
          kept.push({
            logicalId: one.LogicalResourceId!,
            type: one.ResourceType!,
            physicalId: one.PhysicalResourceId,
          });
        }
      }
      return kept;
    });
  } finally {
    client.destroy();
  }
}

async function newestDeleted(client: CloudFormationClient, stackName: string): Promise<string | undefined> {
  const { paginateListStacks } = await import("@aws-sdk/client-cloudformation");
  let newest: { readonly id: string; readonly deletedMs: number } | undefined;
  for await (const { StackSummaries } of paginateListStacks({ client }, { StackStatusFilter: ["DELETE_COMPLETE"] })) {
    for (const { StackName, StackId, DeletionTime } of StackSummaries ?? []) {
      const deletedMs = DeletionTime?.getTime() ?? 0;
      if (StackName !== stackName || StackId === undefined) continue;
      if (newest === undefined || deletedMs > newest.deletedMs) newest = { id: StackId, deletedMs };
    }
  }
  return newest?.id;
}

/** A list that `destroy --json` printed, for when CloudFormation has forgotten. */
export function parseKept(text: string, from: string): readonly KeptResource[] {
  try {
    const parsed = JSON.parse(text) as { readonly kept?: unknown } | readonly unknown[];
    const list = Array.isArray(parsed) ? parsed : (parsed as { kept?: unknown }).kept;
    if (!Array.isArray(list) || !list.every(isKept)) throw new Error("it has no list of kept resources");
    return list;
  } catch (error) {
    throw new PenstockError("invalid-argument", `${from} is no list of kept resources (${String(error)}).`, {
      hint: "Give what `penstock destroy --json` printed.",
      cause: error,
    });
  }
}

function isKept(value: unknown): value is KeptResource {
  const one = value as Partial<KeptResource> | null;
  return [one?.logicalId, one?.type, one?.physicalId].every((text) => typeof text === "string");
}
