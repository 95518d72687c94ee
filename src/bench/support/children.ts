import type { ChildProcess } from "node:child_process";

/** Processes that a suite has started and that have not ended: none of them may outlive it. */
const running = new Set<ChildProcess>();

export function tracked(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

export function killChildren(): void {
  for (const child of running) child.kill("SIGKILL");
}
