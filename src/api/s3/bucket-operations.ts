import { isPenstockError } from "../../core/errors.js";
import { isBucketName } from "../../lake/bucket-name.js";
import { readText } from "./body.js";
import { NO_CONTENT, ownerElement, requireBucket, type S3Operation, wholeNumber, xmlAnswer } from "./call.js";
import { noSuchBucket, S3Error } from "./s3-error.js";
import { childText, document, element, isoTime, optional, parseDocument } from "./xml.js";

const LIST_MAX = 10_000;
const CONFIGURATION_BYTES_MAX = 64 * 1024;
/** Where a bucket's location is said to be nowhere, for reasons of history. */
const FIRST_REGION = "us-east-1";

export const listBuckets: S3Operation = async (call) => {
  const { context, query } = call;
  const prefix = query.get("prefix") ?? "";
  const after = Buffer.from(query.get("continuation-token") ?? "", "base64url").toString();
  const limit = wholeNumber(call, "max-buckets", LIST_MAX, LIST_MAX);
  const found = context.buckets.list().filter(({ name }) => name.startsWith(prefix) && name > after);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next =
    found.length > page.length && last !== undefined ? Buffer.from(last.name).toString("base64url") : undefined;
  const buckets = page.map(({ name, createdAtMs }) =>
    element("Bucket", [element("Name", name), element("CreationDate", isoTime(createdAtMs))]),
  );
  return xmlAnswer(
    document("ListAllMyBucketsResult", [
      ownerElement(context),
      element("Buckets", buckets),
      optional("ContinuationToken", next),
      optional("Prefix", query.get("prefix")),
    ]),
  );
};

export const headBucket: S3Operation = async (call) => {
  requireBucket(call);
  return { status: 200, headers: { "x-amz-bucket-region": call.context.region, "x-amz-access-point-alias": "false" } };
};

export const getBucketLocation: S3Operation = async (call) => {
  requireBucket(call);
  const { region } = call.context;
  return xmlAnswer(document("LocationConstraint", [region === FIRST_REGION ? "" : region]));
};

/** No bucket here ever had versions. */
export const getBucketVersioning: S3Operation = async (call) => {
  requireBucket(call);
  return xmlAnswer(document("VersioningConfiguration", []));
};

export const createBucket: S3Operation = async (call) => {
  const { context, bucketName: name, headers } = call;
  if (!isBucketName(name)) throw new S3Error("InvalidBucketName", { elements: { BucketName: name } });
  const acl = headers["x-amz-acl"];
  if (acl !== undefined && acl !== "private") throw new S3Error("AccessControlListNotSupported");
  if (headers["x-amz-bucket-object-lock-enabled"]?.toLowerCase() === "true") {
    throw new S3Error("NotImplemented", { message: "Object lock is not implemented." });
  }
  const length = headers["content-length"] ?? headers["x-amz-decoded-content-length"] ?? "0";
  if (length !== "0") checkConfiguration(await readText(call.body(), CONFIGURATION_BYTES_MAX), context.region);
  try {
    await context.buckets.create(name);
  } catch (error) {
    if (!isPenstockError(error, "already-exists")) throw error;
    throw new S3Error("BucketAlreadyOwnedByYou", { elements: { BucketName: name } });
  }
  return { status: 200, headers: { Location: `/${name}` } };
};

function checkConfiguration(text: string, region: string): void {
  const root = parseDocument(text);
  if (root?.name !== "CreateBucketConfiguration") throw new S3Error("MalformedXML");
  const location = childText(root, "LocationConstraint");
  if (location === undefined || location === "" || location === region) return;
  throw new S3Error("IllegalLocationConstraintException", {
    message: `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to: this is ${region}.`,
  });
}

export const deleteBucket: S3Operation = async (call) => {
  const { name, permanent } = requireBucket(call);
  if (permanent)
    throw new S3Error("AccessDenied", { message: `The bucket ${name} is the pipeline's lake, and stays.` });
  try {
    await call.context.buckets.delete(name);
  } catch (error) {
    if (isPenstockError(error, "refused")) throw new S3Error("BucketNotEmpty", { elements: { BucketName: name } });
    if (isPenstockError(error, "not-found")) throw noSuchBucket(name);
    throw error;
  }
  return NO_CONTENT;
};
