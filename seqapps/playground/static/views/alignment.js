// Which tokens of two texts belong together: as links between them, or as a matrix.

import { asTable, drawn, make, shown, unpadded, visible } from "../dom.js";

const LINE = 26,
  GAP = 150,
  LEAST = 0.05; // pixels of a row and between texts; weight of a link
let number = 0;

export function view(of, { meanings, outputs }) {
  const named = (role) => unpadded(of(role)).map((token) => visible(token.trim() || token));
  const first = named("first"),
    second = named("second");
  const weights = of("weights")
    .slice(0, second.length)
    .map((row) => row.slice(0, first.length));
  const place = make("div", {
    class: "wide",
    tabindex: 0,
    role: "region",
    "aria-label": "Alignment",
  });
  const pictures = {
    links: () => links(first, second, weights),
    matrix: () => matrix(first, second, weights),
  };
  const name = `alignment-${(number += 1)}`;
  const choices = Object.keys(pictures).map((each) =>
    make(
      "label",
      {},
      make("input", {
        type: "radio",
        name,
        checked: each === "links",
        on: { change: () => place.replaceChildren(pictures[each]()) },
      }),
      ` ${each}`,
    ),
  );
  place.append(links(first, second, weights));
  const rows = second.map((token, at) => [token, ...weights[at].map(shown)]);
  return [
    make("fieldset", { class: "choices" }, make("legend", {}, "Shown as"), choices),
    place,
    make("p", { class: "note" }, meanings[outputs.weights]),
    asTable(["", ...first], rows),
  ];
}

/** Two columns of tokens with lines between them, the stronger the more they belong together. */
function links(first, second, weights) {
  const left = Math.min(220, 20 + 9 * Math.max(...first.map((token) => token.length)));
  const right = Math.min(220, 20 + 9 * Math.max(...second.map((token) => token.length)));
  const height = LINE * Math.max(first.length, second.length);
  const y = (place, count) => (height * (place + 0.5)) / count;
  const lines = second.flatMap((_, to) =>
    first
      .map((_, from) => ({ from, to, weight: weights[to][from] }))
      .filter(({ weight }) => weight >= LEAST),
  );
  const paths = lines.map(({ from, to, weight }) => {
    const [x1, y1, x2, y2] = [
      left + 6,
      y(from, first.length),
      left + GAP - 6,
      y(to, second.length),
    ];
    return drawn(
      "path",
      {
        class: "link",
        "data-from": from,
        "data-to": to,
        d: `M${x1} ${y1} C${x1 + 60} ${y1} ${x2 - 60} ${y2} ${x2} ${y2}`,
        "stroke-width": 1 + 3 * weight,
        "stroke-opacity": Math.min(1, 0.15 + weight),
      },
      drawn("title", {}, `${first[from]} – ${second[to]}: ${shown(weight)}`),
    );
  });
  const picture = drawn(
    "svg",
    {
      class: "links",
      width: left + GAP + right,
      height,
      role: "img",
      "aria-label": "Links between the two texts",
    },
    paths,
    words(first, {
      side: "from",
      x: left,
      anchor: "end",
      y,
      light: (...told) => light(picture, ...told),
    }),
    words(second, {
      side: "to",
      x: left + GAP,
      anchor: "start",
      y,
      light: (...told) => light(picture, ...told),
    }),
  );
  return picture;
}

function words(tokens, { side, x, anchor, y, light }) {
  return tokens.map((token, place) =>
    drawn(
      "text",
      {
        x,
        y: y(place, tokens.length),
        "text-anchor": anchor,
        "dominant-baseline": "central",
        on: { pointerenter: () => light(side, place), pointerleave: () => light(side, null) },
      },
      token.length > 24 ? `${token.slice(0, 23)}…` : token,
    ),
  );
}

/** Only the links of one token, as long as it is pointed at. */
function light(picture, side, place) {
  for (const path of picture.querySelectorAll(".link")) {
    path.classList.toggle(
      "faint",
      place !== null && path.getAttribute(`data-${side}`) !== String(place),
    );
  }
}

/** A row for each token of the second text, a column for each of the first. */
function matrix(first, second, weights) {
  const head = make(
    "tr",
    {},
    make("td"),
    first.map((token) => make("th", { scope: "col" }, make("span", {}, token))),
  );
  const rows = second.map((token, to) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, token),
      first.map((from, at) =>
        make("td", {
          class: "w",
          title: `${from} – ${token}: ${shown(weights[to][at])}`,
          style: { "--a": `${100 * weights[to][at]}%` },
        }),
      ),
    ),
  );
  return make("table", { class: "matrix" }, make("thead", {}, head), make("tbody", {}, rows));
}
