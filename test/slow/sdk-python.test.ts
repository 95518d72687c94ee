import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { attributes, openDoor } from "../api/door.js";

const SCRIPT = fileURLToPath(new URL("../conformance/python/conformance.py", import.meta.url));
/** What the script exits with where it cannot run. */
const NOT_INSTALLED = 77;

test("the AWS SDK for Python, unmodified and with verified signatures, finds what it expects", async (context) => {
  const door = await openDoor({ listener: { credentials: [{ name: "python", secret: "a secret of python's" }] } });
  await door.store.create({ name: "direct", kind: "direct-put", shards: 1, attributes: attributes() });
  const { code, output } = await run("python3", [SCRIPT, door.url, "direct"], {
    AWS_ACCESS_KEY_ID: "python",
    AWS_SECRET_ACCESS_KEY: "a secret of python's",
  });
  const errors = door.errors;
  await door.close();
  context.skip(
    code === undefined || code === NOT_INSTALLED,
    `Not run: ${output.trim() || "python3 is not installed"}.`,
  );
  expect({ code, output, errors }).toEqual({
    code: 0,
    output: expect.not.stringContaining("does not hold"),
    errors: [],
  });
});

/** `code` is undefined where the program is not there. */
function run(program: string, args: readonly string[], environment: Record<string, string>) {
  return new Promise<{ readonly code: number | undefined; readonly output: string }>((resolve) => {
    const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.on("error", () => resolve({ code: undefined, output }));
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
}
