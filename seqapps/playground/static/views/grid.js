// A table of weights, each cell the darker the more it weighs.

import { asTable, make, shown } from "../dom.js";

export function view(of, { meanings, outputs }) {
  const rows = of("value");
  const flat = rows[0]?.[0] instanceof Array ? rows.map((each) => each.flat()) : rows;
  return [
    make("p", { class: "note" }, meanings[outputs.value]),
    shadedTable(flat),
    asTable(
      ["", ...flat[0].keys()],
      flat.map((row, place) => [place, ...row.map(shown)]),
    ),
  ];
}

function shadedTable(rows) {
  const most = Math.max(...rows.flat(), 0) || 1;
  return make(
    "table",
    { class: "matrix", "aria-hidden": "true" },
    rows.map((row) =>
      make(
        "tr",
        {},
        row.map((value) =>
          make("td", { class: "w", style: { "--a": `${(100 * value) / most}%` } }),
        ),
      ),
    ),
  );
}
