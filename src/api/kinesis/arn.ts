/** ARNs of streams and their consumers. */
export interface ArnOwner {
  readonly region: string;
  readonly accountId: string;
}

export function streamArnOf(owner: ArnOwner, stream: string): string {
  return `arn:aws:kinesis:${owner.region}:${owner.accountId}:stream/${stream}`;
}

export function consumerArnOf(owner: ArnOwner, stream: string, consumer: string, createdAtMs: number): string {
  return `${streamArnOf(owner, stream)}/consumer/${consumer}:${Math.floor(createdAtMs / 1000)}`;
}

export interface ParsedArn extends ArnOwner {
  readonly stream: string;
  /** Set when the ARN names a consumer of the stream. */
  readonly consumer?: string;
}

export function parseArn(arn: string): ParsedArn | undefined {
  const match =
    /^arn:aws[^:]*:kinesis:([^:]*):(\d{12}):stream\/([a-zA-Z0-9_.-]+)(?:\/consumer\/([a-zA-Z0-9_.-]+):\d+)?$/.exec(arn);
  if (match === null) return undefined;
  const [, region = "", accountId = "", stream = "", consumer] = match;
  return consumer === undefined ? { region, accountId, stream } : { region, accountId, stream, consumer };
}
