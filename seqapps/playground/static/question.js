// One form: what is asked, the answer beside it, what went wrong.

import { address, ask, ServerError } from "./ask.js";
import { make } from "./dom.js";
import { Control, exampleButton, valuesOf } from "./form.js";
import { goOn } from "./parts.js";
import { requestAndAnswer } from "./request.js";
import { show } from "./views.js";

export class Question {
  constructor(told, element, { root, name }) {
    this.told = told;
    this.url = address(root, name);
    this.form = element.querySelector("form");
    this.place = element.querySelector(".answer");
    this.stop = element.querySelector(".stop");
    this.status = element.querySelector(".status");
    this.problem = element.querySelector("form > .problem");
    const fields = [...element.querySelectorAll("[data-control]")];
    this.controls = told.controls.map((each, place) => new Control(each, fields[place]));
    this.running = null;
    this.shownFor = null; // the signal of the question whose answer is shown
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
    });
    this.form.addEventListener("taken", () => this.form.requestSubmit());
    this.stop.addEventListener("click", () => this.running?.abort());
  }

  /** Buttons for examples: one click fills the form and asks. */
  offer(rows) {
    if (!rows.length) return;
    const fill = (row) => {
      for (const control of this.controls) {
        if (control.name in row) control.fill(row[control.name]);
        // A text beside another example, such as its caption, would not belong to this one.
        else if (control.option && control.widget === "text") control.fill(control.value);
      }
      this.form.requestSubmit();
    };
    const place = this.form.querySelector(".examples");
    place.querySelector("ul").append(
      ...rows.map((row, number) =>
        make(
          "li",
          {},
          exampleButton(row, this.controls, number + 1, () => fill(row)),
        ),
      ),
    );
    place.hidden = false;
  }

  /** Ask everything that belongs to the form, one after the other. */
  async ask() {
    this.#complain("");
    const values = valuesOf(this.controls);
    if (values === null) return;
    this.running?.abort();
    const running = (this.running = new AbortController());
    const started = performance.now();
    this.#busy(true);
    try {
      await this.#answer(values, running.signal);
      const seconds = (performance.now() - started) / 1000;
      const notes = this.controls.flatMap((control) => control.notes);
      if (this.running === running)
        this.#say([...notes, `answered in ${seconds.toFixed(2)} s`].join("; "));
    } catch (error) {
      if (this.running !== running) return;
      if (error.name === "AbortError") this.#say("Stopped.");
      else if (error instanceof ServerError) this.#complain(error.message, running.signal);
      else throw error;
    } finally {
      if (this.running === running) this.#busy(false);
    }
  }

  async #answer(values, signal) {
    const place = make("div"),
      told = [];
    const begin = () => {
      if (this.shownFor === signal) return;
      this.shownFor = signal;
      this.place.replaceChildren(place);
      this.#bringIntoView();
    };
    for (const [number, one] of this.told.asks.entries()) {
      const row = Object.fromEntries(
        one.inputs.filter((name) => name in values).map((name) => [name, values[name]]),
      );
      const part = make(
        "div",
        { class: number ? "part" : "part first" },
        number ? make("h3", {}, one.meaning, " ", make("small", {}, one.signature)) : null,
      );
      const inside = make("div");
      part.append(inside);
      place.append(part);
      const context = { values, controls: this.controls, meanings: one.meanings };
      const tell = (answer) => {
        begin();
        show(inside, one.views, answer, context);
      };
      try {
        told.push(...(await this.#asked(one, row, { signal, tell })));
      } catch (error) {
        // What explains an answer may fail where the answer itself came.
        if (number === 0 || !(error instanceof ServerError)) throw error;
        begin();
        inside.replaceChildren(
          make("p", { class: "problem", role: "alert" }, `${one.signature}: ${error.message}`),
        );
      }
    }
    begin();
    place.append(requestAndAnswer(told));
  }

  /** Ask one signature, at once or in parts, and tell what comes: the requests, for people. */
  async #asked(one, row, { signal, tell }) {
    const outputs = Object.keys(one.meanings);
    if (!one.in_parts) {
      const { answer, whole } = await ask(this.url, one.signature, row, { outputs, signal });
      signal.throwIfAborted();
      tell(answer);
      return [{ url: this.url, signature: one.signature, row, whole }];
    }
    const last = await goOn(this.url, one.signature, row, { outputs, signal, tell });
    return this.#partsAsked(one, row, last);
  }

  /** The parts of an answer as requests: one for all where there is such a signature, the last. */
  #partsAsked(one, row, last) {
    const found = [];
    if (this.told.at_once)
      found.push({ url: this.url, signature: this.told.at_once, row, note: "the same at once" });
    if (last) {
      const part = { ...row, written: "", max_tokens: 8 };
      found.push({
        url: this.url,
        signature: one.signature,
        row: part,
        whole: last.whole,
        note: "the first part; below it the last answer",
      });
    }
    return found;
  }

  /** On a phone the answer stands below the form. */
  #bringIntoView() {
    if (this.place.getBoundingClientRect().top > innerHeight * 0.8)
      this.place.scrollIntoView({ block: "start" });
  }

  #busy(busy) {
    this.place.setAttribute("aria-busy", busy);
    this.stop.hidden = !busy;
    if (busy) this.#say("Asking ...");
  }

  #say(text) {
    this.status.textContent = text;
  }

  #complain(text, signal = null) {
    this.problem.textContent = text;
    this.problem.hidden = !text;
    if (!text) return;
    const kept =
      this.shownFor === signal
        ? "What came before the error is kept."
        : "What is shown answers an earlier question.";
    this.#say(this.place.childElementCount ? kept : "");
  }
}
