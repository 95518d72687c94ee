/** A record as it goes over the wire. */
export interface WireRecord {
  readonly data: Uint8Array;
  /** Firehose has none. */
  readonly partitionKey: string;
}

/** What became of one record of a request, in the request's order. */
export type Outcome =
  | { readonly ok: true; readonly shardId?: string; readonly sequenceNumber?: string; readonly recordId?: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * The way to one stream. Called several times in parallel.
 *
 * `send` answers an outcome for each record, since a request may succeed in part; a record that failed may be sent again. It throws a
 * SendFailure when the request failed as a whole; then, unless it was refused outright, nobody knows whether its records were taken.
 */
export interface Transport {
  /** What messages call it: `stream "quotes"`. */
  readonly target: string;
  readonly countMax: number;
  readonly bytesMax: number;
  /** Of one record, with its key. */
  readonly recordBytesMax: number;
  send(records: readonly WireRecord[]): Promise<readonly Outcome[]>;
  close(): void;
}

export class SendFailure extends Error {
  /** The service's name for it, or the network's. */
  readonly code: string;
  /** False when the same request would only be refused again. */
  readonly retryable: boolean;

  constructor(code: string, message: string, retryable: boolean, cause: unknown) {
    super(message, { cause });
    this.code = code;
    this.retryable = retryable;
  }
}

/** How the producer reaches AWS, or a pipeline on this machine. */
export interface Connection {
  /** Such as "http://127.0.0.1:4566", for a local pipeline; AWS itself unless given. */
  readonly endpoint?: string;
  /** As the AWS SDK finds it (environment, profile) unless given; "us-east-1" for a local endpoint. */
  readonly region?: string;
  /** As the AWS SDK finds them unless given; a local endpoint needs none. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** What both of the SDK's clients are made with. Retries are ours: the SDK would repeat a whole request where only some of it failed. */
export function clientConfig({ endpoint, region, credentials }: Connection) {
  const local = endpoint !== undefined && isLocal(endpoint);
  // A local pipeline without configured users takes any signature, so that a newcomer needs no AWS configuration.
  const given = credentials ?? (local ? { accessKeyId: "penstock", secretAccessKey: "penstock" } : undefined);
  const place = region ?? (local ? "us-east-1" : undefined);
  return {
    maxAttempts: 1,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(place === undefined ? {} : { region: place }),
    ...(given === undefined ? {} : { credentials: { ...given } }),
  };
}

function isLocal(endpoint: string): boolean {
  const { hostname } = new URL(endpoint);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** Errors whose request would be refused again however often it were sent. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([400, 401, 403, 404, 413]);
const THROTTLES =
  /Throttl|LimitExceeded|ProvisionedThroughput|TooManyRequests|RequestTimeout|ServiceUnavailable|InternalFailure/;

/** Whatever the SDK threw, as a SendFailure. */
export function sendFailure(error: unknown): SendFailure {
  if (!(error instanceof Error)) return new SendFailure("Unknown", String(error), true, error);
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  // Without a status no answer was read: a broken connection, a time-out, or missing credentials or region, which the SDK finds out by itself.
  const unsent =
    /^(CredentialsProviderError|TokenProviderError)$/.test(error.name) || /^Region is missing/.test(error.message);
  const final = unsent || (status !== undefined && FINAL_STATUSES.has(status) && !THROTTLES.test(error.name));
  const code = (error as { code?: unknown }).code;
  return new SendFailure(typeof code === "string" ? code : error.name, error.message, !final, error);
}
