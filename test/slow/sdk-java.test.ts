import { spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attributes, type Door, openDoor } from "../api/door.js";

const PROJECT = fileURLToPath(new URL("../conformance/java", import.meta.url));
const SECRET = { name: "java", secret: "a secret of java's" };

let folder: string;
/** Why nothing can be run, if so. */
let hindrance: string | undefined;
let door: Door;

beforeAll(async () => {
  door = await openDoor({ listener: { credentials: [SECRET] } });
  await door.store.create({ name: "direct", kind: "direct-put", shards: 1, attributes: attributes() });
  folder = await mkdtemp(join(tmpdir(), "penstock-java-"));
  await cp(PROJECT, folder, { recursive: true });
  if ((await run("java", ["-version"])).code !== 0) hindrance = "java is not installed";
  else if ((await run("mvn", ["-v"])).code !== 0) hindrance = "Maven is not installed";
  else {
    const built = await run("mvn", ["-q", "-B", "compile"]);
    if (built.output.includes("COMPILATION ERROR")) throw new Error(built.output);
    if (built.code !== 0) hindrance = `the packages could not be fetched (${built.output.trim().slice(0, 500)})`;
  }
});
afterAll(async () => {
  await door.close();
  await rm(folder, { recursive: true, force: true });
});

test.for([
  ["the AWS SDK for Java, in CBOR and over HTTP/2", "SdkConformance", "direct"],
  ["the Kinesis Client Library by polling", "KclConformance", "polling"],
  ["the Kinesis Client Library by enhanced fan-out", "KclConformance", "fan-out"],
] as const)(
  "%s, unmodified and with verified signatures, finds what it expects",
  async ([, program, argument], context) => {
    context.skip(hindrance !== undefined, `Not run: ${hindrance}.`);
    const options = ["-Dsqlite4java.library.path=target/native", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"];
    const command = [...options, "-cp", "%classpath", `penstock.${program}`, door.url, argument].join(" ");
    const { code, output } = await run("mvn", [
      "-q",
      "-B",
      "exec:exec",
      "-Dexec.executable=java",
      `-Dexec.args=${command}`,
    ]);
    expect({ code, output }).toEqual({ code: 0, output: expect.not.stringContaining("does not hold") });
    expect(output).toContain("holds: ");
    expect(door.errors).toEqual([]);
  },
);

function run(program: string, args: readonly string[]) {
  return new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
    const environment = { ...process.env, AWS_ACCESS_KEY_ID: SECRET.name, AWS_SECRET_ACCESS_KEY: SECRET.secret };
    const child = spawn(program, args, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.on("error", () => resolve({ code: -1, output }));
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
}
