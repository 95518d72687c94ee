/**
 * An error as the services put it on the wire: `{"__type": ..., "message": ...}` with a status. The message is the service's own
 * wherever that is known; programs match on it.
 */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly type: string;
  readonly status: number;
  /** What stands in the body beside `__type`. */
  readonly body: Readonly<Record<string, string>>;

  constructor(type: string, message: string | undefined, status = 400, messageKey: "message" | "Message" = "message") {
    super(message ?? type);
    this.type = type;
    this.status = status;
    this.body = message === undefined ? { __type: type } : { __type: type, [messageKey]: message };
  }
}

/** A value of the wrong JSON type; this one error spells its key `Message`. */
export function serializationError(message: string): AwsError {
  return new AwsError("SerializationException", message, 400, "Message");
}

export function validationError(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

export function invalidArgument(message: string): AwsError {
  return new AwsError("InvalidArgumentException", message);
}

export function notFound(message: string): AwsError {
  return new AwsError("ResourceNotFoundException", message);
}

export function inUse(message: string): AwsError {
  return new AwsError("ResourceInUseException", message);
}

export function limitExceeded(message: string): AwsError {
  return new AwsError("LimitExceededException", message);
}

/** What is our fault; the caller learns no more than that, the log the rest. */
export function internalFailure(): AwsError {
  return new AwsError("InternalFailure", undefined, 500);
}
