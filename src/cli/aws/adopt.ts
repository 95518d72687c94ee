import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceToImport } from "@aws-sdk/client-cloudformation";
import { PenstockError } from "../../core/errors.js";
import type { KeptResource } from "./kept.js";
import { type AwsSession, calling } from "./session.js";
import { eventText, followStack } from "./stack-events.js";

interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
}

interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: unknown;
}

export interface Adoption {
  readonly stackName: string;
  readonly account: string;
  readonly template: Template;
  readonly kept: readonly KeptResource[];
  /** The properties that are a type's identity; of deploy's database. */
  readonly identityOf: (type: string) => readonly string[];
  readonly onProgress: (line: string) => void;
}

/** Metadata that is written anew with the stack, and that CloudFormation did not import in every account. */
const MADE_ANEW = "AWS::Glue::Table";
const CHANGE_SET_POLL_MS = 1000;

/**
 * Makes a stack of what an earlier one kept, by CloudFormation's import: the update that follows adds all else. An import takes nothing but what is
 * imported, so the template is cut down to it; what a property says of other resources is left to that update.
 */
export async function adopt(session: AwsSession, adoption: Adoption): Promise<void> {
  const { stackName, kept, template, onProgress } = adoption;
  const known = kept.filter(({ logicalId, type }) => template.Resources[logicalId]?.Type === type);
  const imported = known.filter(({ type }) => type !== MADE_ANEW);
  await dropGlueTables(session, adoption, known);
  if (imported.length === 0) return;
  const { CloudFormationClient, CreateChangeSetCommand, DescribeChangeSetCommand, ExecuteChangeSetCommand } =
    await import("@aws-sdk/client-cloudformation");
  const client = new CloudFormationClient(session.client);
  const ChangeSetName = "penstock-adopt";
  try {
    const startedMs = Date.now();
    const { StackId } = await calling("adopt what was kept", async () => {
      const made = await client.send(
        new CreateChangeSetCommand({
          StackName: stackName,
          ChangeSetName,
          ChangeSetType: "IMPORT",
          TemplateBody: JSON.stringify(importTemplate(template, imported)),
          ResourcesToImport: imported.map((one) => toImport(one, adoption)),
          Capabilities: ["CAPABILITY_NAMED_IAM"],
        }),
      );
      for (;;) {
        const state = await client.send(new DescribeChangeSetCommand({ StackName: made.StackId, ChangeSetName }));
        if (state.Status === "CREATE_COMPLETE") break;
        if (state.Status === "FAILED") {
          throw new PenstockError("refused", `CloudFormation cannot adopt what was kept: ${state.StatusReason}`, {
            hint: "Where something of it was deleted by hand, give the rest with --adopt FILE; --no-adopt begins anew, under other names.",
          });
        }
        await sleep(CHANGE_SET_POLL_MS);
      }
      await client.send(new ExecuteChangeSetCommand({ StackName: made.StackId, ChangeSetName }));
      return made;
    });
    const ended = await followStack(session, StackId!, startedMs, (event) => onProgress(eventText(event)));
    if (ended.StackStatus !== "IMPORT_COMPLETE") {
      throw new PenstockError(
        "load-failed",
        `The adoption ended as ${ended.StackStatus}: ${ended.StackStatusReason ?? ""}`,
        {
          hint: "Nothing was deleted: what was kept is as it was. The events above say which resource it was.",
        },
      );
    }
  } finally {
    client.destroy();
  }
}

/** The template with the imported resources alone, each without the properties that name others. */
export function importTemplate(template: Template, imported: readonly KeptResource[]): Template {
  const ids = new Set(imported.map(({ logicalId }) => logicalId));
  const whole = (value: unknown): boolean => references(value).every((id) => ids.has(id) || id.startsWith("AWS::"));
  return {
    Resources: Object.fromEntries(
      [...ids].map((id) => {
        const { DependsOn: _, Properties = {}, ...resource } = template.Resources[id]!;
        const own = Object.fromEntries(Object.entries(Properties).filter(([, value]) => whole(value)));
        // An import is refused without a policy, and must be able to go back without deleting.
        return [id, { ...resource, DeletionPolicy: "Retain", Properties: own }];
      }),
    ),
  };
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === "Ref" && typeof inner === "string") return [inner];
    if (key === "Fn::GetAtt" && Array.isArray(inner)) return [String(inner[0])];
    return references(inner);
  });
}

function toImport(
  { logicalId, type, physicalId }: KeptResource,
  { template, identityOf, account }: Adoption,
): ResourceToImport {
  const properties = template.Resources[logicalId]?.Properties ?? {};
  const identity = identityOf(type).map((name): [string, string] => {
    const value = properties[name];
    if (typeof value === "string") return [name, value];
    const isAccount = JSON.stringify(value) === '{"Ref":"AWS::AccountId"}';
    return [name, isAccount ? account : physicalId];
  });
  return { ResourceType: type, LogicalResourceId: logicalId, ResourceIdentifier: Object.fromEntries(identity) };
}

/** Their rows are the lake's objects: a table of Glue's is only what they are called. */
async function dropGlueTables(session: AwsSession, adoption: Adoption, known: readonly KeptResource[]): Promise<void> {
  const tables = known.filter(({ type }) => type === MADE_ANEW);
  if (tables.length === 0) return;
  const { DeleteTableCommand, EntityNotFoundException, GlueClient } = await import("@aws-sdk/client-glue");
  const client = new GlueClient(session.client);
  try {
    for (const { logicalId, physicalId } of tables) {
      const { DatabaseName, TableInput } = (adoption.template.Resources[logicalId]?.Properties ?? {}) as {
        readonly DatabaseName?: string;
        readonly TableInput?: { readonly Name?: string };
      };
      if (DatabaseName === undefined) continue;
      const Name = TableInput?.Name ?? physicalId;
      await calling(`replace the Glue table ${Name}`, async () => {
        try {
          await client.send(new DeleteTableCommand({ DatabaseName, Name }));
          adoption.onProgress(`  the Glue table ${Name} will be written anew`);
        } catch (error) {
          if (!(error instanceof EntityNotFoundException)) throw error;
        }
      });
    }
  } finally {
    client.destroy();
  }
}
