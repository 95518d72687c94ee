/**
 * Floating-point numbers as PostgreSQL 12 and later writes them: the fewest digits that read back as the same number, an exponent of two digits at
 * least below 0.0001 and from as many digits on as the type is sure to keep.
 */
const DOUBLE_DIGITS = 15;
const REAL_DIGITS = 6;

export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size < 1e15 && size >= 1e-4) return String(value);
  return rareText(value, String(value), DOUBLE_DIGITS);
}

/** `value` is one that a real holds. */
export function realText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6 && value !== 0) return String(value);
  let text = String(value);
  for (let digits = REAL_DIGITS; digits <= 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) !== value) continue;
    text = String(rounded);
    break;
  }
  const size = Math.abs(value);
  return size < 1e6 && size >= 1e-4 ? text : rareText(value, text, REAL_DIGITS);
}

/** `shortest` is the number's shortest text, in JavaScript's form. */
function rareText(value: number, shortest: string, digitsKept: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  const [mantissa = "", exponentText = "0"] = Number(shortest).toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < digitsKept) return shortest;
  const size = Math.abs(exponent);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${size < 10 ? "0" : ""}${size}`;
}
