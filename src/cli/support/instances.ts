import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PenstockError } from "../../core/errors.js";
import { processRuns } from "../../runtime/process-runs.js";

/**
 * How one command finds what another started. `up` leaves a note of itself in its data directory and in a folder of this user's, and
 * takes both away when it stops. A note whose process has gone (a crash, a kill) is passed over and removed.
 */
export interface InstanceNote {
  readonly pid: number;
  readonly pipeline: string;
  readonly dataDirectory: string;
  readonly aws: string;
  readonly console: string;
  readonly startedAtMs: number;
  readonly version: string;
  /** The first credential, where any are configured; the note can be read by its owner alone. */
  readonly credential?: { readonly name: string; readonly secret: string };
}

const NOTE_NAME = "instance.json";

export function announceInstance(note: InstanceNote, environment: Environment): { withdraw(): void } {
  const paths = [join(note.dataDirectory, NOTE_NAME)];
  const folder = ownFolder(environment);
  if (folder !== undefined) paths.push(join(folder, `${note.pid}.json`));
  for (const path of paths) {
    // Whole or not at all: another command may be reading just now.
    writeFileSync(`${path}.new`, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return {
    withdraw: () => {
      for (const path of paths) if (readNote(path)?.pid === note.pid) rmSync(path, { force: true });
    },
  };
}

/** Every instance of this user's that is alive, oldest first. */
function runningInstances(environment: Environment): readonly InstanceNote[] {
  const folder = ownFolder(environment);
  if (folder === undefined) return [];
  const found: InstanceNote[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".json")) continue;
    const note = readNote(join(folder, name));
    if (note !== undefined && processRuns(note.pid)) found.push(note);
    else rmSync(join(folder, name), { force: true });
  }
  return found.sort((a, b) => a.startedAtMs - b.startedAtMs);
}

/** The one that a command means: that of `data`, or the only one there is. */
export function chooseInstance(
  choice: { readonly data?: string | undefined },
  around: { readonly environment: Environment; readonly workingDirectory: string },
): InstanceNote {
  if (choice.data !== undefined) {
    const directory = resolve(around.workingDirectory, choice.data);
    const note = readNote(join(directory, NOTE_NAME)) ?? readNote(join(directory, ".penstock", NOTE_NAME));
    if (note !== undefined && processRuns(note.pid)) return note;
    throw new PenstockError("unavailable", `No instance is running on the data directory ${directory}.`, {
      hint: "Start it with `penstock up <definition or folder>`, adding --data when it is not in its usual place.",
    });
  }
  const running = runningInstances(around.environment);
  const [only] = running;
  if (only !== undefined && running.length === 1) return only;
  if (only === undefined) {
    throw new PenstockError("unavailable", "No instance of Penstock is running.", {
      hint: "Start one with `penstock up <definition or folder>`, or name one elsewhere with --url http://host:4580.",
    });
  }
  const list = running.map(
    (note) => `  --url ${note.console}   ${note.pipeline}, pid ${note.pid}, data ${note.dataDirectory}`,
  );
  throw new PenstockError("invalid-argument", `${running.length} instances are running:\n${list.join("\n")}`, {
    hint: "Say which one you mean with --url or --data.",
  });
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A folder that only this user can write; undefined where there is none to be had, and notes in data directories must do. */
function ownFolder(environment: Environment): string | undefined {
  const runtime = environment.PENSTOCK_RUN_DIR ?? environment.XDG_RUNTIME_DIR;
  const user = process.getuid?.();
  const folder =
    runtime === undefined || runtime === "" ? join(tmpdir(), `penstock-${user ?? "user"}`) : join(runtime, "penstock");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    // In a shared /tmp somebody else may have made it first, to be told our secrets or to send us to their server.
    const ours = found.isDirectory() && (user === undefined || (found.uid === user && (found.mode & 0o022) === 0));
    return ours ? folder : undefined;
  } catch {
    return undefined;
  }
}

function readNote(path: string): InstanceNote | undefined {
  try {
    const note = JSON.parse(readFileSync(path, "utf8")) as InstanceNote;
    return Number.isSafeInteger(note.pid) && typeof note.console === "string" ? note : undefined;
  } catch {
    return undefined;
  }
}
