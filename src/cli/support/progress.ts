import type { Terminal } from "./terminal.js";
import { count, duration, rate } from "./text.js";

/** How long work is told about: a bar that moves on a terminal, a line now and then elsewhere; always on stderr. */
export interface Progress {
  /** `share` is from 0 to 1; undefined where nobody knows how much there is. */
  update(done: number, share: number | undefined): void;
  stop(): void;
}

const LINE_INTERVAL_MS = 5000;
const DRAW_INTERVAL_MS = 100;

export async function progress(terminal: Terminal, noun: string): Promise<Progress> {
  const startedMs = performance.now();
  const speed = (done: number, nowMs: number) => rate(done / Math.max((nowMs - startedMs) / 1000, 0.001));
  if (!terminal.stderr.isTTY) {
    let toldMs = startedMs;
    return {
      update: (done, share) => {
        const nowMs = performance.now();
        if (nowMs - toldMs < LINE_INTERVAL_MS) return;
        toldMs = nowMs;
        const of = share === undefined ? "" : `${Math.floor(100 * share)}%, `;
        terminal.stderr.write(`${of}${count(done)} ${noun}, ${speed(done, nowMs)}/s\n`);
      },
      stop: () => {},
    };
  }
  const { default: bars } = await import("cli-progress");
  const bar = new bars.SingleBar({
    format: `{bar} {percent} {done} ${noun}  {speed}/s  {left}`,
    stream: terminal.stderr as NodeJS.WriteStream,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(1, 0, { percent: "", done: "0", speed: "0", left: "" });
  let drawnMs = 0;
  return {
    update: (done, share) => {
      const nowMs = performance.now();
      if (nowMs - drawnMs < DRAW_INTERVAL_MS) return;
      drawnMs = nowMs;
      bar.update(share ?? 0, {
        percent: share === undefined ? "" : `${Math.floor(100 * share)}%`,
        done: count(done),
        speed: speed(done, nowMs),
        left: share ? `${duration(((nowMs - startedMs) * (1 - share)) / share)} left` : "",
      });
    },
    stop: () => bar.stop(),
  };
}
