// Wires the forms of a page: each asks the model and shows its answer.

import { parse } from "./json.js";
import { Question } from "./question.js";

const place = document.getElementById("described");
const described = parse(place.textContent);
const root = place.dataset.root;
const questions = described.questions.map(
  (told, number) =>
    new Question(told, document.querySelector(`[data-question="${number}"]`), {
      root,
      name: described.name,
    }),
);

const found = await fetch(`${root}/models/${encodeURIComponent(described.name)}/examples.json`);
parse(await found.text()).forEach((rows, number) => questions[number]?.offer(rows));
document.documentElement.dataset.ready = "true";
