/** The Lambdas' bundles: one CommonJS file each, minified, with everything but Node in it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { PipelineModel, TableModel } from "../../src/definition/model.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const TRANSFORM = here("../lambda/transform.ts");
const LOAD = here("../lambda/load.ts");
const PACKAGES = here("../node_modules");
const DEFINITION = here("../../src/index.ts");
const BRAND = here("../../src/definition/brand.ts");

export interface Bundles {
  /** A folder a table. */
  readonly transforms: ReadonlyMap<string, string>;
  readonly load: string;
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
  const load = join(options.directory, "load");
  await bundle(loadEntry(model), load);
  return { transforms, load };
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

function loadEntry(model: PipelineModel): string {
  const tables = model.tables.map(({ transform: _, ...table }) => table);
  return `import { loadHandler } from ${JSON.stringify(LOAD)};\nexport const handler = loadHandler(${JSON.stringify(tables)});\n`;
}

const ENTRY = "penstock:entry";

async function bundle(entry: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const built = await rolldown({
    input: ENTRY,
    platform: "node",
    logLevel: "silent",
    // What is only reached by way of these lies beside this package, not beside the files that import it.
    resolve: { alias: { penstock: DEFINITION }, modules: ["node_modules", PACKAGES] },
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
