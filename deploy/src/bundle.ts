/** The Lambdas' bundles: one CommonJS file each, minified, with everything but Node in it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { PipelineModel, TableModel } from "../../src/definition/model.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const TRANSFORM = here("../lambda/transform.ts");
const LAMBDAS = here("../lambda");
const PACKAGES = here("../node_modules");
const SDK = { "@aws-sdk/client-s3": join(PACKAGES, "@aws-sdk/client-s3") };
const DEFINITION = here("../../src/index.ts");
const BRAND = here("../../src/definition/brand.ts");

export interface Bundles {
  /** A folder a table. */
  readonly transforms: ReadonlyMap<string, string>;
  readonly load: string;
  readonly loadStep: string;
  readonly sweep: string;
  readonly migrate: string;
}

export interface BundleOptions {
  readonly directory: string;
  readonly definitionFile?: string;
}

export async function bundleAll(model: PipelineModel, options: BundleOptions): Promise<Bundles> {
  const transforms = new Map<string, string>();
  for (const table of model.tables) {
    const folder = join(options.directory, `transform-${table.name}`);
    await bundle(transformEntry(table, options.definitionFile), folder);
    transforms.set(table.name, folder);
  }
  // Functions of a definition's own are the transform's alone.
  const plain = { ...model, tables: model.tables.map(({ transform: _, ...table }) => table) };
  const small = async (file: string, handler: string, given: unknown) => {
    const folder = join(options.directory, file);
    const entry = `import { ${handler} } from ${JSON.stringify(join(LAMBDAS, `${file}.ts`))};\nexport const handler = ${handler}(${JSON.stringify(given)});\n`;
    await bundle(entry, folder);
    return folder;
  };
  return {
    transforms,
    load: await small("load", "loadHandler", plain.tables),
    loadStep: await small("load-step", "loadStepHandler", plain.tables),
    sweep: await small("sweep", "sweepHandler", plain.tables),
    migrate: await small("migrate", "migrateHandler", plain),
  };
}

/** The checked table is data, but for a `transform`: then the definition itself is read again where the Lambda starts. */
function transformEntry(table: TableModel, definitionFile: string | undefined): string {
  const start = `import { transformHandler } from ${JSON.stringify(TRANSFORM)};\n`;
  if (table.transform === undefined) {
    return `${start}export const handler = transformHandler(${JSON.stringify(table)});\n`;
  }
  return `${start}import { draftOf, PIPELINE } from ${JSON.stringify(BRAND)};
import definition from ${JSON.stringify(definitionFile)};
export const handler = transformHandler(draftOf(definition, PIPELINE).tables.find(({ name }) => name === ${JSON.stringify(table.name)}));
`;
}

const ENTRY = "penstock:entry";

async function bundle(entry: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const built = await rolldown({
    input: ENTRY,
    platform: "node",
    logLevel: "silent",
    // What is only reached by way of these lies beside this package, not beside the files that import it.
    // One copy of the SDK: the root has one of its own.
    resolve: { alias: { penstock: DEFINITION, ...SDK }, modules: ["node_modules", PACKAGES] },
    plugins: [
      {
        name: "penstock-entry",
        resolveId: (id: string) => (id === ENTRY ? id : null),
        load: (id: string) => (id === ENTRY ? { code: entry, moduleType: "ts" } : null),
      },
    ],
  });
  try {
    const { output } = await built.generate({ format: "cjs", minify: true, codeSplitting: false });
    await writeFile(join(folder, "index.js"), output[0].code);
  } finally {
    await built.close();
  }
}
