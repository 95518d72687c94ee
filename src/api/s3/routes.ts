/** Which operation a request is: by its method, by whether it names a bucket and a key, and by a subresource in its query. */

import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from "./bucket-operations.js";
import type { S3Operation } from "./call.js";
import { deleteObjects } from "./delete-objects.js";
import { listObjects, listObjectsV2 } from "./list-objects.js";
import { listMultipartUploads, listParts } from "./list-uploads.js";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from "./multipart.js";
import { copyObject, deleteObject, getObject, headObject, putObject } from "./object-operations.js";
import type { S3Address } from "./request.js";
import { notImplemented, S3Error } from "./s3-error.js";

export interface Route {
  readonly name: string;
  readonly run: S3Operation;
}

/** The first whose names are all there has the request: of the query, or `header:` of the headers. */
type Routes = readonly (readonly [needs: readonly string[], name: string, run: S3Operation])[];

const SERVICE: Readonly<Record<string, Routes>> = { GET: [[[], "ListBuckets", listBuckets]] };

const BUCKET: Readonly<Record<string, Routes>> = {
  GET: [
    [["location"], "GetBucketLocation", getBucketLocation],
    [["versioning"], "GetBucketVersioning", getBucketVersioning],
    [["uploads"], "ListMultipartUploads", listMultipartUploads],
    [["list-type"], "ListObjectsV2", listObjectsV2],
    [[], "ListObjects", listObjects],
  ],
  HEAD: [[[], "HeadBucket", headBucket]],
  PUT: [[[], "CreateBucket", createBucket]],
  DELETE: [[[], "DeleteBucket", deleteBucket]],
  POST: [[["delete"], "DeleteObjects", deleteObjects]],
};

const OBJECT: Readonly<Record<string, Routes>> = {
  GET: [
    [["uploadId"], "ListParts", listParts],
    [[], "GetObject", getObject],
  ],
  HEAD: [[[], "HeadObject", headObject]],
  PUT: [
    [["uploadId", "header:x-amz-copy-source"], "UploadPartCopy", uploadPartCopy],
    [["uploadId"], "UploadPart", uploadPart],
    [["header:x-amz-copy-source"], "CopyObject", copyObject],
    [[], "PutObject", putObject],
  ],
  DELETE: [
    [["uploadId"], "AbortMultipartUpload", abortMultipartUpload],
    [[], "DeleteObject", deleteObject],
  ],
  POST: [
    [["uploads"], "CreateMultipartUpload", createMultipartUpload],
    [["uploadId"], "CompleteMultipartUpload", completeMultipartUpload],
  ],
};

/** Subresources of S3 that are not here; without this, a request for one would be taken for one of the whole. */
const NOT_HERE = [
  "abac",
  "accelerate",
  "acl",
  "analytics",
  "annotation",
  "attributes",
  "cors",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "logging",
  "metadataConfiguration",
  "metadataTable",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "session",
  "tagging",
  "torrent",
  "versions",
  "website",
] as const;

export function routeOf(
  method: string,
  { bucket, key }: S3Address,
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string | undefined>>,
): Route {
  const missing = NOT_HERE.find((name) => query.has(name));
  if (missing !== undefined) throw notImplemented(`The subresource ${missing} is not implemented.`);
  const writesVersioning = query.has("versioning") && method !== "GET";
  if (writesVersioning) throw notImplemented("Versioning is not implemented.");
  const routes = (bucket === undefined ? SERVICE : key === undefined ? BUCKET : OBJECT)[method];
  const has = (name: string) =>
    name.startsWith("header:") ? headers[name.slice("header:".length)] !== undefined : query.has(name);
  const found = routes?.find(([needs]) => needs.every(has));
  if (found !== undefined) return { name: found[1], run: found[2] };
  if (method === "POST" && headers["content-type"]?.startsWith("multipart/form-data")) {
    throw notImplemented("Uploads from HTML forms are not implemented; use a presigned PUT.");
  }
  throw new S3Error("MethodNotAllowed", {
    elements: {
      Method: method,
      ResourceType: bucket === undefined ? "SERVICE" : key === undefined ? "BUCKET" : "OBJECT",
    },
  });
}
