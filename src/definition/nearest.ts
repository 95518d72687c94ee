/** The candidate that a mistyped word was most likely meant to be; undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  // A third of the letters may be wrong, at least one, but never all of them.
  let leastEdits = Math.min(Math.max(1, Math.floor(lower.length / 3)) + 1, lower.length);
  let found: string | undefined;
  for (const candidate of candidates) {
    const edits = editDistance(lower, candidate.toLowerCase(), leastEdits);
    if (edits < leastEdits) {
      leastEdits = edits;
      found = candidate;
    }
  }
  return found;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words; any number from `limit` on may be answered as `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, beforeLast[j - 2]! + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
