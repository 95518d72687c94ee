import { isPenstockError } from "../../core/errors.js";
import { element, XML_HEADER } from "./xml.js";

/** S3's codes that this door answers, with the status and, where it is always the same, the message. */
const CODES = {
  AccessControlListNotSupported: [400, "The bucket does not allow ACLs"],
  AccessDenied: [403, "Access Denied"],
  AuthorizationHeaderMalformed: [400, "The authorization header is malformed."],
  AuthorizationQueryParametersError: [400, "The authorization query parameters are not valid."],
  BadDigest: [400, "The Content-MD5 you specified did not match what we received."],
  BucketAlreadyOwnedByYou: [409, "Your previous request to create the named bucket succeeded and you already own it."],
  BucketNotEmpty: [409, "The bucket you tried to delete is not empty"],
  EntityTooLarge: [400, "Your proposed upload exceeds the maximum allowed size"],
  EntityTooSmall: [400, "Your proposed upload is smaller than the minimum allowed size"],
  IllegalLocationConstraintException: [400, "The specified location-constraint is not valid"],
  IncompleteBody: [400, "The request body terminated unexpectedly"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidAccessKeyId: [403, "The AWS Access Key Id you provided does not exist in our records."],
  InvalidArgument: [400, "Invalid Argument"],
  InvalidBucketName: [400, "The specified bucket is not valid."],
  InvalidDigest: [400, "The Content-MD5 you specified is not valid."],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartOrder: [
    400,
    "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
  ],
  InvalidRange: [416, "The requested range is not satisfiable"],
  InvalidRequest: [400, "Invalid Request"],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  KeyTooLongError: [400, "Your key is too long"],
  MalformedXML: [400, "The XML you provided was not well-formed or did not validate against our published schema"],
  MaxMessageLengthExceeded: [400, "Your request was too big."],
  MetadataTooLarge: [400, "Your metadata headers exceed the maximum allowed metadata size"],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource."],
  MissingContentLength: [411, "You must provide the Content-Length HTTP header."],
  MissingRequestBodyError: [400, "Request Body is empty"],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchUpload: [
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented"],
  NotModified: [304, "Not Modified"],
  PreconditionFailed: [412, "At least one of the pre-conditions you specified did not hold"],
  RequestTimeTooSkewed: [403, "The difference between the request time and the current time is too large."],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
  SlowDown: [503, "Please reduce your request rate."],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
} as const satisfies Record<string, readonly [number, string]>;

export type S3Code = keyof typeof CODES;

export interface S3ErrorDetails {
  readonly message?: string;
  /** Further elements of the answer, such as `BucketName`. */
  readonly elements?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly status: number;

  constructor(
    readonly code: S3Code,
    readonly details: S3ErrorDetails = {},
  ) {
    super(details.message ?? CODES[code][1]);
    this.status = CODES[code][0];
  }
}

export function noSuchBucket(name: string): S3Error {
  return new S3Error("NoSuchBucket", { elements: { BucketName: name } });
}

export function noSuchKey(key: string): S3Error {
  return new S3Error("NoSuchKey", { elements: { Key: key } });
}

export function noSuchUpload(id: string): S3Error {
  return new S3Error("NoSuchUpload", { elements: { UploadId: id } });
}

export function invalidArgument(message: string, name: string, value: string): S3Error {
  return new S3Error("InvalidArgument", { message, elements: { ArgumentName: name, ArgumentValue: value } });
}

export function notImplemented(message: string): S3Error {
  return new S3Error("NotImplemented", { message });
}

/** What came from below, in S3's terms; undefined for what nobody foresaw. */
export function s3ErrorOf(error: unknown): S3Error | undefined {
  if (error instanceof S3Error) return error;
  if (isPenstockError(error, "refused")) return new S3Error("AccessDenied", { message: error.message });
  if (isPenstockError(error, "unavailable")) return new S3Error("SlowDown", { message: error.message });
  if (error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")) {
    return new S3Error("InternalError", { message: "The disk is full. Make room, then try again." });
  }
  return undefined;
}

export function errorXml(error: S3Error, resource: string, requestId: string, hostId: string): string {
  const { elements = {} } = error.details;
  const inner = [
    element("Code", error.code),
    element("Message", error.message),
    ...Object.entries(elements).map(([name, text]) => element(name, text)),
    element("Resource", resource),
    element("RequestId", requestId),
    element("HostId", hostId),
  ];
  return XML_HEADER + element("Error", inner).text;
}
