// Labels with scores, the best first: the answer of a classifier, candidates of a search.

import { make, shown } from "../dom.js";

const MOST = 12; // that are shown before the rest is folded

export function view(of, { meanings, outputs }) {
  const labels = of("labels"),
    scores = of("scores");
  const pairs = labels
    .map((label, place) => [label, scores[place]])
    .filter(([label, score]) => label !== "" || score > 0);
  pairs.sort((one, other) => other[1] - one[1]);
  const shares = scores.every((score) => score >= 0 && score <= 1);
  const all = scores.reduce((sum, score) => sum + score, 0);
  const called = `${outputs.scores} ${meanings[outputs.scores]}`;
  const percent = shares && (Math.abs(all - 1) < 0.01 || /probabilit/i.test(called));
  const line = ([label, score]) =>
    make(
      "li",
      {},
      make("span", { class: "name", dir: "auto" }, String(label)),
      make("span", { class: "value" }, percent ? share(score) : shown(score)),
      shares
        ? make(
            "span",
            { class: "bar", "aria-hidden": "true" },
            make("i", { style: { width: `${100 * score}%` } }),
          )
        : null,
    );
  const told = of("label");
  return [
    told === undefined ? null : make("p", { class: "said", dir: "auto" }, String(told)),
    make(
      "ol",
      { class: `scores${shares ? "" : " without-bars"}`, "aria-label": meanings[outputs.scores] },
      pairs.slice(0, MOST).map(line),
    ),
    pairs.length > MOST
      ? make(
          "details",
          {},
          make("summary", {}, `${pairs.length - MOST} more`),
          make("ol", { class: "scores" }, pairs.slice(MOST).map(line)),
        )
      : null,
  ].filter(Boolean);
}

/** 0.25 -> "25.0 %"; what is not quite nothing or all says so. */
function share(score) {
  if (score > 0 && score < 0.0005) return "< 0.1 %";
  if (score > 0.9995 && score < 1) return "> 99.9 %";
  return `${(100 * score).toFixed(1)} %`;
}
