import type { Readable } from "node:stream";
import type { ObjectInfo } from "./object-store.js";

/**
 * The buckets that S3's door, COPY and UNLOAD see. One of them is the lake: there, what Penstock itself writes can be read and not changed, and
 * all other keys are free for use. The others are made by whoever needs them.
 *
 * Errors: `not-found` for a bucket or an upload that is not there, `already-exists` and `refused` (a bucket that is not empty, a key that
 * is Penstock's own), `invalid-argument` for a name that S3 would refuse.
 */
export interface Buckets {
  bucket(name: string): Bucket | undefined;
  /** In order of their names. */
  list(): readonly Bucket[];
  /** Durable on return. */
  create(name: string): Promise<Bucket>;
  /** Only an empty bucket goes, with its unfinished uploads; the lake never. */
  delete(name: string): Promise<void>;
}

/**
 * Objects by key. A key is any text of 1 to 1,024 bytes of UTF-8: data, never a path. Writes are all or nothing and durable on return; of
 * several under one key at once, the last to finish stays. Calls may come in parallel.
 */
export interface Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  /** Whether it is the lake, which cannot be deleted. */
  readonly permanent: boolean;
  /** Why this key may not be written or deleted, in a sentence; undefined where it may. `put`, `adopt` and `delete` throw it as `refused`. */
  writeRefusal(key: string): string | undefined;
  /** Keys that begin with `prefix`, in order of their UTF-8 bytes. */
  list(prefix: string, options?: ListOptions): Promise<BucketObject[]>;
  head(key: string): Promise<BucketObject | undefined>;
  /** `not-found` when absent. `range` is inclusive, as in HTTP. */
  get(key: string, range?: ByteRange): Promise<Readable>;
  /** The object as it is now: what is read of it stays so, whatever becomes of the key meanwhile. Must be closed. */
  open(key: string): Promise<OpenObject | undefined>;
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<BucketObject>;
  /** Moves a finished local file of this data directory in under the key; the file is gone afterwards. */
  adopt(path: string, key: string, options?: PutOptions): Promise<BucketObject>;
  /** Absent is no error. */
  delete(key: string): Promise<void>;
  /**
   * The file that has exactly the object's bytes, for an engine on this machine to read; undefined when there is no such object. A path holds no
   * wildcard, and ends as the key does (`.csv.gz`) as far as that is a file ending. The file is gone once the object is deleted or replaced.
   */
  localPath(key: string): Promise<string | undefined>;
  readonly uploads: Uploads;
}

export interface ListOptions {
  /** Only keys behind this one. */
  readonly after?: string;
  /** Only keys behind all that begin with this. */
  readonly afterPrefix?: string;
  readonly limit?: number;
}

export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface BucketObject extends ObjectInfo {
  /** Without quotes: the MD5 in hexadecimal, or what stands for it where the object came in parts or is Penstock's own. */
  readonly etag: string;
  readonly attributes: ObjectAttributes;
  readonly checksum?: StoredChecksum;
  /** The multipart upload that it came from. */
  readonly uploadId?: string;
}

/** What is kept with an object and answered with it; each as its HTTP header has it. */
export interface ObjectAttributes {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
  readonly expires?: string;
  /** By the lower-case name behind `x-amz-meta-`. */
  readonly userMetadata?: Readonly<Record<string, string>>;
}

export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; for a composite one with `-` and the number of parts behind it. */
  readonly value: string;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
}

export interface OpenObject {
  readonly object: BucketObject;
  /** Once or several times; the bytes come as fast as they are taken. */
  read(range?: ByteRange): Promise<Readable>;
  close(): Promise<void>;
}

export interface PutOptions {
  readonly attributes?: ObjectAttributes;
  /** Computed on the way in and kept with the object. */
  readonly checksum?: ChecksumAlgorithm;
  /** Called with what came, before anybody can see it; throws to refuse it. */
  readonly verify?: (written: WrittenBytes) => void;
  /** Called with what is under the key at the moment of the replacement; throws to refuse it. */
  readonly replaces?: (existing: BucketObject | undefined) => void;
}

export interface WrittenBytes {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly md5: string;
  /** Base64, of `PutOptions.checksum`. */
  readonly checksum?: string;
}

/** Objects that come in parts. They, too, are durable on return, and outlive the process. */
export interface Uploads {
  create(key: string, options: UploadOptions): Promise<Upload>;
  /** In order of key, then of age. */
  list(): Promise<readonly Upload[]>;
  find(key: string, id: string): Promise<Upload | undefined>;
  putPart(upload: Upload, part: number, body: AsyncIterable<Uint8Array>, options: PartOptions): Promise<UploadPart>;
  /** In order of their numbers. */
  parts(upload: Upload): Promise<readonly UploadPart[]>;
  /** Puts the object together from these parts, and forgets the upload. */
  complete(upload: Upload, parts: readonly UploadPart[], options: PutOptions): Promise<BucketObject>;
  abort(upload: Upload): Promise<void>;
}

export interface UploadOptions {
  readonly attributes: ObjectAttributes;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: StoredChecksum["type"] };
}

export interface Upload extends UploadOptions {
  readonly id: string;
  readonly key: string;
  readonly createdAtMs: number;
}

export type PartOptions = Pick<PutOptions, "checksum" | "verify">;

export interface UploadPart {
  readonly number: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly etag: string;
  readonly checksum?: Pick<StoredChecksum, "algorithm" | "value">;
}
