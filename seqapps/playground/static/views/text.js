// A text, or what else is said in a word.

import { make, shown } from "../dom.js";

export function view(of, { meanings, outputs }) {
  const value = of("value");
  return make(
    "p",
    { class: "said", dir: "auto", title: meanings[outputs.value] },
    typeof value === "string" ? value || "∅" : shown(value),
  );
}
