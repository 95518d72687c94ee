import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readmeText } from "./readme.js";
import { type Asset, type CloudFormationTemplate, terraformOf } from "./translate.js";

interface AssetManifest {
  readonly files: Readonly<Record<string, { readonly source: { readonly path: string; readonly packaging: string } }>>;
}

/** From a cloud assembly: `main.tf.json`, the folders of the Lambdas' code beside it, and what to know of them. */
export async function writeTerraform(
  assembly: { readonly directory: string; readonly stackName: string },
  outDir: string,
): Promise<{ readonly file: string; readonly resources: number }> {
  const { directory, stackName } = assembly;
  const read = async (name: string) => JSON.parse(await readFile(join(directory, name), "utf8")) as unknown;
  const cloud = (await read(`${stackName}.template.json`)) as CloudFormationTemplate;
  const { files } = (await read(`${stackName}.assets.json`)) as AssetManifest;
  await mkdir(outDir, { recursive: true });
  await removeCode(outDir);
  const assets: Asset[] = [];
  for (const [hash, { source }] of Object.entries(files)) {
    // The template itself is among them, as a file.
    if (source.packaging !== "zip") continue;
    const folder = `code/${hash}`;
    await cp(join(directory, source.path), join(outDir, folder), { recursive: true });
    assets.push({ hash, folder });
  }
  const configuration = terraformOf(cloud, { stackName, assets });
  const file = join(outDir, "main.tf.json");
  await writeFile(file, `${JSON.stringify(configuration, null, 2)}\n`);
  await writeFile(join(outDir, "README.md"), readmeText(configuration, stackName));
  const resources = Object.values(configuration.resource as Record<string, object>);
  return { file, resources: resources.reduce((sum, one) => sum + Object.keys(one).length, 0) };
}

/** An earlier synthesis's, and its zips; nothing that somebody else has put there. */
async function removeCode(outDir: string): Promise<void> {
  const folder = join(outDir, "code");
  for (const name of await readdir(folder).catch(() => [])) {
    if (/^[0-9a-f]{64}(\.zip)?$/.test(name)) await rm(join(folder, name), { recursive: true });
  }
}
