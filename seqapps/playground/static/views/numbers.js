// Single numbers, each with its meaning.

import { make, shown } from "../dom.js";

export function view(of, { meanings }) {
  return make(
    "ul",
    { class: "tiles" },
    of("numbers").map(([name, value]) =>
      make(
        "li",
        {},
        make("span", {}, name.replaceAll("_", " ")),
        make("b", {}, shown(value)),
        make("span", {}, meanings[name]),
      ),
    ),
  );
}
