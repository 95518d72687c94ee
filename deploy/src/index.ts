/** Puts a checked definition into CloudFormation: no network, no credentials. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import type { PipelineModel } from "../../src/definition/model.js";
import { bundleAll } from "./bundle.js";
import { checkModel } from "./check-model.js";
import { checkOptions, type DeployOptions } from "./options.js";
import { pipelineStack } from "./pipeline-stack.js";
import { writeTerraform } from "./terraform/write.js";

export { diffTemplates } from "./plan/diff.js";
export { identityOf } from "./plan/resource-types.js";

export interface Synthesized {
  readonly outDir: string;
  readonly stackName: string;
  /** The template's path. */
  readonly template: string;
  readonly resources: number;
}

export interface SynthesizeOptions extends DeployOptions {
  /** Made if it is not there; what an earlier synthesis left is written over. */
  readonly outDir: string;
}

/** Writes a cloud assembly: the template, the Lambdas' bundles, and the manifest that `cdk deploy --app <outDir>` takes. */
export async function synthesize(model: PipelineModel, options: SynthesizeOptions): Promise<Synthesized> {
  const work = await mkdtemp(join(tmpdir(), "penstock-synth-"));
  try {
    const app = await buildApp(model, { ...options, workDirectory: work });
    const stack = app.synth().stacks[0]!;
    const { Resources } = stack.template as { Resources: Record<string, unknown> };
    return {
      outDir: options.outDir,
      stackName: stack.stackName,
      template: join(options.outDir, stack.templateFile),
      resources: Object.keys(Resources).length,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The same resources as Terraform's JSON, with the Lambdas' code beside it. */
export async function synthesizeTerraform(
  model: PipelineModel,
  { outDir, ...options }: SynthesizeOptions,
): Promise<{ readonly file: string; readonly resources: number }> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-terraform-"));
  try {
    const { stackName } = await synthesize(model, { ...options, outDir: directory });
    return await writeTerraform({ directory, stackName }, outDir);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The app before it is synthesized, for those who add rules to it; the bundles lie in `workDirectory` until then. */
export async function buildApp(
  model: PipelineModel,
  options: SynthesizeOptions & { readonly workDirectory: string },
): Promise<App> {
  checkOptions(options);
  checkModel(model, options);
  const bundles = await bundleAll(model, {
    directory: options.workDirectory,
    ...(options.definitionFile === undefined ? {} : { definitionFile: options.definitionFile }),
  });
  const app = new App({
    outdir: options.outDir,
    context: {
      // The service that writes access logs is let in by the bucket's policy, rather than by an access control list.
      "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true,
    },
    // No version line about the tools, and no trace of the machine that synthesized.
    analyticsReporting: false,
    treeMetadata: false,
  });
  pipelineStack(app, model, bundles, options);
  return app;
}
