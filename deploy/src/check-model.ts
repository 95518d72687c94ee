import { PenstockError } from "../../src/core/errors.js";
import type { PipelineModel, TableModel } from "../../src/definition/model.js";
import type { DeployOptions } from "./options.js";
import { fixedPart } from "./prefixes.js";

/** What runs locally and has no counterpart on AWS is refused before anything is synthesized, every mistake at once. */
export function checkModel(model: PipelineModel, options: DeployOptions): void {
  const problems = model.tables.flatMap((table) => problemsOf(table, options));
  if (problems.length === 0) return;
  throw new PenstockError(
    "invalid-definition",
    `${model.name} cannot be put on AWS as it is:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    { hint: "docs/aws.md says what Firehose can do, and what to use instead." },
  );
}

function problemsOf(table: TableModel, options: DeployOptions): string[] {
  const { deliver } = table;
  const at = `tables.${table.name}`;
  const problems: string[] = [];
  if (deliver.fileFormat === "csv") {
    problems.push(`${at}.deliver.format is "csv"; on AWS rows leave the transform as JSON: use "parquet" or "json".`);
  }
  for (const which of ["prefix", "errorPrefix"] as const) {
    if (fixedPart(deliver[which]) === "") {
      problems.push(
        `${at}.deliver.${which} is ${JSON.stringify(deliver[which])}; it must begin with a fixed folder, to which roles and events are limited.`,
      );
    }
  }
  if (table.transform !== undefined && options.definitionFile === undefined) {
    problems.push(
      `${at}.transform is JavaScript: the definition's file must be given, so that its Lambda can have it.`,
    );
  }
  return problems;
}
