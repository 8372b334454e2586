// An answer that is made in parts: what `go_on` wrote is given back to it for more.

import { ask } from "./ask.js";

// Each part reads the text before it anew, so parts grow; not so far that nothing moves.
const FIRST = 8,
  LONGEST = 32;

/**
 * Ask until there is no more, `row.max_tokens` at most; `tell` is called with each answer,
 * whose continuation only grows. Returns the last answer. What was written before an error stays told.
 */
export async function goOn(url, signature, row, { outputs, signal, tell }) {
  let left = row.max_tokens ?? Infinity,
    part = FIRST,
    written = "",
    last = null;
  while (left > 0) {
    const sent = { ...row, written, max_tokens: Math.min(part, left) };
    last = await ask(url, signature, sent, { outputs, signal });
    tell(last.answer);
    if (last.answer.ended || last.answer.written === written) break;
    written = last.answer.written;
    left -= part;
    part = Math.min(2 * part, LONGEST);
  }
  return last;
}
