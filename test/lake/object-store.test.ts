import { join } from "node:path";
import { systemClock } from "../../src/core/clock.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { openFsObjectStore } from "../../src/lake/fs.js";
import { memoryObjectStore } from "../../src/lake/memory.js";
import { openS3ObjectStore } from "../../src/lake/s3.js";
import { openS3Door } from "../api/s3/s3-door.js";
import { temporaryDirectory } from "../stream/fixtures.js";
import { objectStoreContract } from "./object-store.contract.js";

objectStoreContract("filesystem", async () => {
  const root = await temporaryDirectory();
  return openFsObjectStore({
    disk: nodeDisk(),
    directory: join(root, "lake"),
    stagingDirectory: join(root, "staging"),
  });
});
objectStoreContract("memory", async () => memoryObjectStore(systemClock));
objectStoreContract("S3, by its own client over HTTP", async () => {
  const door = await openS3Door();
  await door.buckets.create("objects");
  return openS3ObjectStore({ client: door.client, bucket: "objects" });
});
