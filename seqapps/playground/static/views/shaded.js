// Tokens on a ground that is the darker the more they weigh.

import { chart } from "../chart.js";
import { asTable, make, shown, unpadded, visible } from "../dom.js";

const UNKNOWN = 1; // the id of every token that the model does not know

export function view(of, { meanings, outputs }) {
  const tokens = unpadded(of("tokens")),
    weights = of("weights"),
    ids = of("ids");
  if (areSteps(tokens)) return ofSteps(tokens.map(Number), weights, meanings[outputs.weights]);
  const most = Math.max(...weights.slice(0, tokens.length), 0) || 1;
  const spaced =
    tokens.some((token) => [...token].length > 1) && !tokens.some((token) => /\s/.test(token));
  const unknown = (place) => ids !== undefined && ids[place] === UNKNOWN;
  const words = tokens.map((token, place) => {
    const share = Math.max(0, weights[place] / most);
    const title = `${shown(weights[place])}${unknown(place) ? ", not known to the model" : ""}`;
    return [
      make(
        "span",
        {
          class: `w${unknown(place) ? " unknown" : ""}`,
          title,
          style: { "--a": `${(100 * share).toFixed(1)}%` },
        },
        token.replace(/\n/g, "↵\n"),
      ),
      spaced ? " " : "",
    ];
  });
  const rows = tokens.map((token, place) => [
    visible(token),
    ...(ids ? [ids[place]] : []),
    shown(weights[place]),
  ]);
  return [
    make("p", { class: `text shaded-text ${spaced ? "" : "whole joined"}`, dir: "auto" }, words),
    make(
      "p",
      { class: "note" },
      `Darker: ${meanings[outputs.weights]}.`,
      tokens.some((_, place) => unknown(place)) ? " Dotted: not known to the model." : "",
    ),
    asTable(["token", ...(ids ? ["id"] : []), "weight"], rows),
  ];
}

/** Whether tokens are the numbers of steps that follow each other: -3, -2, -1. */
function areSteps(tokens) {
  return (
    tokens.length > 2 &&
    tokens.every(
      (token, place) => /^-?\d+$/.test(token) && Number(token) === Number(tokens[0]) + place,
    )
  );
}

function ofSteps(steps, weights, meaning) {
  const values = weights.slice(0, steps.length);
  return [
    chart({
      title: meaning,
      lines: [{ name: meaning, values, from: steps[0], side: "model" }],
      axis: "steps",
    }),
    asTable(
      ["step", "weight"],
      steps.map((step, place) => [step, shown(values[place])]),
    ),
  ];
}
