// Words with what they are below each.

import { asTable, make, shown, unpadded, visible } from "../dom.js";

const UNKNOWN = 1; // the id of every word that the model does not know

export function view(of, { meanings, outputs }) {
  const tags = unpadded(of("tags")),
    words = of("tokens").slice(0, tags.length),
    ids = outputs.ids === undefined ? undefined : of("ids"),
    scores = outputs.scores === undefined ? undefined : of("scores");
  const unknown = (place) => ids !== undefined && ids[place] === UNKNOWN;
  const told = words.map((word, place) => [
    make("ruby", { class: unknown(place) ? "unknown" : "" }, [
      visible(word),
      make("rt", {}, tags[place]),
    ]),
    " ",
  ]);
  const rows = words.map((word, place) => [
    visible(word),
    tags[place],
    ...(scores ? [shown(scores[place])] : []),
  ]);
  return [
    make("p", { class: "text tagged-text", dir: "auto" }, told),
    make(
      "p",
      { class: "note" },
      `Below each word: ${meanings[outputs.tags]}.`,
      words.some((_, place) => unknown(place)) ? " Dotted: not known to the model." : "",
    ),
    asTable(["word", "tag", ...(scores ? ["score"] : [])], rows),
  ];
}
