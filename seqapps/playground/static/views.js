// An answer, view by view; which view shows what, the page was told with its signatures.

import { make } from "./dom.js";
import * as alignment from "./views/alignment.js";
import * as grid from "./views/grid.js";
import * as heat_map from "./views/heat_map.js";
import * as list from "./views/list.js";
import * as numbers from "./views/numbers.js";
import * as scores from "./views/scores.js";
import * as series from "./views/series.js";
import * as shaded from "./views/shaded.js";
import * as tagged from "./views/tagged.js";
import * as text from "./views/text.js";
import * as written from "./views/written.js";

export const VIEWS = {
  alignment,
  grid,
  heat_map,
  list,
  numbers,
  scores,
  series,
  shaded,
  tagged,
  text,
  written,
};

/** Put the parts of an answer into an element; what it held before is gone. */
export function show(place, views, answer, context) {
  place.replaceChildren(
    ...views.map(({ name, outputs }) => {
      const of = (role) => {
        const named = outputs[role];
        return Array.isArray(named) ? named.map((each) => [each, answer[each]]) : answer[named];
      };
      return make("div", { class: `view ${name}` }, VIEWS[name].view(of, { ...context, outputs }));
    }),
  );
}
