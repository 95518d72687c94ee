/** A long call's answer: lines of JSON, its progress now and then, and what came of it as the last one. */
import type { Logger } from "pino";
import { PenstockError } from "../../core/errors.js";
import { errorAnswer } from "./answers.js";

const REPORT_MS = 200;

/** Waits for the first progress, so that a call which is refused is refused with a status of its own. */
export async function progressLines<Progress>(
  start: (onProgress: (progress: Progress) => void, gone: AbortSignal) => Promise<unknown>,
  log: Logger,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const waiting: Progress[] = [];
  let onFirst = () => {};
  const first = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  let listener: ((progress: Progress) => void) | undefined;
  const gone = new AbortController();
  const done = start((progress) => {
    onFirst();
    if (listener === undefined) waiting.splice(0, 1, progress);
    else listener(progress);
  }, gone.signal);
  await Promise.race([first, done]);
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      let saidMs = 0;
      const say = (line: unknown) => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
      };
      listener = (progress) => {
        const nowMs = performance.now();
        if (nowMs - saidMs < REPORT_MS) return;
        saidMs = nowMs;
        say(progress);
      };
      for (const progress of waiting) listener(progress);
      const finish = async () => {
        try {
          say(await done);
        } catch (error) {
          say(errorAnswer(error, log).body);
        }
        if (!gone.signal.aborted) controller.close();
      };
      void finish();
    },
    cancel: () => gone.abort(new PenstockError("unavailable", "Nobody waits for the answer any more.")),
  });
}
