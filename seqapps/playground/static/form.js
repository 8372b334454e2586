// The controls of a form: their values, examples put into them, files that are dropped on them.

import { drawn, make } from "./dom.js";
import { asText, series, TableError } from "./tables.js";

const LARGEST = 30e6; // bytes of a file that a page should hold

/** What is wrong with one control. */
class WrongError extends Error {
  constructor(control, message) {
    super(message);
    this.control = control;
  }
}

/** The control of one input, as the page has it. */
export class Control {
  constructor(told, element) {
    Object.assign(this, told);
    this.element = element;
    this.input =
      element.querySelector("textarea, input:not([type=file])") ?? element.querySelector("input");
    this.bytes = null; // of a picture, as base64
    this.notes = [];
    this.start = null;
    const file = element.querySelector("input[type=file]");
    if (file) this.#takesFiles(file);
  }

  /** The value as the server takes it. Throws WrongError. */
  read() {
    const text = this.input.value;
    if (this.widget === "image") {
      if (this.bytes === null) throw new WrongError(this, "Choose a picture first.");
      return { b64: this.bytes };
    }
    if (this.widget === "series") {
      try {
        const { values, notes, start } = series(text, this);
        Object.assign(this, { notes, start });
        return values;
      } catch (error) {
        if (error instanceof TableError) throw new WrongError(this, error.message);
        throw error;
      }
    }
    if (this.widget === "time") return this.#seconds(text);
    if (this.widget === "number" || this.widget === "integer") return this.#number(text);
    return text;
  }

  /** Put a value in, as `read` gives it. */
  fill(value) {
    this.complain("");
    if (this.widget === "image") this.#picture(value.b64);
    else if (this.widget === "series") this.input.value = asText(value, this.channels);
    else if (this.widget === "time")
      this.input.value = new Date(value * 1000).toISOString().slice(0, 19);
    else this.input.value = value;
  }

  /** Say what is wrong beside the control; "" takes it back. */
  complain(message) {
    const place = this.element.querySelector(".wrong");
    place.textContent = message;
    place.hidden = !message;
    if (message) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  #seconds(text) {
    const time = Date.parse(`${text}Z`);
    if (Number.isNaN(time)) throw new WrongError(this, "Say a date and a time.");
    return Math.round(time / 1000);
  }

  #number(text) {
    const value = Number(text);
    const whole = this.widget === "integer";
    if (text.trim() === "" || Number.isNaN(value) || (whole && !Number.isInteger(value))) {
      throw new WrongError(this, whole ? "Expected a whole number." : "Expected a number.");
    }
    return value;
  }

  #takesFiles(chooser) {
    chooser.addEventListener("change", () => chooser.files[0] && this.#take(chooser.files[0]));
    const place = this.element.querySelector(".drop");
    for (const event of ["dragenter", "dragover"]) {
      place.addEventListener(event, (drag) => {
        drag.preventDefault();
        place.classList.add("over");
      });
    }
    place.addEventListener("dragleave", () => place.classList.remove("over"));
    place.addEventListener("drop", (drop) => {
      drop.preventDefault();
      place.classList.remove("over");
      if (drop.dataTransfer.files[0]) this.#take(drop.dataTransfer.files[0]);
    });
    if (this.widget !== "image") return;
    document.addEventListener("paste", (paste) => {
      const [file] = paste.clipboardData.files;
      if (file?.type.startsWith("image/") && this.element.offsetParent) this.#take(file);
    });
  }

  async #take(file) {
    this.complain("");
    if (file.size > LARGEST) {
      this.complain(
        `${file.name} has ${Math.round(file.size / 1e6)} MB; at most 30 can be sent from here.`,
      );
      return;
    }
    if (this.widget === "image") this.#picture(base64(await file.arrayBuffer()));
    else this.input.value = await file.text();
    this.element.dispatchEvent(new CustomEvent("taken", { bubbles: true }));
  }

  #picture(encoded) {
    this.bytes = encoded;
    const preview = this.element.querySelector(".preview");
    preview.src = pictureOf(encoded);
    preview.alt = "The picture that is asked about";
    preview.hidden = false;
  }
}

/** An address of a picture's bytes for <img>, which looks at the bytes and not at the type. */
export function pictureOf(encoded) {
  return `data:image/png;base64,${encoded}`;
}

/** Values of all controls by name, or null where one is wrong, which then says so. */
export function valuesOf(controls) {
  const values = {};
  let first = null;
  // A table may tell the time that another control asks for.
  const ordered = [...controls].sort(
    (one, other) => (one.widget === "time") - (other.widget === "time"),
  );
  for (const control of ordered) {
    control.complain("");
    try {
      const start = controls.find((each) => Number.isFinite(each.start))?.start;
      if (control.widget === "time" && !control.input.value && start !== undefined)
        control.fill(start);
      values[control.name] = control.read();
    } catch (error) {
      if (!(error instanceof WrongError)) throw error;
      control.complain(error.message);
      first ??= control;
    }
  }
  first?.input.focus();
  return first ? null : values;
}

/** A button that puts an example in: a picture, or the beginning of its texts. */
export function exampleButton(row, controls, number, choose) {
  const image = controls.find((control) => control.widget === "image" && row[control.name]);
  const texts = controls.filter(
    (control) => ["text", "line"].includes(control.widget) && !control.option,
  );
  const said = texts
    .map((control) => row[control.name])
    .filter((text) => text?.trim())
    .join(" | ");
  const given = controls.find((control) => control.widget === "series" && row[control.name]);
  const inside = given
    ? [sparkline(row[given.name]), make("span", { class: "hidden" }, `Example ${number}`)]
    : image
      ? make("img", { src: pictureOf(row[image.name].b64), alt: `Picture ${number}` })
      : said.replace(/\s+/g, " ").slice(0, 80) || `Example ${number}`;
  return make(
    "button",
    { type: "button", title: said.slice(0, 600) || null, dir: "auto", on: { click: choose } },
    inside,
  );
}

/** A small picture of a series: its first channel. */
function sparkline(values) {
  const first = values.map((value) => [value].flat()[0]),
    seen = first.filter(Number.isFinite);
  const [low, high] = [Math.min(...seen), Math.max(...seen)];
  const points = first
    .map((value, place) => [
      (100 * place) / Math.max(1, first.length - 1),
      22 - (20 * (value - low)) / (high - low || 1),
    ])
    .filter(([, y]) => Number.isFinite(y));
  return drawn(
    "svg",
    { class: "sparkline", viewBox: "0 0 100 24", "aria-hidden": "true" },
    drawn("polyline", {
      points: points.map((point) => point.map((each) => each.toFixed(1)).join(",")).join(" "),
    }),
  );
}

function base64(buffer) {
  const bytes = new Uint8Array(buffer);
  const letters = [];
  for (let start = 0; start < bytes.length; start += 32768) {
    letters.push(String.fromCharCode(...bytes.subarray(start, start + 32768)));
  }
  return btoa(letters.join(""));
}
