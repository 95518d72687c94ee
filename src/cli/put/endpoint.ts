import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { Agent, type IncomingMessage, request } from "node:http";
import { SignatureV4 } from "@smithy/signature-v4";
import { messageOf, PenstockError } from "../../core/errors.js";

/**
 * One service of the AWS endpoint, spoken to as plainly as it goes: a body that is ready, signed, over sockets that stay open. The SDK
 * builds, validates and parses each record by itself, which at this rate costs several times what the server does.
 */
export interface Endpoint {
  /** Answers the status and the body; rejects with `unavailable` when no answer came: then nobody knows whether it was taken. */
  call(action: string, body: Buffer): Promise<{ readonly status: number; readonly body: string }>;
  close(): void;
}

export interface EndpointOptions {
  readonly url: string;
  readonly service: "kinesis" | "firehose";
  readonly region: string;
  readonly credential: { readonly name: string; readonly secret: string } | undefined;
  readonly sockets: number;
  readonly timeoutMs: number;
}

const TARGETS = { kinesis: "Kinesis_20131202", firehose: "Firehose_20150804" } as const;
/** Where nobody is configured, anybody's signature will do. */
const ANYBODY = { name: "penstock", secret: "penstock" };

export function openEndpoint(options: EndpointOptions): Endpoint {
  const { hostname, port, host } = new URL(options.url);
  const agent = new Agent({ keepAlive: true, maxSockets: options.sockets, scheduling: "fifo" });
  const { name, secret } = options.credential ?? ANYBODY;
  const signer = new SignatureV4({
    service: options.service,
    region: options.region,
    credentials: { accessKeyId: name, secretAccessKey: secret },
    sha256: NodeSha256,
  });
  return {
    call: async (action, body) => {
      const signed = await signer.sign({
        method: "POST",
        protocol: "http:",
        hostname,
        ...(port === "" ? {} : { port: Number(port) }),
        path: "/",
        query: {},
        headers: {
          host,
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": `${TARGETS[options.service]}.${action}`,
        },
        body,
      });
      const headers = { ...signed.headers, "content-length": body.length };
      return await send(
        { agent, hostname: unbracket(hostname), port, headers, timeoutMs: options.timeoutMs, url: options.url },
        body,
      );
    },
    close: () => agent.destroy(),
  };
}

interface Sending {
  readonly agent: Agent;
  readonly hostname: string;
  readonly port: string;
  readonly headers: Record<string, string | number>;
  readonly timeoutMs: number;
  readonly url: string;
}

function send(sending: Sending, body: Buffer): Promise<{ status: number; body: string }> {
  const { agent, hostname, port, headers, timeoutMs, url } = sending;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      reject(
        new PenstockError("unavailable", `No answer from ${url} (${messageOf(error)}).`, {
          hint: "Is the instance still running? `penstock status` says so.",
          cause: error,
        }),
      );
    const onResponse = (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }),
      );
      response.on("error", fail);
      response.on("aborted", () => fail(new Error("the connection broke")));
    };
    const outgoing = request(
      { agent, hostname, port: port === "" ? 80 : Number(port), method: "POST", path: "/", headers },
      onResponse,
    );
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`none within ${timeoutMs} ms`)));
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}

function unbracket(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** SHA-256 by Node's own crypto: the portable implementation takes longer over a body than the server takes to store it. */
class NodeSha256 {
  readonly #secret: string | Uint8Array | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined || typeof secret === "string" ? secret : bytesOf(secret);
    this.#hash = this.#fresh();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === "string" ? data : bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#fresh();
  }

  #fresh(): Hash | Hmac {
    return this.#secret === undefined ? createHash("sha256") : createHmac("sha256", this.#secret);
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
