// Bars for numbers that do not follow each other.

import { make, shown } from "./dom.js";

const BARS = 16; // values that bars show; a line would join what does not follow each other

/** Whether bars show these numbers: a few, and no lists. */
export function isShort(values) {
  return values.length <= BARS && !(values[0] instanceof Array);
}

/** Parts beside each other where there is room. */
export function beside(parts) {
  return parts.length
    ? make(
        "div",
        { class: "small" },
        parts.map((part) => make("div", {}, part)),
      )
    : null;
}

/** A bar for each channel, the longest first, to the left where it is below zero. */
export function bars(title, meaning, channels, values, ordered = true) {
  const most = Math.max(...values.map(Math.abs), 1e-12),
    signed = values.some((value) => value < 0);
  const order = [...values.keys()];
  if (ordered) order.sort((one, other) => Math.abs(values[other]) - Math.abs(values[one]));
  const line = (place) => {
    const width = ((signed ? 50 : 100) * Math.abs(values[place])) / most;
    const left = signed ? (values[place] < 0 ? 50 - width : 50) : 0;
    return make(
      "li",
      {},
      make("span", { class: "name" }, channels[place]),
      make("span", { class: "value" }, shown(values[place])),
      make(
        "span",
        { class: "bar", "aria-hidden": "true" },
        make("i", {
          class: values[place] < 0 ? "below" : "",
          style: { width: `${width}%`, "margin-left": `${left}%` },
        }),
      ),
    );
  };
  return [
    make("h4", {}, title),
    make("p", { class: "note" }, meaning),
    make("ol", { class: "scores" }, order.map(line)),
  ];
}
