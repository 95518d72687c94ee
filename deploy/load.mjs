/**
 * The package as Node can import it: its TypeScript, and what it shares with the root's src/, in one file that is built anew when a source is younger.
 * What is installed beside it stays outside: the construct library alone has 70 MB of code.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const built = here("./dist/index.mjs");

async function youngest(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".ts"));
  const times = await Promise.all(files.map((entry) => stat(join(entry.parentPath, entry.name))));
  return Math.max(...times.map(({ mtimeMs }) => mtimeMs));
}

const age = await stat(built).then(
  ({ mtimeMs }) => mtimeMs,
  () => 0,
);
if (
  age <=
  Math.max(
    ...(await Promise.all(
      [
        "./src",
        "../src/definition",
        "../src/core",
        "../src/lambda",
        "../src/warehouse/redshift",
        "../src/lambda",
        "../src/warehouse/redshift",
      ].map((path) => youngest(here(path))),
    )),
  )
) {
  const bundle = await rolldown({
    input: here("./src/index.ts"),
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/") && !/^[A-Za-z]:/.test(id),
    logLevel: "silent",
  });
  await bundle.write({ file: built, format: "esm", codeSplitting: false });
  await bundle.close();
}

export const { synthesize, synthesizeTerraform, diffTemplates, identityOf } = await import(pathToFileURL(built).href);
