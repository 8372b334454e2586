// Tokens on a ground that is the darker the more they weigh.

import { asTable, make, shown, unpadded, visible } from "../dom.js";

const UNKNOWN = 1; // the id of every token that the model does not know

export function view(of, { meanings, outputs }) {
  const tokens = unpadded(of("tokens")), weights = of("weights"), ids = of("ids");
  const most = Math.max(...weights.slice(0, tokens.length), 0) || 1;
  const spaced = tokens.some((token) => [...token].length > 1) && !tokens.some((token) => /\s/.test(token));
  const unknown = (place) => ids !== undefined && ids[place] === UNKNOWN;
  const words = tokens.map((token, place) => {
    const share = Math.max(0, weights[place] / most);
    const title = `${shown(weights[place])}${unknown(place) ? ", not known to the model" : ""}`;
    return [
      make("span", { class: `w${unknown(place) ? " unknown" : ""}`, title, style: { "--a": `${(100 * share).toFixed(1)}%` } }, token.replace(/\n/g, "↵\n")),
      spaced ? " " : "",
    ];
  });
  const rows = tokens.map((token, place) => [visible(token), ...(ids ? [ids[place]] : []), shown(weights[place])]);
  return [
    make("p", { class: `text shaded-text ${spaced ? "" : "whole joined"}`, dir: "auto" }, words),
    make("p", { class: "note" }, `Darker: ${meanings[outputs.weights]}.`, tokens.some((_, place) => unknown(place)) ? " Dotted: not known to the model." : ""),
    asTable(["token", ...(ids ? ["id"] : []), "weight"], rows),
  ];
}
