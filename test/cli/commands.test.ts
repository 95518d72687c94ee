import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { announceInstance } from "../../src/cli/support/instances.js";
import { PenstockError } from "../../src/core/errors.js";
import { auditReport, badLetter, pipelineStatus, tableStatus } from "../fixtures/pipeline-instance.js";
import { runningStage, stage } from "./stage.js";

const COMMANDS = ["up", "put", "query", "status", "errors", "replay", "audit", "flush", "init", "validate", "synth"];

describe("help", () => {
  it("of the program names every command, and of every command shows examples", async () => {
    const { run } = await stage();
    const help = await run(["--help"]);
    expect(help.code).toBe(0);
    for (const name of COMMANDS) {
      expect(help.stdout).toContain(`\n  ${name} `);
      const own = await run([name, "--help"]);
      expect([name, own.code, own.stderr]).toEqual([name, 0, ""]);
      expect(own.stdout, name).toContain(`$ penstock ${name}`);
    }
  });

  it("and docs/commands.md have the same commands and flags", async () => {
    const { run } = await stage();
    const document = await readFile(new URL("../../docs/commands.md", import.meta.url), "utf8");
    const flagsOf = (text: string) => text.match(/(?<![\w-])--[a-z][a-z0-9-]+/g) ?? [];
    const names = [...(await run(["--help"])).stdout.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(15);
    const told = new Set<string>();
    for (const name of names) {
      expect(document).toMatch(new RegExp(`^##+ ${name}$`, "m"));
      const asked =
        name === "errors"
          ? [
              [name, "list"],
              [name, "show"],
              [name, "redrive"],
            ]
          : [[name]];
      for (const argv of asked) for (const flag of flagsOf((await run([...argv, "--help"])).stdout)) told.add(flag);
    }
    const inDocument = new Set(flagsOf(document));
    expect([...told].filter((flag) => !inDocument.has(flag))).toEqual([]);
    // The one is npm's.
    expect([...inDocument].filter((flag) => !told.has(flag))).toEqual(["--prefix"]);
  });

  it("wrong usage ends with 2, on stderr, with advice", async () => {
    const { run } = await stage();
    const cases = [
      ["nonsense"],
      ["put"],
      ["query", "select 1", "--json", "--csv"],
      ["put", "quotes", "--rate", "fast"],
      ["replay", "quotes", "--since", "yesterday"],
      ["replay", "quotes", "--from-sequence", "5"],
      ["errors", "redrive"],
      ["query", "  "],
    ];
    for (const argv of cases) {
      const ran = await run(argv);
      expect([argv.join(" "), ran.code]).toEqual([argv.join(" "), 2]);
      expect(ran.stdout).toBe("");
      expect(ran.stderr).toMatch(/^error: /);
    }
    expect((await run(["staus"])).stderr).toContain("Did you mean status?");
  });
});

describe("finding the instance", () => {
  it("with none running, says how to start one and ends with 3", async () => {
    const { run } = await stage();
    for (const argv of [
      ["status"],
      ["audit"],
      ["query", "select 1"],
      ["errors", "list"],
      ["flush"],
      ["put", "quotes"],
    ]) {
      const ran = await run(argv);
      expect([argv[0], ran.code]).toEqual([argv[0], 3]);
      expect(ran.stderr).toContain("No instance of Penstock is running.");
      expect(ran.stderr).toContain("penstock up");
    }
  });

  it("by itself, by --url, by --data, and by PENSTOCK_URL", async () => {
    const { run, consoleUrl } = await runningStage();
    expect((await run(["status"])).code).toBe(0);
    expect((await run(["status", "--url", `${consoleUrl}/`])).code).toBe(0);
    expect((await run(["status", "--data", ".penstock-data"])).code).toBe(0);
    expect(
      (await run(["status"], { environment: { PENSTOCK_URL: consoleUrl, PENSTOCK_RUN_DIR: "/nowhere" } })).code,
    ).toBe(0);
    expect((await run(["status", "--data", "elsewhere"])).code).toBe(3);
    const wrong = await run(["status", "--url", "here"]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("http://127.0.0.1:4580")]);
  });

  it("of several, lists them and asks which", async () => {
    const { run, environment, directory, consoleUrl } = await runningStage();
    const other = join(directory, "other");
    await mkdir(other);
    // The test's parent is a second process that is surely alive.
    const note = {
      pid: process.ppid,
      pipeline: "other",
      dataDirectory: other,
      aws: "",
      console: "http://127.0.0.1:9",
      startedAtMs: 1,
      version: "",
    };
    announceInstance(note, environment);
    const ran = await run(["status"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("2 instances are running");
    expect(ran.stderr).toContain(`--url ${consoleUrl}   market`);
    expect(ran.stderr).toContain("--url http://127.0.0.1:9   other");
  });

  it("passes over the note of a process that has gone, and clears it away", async () => {
    const { run, environment, directory } = await stage();
    const gone = 2 ** 22 + 1;
    announceInstance(
      {
        pid: gone,
        pipeline: "x",
        dataDirectory: directory,
        aws: "",
        console: "http://127.0.0.1:9",
        startedAtMs: 1,
        version: "",
      },
      environment,
    );
    expect((await run(["status"])).code).toBe(3);
    expect(await readdir(join(environment.PENSTOCK_RUN_DIR!, "penstock"))).toEqual([]);
  });

  it("where nothing answers, says so and ends with 3; where something else answers, too", async () => {
    const { run, environment, directory } = await stage();
    announceInstance(
      {
        pid: process.pid,
        pipeline: "x",
        dataDirectory: directory,
        aws: "",
        console: "http://127.0.0.1:9",
        startedAtMs: 1,
        version: "",
      },
      environment,
    );
    const ran = await run(["status"]);
    expect([ran.code, ran.stderr]).toEqual([3, expect.stringContaining("Nothing answers at http://127.0.0.1:9")]);
  });

  it("with credentials, by those in its note or in the environment; without, it is refused with 4", async () => {
    const credentials = [{ name: "ada", secret: "a-long-secret" }];
    const { run, consoleUrl } = await runningStage({ credentials });
    expect((await run(["status"])).code).toBe(0);
    const refused = await run(["status", "--url", consoleUrl]);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining("PENSTOCK_CREDENTIALS")]);
    const own = { environment: { PENSTOCK_CREDENTIALS: "ada:a-long-secret" } };
    expect((await run(["status", "--url", consoleUrl], own)).code).toBe(0);
    const put = await run(["put", "quotes", "-", "--url", consoleUrl], { ...own, stdin: '{"symbol":"SPY"}\n' });
    expect([put.code, put.stderr]).toEqual([0, ""]);
  });
});

describe("query", () => {
  it("prints a table, CSV or JSON", async () => {
    const { run } = await runningStage();
    const table = await run(["query", "select 1"]);
    expect(table.stdout).toBe("symbol      n\nSPY     90000\nQQQ      NULL\n");
    expect(table.stderr).toContain("2 rows");
    expect((await run(["query", "select 1", "--csv"])).stdout).toBe("symbol,n\r\nSPY,90000\r\nQQQ,\r\n");
    expect(JSON.parse((await run(["query", "select 1", "--json"])).stdout).rows).toEqual([
      ["SPY", 90_000],
      ["QQQ", null],
    ]);
  });

  it("reads the statement from standard input", async () => {
    let asked = "";
    const { run } = await runningStage({
      instance: {
        query: async (body) => {
          asked = body.sql;
          return { columns: [], rows: [], changed: 3, truncated: false, tookMs: 1 };
        },
      },
    });
    expect((await run(["query", "-"], { stdin: "delete from quotes" })).stderr).toContain("3 rows changed");
    expect(asked).toBe("delete from quotes");
  });

  it("shows what a record holds without obeying it", async () => {
    const { run } = await runningStage({
      instance: {
        query: async () => ({
          columns: [{ name: "a", type: "VARCHAR" }],
          rows: [["\u001b[2Jgone\nline"], ['say "hi"']],
          truncated: true,
          tookMs: 1,
        }),
      },
    });
    const table = await run(["query", "select 1"]);
    expect(table.stdout).not.toContain("\u001b");
    expect(table.stdout).toContain("�[2Jgone⏎line");
    expect(table.stderr).toContain("There are more rows");
    expect((await run(["query", "select 1", "--csv"])).stdout).toContain('"say ""hi"""');
  });

  it("prints the warehouse's error with its hint, and ends with 1, without a stack", async () => {
    const { run } = await runningStage({
      instance: {
        query: () => Promise.reject(new PenstockError("query-failed", "no column foo", { hint: "There is bar." })),
      },
    });
    const ran = await run(["query", "select foo"]);
    expect(ran).toEqual({ code: 1, stdout: "", stderr: "error: no column foo\nhint:  There is bar.\n" });
    expect((await run(["query", "select foo", "--debug"])).stderr).toContain("    at ");
  });

  it("is cancelled by Ctrl-C, and ends with 130", async () => {
    let press = () => {};
    let cancelled = false;
    const { run } = await runningStage({
      instance: {
        query: (_body, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              cancelled = true;
              reject(signal.reason);
            });
            press();
          }),
      },
    });
    const ran = await run(["query", "select 1"], {
      onStart: (interrupt) => {
        press = interrupt;
      },
    });
    expect(ran.code).toBe(130);
    await expect.poll(() => cancelled).toBe(true);
  });
});

describe("status", () => {
  it("shows streams and tables, or the whole as JSON", async () => {
    const { run } = await runningStage();
    const shown = (await run(["status"])).stdout;
    expect(shown).toContain("182,644");
    expect(shown).toContain("393 KiB of 1.0 MiB");
    expect(JSON.parse((await run(["status", "--json"])).stdout).tables).toHaveLength(2);
  });

  it("ends with 1 when a stage has stopped, and says why", async () => {
    const stopped = tableStatus({ loader: { state: "stopped", reason: "the disk is full" } });
    const { run } = await runningStage({ instance: { status: () => pipelineStatus({ tables: [stopped] }) } });
    const ran = await run(["status"]);
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining("quotes: loader is stopped: the disk is full")]);
  });

  it("--watch goes on until Ctrl-C", async () => {
    let asked = 0;
    let press = () => {};
    const { run } = await runningStage({
      instance: {
        status: () => {
          asked++;
          if (asked === 2) setTimeout(press, 20);
          return pipelineStatus();
        },
      },
    });
    const ran = await run(["status", "--watch", "--json"], {
      onStart: (interrupt) => {
        press = interrupt;
      },
    });
    expect(ran.code).toBe(0);
    expect(ran.stdout.trim().split("\n").length).toBeGreaterThanOrEqual(2);
  });
});

describe("audit", () => {
  it("ends with 0 when nothing is lost and nothing duplicated, and says so", async () => {
    const { run } = await runningStage();
    const ran = await run(["audit"]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("lost 0, duplicated 0");
    expect(JSON.parse((await run(["audit", "--json"])).stdout)).toMatchObject({ lost: 0, duplicated: 0, ok: true });
  });

  it("ends with 1 otherwise, with the findings", async () => {
    for (const wrong of [{ lost: 3 }, { duplicated: 2 }]) {
      const { run } = await runningStage({
        instance: { audit: async () => auditReport({ ...wrong, ok: false, findings: ["quotes: look at shard 0"] }) },
      });
      const ran = await run(["audit"]);
      expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining("quotes: look at shard 0")]);
      expect((await run(["audit", "--json"])).code).toBe(1);
    }
  });

  it("follows one record, or says that there is none", async () => {
    const { run } = await runningStage();
    const ran = await run(["audit", "--trace", "4711"]);
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining("row 0 dead: symbol has 31 bytes")]);
    expect((await run(["audit", "--trace", "12"])).code).toBe(1);
  });
});

describe("records", () => {
  it("shows text as it is, and of bytes that are none what they are", async () => {
    const raws = [
      Buffer.from('{"a":"é"}'),
      gzipSync("{}"),
      Buffer.from([0xff, 0xfe]),
      Buffer.from("€".repeat(9)).subarray(0, 26),
    ];
    const records = raws.map((raw, index) => ({
      sequenceNumber: `${index}`,
      shardId: "shardId-000000000000",
      sequence: index,
      arrivedAtMs: 0,
      partitionKey: "k",
      bytes: raw.length,
      rawBase64: raw.toString("base64"),
    }));
    const { run } = await runningStage({ instance: { records: async () => ({ records, recordsRead: 4 }) } });
    const lines = (await run(["records", "quotes"])).stdout.trimEnd().split("\n").slice(1);
    expect(lines.map((line) => line.trim().split(/ +/).at(-1))).toEqual([
      '{"a":"é"}',
      "(gzip)",
      "text)",
      "€".repeat(8),
    ]);
  });
});

describe("errors", () => {
  it("are listed by reason, and shown with their bytes", async () => {
    const { run } = await runningStage();
    const list = (await run(["errors", "list"])).stdout;
    expect(list).toContain("value-too-long");
    expect(list).toContain(badLetter.id);
    expect((await run(["errors", "show", badLetter.id])).stdout).toContain("<img src=x");
    expect((await run(["errors", "show", badLetter.id, "--raw"])).stdout).toBe(
      '{"symbol":"<img src=x onerror=alert(1)>"}',
    );
    expect((await run(["errors", "show", "nope"])).code).toBe(1);
  });

  it("a redrive asks for what it is told, and ends with 1 while some fail again", async () => {
    let asked: unknown;
    const { run } = await runningStage({
      instance: {
        redrive: async (body) => {
          asked = body;
          return {
            chosen: 1,
            loaded: 0,
            filtered: 0,
            failed: [{ id: "a", code: "b", message: "c" }],
            alreadyRedriven: 0,
            dryRun: true,
          };
        },
      },
    });
    const ran = await run(["errors", "redrive", "--table", "quotes", "--dry-run"]);
    expect([ran.code, asked]).toEqual([1, { table: "quotes", dryRun: true }]);
    expect(ran.stdout).toContain("0 would be loaded");
    await run(["errors", "redrive", badLetter.id]);
    expect(asked).toEqual({ ids: [badLetter.id], dryRun: false });
  });
});

describe("replay and flush", () => {
  it("a replay passes its range on, and tells how it went", async () => {
    let asked: unknown;
    const { run } = await runningStage({
      instance: {
        replay: async (body) => {
          asked = body;
          return {
            state: "done",
            recordsTotal: 10,
            recordsRead: 10,
            rowsLoaded: 7,
            rowsSkipped: 2,
            deadLetters: 1,
            rowsFiltered: 0,
          };
        },
      },
    });
    const argv = [
      "replay",
      "quotes",
      "--from",
      "lake",
      "--into",
      "next",
      "--since",
      "2026-03-01",
      "--until",
      "2026-03-02T10:00",
    ];
    const ran = await run(argv);
    expect([ran.code, ran.stdout]).toEqual([
      0,
      "10 records read: 7 rows loaded, 2 there already, 0 filtered, 1 dead letters.\n",
    ]);
    expect(asked).toEqual({
      table: "quotes",
      from: "lake",
      into: "next",
      dryRun: false,
      sinceMs: Date.UTC(2026, 2, 1),
      untilMs: Date.UTC(2026, 2, 2, 10),
    });
    const lines = (await run([...argv, "--json"])).stdout.trim().split("\n");
    expect(JSON.parse(lines.at(-1)!).state).toBe("done");
  });

  it("a flush tells what each table took", async () => {
    const { run } = await runningStage();
    expect((await run(["flush"])).stdout).toBe("quotes: 1,204 rows delivered, 1,204 rows loaded, in all\n");
  });
});

describe("init and validate", () => {
  it("init makes a folder whose definition is valid and takes its own sample", async () => {
    const { run, directory } = await stage();
    const made = await run(["init", "My Shop"]);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.stdout).toContain('npx penstock up "My Shop"\n');
    expect((await readdir(join(directory, "My Shop"))).sort()).toEqual(
      [".gitignore", "README.md", "package.json", "penstock.ts", "sample.ndjson", "tsconfig.json"].sort(),
    );
    const valid = await run(["validate", "My Shop"]);
    expect([valid.code, valid.stderr]).toEqual([0, ""]);
    expect(valid.stdout).toContain("my-shop is valid: 1 stream, 1 table.");
    const model = JSON.parse((await run(["validate", "My Shop", "--json"])).stdout);
    expect(model.tables[0].columns.map((column: { name: string }) => column.name)).toEqual([
      "id",
      "kind",
      "amount",
      "happened_at",
    ]);
  });

  it("in a folder made by a clone's init, npm finds Penstock in the clone", async () => {
    const { run, directory } = await stage();
    await run(["init", "shop"]);
    const folder = join(directory, "shop");
    const { dependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const [, path] = /^file:(.+)$/.exec(dependencies.penstock) ?? [];
    expect(JSON.parse(await readFile(join(folder, path!, "package.json"), "utf8")).name).toBe("penstock");
  });

  it("init writes over nothing, and then writes nothing", async () => {
    const { run, directory } = await stage();
    await writeFile(join(directory, "README.md"), "mine");
    const ran = await run(["init"]);
    expect([ran.code, ran.stderr]).toEqual([4, expect.stringContaining("README.md is there already")]);
    expect(await readdir(directory)).toEqual(["README.md"]);
  });

  it("validate names what is wrong and ends with 1", async () => {
    const { run, directory } = await stage();
    await writeFile(
      join(directory, "penstock.ts"),
      'import { json, pipeline, stream, table, varchar } from "penstock";\n' +
        'export default pipeline("p", { tables: [table("t", { from: stream("s", { shards: 0 }), format: json(), columns: { a: varchar(5) } })] });\n',
    );
    const ran = await run(["validate"]);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("shards")]);
    expect((await run(["validate", "nowhere"])).code).toBe(1);
  });
});

describe("synth", () => {
  it("asks where to write, and says what is wrong with the definition's place", async () => {
    const { run } = await stage();
    const without = await run(["synth", "examples/market"]);
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining("--out")]);
    const nowhere = await run(["synth", "nowhere", "--out", "cdk.out"]);
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toContain("There is no file or folder");
  });
});
