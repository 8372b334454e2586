// Series out of what people paste: numbers, csv with or without a header, JSON.

import { parse } from "./json.js";

const MISSING = new Set(["", "nan", "na", "n/a", "null", "none", "-", "?"]);

/** What is wrong with a text, for the person who gave it. */
export class TableError extends Error {}

/**
 * series("a,b\n1,2\n3,4", {shape: [2, 2], channels: ["a", "b"], gaps: false})
 *   -> {values: [[1, 2], [3, 4]], notes: [], start: null}
 * The last `shape[0]` steps; values [steps, channels], or [steps] where the shape is one number.
 * `start` is the time of the first of them in seconds since 1970, where a column tells it.
 * Throws TableError.
 */
export function series(text, { shape, channels, gaps }) {
  const [steps, width] = [shape[0], shape.length > 1 ? shape[1] : 1];
  const notes = [];
  const rows = text.trim().startsWith("[")
    ? ofJson(text, width)
    : ofLines(text, width, channels, notes);
  if (!rows.length) throw new TableError(`Nothing is here: ${wanted(steps, width)} are needed.`);
  if (steps !== null && rows.length < steps) {
    throw new TableError(`${count(rows.length, "step")} here: ${wanted(steps, width)} are needed.`);
  }
  if (steps !== null && rows.length > steps)
    notes.push(`the last ${steps} of ${rows.length} steps`);
  const kept = steps === null ? rows : rows.slice(-steps);
  const holes = kept.flatMap((row) => row.values).filter(Number.isNaN).length;
  if (holes && !gaps) {
    const bad = kept.find((row) => row.values.some(Number.isNaN));
    throw new TableError(`Line ${bad.line}: a value is missing, and this model takes no gaps.`);
  }
  if (holes) notes.push(count(holes, "gap"));
  const values = kept.map((row) => (shape.length > 1 ? row.values : row.values[0]));
  return { values, notes, start: timeOf(kept[0].cells ?? []) };
}

/** The text that `series` reads back as these values. */
export function asText(values, channels) {
  const lines = values.map((row) =>
    [row]
      .flat()
      .map((v) => (Number.isNaN(v) ? "" : String(v)))
      .join(","),
  );
  return [...(channels.length ? [channels.join(",")] : []), ...lines].join("\n");
}

function ofJson(text, width) {
  let values;
  try {
    values = parse(text);
  } catch {
    throw new TableError("This begins like JSON, but is none.");
  }
  return values.map((row, place) => {
    const numbers = [row].flat().map((value) => (value === null ? NaN : value));
    if (numbers.length !== width || numbers.some((value) => typeof value !== "number")) {
      throw new TableError(`Step ${place + 1}: expected ${count(width, "number")}.`);
    }
    return { line: place + 1, values: numbers };
  });
}

function ofLines(text, width, channels, notes) {
  const lines = text.split(/\r?\n/).map((line, place) => ({ line: place + 1, text: line }));
  while (lines.length && !lines.at(-1).text.trim()) lines.pop();
  while (lines.length && !lines[0].text.trim()) lines.shift();
  if (!lines.length) return [];
  const split = splitter(lines.slice(0, 50).map((each) => each.text));
  const rows = lines.map(({ line, text: one }) => ({ line, cells: split(one) }));
  const headed =
    rows[0].cells.every((cell) => Number.isNaN(number(cell))) &&
    rows[0].cells.some((cell) => !MISSING.has(cell.toLowerCase()));
  if (headed) return named(rows[0].cells, rows.slice(1), width, channels, notes);
  if (width === 1 && rows.every((row) => row.cells.every(isValue))) {
    return rows.flatMap(({ line, cells }) =>
      cells.map((cell) => ({ line, values: [number(cell)] })),
    );
  }
  return chosen(rows, numeric(rows), width, channels);
}

/** Columns by the channels' names, else those of numbers where there are as many as needed. */
function named(head, rows, width, channels, notes) {
  if (channels.length && channels.every((channel) => head.includes(channel))) {
    const places = channels.map((channel) => head.indexOf(channel));
    const left = head.filter((name) => !channels.includes(name));
    if (left.length) notes.push(`columns that are not looked at: ${left.join(", ")}`);
    return picked(rows, places);
  }
  const places = numeric(rows);
  if (channels.length) {
    const missing = channels.filter((channel) => !head.includes(channel));
    if (places.length !== width) {
      throw new TableError(`The header lacks ${missing.join(", ")}; it has ${head.join(", ")}.`);
    }
    notes.push(`columns taken in their order: ${places.map((place) => head[place]).join(", ")}`);
  }
  return chosen(rows, places, width, channels);
}

function chosen(rows, places, width, channels) {
  if (places.length === width) return picked(rows, places);
  const names = channels.length ? ` (${channels.join(", ")})` : "";
  throw new TableError(
    `Expected ${count(width, "column")} of numbers${names}, found ${places.length}.`,
  );
}

function picked(rows, places) {
  return rows
    .filter(({ cells }) => cells.some((cell) => cell !== ""))
    .map(({ line, cells }) => {
      const rest = cells.filter((_, place) => !places.includes(place));
      const values = places.map((place) => {
        const cell = cells[place] ?? "";
        if (!isValue(cell))
          throw new TableError(`Line ${line}: "${cell.slice(0, 40)}" is no number.`);
        return number(cell);
      });
      return { line, values, cells: rest };
    });
}

/** The places of columns that hold numbers alone. */
function numeric(rows) {
  const width = Math.max(...rows.map(({ cells }) => cells.length), 0);
  return [...Array(width).keys()].filter(
    (place) =>
      rows.every(({ cells }) => isValue(cells[place] ?? "")) &&
      rows.some(({ cells }) => !Number.isNaN(number(cells[place] ?? ""))),
  );
}

/** What cuts lines into cells: the first of tab, semicolon, comma that is there, else spaces. */
function splitter(lines) {
  const mark = ["\t", ";", ","].find((each) => lines.some((line) => line.includes(each)));
  if (mark === undefined) return (line) => line.trim().split(/\s+/);
  const decimals = mark !== ","; // then a comma in a number is its decimal sign
  return (line) =>
    cut(line, mark).map((cell) =>
      decimals && /^-?\d*,\d+$/.test(cell) ? cell.replace(",", ".") : cell,
    );
}

/** Cells of a line of csv: quotes hold what would cut, two of them are one. */
function cut(line, mark) {
  const cells = [""];
  let quoted = false;
  for (let i = 0; i < line.length; i += 1) {
    if (line[i] === '"' && quoted && line[i + 1] === '"') cells[cells.length - 1] += line[(i += 1)];
    else if (line[i] === '"') quoted = !quoted;
    else if (line[i] === mark && !quoted) cells.push("");
    else cells[cells.length - 1] += line[i];
  }
  return cells.map((cell) => cell.trim());
}

/** Seconds since 1970 (UTC) of the first cell that is a date, or null. */
function timeOf(cells) {
  const cell = cells.find((each) =>
    /^\d{4}-\d\d(-\d\d)?([ T]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?$/.test(each),
  );
  if (cell === undefined) return null;
  const whole = cell.replace(" ", "T");
  const time = Date.parse(
    /T/.test(whole) && !/(Z|[+-]\d\d:?\d\d)$/.test(whole) ? `${whole}Z` : whole,
  );
  return Number.isNaN(time) ? null : Math.round(time / 1000);
}

function isValue(cell) {
  return MISSING.has(cell.toLowerCase()) || !Number.isNaN(number(cell));
}

function number(cell) {
  return cell === "" ? NaN : Number(cell);
}

function wanted(steps, width) {
  return width === 1 ? `${steps} numbers` : `${steps} steps of ${width} values`;
}

function count(many, what) {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}
