import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { sourceOnDisk } from "../../src/runtime/version.js";

test.each([
  [
    "an archive is found where it was installed from",
    "file:../archives/penstock-0.1.0.tgz",
    "archives/penstock-0.1.0.tgz",
  ],
  ["a registry's package is not on this disk", "https://registry.example/penstock-0.1.0.tgz", undefined],
])("%s", async (_, resolved, expected) => {
  const directory = await mkdtemp(join(tmpdir(), "penstock-version-"));
  const modules = join(directory, "shop/node_modules");
  await mkdir(modules, { recursive: true });
  const packages = { "node_modules/penstock": { resolved } };
  await writeFile(join(modules, ".package-lock.json"), JSON.stringify({ packages }));
  const found = sourceOnDisk(pathToFileURL(`${join(modules, "penstock")}/`));
  expect(found).toBe(expected === undefined ? undefined : join(directory, expected));
});
