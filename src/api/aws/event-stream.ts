/** Answers that are a stream of events: `application/vnd.amazon.eventstream`, the same over HTTP/1.1 and HTTP/2. */
import { once } from "node:events";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import type { HttpResponse } from "../http/listener.js";
import { AwsError } from "./aws-error.js";
import type { EventStream, StreamEvent } from "./service.js";
import { contentTypeOf, encodeBody, type Wire } from "./wire.js";

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString()),
  (text) => Buffer.from(text),
);

export async function sendEvents(
  response: HttpResponse,
  headers: Record<string, string>,
  wire: Wire,
  stream: EventStream,
  signal: AbortSignal,
): Promise<void> {
  const out = response as unknown as NodeJS.WritableStream & {
    writeHead(status: number, headers: Record<string, string>): unknown;
    destroyed: boolean;
  };
  out.writeHead(200, { ...headers, "Content-Type": "application/vnd.amazon.eventstream" });
  const write = async (event: StreamEvent) => {
    if (out.destroyed || signal.aborted) return;
    if (!out.write(encodeEvent(wire, event))) await once(out, "drain", { signal });
  };
  try {
    await write({ type: "initial-response", value: {} });
    for await (const event of stream.events) await write(event);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof AwsError)) throw error;
    // The headers are gone already: the error is the stream's last event.
    const { __type: _, ...value } = error.body;
    await write({ type: error.type, value, exception: true });
  }
  if (!signal.aborted) out.end();
}

function encodeEvent(wire: Wire, event: StreamEvent): Uint8Array {
  const text = (value: string) => ({ type: "string" as const, value });
  const body = encodeBody(wire, event.value);
  return codec.encode({
    headers: {
      ":message-type": text(event.exception ? "exception" : "event"),
      [event.exception ? ":exception-type" : ":event-type"]: text(event.type),
      ":content-type": text(contentTypeOf(wire)),
    },
    body: typeof body === "string" ? Buffer.from(body) : body,
  });
}
