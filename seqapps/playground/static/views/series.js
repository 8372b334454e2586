// Series of numbers: what comes after those that were given, with bands; what each of their steps
// scores, with a threshold; what each channel does. Shapes tell which, see docs/playground.md.

import { bars, beside, isShort } from "../bars.js";
import { asTable, make, shown } from "../dom.js";
import { chart } from "../chart.js";

const MOST = 12; // charts of channels
const HISTORY = 3; // times the horizon: so much of what was given is drawn

export function view(of, context) {
  const given = givenOf(context);
  const series = of("series") ?? [],
    ends = of("ends") ?? [],
    numbers = of("numbers") ?? [];
  const sorted = { ahead: [], steps: [], channels: [], alone: [] };
  for (const each of series) sorted[placeOf(each[1], given)].push(each);
  if (!sorted.ahead.length) sorted.alone.push(...ends);
  const name = (each) => each.replaceAll("_", " ");
  return [
    ahead(sorted.ahead, ends, given, context.meanings),
    byStep(sorted.steps, numbers, given),
    beside(
      sorted.channels.map(([key, values]) =>
        bars(name(key), context.meanings[key], given.channels, values),
      ),
    ),
    sorted.steps.length ? whatWasGiven(sorted.steps, given) : null,
    beside(
      sorted.alone
        .filter(([, values]) => isShort(values))
        .map(([key, values]) =>
          bars(
            name(key),
            context.meanings[key],
            [...values.keys()].map((place) => `${place + 1}`),
            values,
            false,
          ),
        ),
    ),
    sorted.alone
      .filter((each) => !isShort(each[1]))
      .map(([key, values]) => alone(name(key), context.meanings[key], values)),
  ]
    .flat(2)
    .filter(Boolean);
}

/** The series that was given: {values [channels][steps], steps, channels, flat}, or null. */
function givenOf({ values, controls }) {
  const control = controls.find((each) => each.widget === "series" && each.name in values);
  if (!control) return null;
  const rows = values[control.name];
  const flat = control.shape.length < 2;
  const channels = flat
    ? [control.name]
    : [...rows[0].keys()].map((place) => control.channels[place] ?? `channel ${place + 1}`);
  return {
    steps: rows.length,
    flat,
    channels,
    values: channels.map((_, place) => rows.map((row) => (flat ? row : row[place]))),
  };
}

/** What a series tells of: coming steps, steps that were given, channels, or none of these. */
function placeOf(values, given) {
  if (values[0] instanceof Array)
    return given && values[0].length <= given.channels.length ? "ahead" : "alone";
  if (!given) return "alone";
  if (given.flat) return values.length === given.steps ? "alone" : "ahead";
  if (values.length === given.steps) return "steps";
  return values.length === given.channels.length ? "channels" : "alone";
}

/** A chart for each channel that is forecast: what was given, what comes, the bands. */
function ahead(series, ends, given, meanings) {
  if (!series.length) return [];
  const column = (values, place) => values.map((row) => (row instanceof Array ? row[place] : row));
  const count = series[0][1][0] instanceof Array ? series[0][1][0].length : 1;
  const charts = [...Array(Math.min(count, MOST)).keys()].map((place) => {
    const coming = series.map(([name, values], number) => ({
      name: name.replaceAll("_", " "),
      values: column(values, place),
      from: 1,
      side: number ? "third" : "model",
    }));
    const past = given.values[place].slice(-Math.max(20, HISTORY * coming[0].values.length));
    const lines = [
      { name: "given", values: past, from: 1 - past.length, side: "given" },
      ...coming,
    ];
    const bands = [];
    for (let at = 0; at + 1 < ends.length; at += 2) {
      const [low, high] = [ends[at], ends[at + 1]];
      bands.push({
        name: interval(low[0], high[0], meanings),
        low: column(low[1], place),
        high: column(high[1], place),
        from: 1,
      });
    }
    return chart({ title: given.channels[place], lines, bands, origin: 1, axis: "steps from now" });
  });
  const told = [...series, ...ends];
  const rows = series[0][1].flatMap((_, step) =>
    [...Array(count).keys()].map((place) => [
      `+${step + 1}`,
      ...(count > 1 ? [given.channels[place]] : []),
      ...told.map(([, values]) => shown(column(values, place)[step])),
    ]),
  );
  return [
    ...charts,
    asTable(["step", ...(count > 1 ? ["channel"] : []), ...told.map(([name]) => name)], rows),
  ];
}

/** What a band is called: by its meaning where both ends have the same. */
function interval(low, high, meanings) {
  const alike = meanings[low] === meanings[high];
  return alike
    ? meanings[low].replace(/^ends? of (the )?/, "")
    : `${low} to ${high}`.replaceAll("_", " ");
}

/** What is told of each step that was given: scores with their threshold, alarms as a ground. */
function byStep(series, numbers, given) {
  if (!series.length) return [];
  const from = 1 - given.steps;
  const marks = marksOf(series, from);
  const threshold = numbers.find(([name]) => name === "threshold");
  const level = threshold ? { name: "threshold", value: threshold[1] } : null;
  const scored = series.filter((each) => !isMarking(each));
  const charts = scored.map(([name, values]) =>
    chart({
      title: name.replaceAll("_", " "),
      lines: [{ name, values, from, side: "model" }],
      marks,
      level,
      axis: "steps, the last one is 0",
    }),
  );
  const rows =
    scored[0]?.[1].map((_, step) => [
      from + step,
      ...series.map(([, values]) => shown(values[step])),
    ]) ?? [];
  return [...charts, asTable(["step", ...series.map(([name]) => name)], rows)];
}

/** The channels that were given, each step that is marked on a ground. */
function whatWasGiven(series, given) {
  const from = 1 - given.steps,
    marks = marksOf(series, from);
  const channels = given.channels.slice(0, MOST).map((name, place) =>
    chart({
      title: name,
      lines: [{ name, values: given.values[place], from, side: "given" }],
      marks,
      axis: "steps, the last one is 0",
    }),
  );
  return make(
    "details",
    { open: true },
    make("summary", {}, "What was given"),
    make("div", { class: "small" }, channels),
  );
}

/** Series of 0 and 1 mark steps; they are not drawn as lines. */
function isMarking([, values]) {
  return values.every((value) => value === 0 || value === 1);
}

function marksOf(series, from) {
  return series
    .filter(isMarking)
    .flatMap(([, values]) => spans(values).map(([first, last]) => [from + first, from + last]));
}

/** [0, 1, 1, 0] -> [[1, 2]]: first and last of each run of ones. */
function spans(values) {
  const found = [];
  values.forEach((value, place) => {
    if (!value) return;
    if (found.at(-1)?.[1] === place - 1) found.at(-1)[1] = place;
    else found.push([place, place]);
  });
  return found;
}

function alone(title, meaning, values) {
  const rows =
    values[0] instanceof Array
      ? values[0].map((_, place) => values.map((row) => row[place]))
      : [values];
  const sides = ["model", "baseline", "third", "given"];
  const lines = rows.slice(0, MOST).map((each, place) => ({
    name: rows.length > 1 ? String(place + 1) : title,
    values: each,
    from: 1,
    side: sides[place % sides.length],
  }));
  return [
    chart({ title, lines, axis: "number" }),
    make("p", { class: "note" }, meaning),
    asTable(
      ["number", ...lines.map(({ name }) => name)],
      rows[0].map((_, place) => [place + 1, ...rows.map((row) => shown(row[place]))]),
    ),
  ];
}
