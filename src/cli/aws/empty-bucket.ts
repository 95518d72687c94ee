import { PenstockError } from "../../core/errors.js";
import { type AwsSession, calling } from "./session.js";

/** Deletes every version of every object; CloudFormation deletes no bucket that has any. Answers how many there were. */
export async function emptyBucket(
  session: AwsSession,
  Bucket: string,
  onProgress: (deleted: number) => void,
): Promise<number> {
  const { DeleteObjectsCommand, NoSuchBucket, ListObjectVersionsCommand, S3Client } = await import(
    "@aws-sdk/client-s3"
  );
  // By the path, so that another S3 than Amazon's needs no name for each bucket.
  const client = new S3Client({ ...session.client, forcePathStyle: true });
  let deleted = 0;
  try {
    await calling(`empty the bucket ${Bucket}`, async () => {
      for (let from = {}, more = true; more; ) {
        const page = await client.send(new ListObjectVersionsCommand({ Bucket, ...from }));
        const { Versions = [], DeleteMarkers = [] } = page;
        from = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
        more = page.IsTruncated === true;
        const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: Key!, VersionId }));
        if (Objects.length === 0) continue;
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
        );
        const [first] = Errors;
        if (first !== undefined) {
          throw new PenstockError("refused", `${first.Key} of ${Bucket} cannot be deleted: ${first.Message}.`, {
            hint: "A lock or a policy of the bucket holds it.",
          });
        }
        deleted += Objects.length;
        onProgress(deleted);
      }
    }).catch((error: unknown) => {
      if (!(error instanceof Error && error.cause instanceof NoSuchBucket)) throw error;
    });
    return deleted;
  } finally {
    client.destroy();
  }
}
