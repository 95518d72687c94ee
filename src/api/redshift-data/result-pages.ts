/**
 * The result of one statement, kept until its day is over: cut into pages as they will be answered. The first stays in memory, the others
 * go to files, so that however much is asked for, little is held.
 */
import { join } from "node:path";
import type { Disk } from "../../disk/disk.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { PAGE_BYTES, RESULT_BYTES_MAX } from "./limits.js";

export interface ResultPages {
  readonly pages: number;
  readonly rows: number;
  readonly sizeBytes: number;
  /** The rows of a page, each in the form in which it was added, joined. */
  page(index: number): Promise<string>;
  remove(): Promise<void>;
}

export interface ResultWriter {
  /** A row in its encoded form. Rejects when the result is larger than the service keeps. */
  add(row: string): Promise<void>;
  finish(): Promise<ResultPages>;
}

/** `joint` stands between two rows of a page. The folder is made when there is a second page. */
export function resultWriter(disk: Disk, directory: string, joint: string): ResultWriter {
  let first: string | undefined;
  let pages = 0;
  let rows = 0;
  let sizeBytes = 0;
  let open: string[] = [];
  let openBytes = 0;
  const pathOf = (index: number) => join(directory, `${index}.page`);

  async function endPage(): Promise<void> {
    const text = open.join(joint);
    open = [];
    openBytes = 0;
    const index = pages++;
    if (index === 0) {
      first = text;
      return;
    }
    if (index === 1) await disk.makeDirectory(directory);
    const file = await disk.open(pathOf(index), "write");
    try {
      await file.write([Buffer.from(text)]);
    } finally {
      await file.close();
    }
  }

  return {
    add: async (row) => {
      const bytes = Buffer.byteLength(row);
      sizeBytes += bytes;
      if (sizeBytes > RESULT_BYTES_MAX) {
        throw new SqlError(SQL_STATE.outOfMemory, "The result is larger than the 500 MB that the Data API keeps.", {
          hint: "Ask for fewer rows or columns, or UNLOAD to the lake.",
        });
      }
      if (openBytes > 0 && openBytes + bytes > PAGE_BYTES) await endPage();
      open.push(row);
      openBytes += bytes;
      rows++;
    },
    finish: async () => {
      if (open.length > 0 || pages === 0) await endPage();
      return {
        pages,
        rows,
        sizeBytes,
        page: async (index) => (index === 0 ? (first ?? "") : (await disk.readFile(pathOf(index))).toString()),
        remove: () => (pages > 1 ? disk.removeAll(directory) : Promise.resolve()),
      };
    },
  };
}
