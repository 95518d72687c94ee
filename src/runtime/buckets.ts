/** The buckets that S3's door and SQL see: the lake, with all that any version of the definition has had in it, and those of users. */
import { join } from "node:path";
import type { Logger } from "pino";
import type { PipelineModel } from "../definition/model.js";
import type { VersionStore } from "../definition/version-store.js";
import { lakeBucketName } from "../lake/bucket-name.js";
import type { Buckets } from "../lake/buckets.js";
import { openFsBuckets } from "../lake/fs-buckets.js";
import { ownedPrefixes } from "../lake/lake-bucket.js";
import type { Stores } from "./stores.js";

export interface BucketsOptions {
  readonly stores: Pick<Stores, "disk" | "directories" | "lake" | "versions" | "clock">;
  readonly model: PipelineModel;
  readonly log: Logger;
  readonly closers: (() => Promise<void> | void)[];
}

export async function openBuckets({ stores, model, log, closers }: BucketsOptions): Promise<Buckets> {
  const { disk, directories, lake, versions, clock } = stores;
  const buckets = await openFsBuckets({
    disk,
    directory: directories.buckets,
    stagingDirectory: join(directories.staging, "buckets"),
    lake: { name: lakeBucketName(model.name), store: lake, owned: ownedPrefixes([model, ...modelsOf(versions)]) },
    now: () => clock.now(),
    onError: (error) =>
      log.error({ err: error }, "leftovers of unfinished writes to buckets could not be cleared away"),
  });
  closers.push(() => buckets.close());
  return buckets;
}

/** A table that is gone has left its objects in the lake. */
function modelsOf(versions: VersionStore): PipelineModel[] {
  const last = versions.latest()?.version ?? 0;
  return Array.from({ length: last }, (_, index) => versions.get(index + 1).model);
}
