import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ErrorCode, PenstockError } from "../../core/errors.js";
import type { PipelineModel } from "../../definition/model.js";
import type { DeployOptions } from "./deploy-options.js";

/** What is called of `@penstock/aws`, which is no dependency: the construct library alone is 160 MB. */
interface AwsPackage {
  synthesize(model: PipelineModel, options: SynthesizeOptions): Promise<Synthesized>;
  /** Writes a Terraform configuration instead of a template. */
  synthesizeTerraform(model: PipelineModel, options: SynthesizeOptions): Promise<{ file: string; resources: number }>;
  /** Of two CloudFormation templates; undefined: there is none yet. */
  diffTemplates(before: object | undefined, after: object): readonly ResourceChange[];
  /** The properties that tell one resource of a CloudFormation type from another. */
  identityOf(type: string): readonly string[];
}

interface SynthesizeOptions extends DeployOptions {
  readonly outDir: string;
  readonly definitionFile: string;
}

interface Synthesized {
  readonly outDir: string;
  readonly stackName: string;
  /** The template's path. */
  readonly template: string;
  readonly resources: number;
}

/** As `deploy/src/plan/diff.ts` describes it. */
export interface ResourceChange {
  readonly stage: string;
  readonly logicalId: string;
  readonly type: string;
  readonly title: string;
  readonly action: "add" | "change" | "replace" | "remove" | "keep";
  readonly mayReplace: boolean;
  readonly properties: readonly {
    readonly path: string;
    readonly before?: unknown;
    readonly after?: unknown;
    readonly replaces: "yes" | "maybe" | "no";
  }[];
  readonly loses?: string;
  readonly remark?: string;
  readonly advice?: string;
}

const PACKAGE = new URL("../../../deploy/", import.meta.url);

/** Loads the package; its own errors arrive as ours, with code and hint. */
export async function awsPackage(): Promise<AwsPackage> {
  if (!existsSync(new URL("node_modules/aws-cdk-lib/package.json", PACKAGE))) {
    throw new PenstockError("not-found", "The part of Penstock that knows AWS is not installed.", {
      hint: existsSync(new URL("package.json", PACKAGE))
        ? `Install it with \`npm ci --prefix ${fileURLToPath(PACKAGE)}\` (in the repository: \`npm ci --prefix deploy\`).`
        : "It comes with the repository, not with the installed package: clone it, run `npm ci && npm ci --prefix deploy` there, and this command with your definition's path.",
    });
  }
  const loader = new URL("load.mjs", PACKAGE).href;
  const loaded = (await import(loader)) as AwsPackage;
  return {
    ...loaded,
    synthesize: (model, options) => loaded.synthesize(model, options).catch(asOurs),
    synthesizeTerraform: (model, options) => loaded.synthesizeTerraform(model, options).catch(asOurs),
  };
}

/** The package has its own copy of our error's class. */
function asOurs(error: unknown): never {
  if (error instanceof Error && error.name === "PenstockError" && "code" in error) {
    const { code, hint } = error as Error & { readonly code: ErrorCode; readonly hint?: string };
    throw new PenstockError(code, error.message, { ...(hint === undefined ? {} : { hint }), cause: error });
  }
  throw error;
}
