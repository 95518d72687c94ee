import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Demo } from "../../src/cli/support/demo.js";
import { loadDemo } from "../../src/cli/support/demo.js";
import type { Terminal } from "../../src/cli/support/terminal.js";
import { untilStopped } from "../../src/cli/up.js";
import { readConfig } from "../../src/runtime/config.js";
import type { StartedPipeline } from "../../src/runtime/started.js";
import { pipelineInstance } from "../fixtures/pipeline-instance.js";
import { stage } from "./stage.js";

/** From ready to stopped, with a pipeline by hand: what is told, what is left on disk, and how it ends. */
async function upStage(options: { readonly json?: boolean; readonly demo?: Demo; readonly loadsAll?: boolean } = {}) {
  const { directory, environment } = await stage();
  await writeFile(join(directory, "penstock.ts"), "");
  const config = readConfig({}, { environment: {}, workingDirectory: directory, terminal: false });
  await mkdir(config.dataDirectory);
  let press = () => {};
  let out = "";
  const stdout = new PassThrough().on("data", (part) => {
    out += part;
  });
  const terminal: Terminal = {
    environment,
    workingDirectory: directory,
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough().resume(),
    onInterrupt: (listener) => {
      press = listener;
      return () => {};
    },
  };
  const closed: string[] = [];
  let fail: (error: Error) => void = () => {};
  const pipeline: StartedPipeline = {
    instance: pipelineInstance(),
    failed: new Promise<Error>((resolve) => {
      fail = resolve;
    }),
    close: async () => {
      closed.push("pipeline");
      return options.loadsAll ?? true;
    },
  };
  let logged = "";
  const write = (line: string) => {
    logged += line;
  };
  const log = pino({ level: "info" }, { write });
  const ended = untilStopped(pipeline, {
    config,
    options: { ...(options.json ? { json: true } : {}) },
    demo: options.demo,
    log,
    terminal,
    startedMs: performance.now(),
  });
  const note = join(config.dataDirectory, "instance.json");
  return {
    ended,
    press: () => press(),
    fail: (error: Error) => fail(error),
    closed,
    note,
    output: () => out,
    logged: () => logged,
  };
}

describe("up", () => {
  it("prints one line with the addresses, leaves a note for the other commands, and takes it away at the end", async () => {
    const up = await upStage();
    await expect
      .poll(up.output)
      .toMatch(/^market is ready in .*console http:\/\/127\.0\.0\.1:4580 .*aws http:\/\/127\.0\.0\.1:4566 .*\n$/);
    expect(JSON.parse(await readFile(up.note, "utf8"))).toMatchObject({ pid: process.pid, pipeline: "market" });
    up.press();
    expect(await up.ended).toBe(0);
    expect(up.closed).toEqual(["pipeline"]);
    expect(existsSync(up.note)).toBe(false);
    expect(up.logged()).toContain("everything acked is loaded");
  });

  it("does not say that everything is loaded where it is not", async () => {
    const up = await upStage({ loadsAll: false });
    await expect.poll(up.output).toContain("ready");
    up.press();
    expect(await up.ended).toBe(0);
    expect(up.logged()).toContain("waits in the data directory for the next start");
    expect(up.logged()).not.toContain("everything acked is loaded");
  });

  it("--json prints the ready line as JSON", async () => {
    const up = await upStage({ json: true });
    await expect.poll(up.output).toContain("\n");
    expect(JSON.parse(up.output())).toMatchObject({ ready: true, addresses: { aws: "http://127.0.0.1:4566" } });
    up.press();
    await up.ended;
  });

  it("the demo is stopped before the pipeline is closed", async () => {
    const order: string[] = [];
    const demo: Demo = {
      start: ({ endpoint }) => {
        order.push(`started on ${endpoint}`);
        return {
          stop: async () => {
            order.push("stopped");
          },
        };
      },
    };
    const up = await upStage({ demo });
    await expect.poll(up.output).toContain("ready");
    up.press();
    await up.ended;
    expect([...order, ...up.closed]).toEqual(["started on http://127.0.0.1:4566", "stopped", "pipeline"]);
  });

  it("a pipeline that stops by itself ends the command with its error, and takes the note away", async () => {
    const up = await upStage();
    await expect.poll(up.output).toContain("ready");
    up.fail(new Error("the journal is poisoned"));
    await expect(up.ended).rejects.toThrow("the journal is poisoned");
    expect(existsSync(up.note)).toBe(false);
  });
});

describe("a demo", () => {
  it("is the function demo of the file beside the definition, told when to stop", async () => {
    const { directory } = await stage();
    const path = join(directory, "penstock.ts");
    await writeFile(
      join(directory, "demo.ts"),
      `import { writeFileSync } from "node:fs";
       export async function demo({ endpoint, signal, recordsPerSecond }: { endpoint: string; signal: AbortSignal; recordsPerSecond?: number }) {
         await new Promise((resolve) => signal.addEventListener("abort", resolve));
         writeFileSync(${JSON.stringify(join(directory, "said"))}, endpoint + recordsPerSecond);
       }`,
    );
    const demo = await loadDemo(path);
    const running = demo.start({
      endpoint: "here",
      recordsPerSecond: 7,
      log: pino({ level: "silent" }),
      onFailure: () => {},
    });
    await running.stop();
    expect(await readFile(join(directory, "said"), "utf8")).toBe("here7");
  });

  it("that fails is told of, and one that is missing or no function is refused", async () => {
    const { directory } = await stage();
    const path = join(directory, "penstock.ts");
    await expect(loadDemo(path)).rejects.toThrow(/no demo\.ts/);
    await writeFile(join(directory, "demo.ts"), "export const demo = 5;");
    await expect(loadDemo(path)).rejects.toThrow(/exports no function/);
    await writeFile(join(directory, "demo.ts"), 'export async function demo() { throw new Error("no such stream"); }');
    const failed = await new Promise<Error>((resolve) => {
      void loadDemo(path).then((demo) =>
        demo.start({ endpoint: "", recordsPerSecond: undefined, log: pino({ level: "silent" }), onFailure: resolve }),
      );
    });
    expect(failed.message).toBe("no such stream");
  });
});
