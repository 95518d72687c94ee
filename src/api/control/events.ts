import { PenstockError } from "../../core/errors.js";

/**
 * The status, once a second, to every console that is open: it is asked for and written out once, however many listen, and not at
 * all while nobody does.
 */
export interface StatusEvents {
  subscribe(): ReadableStream<Uint8Array>;
  close(): void;
}

const INTERVAL_MS = 1000;
/** A browser tab holds one; what is beyond this is no person. */
const LISTENERS_MAX = 64;
/** A listener that does not read is let go rather than buffered for: its browser connects again. */
const UNREAD_EVENTS_MAX = 16;

export function statusEvents(status: () => unknown): StatusEvents {
  const listeners = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  let timer: NodeJS.Timeout | undefined;

  const event = () => encoder.encode(`event: status\ndata: ${JSON.stringify(status())}\n\n`);
  const drop = (listener: ReadableStreamDefaultController<Uint8Array>) => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const tick = () => {
    const bytes = event();
    for (const listener of listeners) {
      if ((listener.desiredSize ?? 0) < -UNREAD_EVENTS_MAX) {
        drop(listener);
        listener.close();
      } else {
        listener.enqueue(bytes);
      }
    }
  };
  return {
    subscribe: () => {
      if (listeners.size >= LISTENERS_MAX) {
        throw new PenstockError("unavailable", `${LISTENERS_MAX} consoles are open already.`, {
          hint: "Close some of them.",
        });
      }
      let own: ReadableStreamDefaultController<Uint8Array>;
      return new ReadableStream<Uint8Array>({
        start: (controller) => {
          own = controller;
          controller.enqueue(encoder.encode("retry: 1000\n\n"));
          controller.enqueue(event());
          listeners.add(controller);
          timer ??= setInterval(tick, INTERVAL_MS);
        },
        cancel: () => drop(own),
      });
    },
    close: () => {
      for (const listener of [...listeners]) {
        drop(listener);
        listener.close();
      }
    },
  };
}
