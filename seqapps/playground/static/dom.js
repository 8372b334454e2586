// Elements whose texts are texts: nothing here, and nothing in the pages, ever reads HTML.

const SVG = "http://www.w3.org/2000/svg";

/** make("p", {class: "note"}, "text", child): attributes by name, `on` listeners, children. */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for a part of an SVG picture. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, { on = {}, style = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  // Not the attribute `style`, which the page's policy forbids.
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
  element.append(
    ...children
      .flat(Infinity)
      .filter((child) => child !== null && child !== undefined && child !== ""),
  );
  return element;
}

/** A table of plain cells, folded: what a picture says, for people who do not see it. */
export function asTable(head, rows, title = "As a table") {
  const cells = (tag, row) =>
    row.map((cell) => make(tag, tag === "th" ? { scope: "col" } : {}, String(cell)));
  const table = make(
    "table",
    {},
    make("thead", {}, make("tr", {}, cells("th", head))),
    make(
      "tbody",
      {},
      rows.map((row) => make("tr", {}, cells("td", row))),
    ),
  );
  return make(
    "details",
    { class: "as-table" },
    make("summary", {}, title),
    make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": title }, table),
  );
}

/** A number as people read it: 5 significant digits, none of them made up. */
export function shown(value) {
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2);
  return value.toLocaleString("en", { maximumSignificantDigits: 5 });
}

/** A token that can be seen: spaces and line ends have signs. */
export function visible(token) {
  return token.replace(/\n/g, "↵").replace(/^ | $/g, "␣").replace(/\t/g, "⇥") || "∅";
}

/** Tokens without the padding behind them. */
export function unpadded(tokens) {
  let end = tokens.length;
  while (end > 0 && tokens[end - 1] === "") end -= 1;
  return tokens.slice(0, end);
}
