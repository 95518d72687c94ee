import { readFileSync } from "node:fs";

/** Whether a process runs. One that has ended and that its parent has not asked after yet (a container without an init leaves them so for good) does not. */
export function processRuns(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return !/^[ZX]/.test(stateOf(pid));
}

/** Linux: the letter behind the command's closing parenthesis, which may itself hold spaces; empty elsewhere. */
function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2);
  } catch {
    return "";
  }
}
