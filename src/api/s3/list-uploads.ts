import type { Upload } from "../../lake/buckets.js";
import { compareKeys, isBehindAll } from "../../lake/key.js";
import { ownerElement, requireBucket, type S3Operation, wholeNumber, xmlAnswer } from "./call.js";
import { etagHeader } from "./conditions.js";
import { commonPrefixElements, encoderOf } from "./list-objects.js";
import { partChecksum, requireUpload } from "./multipart.js";
import { document, element, isoTime, optional } from "./xml.js";

const PAGE_MAX = 1000;

export const listParts: S3Operation = async (call) => {
  const bucket = requireBucket(call);
  const upload = await requireUpload(call, bucket);
  const marker = wholeNumber(call, "part-number-marker", 0, 10_000);
  const limit = wholeNumber(call, "max-parts", PAGE_MAX, PAGE_MAX);
  const behind = (await bucket.uploads.parts(upload)).filter(({ number }) => number > marker);
  const page = behind.slice(0, limit);
  const parts = page.map((part) =>
    element("Part", [
      element("PartNumber", part.number),
      element("LastModified", isoTime(part.modifiedMs)),
      element("ETag", etagHeader(part)),
      element("Size", part.sizeBytes),
      partChecksum(part),
    ]),
  );
  return xmlAnswer(
    document("ListPartsResult", [
      element("Bucket", bucket.name),
      element("Key", upload.key),
      element("UploadId", upload.id),
      ownerElement(call.context, "Initiator"),
      ownerElement(call.context),
      element("StorageClass", "STANDARD"),
      element("PartNumberMarker", marker),
      element("NextPartNumberMarker", page.at(-1)?.number ?? 0),
      element("MaxParts", limit),
      element("IsTruncated", behind.length > page.length),
      optional("ChecksumAlgorithm", upload.checksum?.algorithm),
      optional("ChecksumType", upload.checksum?.type),
      ...parts,
    ]),
  );
};

export const listMultipartUploads: S3Operation = async (call) => {
  const { query, context } = call;
  const bucket = requireBucket(call);
  const [prefix, delimiter, keyMarker, idMarker] = ["prefix", "delimiter", "key-marker", "upload-id-marker"].map(
    (name) => query.get(name) ?? "",
  ) as [string, string, string, string];
  const encode = encoderOf(query.get("encoding-type"));
  const limit = wholeNumber(call, "max-uploads", PAGE_MAX, PAGE_MAX);
  const all = (await bucket.uploads.list()).filter(({ key }) => key.startsWith(prefix));
  const page = pageOf(behindMarker(all, keyMarker, idMarker, delimiter), { prefix, delimiter, limit });
  const uploads = page.uploads.map((upload) =>
    element("Upload", [
      element("Key", encode(upload.key)),
      element("UploadId", upload.id),
      ownerElement(context, "Initiator"),
      ownerElement(context),
      element("StorageClass", "STANDARD"),
      element("Initiated", isoTime(upload.createdAtMs)),
      optional("ChecksumAlgorithm", upload.checksum?.algorithm),
      optional("ChecksumType", upload.checksum?.type),
    ]),
  );
  return xmlAnswer(
    document("ListMultipartUploadsResult", [
      element("Bucket", bucket.name),
      element("KeyMarker", encode(keyMarker)),
      element("UploadIdMarker", idMarker),
      optional("NextKeyMarker", page.next && encode(page.next.key)),
      optional("NextUploadIdMarker", page.next?.id),
      element("Prefix", encode(prefix)),
      optional("Delimiter", delimiter === "" ? undefined : encode(delimiter)),
      element("MaxUploads", limit),
      optional("EncodingType", query.get("encoding-type")),
      element("IsTruncated", page.next !== undefined),
      ...uploads,
      ...commonPrefixElements(page.commonPrefixes, encode),
    ]),
  );
};

/** Behind the key or, of the uploads for that very key, behind the one with the marker's id. */
function behindMarker(
  all: readonly Upload[],
  keyMarker: string,
  idMarker: string,
  delimiter: string,
): readonly Upload[] {
  if (keyMarker === "") return all;
  const known = idMarker === "" ? -1 : all.findIndex(({ key, id }) => key === keyMarker && id === idMarker);
  if (known !== -1) return all.slice(known + 1);
  return all.filter(({ key }) =>
    delimiter !== "" && keyMarker.endsWith(delimiter) ? isBehindAll(key, keyMarker) : compareKeys(key, keyMarker) > 0,
  );
}

interface UploadPage {
  readonly uploads: readonly Upload[];
  readonly commonPrefixes: readonly string[];
  readonly next: { readonly key: string; readonly id?: string } | undefined;
}

function pageOf(
  all: readonly Upload[],
  { prefix, delimiter, limit }: { readonly prefix: string; readonly delimiter: string; readonly limit: number },
): UploadPage {
  const uploads: Upload[] = [];
  const commonPrefixes: string[] = [];
  let last: UploadPage["next"];
  for (const upload of all) {
    const cut = delimiter === "" ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const common = cut === -1 ? undefined : upload.key.slice(0, cut + delimiter.length);
    if (common !== undefined && common === commonPrefixes.at(-1)) continue;
    if (uploads.length + commonPrefixes.length >= limit) return { uploads, commonPrefixes, next: last };
    if (common === undefined) uploads.push(upload);
    else commonPrefixes.push(common);
    last = common === undefined ? { key: upload.key, id: upload.id } : { key: common };
  }
  return { uploads, commonPrefixes, next: undefined };
}
