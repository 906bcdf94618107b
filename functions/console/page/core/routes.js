// The pages of the console. A page is fetched when it is first shown, and with the first of them the words that the list of
// users can do without.

import { withWords } from "./words.js";

/**
 * @typedef {object} Route
 * @property {string} path with `:name` for what differs
 * @property {() => Promise<{ show: import("./router.js").Show }>} load
 * @property {(query: URLSearchParams) => unknown} [ahead] asks for what the page begins with, before there are words
 * @property {import("./roles.js").Role} [role] the role that the page needs, if it is another than `viewer`
 * @property {import("./words.js").Key} [nav] its name in the navigation, if it stands there
 */

/** @type {Route[]} */
export const routes = [
  { path: "/overview", nav: "nav.overview", load: () => withWords(import("../pages/overview.js")) },
  {
    path: "/users",
    nav: "nav.users",
    load: () => import("../pages/users.js"),
    ahead: async (query) => (await import("../pages/users.js")).ahead(query),
  },
  { path: "/users/:id", load: () => withWords(import("../pages/user.js")) },
  {
    path: "/devices",
    nav: "nav.devices",
    role: "helpdesk",
    load: () => withWords(import("../pages/devices.js")),
  },
  { path: "/failures", load: () => withWords(import("../pages/failures.js")) },
  { path: "/batches", nav: "nav.batches", load: () => withWords(import("../pages/batches.js")) },
  { path: "/batches/:id", load: () => withWords(import("../pages/batch.js")) },
  { path: "/jobs", nav: "nav.jobs", load: () => withWords(import("../pages/jobs.js")) },
  { path: "/jobs/:id", load: () => withWords(import("../pages/job.js")) },
  { path: "/settings", nav: "nav.settings", load: () => withWords(import("../pages/settings.js")) },
  { path: "/settings/:section", load: () => withWords(import("../pages/settings.js")) },
  { path: "/settings/templates/:kind/:locale", load: () => withWords(import("../pages/settings/template.js")) },
];

/** What is shown at `/`. */
export const FIRST = "/users";

/** What a part of an address says; empty if it is no text. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/**
 * The route of a path, with what stands in its places.
 *
 * @param {string} path
 * @returns {{ route: Route, params: { [name: string]: string } } | null}
 */
export function matching(path) {
  const wanted = path.split("/");
  for (const route of routes) {
    const steps = route.path.split("/");
    if (steps.length !== wanted.length) continue;
    /** @type {{ [name: string]: string }} */
    const params = {};
    const fits = steps.every((step, at) => {
      const given = wanted[at] ?? "";
      if (!step.startsWith(":")) return step === given;
      const value = decoded(given);
      params[step.slice(1)] = value;
      return value !== "";
    });
    if (fits) return { route, params };
  }
  return null;
}
