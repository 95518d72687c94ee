/**
 * The bytes of one simulated file, by page: what readers see, what is surely on the platter, and, for each page that was
 * written since the last sync, every image it has had, since the kernel may have written back any of them at any time.
 */
import type { Random } from "./random.js";

export const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

type Page = Uint8Array;
const BLANK: Page = new Uint8Array(PAGE_BYTES);

/** How much of what was not synced a crash leaves: a mood for the whole crash, so that the extremes come up too. */
export type Survival = "nothing" | "everything" | "some" | "torn";

export class SimFile {
  readonly kind = "file";
  sizeBytes = 0;
  modifiedMs: number;
  private pages = new Map<number, Page>();
  private durablePages = new Map<number, Page>();
  private durableSizeBytes = 0;
  /** Images since the last sync, oldest first. Pages are never changed in place. */
  private dirty = new Map<number, Page[]>();
  /** Images of pages whose write-back failed: clean to the kernel, on the platter or not. */
  private doubtful = new Map<number, Page[]>();
  private sizesSinceSync: number[] = [];

  constructor(modifiedMs: number) {
    this.modifiedMs = modifiedMs;
  }

  static of(content: Uint8Array, modifiedMs: number): SimFile {
    const file = new SimFile(modifiedMs);
    file.append(content);
    file.sync();
    return file;
  }

  content(): Buffer {
    const bytes = Buffer.alloc(this.sizeBytes);
    this.read(bytes, 0);
    return bytes;
  }

  read(into: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(into.length, this.sizeBytes - position));
    for (let done = 0; done < length; ) {
      const at = position + done;
      const within = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - within, length - done);
      const page = this.pages.get(Math.floor(at / PAGE_BYTES)) ?? BLANK;
      into.set(page.subarray(within, within + count), done);
      done += count;
    }
    return length;
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = this.sizeBytes + done;
      const within = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - within, bytes.length - done);
      const index = Math.floor(at / PAGE_BYTES);
      const page = new Uint8Array(this.pages.get(index) ?? BLANK);
      page.set(bytes.subarray(done, done + count), within);
      this.replacePage(index, page);
      done += count;
    }
    this.resize(this.sizeBytes + bytes.length);
  }

  truncate(sizeBytes: number): void {
    for (const [index, page] of this.pages) {
      const kept = sizeBytes - index * PAGE_BYTES;
      if (kept >= PAGE_BYTES) continue;
      const cut = new Uint8Array(PAGE_BYTES);
      cut.set(page.subarray(0, Math.max(0, kept)));
      this.replacePage(index, cut);
    }
    this.resize(sizeBytes);
  }

  private replacePage(index: number, page: Page): void {
    this.pages.set(index, page);
    const images = this.dirty.get(index);
    if (images === undefined) this.dirty.set(index, [page]);
    else images.push(page);
  }

  private resize(sizeBytes: number): void {
    this.sizeBytes = sizeBytes;
    this.sizesSinceSync.push(sizeBytes);
  }

  /** Everything written so far is on the platter, but for pages whose write-back failed before and that were not written again. */
  sync(): void {
    for (const index of this.dirty.keys()) {
      this.durablePages.set(index, this.pages.get(index)!);
      this.doubtful.delete(index);
    }
    this.dirty.clear();
    this.durableSizeBytes = this.sizeBytes;
    this.sizesSinceSync = [];
  }

  /** The disk refused: the pages count as clean from here on, as ext4 has it, whether they got there or not. */
  failSync(): void {
    for (const [index, images] of this.dirty) {
      this.doubtful.set(index, [...(this.doubtful.get(index) ?? []), ...images]);
    }
    this.dirty.clear();
  }

  /** The process died, the machine did not: all is as it was, but clean pages that never got to the disk may have been evicted. */
  afterKill(random: Random): void {
    for (const index of this.doubtful.keys()) {
      if (!this.dirty.has(index) && random.chance(0.5)) {
        this.pages.set(index, this.durablePages.get(index) ?? BLANK);
        this.doubtful.delete(index);
      }
    }
  }

  /** The file as a power cut may leave it. */
  afterPowerCut(random: Random, survival: Survival): SimFile {
    const sizeBytes = this.survivingSize(random, survival);
    const bytes = Buffer.alloc(sizeBytes);
    const last = Math.ceil(sizeBytes / PAGE_BYTES);
    for (let index = 0; index < last; index++) {
      const page = this.survivingPage(index, random, survival);
      bytes.set(page.subarray(0, Math.min(PAGE_BYTES, sizeBytes - index * PAGE_BYTES)), index * PAGE_BYTES);
    }
    return SimFile.of(bytes, this.modifiedMs);
  }

  private survivingSize(random: Random, survival: Survival): number {
    if (this.sizesSinceSync.length === 0 || survival === "nothing") return this.durableSizeBytes;
    if (survival === "everything") return this.sizeBytes;
    const size = random.pick([this.durableSizeBytes, ...this.sizesSinceSync]);
    // A file that is being extended may end within what one write added.
    const { durableSizeBytes } = this;
    const torn = survival === "torn" && size > durableSizeBytes;
    return torn ? random.between(durableSizeBytes, size) : size;
  }

  private survivingPage(index: number, random: Random, survival: Survival): Page {
    const durable = this.durablePages.get(index) ?? BLANK;
    const images = [...(this.doubtful.get(index) ?? []), ...(this.dirty.get(index) ?? [])];
    if (images.length === 0 || survival === "nothing") return durable;
    if (survival === "everything" && !this.doubtful.has(index)) return images.at(-1)!;
    const page = new Uint8Array(random.pick([durable, ...images]));
    if (survival !== "torn") return page;
    for (let sector = 0; sector < PAGE_BYTES; sector += SECTOR_BYTES) {
      const from = random.pick([durable, ...images]);
      page.set(from.subarray(sector, sector + SECTOR_BYTES), sector);
    }
    return page;
  }

  /** The medium itself goes bad: what was durable changes. */
  damage(change: (content: Buffer) => Buffer): void {
    const content = change(this.content());
    this.pages = new Map();
    this.sizeBytes = 0;
    this.append(content);
    this.sync();
  }
}
