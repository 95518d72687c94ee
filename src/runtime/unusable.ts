import { messageOf, PenstockError } from "../core/errors.js";

/** What the system says of a folder that nothing can be kept in, by its code and in the words of an engine that has no codes. */
const REASONS: readonly { readonly sign: RegExp; readonly what: string; readonly hint: string }[] = [
  {
    sign: /ENOTDIR|EEXIST/,
    what: "it, or a part of its path, is a file",
    hint: "Name a folder with --data; it is made if absent.",
  },
  {
    sign: /EROFS|read-only file system/i,
    what: "its file system is read-only",
    hint: "Name a folder that can be written with --data.",
  },
  {
    sign: /EACCES|EPERM|permission denied/i,
    what: "this user may not write in it",
    hint: "Change its owner or its mode, or name another folder with --data.",
  },
  {
    sign: /ENOSPC|EDQUOT|no space left/i,
    what: "its disk is full",
    hint: "Make room and start again: nothing that was acked is lost. Or name a folder on another disk with --data.",
  },
];

/** A start that failed because of its data directory, told as that; any other error as it is. */
export function dataDirectoryError(error: unknown, path: string): unknown {
  if (error instanceof PenstockError && error.code === "locked") return error;
  const message = messageOf(error);
  // A write into an open file fails without a name; a start writes hardly anywhere else.
  const nameless = /^(ENOSPC|EDQUOT): [^'"]*$/.test(message);
  if (!nameless && !message.includes(path)) return error;
  const reason = REASONS.find(({ sign }) => sign.test(message));
  if (reason === undefined) return error;
  return new PenstockError("refused", `The data directory ${path} cannot be used: ${reason.what} (${message}).`, {
    hint: reason.hint,
    cause: error,
  });
}
