import type { Readable } from "node:stream";

/**
 * The lake: immutable objects by key. A key is `/`-separated, relative, without `.` or `..` segments.
 *
 * `put` and `adopt` are all or nothing: a reader sees no object, or the whole object, durable. Writing a key again replaces the
 * object as atomically; since a key is derived from what the object holds, that is the same content again.
 */
export interface ObjectStore {
  /** Keys that begin with `prefix`, in order of their UTF-8 bytes; `after` a key, or behind all that begin with `afterPrefix`. */
  list(
    prefix: string,
    options?: { readonly after?: string; readonly afterPrefix?: string; readonly limit?: number },
  ): Promise<ObjectInfo[]>;
  head(key: string): Promise<ObjectInfo | undefined>;
  /** `not-found` when absent. `range` is inclusive, as in HTTP. */
  get(key: string, range?: { readonly first: number; readonly last: number }): Promise<Readable>;
  put(key: string, body: Uint8Array): Promise<ObjectInfo>;
  /**
   * Moves a finished local file in under the key. The file is gone afterwards. Where it is gone already and the object is there, an adoption
   * that a crash had cut off is finished: the object is durable on return.
   */
  adopt(path: string, key: string): Promise<ObjectInfo>;
  /** Absent is no error. */
  delete(key: string): Promise<void>;
  /** Where an engine on this machine can read the object by itself; undefined for stores that are elsewhere. */
  localPath(key: string): string | undefined;
}

export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}
