// A text that goes on: what was given, fainter, and what was written so far.

import { make } from "../dom.js";

export function view(of, { values, controls }) {
  const given = controls.find((control) => control.widget === "text" && !control.option);
  return make(
    "p",
    { class: "said whole", dir: "auto" },
    make("span", { class: "lead" }, given ? values[given.name] : ""),
    make("span", { class: "new" }, of("text")),
  );
}
