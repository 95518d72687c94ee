import { createHash } from "node:crypto";
import { crc32, crc32c } from "@node-rs/crc32";
import { crc64Nvme } from "../core/crc64.js";
import type { ChecksumAlgorithm } from "./buckets.js";

export interface Digest {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

/** The length of a checksum, in bytes. */
export const CHECKSUM_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** A checksum over bytes as they come. */
export function checksumOf(algorithm: ChecksumAlgorithm): Digest {
  switch (algorithm) {
    case "CRC32":
      return runningCrc(crc32);
    case "CRC32C":
      return runningCrc(crc32c);
    case "CRC64NVME":
      return crc64Nvme();
    case "SHA1":
    case "SHA256": {
      const hash = createHash(algorithm.toLowerCase());
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
    }
  }
}

function runningCrc(next: (bytes: Uint8Array, state?: number) => number): Digest {
  let state = 0;
  return {
    update: (bytes) => {
      state = next(bytes, state);
    },
    digest: () => {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(state);
      return digest;
    },
  };
}
