import { basename, join, relative, resolve } from "node:path";
import { PenstockError } from "../core/errors.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { print, printJson } from "./support/terminal.js";

export const addInit: AddCommand = (program, { terminal }) => {
  program
    .command("init")
    .summary("make a new pipeline folder that runs")
    .description(
      "Writes a definition with one stream and one table, sample records for it, and what a project needs around them. It runs as it is.\n" +
        "Files that are there already are never written over: then nothing is written, and the exit code is 4.",
    )
    .argument("[dir]", "the folder, made if absent", ".")
    .option("--name <name>", "the pipeline's name (default: the folder's)")
    .addOption(jsonOption("print { directory, files } as JSON"))
    .addHelpText("after", examples([["penstock init my-pipeline && penstock up my-pipeline", "make one and run it"]]))
    .action(async (folder: string, options: { name?: string; json?: boolean }) => {
      const { mkdir, stat, writeFile } = await import("node:fs/promises");
      const { templateFiles } = await import("./init/template.js");
      const { programVersion, sourceOnDisk } = await import("../runtime/version.js");
      const directory = resolve(terminal.workingDirectory, folder);
      // Of a clone or an archive no registry knows: npm takes Penstock from where it lies.
      const source = sourceOnDisk();
      const dependency =
        source === undefined
          ? `^${programVersion()}`
          : `file:${relative(directory, source).replaceAll("\\", "/") || "."}`;
      const files = templateFiles(pipelineName(options.name, directory), dependency);
      const names = Object.keys(files);
      for (const name of names) {
        const there = await stat(join(directory, name)).catch(() => undefined);
        if (there !== undefined) {
          throw new PenstockError("already-exists", `${join(directory, name)} is there already; nothing was written.`, {
            hint: "Choose an empty or a new folder: `penstock init <folder>`.",
          });
        }
      }
      await mkdir(directory, { recursive: true });
      for (const [name, content] of Object.entries(files))
        await writeFile(join(directory, name), content, { flag: "wx" });
      if (options.json) {
        printJson(terminal, { directory, files: names });
        return;
      }
      const shown = relative(terminal.workingDirectory, directory) || ".";
      print(
        terminal,
        [
          `Made a pipeline in ${shown}: ${names.join(", ")}`,
          "",
          "Next:",
          `  npx penstock up ${word(shown)}`,
          `  npx penstock put events ${word(join(shown, "sample.ndjson"))}      (in another terminal)`,
          "  npx penstock flush",
          '  npx penstock query "select kind, count(*), sum(amount) from events group by 1"',
          "  npx penstock audit",
        ].join("\n"),
      );
    });
};

/** As a shell takes it for one word. */
function word(text: string): string {
  return /^[\w./@%+:,=\\-]+$/.test(text) ? text : `"${text}"`;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

function pipelineName(given: string | undefined, directory: string): string {
  if (given !== undefined) {
    if (NAME.test(given)) return given;
    throw new PenstockError(
      "invalid-argument",
      `--name is ${JSON.stringify(given)}; it must be lower-case letters, digits and hyphens, a letter first.`,
    );
  }
  const derived = basename(directory)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 63);
  return NAME.test(derived) ? derived : "my-pipeline";
}
