import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PenstockError } from "../../core/errors.js";
import type { Terminal } from "../support/terminal.js";

const PACKAGE = fileURLToPath(new URL("../../../deploy/", import.meta.url));
const CDK = join(PACKAGE, "node_modules", "aws-cdk", "bin", "cdk");

export interface Deploying {
  /** A cloud assembly, as `synthesize` wrote it. */
  readonly directory: string;
  readonly stackName: string;
  readonly region: string;
  readonly terminal: Terminal;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Deploys a cloud assembly by the pinned `aws-cdk`, and answers the stack's outputs. The tool rather than calls of our own: it puts the bundles where the
 * bootstrap wants them, by the roles that the bootstrap made for it, and clears away a creation that failed; docs/decisions/009 has the rest.
 */
export async function deployAssembly(deploying: Deploying): Promise<Readonly<Record<string, string>>> {
  const { directory, stackName, region, terminal, onProgress, signal } = deploying;
  const outputsFile = join(directory, "outputs.json");
  const argv = [
    "deploy",
    stackName,
    ...["--app", directory, "--outputs-file", outputsFile, "--progress", "events"],
    // We have asked already, with the plan.
    ...["--require-approval", "never"],
    ...["--no-notices", "--no-color", "--ci"],
  ];
  const child = spawn(process.execPath, [CDK, ...argv], {
    cwd: directory,
    env: {
      ...terminal.environment,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      CDK_DISABLE_CLI_TELEMETRY: "true",
      NODE_NO_WARNINGS: "1",
      NO_COLOR: "1",
      FORCE_COLOR: "0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lastLines: string[] = [];
  let isOver = false;
  const told = (line: string) => {
    const text = line.trimEnd();
    // The outputs come behind, which we print ourselves.
    isOver ||= text === "Outputs:";
    if (isOver) return;
    if (text === "" || /^Unknown option\(s\)|Synthesis time|NodeVersionSupportWarning/.test(text)) return;
    lastLines.push(text);
    if (lastLines.length > 5) lastLines.shift();
    onProgress(`  ${text}`);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", told);
  const stop = () => child.kill("SIGINT");
  signal.addEventListener("abort", stop, { once: true });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  signal.removeEventListener("abort", stop);
  if (code !== 0) {
    throw new PenstockError(
      "load-failed",
      `The deployment of ${stackName} failed: ${lastLines.at(-1) ?? `code ${code}`}`,
      {
        hint: "CloudFormation goes back to what was there before. The lines above say which resource it was, and why; mend it and apply again.",
      },
    );
  }
  const outputs = JSON.parse(await readFile(outputsFile, "utf8")) as Record<string, Record<string, string>>;
  return outputs[stackName] ?? {};
}
