import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { messageOf, PenstockError } from "../../core/errors.js";
import type { PipelineModel } from "../../definition/model.js";
import { type Change, compareModels } from "../../definition/version.js";
import { awsPackage, type ResourceChange } from "../support/aws-package.js";
import type { DeployOptions } from "../support/deploy-options.js";
import type { Terminal } from "../support/terminal.js";
import { definitionOf, deployedTemplate, describeStack, refuseTerraforms, stackNameOf } from "./deployment.js";
import type { AwsSession } from "./session.js";

export interface Plan {
  readonly pipeline: string;
  readonly stackName: string;
  /** What the new template is compared with. */
  readonly against: string;
  /** Nothing is deployed yet. */
  readonly first: boolean;
  readonly resources: readonly ResourceChange[];
  readonly unchanged: number;
  /** Between the deployed definition and this one; empty where there is no earlier one. */
  readonly schema: readonly Change[];
}

export interface Planned {
  readonly plan: Plan;
  readonly model: PipelineModel;
  readonly template: PlannedTemplate;
  /** The cloud assembly that the plan is of; the caller removes it. */
  readonly assembly: Assembly;
}

/** What is about to be deployed. */
export interface PlannedTemplate {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown> }>
  >;
}

export interface Assembly {
  readonly directory: string;
  remove(): Promise<void>;
}

export interface PlanInput {
  readonly definition: string | undefined;
  readonly options: DeployOptions;
  readonly terminal: Terminal;
  /** A template's file, `none`, or the deployed stack of the session. */
  readonly against: { readonly file: string } | "none" | AwsSession;
}

/** Synthesizes the definition and compares it with what is there. */
export async function makePlan({ definition, options, terminal, against }: PlanInput): Promise<Planned> {
  const { findDefinition, loadDefinition } = await import("../../definition/load.js");
  const definitionFile = findDefinition(resolve(terminal.workingDirectory, definition ?? "."));
  const model = await loadDefinition(definitionFile);
  const aws = await awsPackage();
  const stackName = stackNameOf(model.name);
  // Before the synthesis, which takes seconds: without credentials there is nothing to wait for.
  const before = await templateBefore(against, stackName, terminal);
  const earlier = before.template === undefined ? undefined : definitionOf(before.template, before.name);
  const directory = await mkdtemp(join(tmpdir(), "penstock-plan-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const made = await aws.synthesize(model, { ...options, outDir: directory, definitionFile });
    const after = JSON.parse(await readFile(made.template, "utf8")) as PlannedTemplate;
    const resources = aws.diffTemplates(before.template, after);
    const there = Object.keys(after.Resources).length;
    return {
      model,
      template: after,
      assembly: { directory, remove },
      plan: {
        pipeline: model.name,
        stackName: made.stackName,
        against: before.name,
        first: before.template === undefined,
        resources,
        unchanged: there - resources.filter(({ action }) => action !== "remove" && action !== "keep").length,
        schema: earlier === undefined ? [] : compareModels(earlier, model),
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

export function refusedChanges(plan: Plan): readonly Change[] {
  return plan.schema.filter(({ kind }) => kind === "incompatible");
}

async function templateBefore(
  against: PlanInput["against"],
  stackName: string,
  terminal: Terminal,
): Promise<{ readonly name: string; readonly template?: Record<string, unknown> }> {
  if (against === "none") return { name: "nothing" };
  if ("file" in against) {
    const path = resolve(terminal.workingDirectory, against.file);
    try {
      return { name: against.file, template: JSON.parse(await readFile(path, "utf8")) as Record<string, unknown> };
    } catch (error) {
      throw new PenstockError("invalid-argument", `--against ${against.file} is no template: ${messageOf(error)}.`, {
        hint: "Give a template that `penstock synth --out DIR` wrote, or `--against none`.",
        cause: error,
      });
    }
  }
  const stack = await describeStack(against, stackName).catch((error: unknown) => {
    if (!(error instanceof PenstockError)) throw error;
    throw new PenstockError(error.code, error.message, {
      hint: `${error.hint ?? ""} Without AWS: --against FILE (a template that \`penstock synth\` wrote), or --against none.`.trim(),
      cause: error,
    });
  });
  // Begun and never executed, or failed at its first deployment: nothing is there, though the name is.
  const template =
    stack === undefined || /^(REVIEW_IN_PROGRESS|ROLLBACK_COMPLETE|ROLLBACK_FAILED)$/.test(stack.StackStatus ?? "")
      ? undefined
      : await deployedTemplate(against, stackName);
  if (template !== undefined) refuseTerraforms(template, stackName);
  return template === undefined
    ? { name: "nothing (no such stack)" }
    : { name: `the stack ${stackName}, ${stack?.StackStatus}`, template };
}
