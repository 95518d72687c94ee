import { MIB } from "../../core/limits.js";
import type { Bucket } from "../../lake/buckets.js";
import { isBucketKey } from "../../lake/key.js";
import { readText } from "./body.js";
import { requireBucket, type S3Operation, xmlAnswer } from "./call.js";
import { S3Error, s3ErrorOf } from "./s3-error.js";
import { childText, document, element, type Node, parseDocument, type Xml } from "./xml.js";

const KEYS_MAX = 1000;
const BODY_BYTES_MAX = 4 * MIB;
/** Deletes under way at once: each waits for the disk. */
const SIDE_BY_SIDE = 8;

export const deleteObjects: S3Operation = async (call) => {
  const bucket = requireBucket(call);
  const body = call.body();
  if (!body.guarded) {
    throw new S3Error("InvalidRequest", { message: "Missing required header for this request: Content-MD5" });
  }
  const root = parseDocument(await readText(body, BODY_BYTES_MAX));
  const asked = root?.children.filter(({ name }) => name === "Object") ?? [];
  if (root?.name !== "Delete" || asked.length === 0 || asked.length > KEYS_MAX) throw new S3Error("MalformedXML");
  const quiet = childText(root, "Quiet")?.trim() === "true";
  const keys = asked.map(keyOf);

  const results: Xml[] = [];
  for (let at = 0; at < keys.length; at += SIDE_BY_SIDE) {
    const some = keys.slice(at, at + SIDE_BY_SIDE);
    results.push(...(await Promise.all(some.map((key) => deleteOne(bucket, key, quiet)))).flat());
  }
  return xmlAnswer(document("DeleteResult", results));
};

function keyOf(node: Node): string {
  const key = childText(node, "Key");
  if (key === undefined || key === "") throw new S3Error("MalformedXML");
  const version = childText(node, "VersionId");
  if (version !== undefined && version !== "" && version !== "null") {
    throw new S3Error("InvalidArgument", { message: "Invalid version id specified" });
  }
  return key;
}

async function deleteOne(bucket: Bucket, key: string, quiet: boolean): Promise<Xml[]> {
  try {
    if (!isBucketKey(key)) throw new S3Error("KeyTooLongError");
    await bucket.delete(key);
    return quiet ? [] : [element("Deleted", [element("Key", key)])];
  } catch (error) {
    const { code, message } = s3ErrorOf(error) ?? new S3Error("InternalError");
    return [element("Error", [element("Key", key), element("Code", code), element("Message", message)])];
  }
}
