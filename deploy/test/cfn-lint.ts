import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The one of .ci/run, or of the path; undefined where it is not installed. */
export const CFN_LINT = [
  fileURLToPath(new URL("../../.ci/python/bin", import.meta.url)),
  ...(process.env.PATH ?? "").split(delimiter),
]
  .map((folder) => join(folder, "cfn-lint"))
  .find((file) => existsSync(file));

/** All of it exists there. */
const REGION = "us-east-1";
/** A dependency that a reference implies already: the construct library writes the one on a role's policies by naming the role as well. */
const PASSED_OVER = ["W3005"];

/** What it finds, a line each. */
export async function cfnLint(templates: Readonly<Record<string, object>>): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-lint-"));
  try {
    const files = await Promise.all(
      Object.entries(templates).map(async ([name, template]) => {
        const file = join(directory, `${name}.json`);
        await writeFile(file, JSON.stringify(template));
        return file;
      }),
    );
    const options = ["--format", "json", "--ignore-checks", ...PASSED_OVER, "--regions", REGION];
    const { stdout } = await promisify(execFile)(CFN_LINT as string, [...options, "--template", ...files]).catch(
      (error: { stdout?: string }) => {
        if (!error.stdout) throw error;
        return { stdout: error.stdout };
      },
    );
    const found = JSON.parse(stdout) as readonly {
      readonly Rule: { readonly Id: string };
      readonly Message: string;
      readonly Filename: string;
      readonly Location: { readonly Path: readonly string[] | null };
    }[];
    return found.map(
      ({ Rule, Message, Filename, Location }) =>
        `${Filename.slice(directory.length + 1)} ${Location.Path?.join(".")}: ${Rule.Id} ${Message}`,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
