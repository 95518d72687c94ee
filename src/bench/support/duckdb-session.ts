import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { tracked } from "./children.js";

export interface DuckDbOptions {
  readonly database: string;
  readonly memoryMiB?: number;
}

export interface DuckDbSession {
  /** The time is the engine's own process's. */
  run(sql: string): Promise<{ readonly ms: number; readonly rows: readonly (readonly string[])[] }>;
  close(): Promise<void>;
}

/** DuckDB alone, in a process of its own, so that neither side of a comparison shares one with the measuring. */
export function openDuckDb(options: DuckDbOptions): DuckDbSession {
  const worker = fileURLToPath(new URL("duckdb-session-worker.js", import.meta.url));
  const child = spawn(process.execPath, [worker, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] });
  tracked(child);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const waiting: ((line: string | undefined) => void)[] = [];
  createInterface({ input: child.stdout })
    .on("line", (line) => waiting.shift()?.(line))
    .on("close", () => {
      for (const answer of waiting.splice(0)) answer(undefined);
    });
  return {
    async run(sql) {
      const answer = new Promise<string | undefined>((resolve) => waiting.push(resolve));
      child.stdin.write(`${JSON.stringify({ sql })}\n`);
      const line = await answer;
      if (line === undefined) throw new Error("DuckDB's process has ended.");
      const { error, ms, rows } = JSON.parse(line) as { error?: string; ms: number; rows: string[][] };
      if (error !== undefined) throw new Error(`DuckDB: ${error}\n${sql}`);
      return { ms, rows };
    },
    close() {
      child.stdin.end();
      return exited;
    },
  };
}
