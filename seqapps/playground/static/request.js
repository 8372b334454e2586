// The request as curl and the answer as JSON, for those who build upon them.

import { bodyOf } from "./ask.js";
import { make } from "./dom.js";
import { pretty, write } from "./json.js";

const LONG = 3000; // characters of a body that a command line should not hold
const CUT = 200; // characters of a text, or values of a list, that are shown of a long one

/** A folded part of the page: how to ask the same, and the JSON that came back. */
export function requestAndAnswer(told) {
  return make(
    "details",
    { class: "request" },
    make("summary", {}, "Request and answer"),
    told.map(({ url, signature, row, whole, note }) => [
      make("h3", {}, signature, note ? make("small", {}, ` ${note}`) : ""),
      command(url, bodyOf(signature, row)),
      whole ? copied(pretty(shortened(whole)), "answer", pretty(whole)) : null,
    ]),
  );
}

function command(url, body) {
  const text = write(body);
  const whole = new URL(url, document.baseURI).href;
  const quoted = (each) => `'${each.replace(/'/g, "'\\''")}'`;
  if (text.length <= LONG) {
    return copied(`curl -X POST ${quoted(whole)} \\\n  -d ${quoted(text)}`, "command");
  }
  const file = make(
    "button",
    { type: "button", on: { click: () => saved(text) } },
    "Save request.json",
  );
  return [
    copied(`curl -X POST ${quoted(whole)} \\\n  -d @request.json`, "command"),
    make(
      "p",
      { class: "note" },
      `request.json, ${text.length.toLocaleString("en")} characters: `,
      file,
    ),
    make("pre", { tabindex: 0 }, pretty(shortened(body))),
  ];
}

function copied(text, what, whole = text) {
  const say = make("button", { type: "button", class: "copy" }, `Copy ${what}`);
  const place = make("pre", { tabindex: 0, "aria-label": what }, text);
  say.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(whole);
      say.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(place); // no secure page: press Ctrl-C
      say.textContent = "Selected";
    }
    setTimeout(() => (say.textContent = `Copy ${what}`), 2000);
  });
  return make("div", { class: "code" }, place, say);
}

function saved(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: url, download: "request.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** The same values; long texts and lists end early, which is told. */
function shortened(value) {
  if (typeof value === "string" && value.length > 4 * CUT) {
    return `${value.slice(0, CUT)}... (${value.length.toLocaleString("en")} characters)`;
  }
  if (Array.isArray(value)) {
    const few = value.slice(0, CUT).map(shortened);
    return value.length > CUT ? [...few, `... (${value.length.toLocaleString("en")} values)`] : few;
  }
  if (value instanceof Object) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shortened(each)]));
  }
  return value;
}
