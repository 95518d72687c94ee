import type { HttpRequest } from "./listener.js";

/** What all bodies under way may hold together, so that many callers at once cannot exhaust the memory. */
export interface BodyBudget {
  readonly bodyBytesMax: number;
  readonly totalBytesMax: number;
  heldBytes: number;
}

export type BodyResult =
  | { readonly kind: "whole"; readonly body: Buffer; release(): void }
  | { readonly kind: "too-large" | "busy" | "gone" };

/** Reads a request's body within the budget; never rejects. `release` gives the bytes back once the request is answered. */
export function readBody(request: HttpRequest, budget: BodyBudget): Promise<BodyResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let settled = false;
    const release = () => {
      budget.heldBytes -= bytes;
      bytes = 0;
    };
    const fail = (kind: "too-large" | "busy" | "gone") => {
      if (settled) return;
      settled = true;
      chunks.length = 0;
      release();
      // What still comes is read and dropped, so that the refusal can reach the caller.
      request.resume();
      resolve({ kind });
    };
    const declared = Number(request.headers["content-length"] ?? 0);
    if (declared > budget.bodyBytesMax) return fail("too-large");
    request.on("data", (chunk: Buffer) => {
      if (settled) return;
      bytes += chunk.length;
      budget.heldBytes += chunk.length;
      if (bytes > budget.bodyBytesMax) fail("too-large");
      else if (budget.heldBytes > budget.totalBytesMax) fail("busy");
      else chunks.push(chunk);
    });
    request.on("end", () => {
      if (settled) return;
      settled = true;
      resolve({ kind: "whole", body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), release });
    });
    request.on("error", () => fail("gone"));
    request.on("aborted", () => fail("gone"));
    request.on("close", () => fail("gone"));
  });
}
