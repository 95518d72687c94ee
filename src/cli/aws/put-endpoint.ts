import type { Endpoint } from "../put/endpoint.js";
import { type AwsSession, explained } from "./session.js";

/** What the sender writes, as the SDK takes it. */
interface Body {
  readonly StreamName?: string;
  readonly DeliveryStreamName?: string;
  readonly Records: readonly { readonly Data: string; readonly PartitionKey?: string }[];
}

/**
 * Kinesis or Firehose of the account, by the SDK: its credentials, its HTTP/2, its addresses. What failed is sent again by the sender, which knows
 * which records those are, and not by the SDK.
 */
export async function openAwsEndpoint(session: AwsSession, service: "kinesis" | "firehose"): Promise<Endpoint> {
  const config = { ...session.client, maxAttempts: 1 };
  if (service === "firehose") {
    const { FirehoseClient, PutRecordBatchCommand } = await import("@aws-sdk/client-firehose");
    const client = new FirehoseClient(config);
    return {
      call: (_action, body) =>
        answered(async () => {
          const { DeliveryStreamName, Records } = JSON.parse(body.toString()) as Body;
          const records = Records.map(({ Data }) => ({ Data: Buffer.from(Data, "base64") }));
          return await client.send(
            new PutRecordBatchCommand({ DeliveryStreamName: DeliveryStreamName!, Records: records }),
          );
        }),
      close: () => client.destroy(),
    };
  }
  const { KinesisClient, PutRecordsCommand } = await import("@aws-sdk/client-kinesis");
  const client = new KinesisClient(config);
  return {
    call: (_action, body) =>
      answered(async () => {
        const { StreamName, Records } = JSON.parse(body.toString()) as Body;
        const records = Records.map(({ Data, PartitionKey }) => ({
          Data: Buffer.from(Data, "base64"),
          PartitionKey: PartitionKey!,
        }));
        return await client.send(new PutRecordsCommand({ StreamName: StreamName!, Records: records }));
      }),
    close: () => client.destroy(),
  };
}

async function answered(send: () => Promise<object>): Promise<{ readonly status: number; readonly body: string }> {
  try {
    return { status: 200, body: JSON.stringify(await send()) };
  } catch (error) {
    const ours = explained("put records", error);
    const status = statusOf(error);
    // A refusal is ours to explain; what may be sent again, or is a record's own fault, is the sender's to tell apart.
    if (status === undefined || ours.code === "refused" || !(error instanceof Error)) throw ours;
    return { status, body: JSON.stringify({ __type: error.name, message: error.message }) };
  }
}

/** Undefined where no answer came. */
function statusOf(error: unknown): number | undefined {
  const metadata = (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | null)?.$metadata;
  return metadata?.httpStatusCode;
}
