// Forms: sending one, and what is said when the API refuses it.

import { ApiError } from "./api.js";
import { h, replace } from "./dom.js";
import { failure } from "./failure.js";
import { showErrors } from "./fields.js";

/**
 * A form that the page sends itself, also by Enter. A button elsewhere sends it by its id.
 *
 * @param {string} id
 * @param {() => unknown} send
 * @param {import("./dom.js").Child[]} children
 */
export function form(id, send, ...children) {
  return h(
    "form",
    {
      id,
      class: "form",
      novalidate: true,
      on: {
        submit: (/** @type {Event} */ event) => {
          event.preventDefault();
          send();
        },
      },
    },
    ...children,
  );
}

/**
 * Shows why a form was not taken: at the fields what belongs to them, and all else in `trouble`.
 *
 * @param {unknown} error
 * @param {Parameters<typeof showErrors>[0]} fields
 * @param {HTMLElement} trouble
 * @param {{ again?: () => unknown }} [what]
 */
export function showRefusal(error, fields, trouble, what) {
  const errors = error instanceof ApiError ? error.problem?.errors : undefined;
  const left = showErrors(fields, errors);
  if (!errors || left.length > 0) replace(trouble, failure(error, what));
}
