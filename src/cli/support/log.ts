import type { Logger } from "pino";
import type { LogFormat, LogLevel } from "../../runtime/config.js";
import type { Terminal } from "./terminal.js";
import { plain } from "./text.js";

/** The log of a running instance, on stderr: JSON lines for machines, or one readable line an entry for people. */
export async function openLog(format: LogFormat, level: LogLevel, terminal: Terminal): Promise<Logger> {
  const { pino } = await import("pino");
  const write = (line: string) => terminal.stderr.write(format === "json" ? line : readable(line));
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (name) => ({ level: name }) } },
    { write },
  );
}

function readable(line: string): string {
  try {
    const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const fields = Object.entries(rest).map(
      ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    const failure = err as { message?: string; stack?: string } | undefined;
    const parts = [String(time).slice(11, 23), String(level).padEnd(5), String(msg ?? ""), ...fields];
    if (failure !== undefined) parts.push(`(${failure.message ?? JSON.stringify(failure)})`);
    // Record contents reach the log in error messages; they must not drive the terminal.
    return `${plain(parts.join("  "))}\n`;
  } catch {
    return line;
  }
}
