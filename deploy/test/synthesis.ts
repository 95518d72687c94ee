import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, Validations } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks } from "cdk-nag";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import type { Pipeline } from "../../src/index.js";
import { buildApp } from "../src/index.js";
import type { DeployOptions } from "../src/options.js";
import type { WholeTemplate } from "./redshift-rules.js";

export interface Synthesis {
  /** `Properties` of every resource of the type. */
  properties(type: string): Record<string, unknown>[];
  readonly template: WholeTemplate;
  /** `<construct> <rule>`, of all packs. */
  readonly findings: readonly string[];
  readonly bundles: readonly { readonly name: string; readonly bytes: number; readonly code: string }[];
}

export async function synthesis(definition: Pipeline, options: DeployOptions = {}): Promise<Synthesis> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-deploy-"));
  try {
    const model = draftOf<PipelineModel>(definition, PIPELINE)!;
    const [outDir, workDirectory] = [join(directory, "out"), join(directory, "work")];
    const app = await buildApp(model, { ...options, outDir, workDirectory });
    Validations.of(app).addPlugins(
      new AwsSolutionsChecks(app),
      new ServerlessChecks(app),
      new NIST80053R5Checks(app),
      new PCIDSS321Checks(app),
    );
    let template: Template | undefined;
    try {
      template = Template.fromStack(app.node.findChild(`penstock-${model.name}`) as Stack);
    } catch {
      // The report says what is wrong; the tests read it.
    }
    const report = JSON.parse(await readFile(join(outDir, "validation-report.json"), "utf8")) as Report;
    const names = [...model.tables.map(({ name }) => `transform-${name}`), "load", "load-step", "sweep", "migrate"];
    const bundles = await Promise.all(
      names.map(async (name) => {
        const file = join(workDirectory, name, "index.js");
        return { name, bytes: (await stat(file)).size, code: await readFile(file, "utf8") };
      }),
    );
    return {
      template: (template?.toJSON() ?? { Resources: {} }) as WholeTemplate,
      properties: (type) =>
        Object.values(template?.findResources(type) ?? {}).map(
          ({ Properties }) => Properties as Record<string, unknown>,
        ),
      findings: findingsOf(report),
      bundles,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Report {
  readonly pluginReports: readonly {
    readonly violations?: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath?: string }[];
    }[];
  }[];
}

function findingsOf({ pluginReports }: Report): string[] {
  return pluginReports.flatMap(({ violations = [] }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${constructPath} ${ruleName}`),
    ),
  );
}
