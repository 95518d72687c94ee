import { statSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, PenstockError } from "../core/errors.js";
import * as definition from "../index.js";
import { draftOf, PIPELINE } from "./brand.js";
import type { PipelineModel } from "./model.js";
import { DefinitionError, show } from "./problems.js";

/** What a folder's definition may be called, in the order of search. */
const DEFINITION_NAMES = ["penstock.ts", "penstock.mts", "penstock.js", "penstock.mjs"] as const;

/**
 * The typed producer's module, from source or built, whichever runs. It is only handed on to the user's file by its name: the definition
 * itself knows nothing of the client.
 */
const CLIENT = new URL(`../client/index${extname(import.meta.url)}`, import.meta.url).href;

/**
 * The checked definition that a TypeScript or JavaScript file exports by default; for a folder, its `penstock.ts`.
 *
 * The file may lie anywhere: its imports of "penstock" and "penstock/client" are this very installation.
 */
export async function loadDefinition(path: string): Promise<PipelineModel> {
  const file = findDefinition(path);
  const exported = await loadModule(file);
  if (!("default" in exported) || exported.default === undefined) {
    const named = Object.keys(exported).find((name) => draftOf(exported[name], PIPELINE));
    throw new PenstockError("invalid-definition", `${file} has no default export.`, {
      hint: named
        ? `It exports the pipeline as ${show(named)}: write \`export default ${named};\`.`
        : 'End the file with `export default pipeline("name", { tables: [...] });`.',
    });
  }
  const model = draftOf<PipelineModel>(exported.default, PIPELINE);
  if (!model) {
    throw new PenstockError(
      "invalid-definition",
      `The default export of ${file} is ${show(exported.default)}, which is no pipeline.`,
      {
        hint: 'End the file with `export default pipeline("name", { tables: [...] });`.',
      },
    );
  }
  return model;
}

/** The definition's file, absolute. */
export function findDefinition(path: string): string {
  const absolute = resolve(path);
  const found = statSync(absolute, { throwIfNoEntry: false });
  if (found?.isFile()) {
    if (/\.[cm]?[jt]s$/.test(absolute)) return absolute;
    throw new PenstockError("invalid-argument", `${absolute} is no TypeScript or JavaScript file.`, {
      hint: "A definition is a .ts, .mts, .js or .mjs file that exports a pipeline.",
    });
  }
  if (found?.isDirectory()) {
    const inside = DEFINITION_NAMES.map((name) => join(absolute, name)).find((file) =>
      statSync(file, { throwIfNoEntry: false })?.isFile(),
    );
    if (inside) return inside;
    throw new PenstockError(
      "not-found",
      `There is no pipeline definition in ${absolute} (looked for ${DEFINITION_NAMES.join(", ")}).`,
      {
        hint: "Name the file or its folder, or make a new pipeline with `penstock init <folder>`.",
      },
    );
  }
  throw new PenstockError("not-found", `There is no file or folder ${absolute}.`, {
    hint: "Name the pipeline's definition or its folder, or make a new one with `penstock init <folder>`.",
  });
}

/**
 * Imports a user's TypeScript or JavaScript module, read anew each time. Mistakes in it are `invalid-definition`, with the line where
 * the module can tell.
 */
export async function loadModule(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  const { createJiti } = await import("jiti");
  // Handed over as they are rather than found again, so that both sides share one copy of every class, whether this runs from source or built.
  const jiti = createJiti(pathToFileURL(join(dirname(file), "/")).href, {
    virtualModules: { penstock: definition, "penstock/client": await import(CLIENT) },
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
  });
  try {
    return await jiti.import<Record<string, unknown>>(file);
  } catch (error) {
    throw explain(file, error);
  }
}

function explain(file: string, error: unknown): PenstockError {
  // The list of mistakes does not say which file it is about.
  if (error instanceof DefinitionError)
    return new DefinitionError(`${file}: ${error.of}`, error.problems, { cause: error });
  if (error instanceof PenstockError) return error;
  const message = messageOf(error);
  if (/^ParseError: /.test(message)) {
    return new PenstockError(
      "invalid-definition",
      `${file} cannot be read: ${message.slice(12).replaceAll(/\s+/g, " ")}`,
      {
        hint: "The last line names the file, the line and the column.",
        cause: error,
      },
    );
  }
  return new PenstockError(
    "invalid-definition",
    `${file} failed while it was read: ${message}${placeOf(error, file)}`,
    {
      hint: "A definition's file should only define: keep what talks to other systems out of it.",
      cause: error,
    },
  );
}

/** ` (at line 3)`: the innermost frame of the stack that lies in the file. */
function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const at = stack.indexOf(`${file}:`);
  const line = at === -1 ? undefined : /^\d+/.exec(stack.slice(at + file.length + 1))?.[0];
  return line === undefined ? "" : ` (at line ${line})`;
}
