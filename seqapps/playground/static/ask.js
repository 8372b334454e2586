// Requests to the server, as any client of TF Serving makes them.

import { parse, write } from "./json.js";

/** What the server said was wrong, in its own words. */
export class ServerError extends Error {}

/** The address of a model. */
export function address(root, name) {
  return `${root}/v1/models/${encodeURIComponent(name)}:predict`;
}

/** The body of a request for one row. */
export function bodyOf(signature, row) {
  const named = signature === "serving_default" ? {} : { signature_name: signature };
  return { ...named, instances: [row] };
}

/** One row's answer by output, and the whole answer. Throws ServerError, or AbortError. */
export async function ask(url, signature, row, { outputs, signal }) {
  const response = await sent(url, write(bodyOf(signature, row)), signal);
  const text = await response.text();
  let told;
  try {
    told = parse(text);
  } catch {
    throw new ServerError(
      `The server answered ${response.status} with what is no JSON: ${text.slice(0, 500)}`,
    );
  }
  if (!response.ok || !told.predictions) {
    throw new ServerError(
      told.error ?? `The server answered ${response.status}: ${text.slice(0, 500)}`,
    );
  }
  const [first] = told.predictions;
  // TF Serving leaves the name away where a signature has a single output.
  const alone = outputs.length === 1 && !(first instanceof Object && outputs[0] in first);
  return { answer: alone ? { [outputs[0]]: first } : first, whole: told };
}

async function sent(url, body, signal) {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError(
      "The server cannot be reached. Is it still running? Nothing that you typed is lost.",
    );
  }
}
