/** Terraform or OpenTofu, whichever is installed, with the stand-in in its providers' places. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, link, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CFN_LINT } from "../cfn-lint.js";
import { awsccSchemas, type CloudResource } from "./awscc-schemas.js";
import { ARCHIVE, AWS } from "./other-schemas.js";
import type { ProviderSchemas } from "./schemas.js";

const run = promisify(execFile);
const MAX_BUFFER_BYTES = 256 * 2 ** 20;
/** The stand-in's first build on a machine compiles its protocol's packages as well. */
export const BUILD_TIMEOUT_MS = 600_000;

const installed = (name: string) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

const TERRAFORM = process.env.PENSTOCK_TERRAFORM ?? installed("terraform") ?? installed("tofu");
const GO = installed("go");

/** Of what the check needs, what is not installed. */
export const MISSING = [
  ...(TERRAFORM === undefined ? ["terraform or tofu"] : []),
  ...(GO === undefined ? ["go"] : []),
  ...(CFN_LINT === undefined ? ["cfn-lint"] : []),
];

type Values = Readonly<Record<string, unknown>>;

export interface Finding {
  readonly summary: string;
  readonly detail: string;
  readonly address?: string;
}

export interface TerraformTool {
  /** What its own validate finds in a configuration. */
  validate(folder: string): Promise<readonly Finding[]>;
  /** What stands in the way of a plan. */
  plan(folder: string): Promise<readonly Finding[]>;
  /** The attributes of every resource, by its address, once all is applied: what the providers compute is made up. */
  apply(folder: string): Promise<ReadonlyMap<string, Values>>;
  readonly schemas: ReadonlyMap<string, CloudResource>;
}

/** The types whose schemas are asked for. */
export function typesIn(templates: readonly { readonly Resources: Readonly<Record<string, unknown>> }[]): string[] {
  const types = templates.flatMap(({ Resources }) =>
    Object.values(Resources).map((one) => (one as { readonly Type: string }).Type),
  );
  return [...new Set(types)].sort();
}

export async function terraformTool(folder: string, cloudTypes: readonly string[]): Promise<TerraformTool> {
  const schemas = await cloudSchemas(cloudTypes);
  const providers: Readonly<Record<string, ProviderSchemas>> = {
    awscc: awsccSchemas(schemas),
    aws: AWS,
    archive: ARCHIVE,
  };
  const program = await built(folder);
  const overrides: string[] = [];
  for (const [name, schemas] of Object.entries(providers)) {
    const own = join(folder, name);
    await mkdir(own);
    const file = join(own, `terraform-provider-${name}`);
    await link(program, file).catch(() => copyFile(program, file));
    await writeFile(join(own, "schemas.json"), JSON.stringify(schemas));
    // OpenTofu's addresses are at its own registry.
    for (const host of ["registry.terraform.io", "registry.opentofu.org"])
      overrides.push(`    "${host}/hashicorp/${name}" = ${JSON.stringify(own)}`);
  }
  const config = join(folder, "cli.tfrc");
  await writeFile(config, `provider_installation {\n  dev_overrides {\n${overrides.join("\n")}\n  }\n}\n`);
  const environment = { ...process.env, TF_CLI_CONFIG_FILE: config, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" };
  const tool = async (cwd: string, args: readonly string[]) =>
    (await run(TERRAFORM as string, args, { cwd, env: environment, maxBuffer: MAX_BUFFER_BYTES })).stdout;
  return {
    schemas: new Map(schemas.map((schema) => [schema.typeName, schema])),
    plan: async (cwd) => await errorsOf(tool(cwd, ["plan", "-json", "-input=false"])),
    apply: async (cwd) => {
      const found = await errorsOf(tool(cwd, ["apply", "-json", "-input=false", "-auto-approve"]));
      if (found.length > 0) throw new Error(JSON.stringify(found));
      const state = JSON.parse(await readFile(join(cwd, "terraform.tfstate"), "utf8")) as State;
      const managed = state.resources.filter(({ mode }) => mode === "managed");
      return new Map(managed.map(({ type, name, instances }) => [`${type}.${name}`, instances[0]?.attributes ?? {}]));
    },
    validate: async (cwd) => {
      const said = await tool(cwd, ["validate", "-json", "-no-color"]).catch((error: { stdout?: string }) => {
        if (!error.stdout) throw error;
        return error.stdout;
      });
      const { diagnostics } = JSON.parse(said) as {
        readonly diagnostics: readonly (Finding & { readonly severity: string })[];
      };
      return diagnostics.filter(({ severity }) => severity === "error").map(brief);
    },
  };
}

interface State {
  readonly resources: readonly {
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly attributes: Values }[];
  }[];
}

async function errorsOf(running: Promise<string>): Promise<Finding[]> {
  const said = await running.catch((error: { stdout?: string }) => {
    if (!error.stdout) throw error;
    return error.stdout;
  });
  const lines = said.trim().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as { readonly "@level": string; readonly diagnostic?: Finding });
  return parsed.flatMap(({ "@level": level, diagnostic }) =>
    level === "error" && diagnostic ? [brief(diagnostic)] : [],
  );
}

/** Without the line, which is the whole file. */
const brief = ({ summary, detail, address }: Finding): Finding => ({
  summary,
  detail,
  ...(address === undefined ? {} : { address }),
});

async function built(folder: string): Promise<string> {
  const program = join(folder, "stand-in");
  const source = fileURLToPath(new URL("../../terraform-stand-in", import.meta.url));
  await run(GO as string, ["build", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, "."], { cwd: source });
  return program;
}

async function cloudSchemas(types: readonly string[]): Promise<CloudResource[]> {
  const beside = join(dirname(CFN_LINT as string), "python");
  const python = existsSync(beside) ? beside : "python3";
  const script = fileURLToPath(new URL("./resource-schemas.py", import.meta.url));
  const { stdout } = await run(python, [script, ...types], { maxBuffer: MAX_BUFFER_BYTES });
  return Object.values(JSON.parse(stdout) as Readonly<Record<string, CloudResource>>);
}
