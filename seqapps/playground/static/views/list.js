// Labels, tokens, ids, scores or weights that nothing belongs to.

import { make, shown, unpadded, visible } from "../dom.js";

export function view(of, { meanings, outputs }) {
  const values = [of("value")].flat();
  return [
    make("p", { class: "note" }, meanings[outputs.value]),
    make(
      "ol",
      { class: "plain" },
      unpadded(values).map((value) =>
        make("li", { dir: "auto" }, typeof value === "string" ? visible(value) : shown(value)),
      ),
    ),
  ];
}
