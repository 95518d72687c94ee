import { resolve } from "node:path";
import type { Stack } from "@aws-sdk/client-cloudformation";
import { messageOf, PenstockError } from "../../core/errors.js";
import type { PipelineModel } from "../../definition/model.js";
import type { Terminal } from "../support/terminal.js";
import { type AwsSession, awsSession, calling } from "./session.js";

/** The flags by which a command finds a deployment. */
export interface AwsFlags {
  readonly stack?: string;
  readonly definition?: string;
  readonly region?: string;
}

/** A stack that `apply` made, by its own outputs (deploy/src/outputs.ts). */
export interface Deployment {
  readonly session: AwsSession;
  readonly stackName: string;
  /** CloudFormation's, such as `UPDATE_COMPLETE`. */
  readonly status: string;
  readonly region: string;
  readonly changedAt: Date | undefined;
  readonly lakeBucket: string;
  readonly database: string;
  readonly warehouse: { readonly WorkgroupName: string } | { readonly ClusterIdentifier: string };
  readonly warehouseSecret: string;
  /** Of the loader's own tables in the warehouse. */
  readonly ledgerSchema: string;
  /** COPY's; undefined in stacks that do not tell it, which then have it as the warehouse's default. */
  readonly copyRole: string | undefined;
  readonly loadQueue: string;
  readonly loadDeadLetterQueue: string;
  readonly loadStateMachine: string;
  /** As it was deployed last. */
  readonly model: PipelineModel;
  /** Tables whose `transform` the stored definition does not hold. */
  readonly transforms: readonly string[];
}

export async function findDeployment(flags: AwsFlags, terminal: Terminal): Promise<Deployment> {
  const stackName = flags.stack ?? stackNameOf(await pipelineName(flags.definition, terminal));
  const session = awsSession(flags.region, terminal);
  const stack = await describeStack(session, stackName);
  if (stack === undefined) {
    throw new PenstockError("not-found", `There is no stack ${stackName} in ${await regionOf(session)}.`, {
      hint: "Deploy it with `penstock apply`, or name another with --stack or --region.",
    });
  }
  const outputs = new Map(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey ?? "", OutputValue ?? ""]));
  const output = (name: string): string => {
    const value = outputs.get(`Penstock${name}`);
    if (value !== undefined) return value;
    throw new PenstockError(
      "not-found",
      `The stack ${stackName} (${stack.StackStatus}) has no output Penstock${name}.`,
      {
        hint: "Either it is no stack of Penstock's, or its deployment has not succeeded yet: `penstock apply` deploys it.",
      },
    );
  };
  const template = (await deployedTemplate(session, stackName)) ?? {};
  const workgroup = outputs.get("PenstockWorkgroup");
  return {
    session,
    stackName,
    status: stack.StackStatus ?? "",
    region: stack.StackId?.split(":")[3] ?? "",
    changedAt: stack.LastUpdatedTime ?? stack.CreationTime,
    lakeBucket: output("LakeBucket"),
    database: output("Database"),
    warehouse: workgroup === undefined ? { ClusterIdentifier: output("Cluster") } : { WorkgroupName: workgroup },
    warehouseSecret: output("WarehouseSecret"),
    ledgerSchema: output("LedgerSchema"),
    copyRole: outputs.get("PenstockCopyRole"),
    loadQueue: output("LoadQueue"),
    loadDeadLetterQueue: output("LoadDeadLetterQueue"),
    loadStateMachine: output("LoadStateMachine"),
    model: definitionOf(template, stackName),
    transforms: (template.Metadata as { Penstock?: { transforms?: readonly string[] } }).Penstock?.transforms ?? [],
  };
}

export function stackNameOf(pipeline: string): string {
  return `penstock-${pipeline}`;
}

export async function pipelineName(definition: string | undefined, terminal: Terminal): Promise<string> {
  const { findDefinition, loadDefinition } = await import("../../definition/load.js");
  let file: string;
  try {
    file = findDefinition(resolve(terminal.workingDirectory, definition ?? "."));
  } catch (error) {
    if (definition !== undefined) throw error;
    throw new PenstockError("invalid-argument", "Nothing says which deployment is meant.", {
      hint: "Name it with --stack or --definition, or go to the folder of its penstock.ts.",
      cause: error,
    });
  }
  return (await loadDefinition(file)).name;
}

/** Undefined where there is none of the name, or CloudFormation has only begun with it. */
export async function describeStack(session: AwsSession, stackName: string): Promise<Stack | undefined> {
  const { CloudFormationClient, DescribeStacksCommand } = await import("@aws-sdk/client-cloudformation");
  const client = new CloudFormationClient(session.client);
  try {
    return await calling(`read the stack ${stackName}`, async () => {
      const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
      return Stacks?.find(({ StackStatus }) => StackStatus !== "DELETE_COMPLETE");
    });
  } catch (error) {
    if (/does not exist/.test(messageOf(error))) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

/** As it was given to CloudFormation; undefined where nothing is deployed. */
export async function deployedTemplate(
  session: AwsSession,
  stackName: string,
): Promise<Record<string, unknown> | undefined> {
  const { CloudFormationClient, GetTemplateCommand } = await import("@aws-sdk/client-cloudformation");
  const client = new CloudFormationClient(session.client);
  try {
    const { TemplateBody } = await calling(`read the template of ${stackName}`, () =>
      client.send(new GetTemplateCommand({ StackName: stackName })),
    );
    return TemplateBody === undefined || TemplateBody.trim() === ""
      ? undefined
      : (JSON.parse(TemplateBody) as Record<string, unknown>);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new PenstockError("refused", `The template of ${stackName} is no JSON: it is no stack of Penstock's.`, {
        hint: "Give the pipeline another name: the stack is called penstock-<name>.",
      });
    }
    if (/does not exist/.test(messageOf(error))) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

/** The definition that a template was made of. */
export function definitionOf(template: Record<string, unknown>, where: string): PipelineModel {
  const metadata = template.Metadata as { readonly Penstock?: { readonly definition?: PipelineModel } } | undefined;
  const definition = metadata?.Penstock?.definition;
  if (definition !== undefined) return definition;
  throw new PenstockError("refused", `${where} does not hold a definition of Penstock's in its template.`, {
    hint: "It is no stack of Penstock's, or of a version before 0.1.",
  });
}

/** Of a stack that a configuration of `synth --terraform` made: it holds the tables' migration alone, all else is in Terraform's state. */
export function refuseTerraforms(template: Record<string, unknown>, stackName: string): void {
  const metadata = template.Metadata as { readonly Penstock?: { readonly madeBy?: string } } | undefined;
  if (metadata?.Penstock?.madeBy !== "terraform") return;
  throw new PenstockError(
    "refused",
    `${stackName} was put on AWS by Terraform, which knows of all that belongs to it.`,
    {
      hint:
        "Write its configuration anew with `penstock synth --terraform DIR`, and go on with `terraform plan`, `apply` or `destroy` there; DIR/README.md says how. " +
        "put, query, status, errors, audit and replay work with --aws as they are.",
    },
  );
}

async function regionOf(session: AwsSession): Promise<string> {
  const { CloudFormationClient } = await import("@aws-sdk/client-cloudformation");
  const client = new CloudFormationClient(session.client);
  try {
    return await client.config.region();
  } finally {
    client.destroy();
  }
}
