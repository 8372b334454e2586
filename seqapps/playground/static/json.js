// JSON as TF Serving reads and writes it: with NaN and Infinity, which JavaScript's own lacks.

const PART = /"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)\b/gs;
const SIGN = "\u0000number:";

/** Values of a text. Throws SyntaxError as JSON.parse does. */
export function parse(text) {
  const plain = text.replace(PART, (part) =>
    part[0] === '"' ? part : JSON.stringify(SIGN + part),
  );
  return JSON.parse(plain, (_, value) =>
    typeof value === "string" && value.startsWith(SIGN) ? Number(value.slice(SIGN.length)) : value,
  );
}

/** The text of values; numbers that are none are written as NaN. */
export function write(value, indent = 0) {
  const text = JSON.stringify(
    value,
    (_, each) => (typeof each === "number" && !Number.isFinite(each) ? SIGN + each : each),
    indent,
  );
  return text.replace(/"\\u0000number:(-?\w+)"/g, "$1");
}

/** The same on several lines, lists of numbers each on one. */
export function pretty(value) {
  return write(value, 2).replace(
    /\[\s+([^[\]{}"]*?)\s+\]/g,
    (_, inner) => `[${inner.replace(/\s+/g, " ")}]`,
  );
}
