// Line charts as SVG, drawn anew when their place becomes wider or narrower.

import { drawn, make, shown } from "./dom.js";

const HEIGHT = 230,
  LEFT = 58,
  RIGHT = 12,
  TOP = 12,
  BOTTOM = 38;

/**
 * A figure of lines over steps.
 * lines: [{name, values, from, side}], the first value at step `from`; NaN is a gap
 * bands: [{name, low, high, from}], the widest first; marks: [[first, last]] steps on a ground
 * level: {name, value}, a line across, of a scale that begins at 0; origin: a step that a dotted line stands before
 */
export function chart({
  title,
  lines,
  bands = [],
  marks = [],
  level = null,
  origin = null,
  axis = "steps",
}) {
  const place = make("div", { class: "chart" });
  const head = make(
    "figcaption",
    {},
    make("b", {}, title),
    " ",
    legend(lines, bands, marks, level),
  );
  const told = { title, lines, bands, marks, level, origin, axis };
  let width = 0;
  new ResizeObserver(([seen]) => {
    if (Math.abs(seen.contentRect.width - width) < 1) return;
    width = seen.contentRect.width;
    place.replaceChildren(picture(told, width));
  }).observe(place);
  return make("figure", { class: "series" }, head, place);
}

function picture({ title, lines, bands, marks, level, origin, axis }, width) {
  const steps = [...lines, ...bands.map(({ low, from }) => ({ values: low, from }))];
  const first = Math.min(...steps.map(({ from }) => from));
  const last = Math.max(...steps.map(({ from, values }) => from + values.length - 1));
  const all = [
    ...lines.flatMap((each) => each.values),
    ...bands.flatMap(({ low, high }) => [...low, ...high]),
    ...(level ? [0, level.value] : []),
  ].filter(Number.isFinite);
  const ticks = ticksOf(Math.min(...all), Math.max(...all), 4);
  const [bottom, top] = [Math.min(...all, ticks[0]), Math.max(...all, ticks.at(-1))];
  const x = (step) => LEFT + ((step - first) / Math.max(1, last - first)) * (width - LEFT - RIGHT);
  const y = (value) =>
    HEIGHT - BOTTOM - ((value - bottom) / (top - bottom || 1)) * (HEIGHT - TOP - BOTTOM);
  const half = (x(first + 1) - x(first)) / 2;
  return drawn(
    "svg",
    { width, height: HEIGHT, role: "img", "aria-label": described(title, lines, level) },
    marks.map(([from, to]) =>
      drawn("rect", {
        class: "mark",
        x: x(from) - half,
        width: x(to) - x(from) + 2 * half,
        y: TOP,
        height: HEIGHT - TOP - BOTTOM,
      }),
    ),
    ticks.map((tick) => [
      drawn("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }),
      drawn(
        "text",
        { x: LEFT - 6, y: y(tick), "text-anchor": "end", "dominant-baseline": "central" },
        shown(tick),
      ),
    ]),
    stepTicks(first, last, width).map((tick) =>
      drawn(
        "text",
        { x: x(tick), y: HEIGHT - BOTTOM + 15, "text-anchor": "middle" },
        tick > 0 && first < 0 ? `+${tick}` : String(tick).replace("-", "−"),
      ),
    ),
    drawn(
      "text",
      { class: "axis", x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 4, "text-anchor": "middle" },
      axis,
    ),
    bands.map(({ low, high, from }) =>
      drawn("path", { class: "band", d: around(low, high, from, x, y) }),
    ),
    origin === null
      ? null
      : drawn("line", {
          class: "origin",
          x1: x(origin) - half,
          x2: x(origin) - half,
          y1: TOP,
          y2: HEIGHT - BOTTOM,
        }),
    level
      ? drawn("line", {
          class: "level",
          x1: LEFT,
          x2: width - RIGHT,
          y1: y(level.value),
          y2: y(level.value),
        })
      : null,
    lines.map(({ values, from, side }) =>
      drawn("path", { class: `line ${side}`, d: along(values, from, x, y) }),
    ),
  );
}

/** The path of a line; a value between two gaps is a dot, as a stroke of no length has. */
function along(values, from, x, y) {
  let pen = false;
  return values
    .map((value, place) => {
      if (!Number.isFinite(value)) {
        pen = false;
        return "";
      }
      const at = `${x(from + place).toFixed(1)} ${y(value).toFixed(1)}`;
      const drawnTo = pen ? `L${at}` : `M${at}h0`;
      pen = true;
      return drawnTo;
    })
    .join("");
}

function around(low, high, from, x, y) {
  const points = [
    ...high.map((value, place) => [x(from + place), y(value)]),
    ...low.map((value, place) => [x(from + place), y(value)]).reverse(),
  ];
  return `M${points.map((point) => point.map((each) => each.toFixed(1)).join(" ")).join("L")}Z`;
}

/** Round values between two: [0, 0.5, 1] and the like. */
export function ticksOf(low, high, count) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (low === high)
    return [low - Math.max(1, Math.abs(low) / 10), low, high + Math.max(1, Math.abs(high) / 10)];
  const rough = (high - low) / count,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const ticks = [];
  for (let place = Math.ceil(low / step); place <= Math.floor(high / step + 1e-9); place += 1)
    ticks.push(Number((place * step).toPrecision(12)));
  return ticks.length ? ticks : [low, high];
}

function stepTicks(first, last, width) {
  const ticks = ticksOf(first, last, Math.max(2, Math.floor(width / 90))).filter(Number.isInteger);
  return ticks.length ? ticks : [first, last];
}

function legend(lines, bands, marks, level) {
  const key = (name, side) => make("span", { class: `key ${side}` }, name);
  return [
    ...(lines.length > 1 || bands.length ? lines.map(({ name, side }) => key(name, side)) : []),
    ...bands.map(({ name }, place) => key(name, place ? "band inner" : "band")),
    ...(level ? [key(`${level.name} ${shown(level.value)}`, "level")] : []),
    ...(marks.length ? [key("alarm", "mark")] : []),
  ];
}

function described(title, lines, level) {
  const parts = lines.map(({ name, values }) => {
    const seen = values.filter(Number.isFinite);
    return `${name} from ${shown(seen[0])} to ${shown(seen.at(-1))}, between ${shown(Math.min(...seen))} and ${shown(Math.max(...seen))}`;
  });
  return `${title}: ${parts.join("; ")}${level ? `; ${level.name} ${shown(level.value)}` : ""}`;
}
