import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";

/** One request as it came over the wire, its records decoded. */
export interface SeenRequest {
  readonly action: string;
  readonly stream: string;
  readonly records: readonly {
    readonly data: Buffer;
    readonly text: string;
    readonly partitionKey: string | undefined;
  }[];
}

/**
 * What the server does with a request: the indexes of records that fail, each with its code; a whole answer's error; or a broken connection.
 * `hold` delays the answer until it resolves.
 */
export interface Script {
  readonly failed?: Readonly<Record<number, string>>;
  readonly error?: { readonly status: number; readonly code: string };
  readonly breakConnection?: boolean;
  readonly hold?: Promise<void>;
}

export interface ScriptedServer {
  readonly endpoint: string;
  readonly requests: SeenRequest[];
  /** Every record that was answered as taken, in that order. */
  readonly taken: string[];
  close(): Promise<void>;
}

interface Stream {
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  on(event: "end", listener: () => void): unknown;
}

/** A server that speaks the protocol of PutRecords (HTTP/2 without TLS) or PutRecordBatch (HTTP/1.1), and does as the script says. */
export async function startScriptedServer(
  kind: "kinesis" | "firehose",
  script: (request: SeenRequest, index: number) => Script = () => ({}),
): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const taken: string[] = [];
  const sockets = new Set<{ destroy(): void }>();

  const answer = async (target: string, body: Buffer): Promise<{ status: number; body: unknown } | undefined> => {
    const request = readRequest(target, body);
    const index = requests.push(request) - 1;
    const { failed = {}, error, breakConnection, hold } = script(request, index);
    await hold;
    if (breakConnection) return undefined;
    if (error) return { status: error.status, body: { __type: error.code, message: `scripted ${error.code}` } };
    const results = request.records.map(({ text }, place) => {
      const code = failed[place];
      if (code !== undefined) return { ErrorCode: code, ErrorMessage: "scripted" };
      const number = taken.push(text);
      return kind === "kinesis"
        ? { SequenceNumber: String(number), ShardId: "shardId-000000000000" }
        : { RecordId: `record-${number}` };
    });
    const failedCount = Object.keys(failed).length;
    return {
      status: 200,
      body:
        kind === "kinesis"
          ? { FailedRecordCount: failedCount, Records: results }
          : { FailedPutCount: failedCount, RequestResponses: results },
    };
  };

  const gather = (stream: Stream, then: (body: Buffer) => Promise<void>) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => void then(Buffer.concat(chunks)));
  };

  const server =
    kind === "kinesis"
      ? createHttp2Server().on("stream", (stream, headers) => {
          stream.on("error", () => {});
          gather(stream, async (body) => {
            const reply = await answer(String(headers["x-amz-target"]), body);
            if (!reply) {
              stream.session?.destroy();
              return;
            }
            stream.respond({ ":status": reply.status, "content-type": "application/x-amz-json-1.1" });
            stream.end(JSON.stringify(reply.body));
          });
        })
      : createHttpServer((incoming, outgoing) => {
          gather(incoming, async (body) => {
            const reply = await answer(String(incoming.headers["x-amz-target"]), body);
            if (!reply) {
              incoming.destroy();
              return;
            }
            outgoing.writeHead(reply.status, { "content-type": "application/x-amz-json-1.1" });
            outgoing.end(JSON.stringify(reply.body));
          });
        });
  server.on("connection", (socket: { destroy(): void }) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    taken,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

interface Body {
  readonly StreamName?: string;
  readonly DeliveryStreamName?: string;
  readonly Records: readonly { readonly Data: string; readonly PartitionKey?: string }[];
}

function readRequest(target: string, raw: Buffer): SeenRequest {
  const body = JSON.parse(raw.toString("utf8")) as Body;
  return {
    action: target.slice(target.indexOf(".") + 1),
    stream: body.StreamName ?? body.DeliveryStreamName ?? "",
    records: body.Records.map(({ Data, PartitionKey }) => {
      const data = Buffer.from(Data, "base64");
      return { data, text: data.toString("utf8"), partitionKey: PartitionKey };
    }),
  };
}
