// A picture, lit where the model looked for the word that is pointed at.

import { make, shown, unpadded, visible } from "../dom.js";
import { pictureOf } from "../form.js";

const DARKEST = 0.22; // of its light is left to what was not looked at
const SIDE = 560; // pixels of a picture's longer side
const PAUSE = 900; // milliseconds for a word while they are shown one after the other

export function view(of, { values, controls }) {
  const tokens = unpadded(of("tokens")),
    maps = of("maps");
  const control = controls.find((each) => each.widget === "image");
  const canvas = make("canvas", { class: "looked", role: "img", width: SIDE, height: SIDE });
  const buttons = tokens.map((token, place) =>
    make(
      "button",
      {
        type: "button",
        class: "word",
        "aria-pressed": "false",
        on: { click: () => look(place, true), pointerenter: () => look(place) },
      },
      visible(token.trim() || token),
    ),
  );
  const all = make(
    "button",
    { type: "button", class: "word", on: { click: () => look(null, true) } },
    "all of it",
  );
  const play = make(
    "button",
    { type: "button", class: "word", on: { click: () => wordByWord() } },
    "▶ word by word",
  );
  const said = make("p", { class: "note" });
  const picture = new Image();
  let timer = null;

  const look = (place, chosen = false) => {
    if (chosen) clearInterval(timer);
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", at === place));
    paint(canvas, picture, place === null ? null : maps[place]);
    said.textContent =
      place === null
        ? "Point at a word to see where the model looked for it."
        : whereOf(tokens[place], maps[place]);
    canvas.setAttribute("aria-label", place === null ? "The picture" : said.textContent);
  };
  const wordByWord = () => {
    clearInterval(timer);
    let place = 0;
    look(0);
    timer = setInterval(() => {
      place += 1;
      if (place < tokens.length && canvas.isConnected) look(place);
      else {
        clearInterval(timer);
        look(null);
      }
    }, PAUSE);
  };
  picture.addEventListener("load", () => look(null));
  if (control) picture.src = pictureOf(values[control.name].b64);
  return [make("div", { class: "words" }, buttons, all, play), said, canvas];
}

/** The picture whole, or dark where the map [height, width] is small; cells flow into each other. */
function paint(canvas, picture, map) {
  const scale = SIDE / Math.max(picture.naturalWidth, picture.naturalHeight);
  [canvas.width, canvas.height] = [picture.naturalWidth * scale, picture.naturalHeight * scale];
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  if (!map) return;
  const [rows, columns, most] = [map.length, map[0].length, Math.max(...map.flat()) || 1];
  const small = make("canvas", { width: columns, height: rows });
  const shade = small.getContext("2d");
  const cells = shade.createImageData(columns, rows);
  map
    .flat()
    .forEach(
      (weight, place) => (cells.data[4 * place + 3] = 255 * (1 - DARKEST) * (1 - weight / most)),
    );
  shade.putImageData(cells, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function whereOf(token, map) {
  const flat = map.flat(),
    columns = map[0].length;
  const place = flat.indexOf(Math.max(...flat));
  const [row, column] = [Math.floor(place / columns) + 1, (place % columns) + 1];
  return `“${token.trim()}”: most in row ${row} of ${map.length}, column ${column} of ${columns} (weight ${shown(flat[place])})`;
}
