// Who is selected: people one by one, or everyone that a filter finds but for some. It outlives pages of the list.

/**
 * @typedef {Schema<"UserView">} User
 * @typedef {Schema<"UserFilter">} Filter
 * @typedef {NonNullable<import("../core/api.js").Options["query"]>} Query
 */

/** What the API takes at most. */
export const MOST_NAMED = 10_000;
export const MOST_EXCEPT = 1_000;

export class Selection {
  /** @type {Map<string, User>} */
  #named = new Map();
  /** @type {Filter | null} */
  #filter = null;
  /** The same filter as parameters of a GET. @type {Query} */
  #query = {};
  /** @type {Set<string>} */
  #except = new Set();

  /** @param {string} id */
  has(id) {
    return this.#filter ? !this.#except.has(id) : this.#named.has(id);
  }

  /**
   * Answers whether there was room for all.
   *
   * @param {User[]} users
   * @param {boolean} chosen
   */
  set(users, chosen) {
    for (const user of users) {
      if (this.#filter) {
        if (chosen) this.#except.delete(user.id);
        else if (this.#except.size < MOST_EXCEPT) this.#except.add(user.id);
        else return false;
      } else if (!chosen) this.#named.delete(user.id);
      else if (this.#named.size < MOST_NAMED) this.#named.set(user.id, user);
      else return false;
    }
    return true;
  }

  /** @param {Filter} filter @param {Query} query the same as parameters of a GET */
  setAll(filter, query) {
    this.#named.clear();
    this.#except.clear();
    this.#filter = filter;
    this.#query = query;
  }

  clear() {
    this.#named.clear();
    this.#except.clear();
    this.#filter = null;
  }

  /** Whether everyone that a filter finds is selected. */
  get isAll() {
    return this.#filter !== null;
  }

  get except() {
    return this.#except.size;
  }

  /** Whether that filter finds everybody. */
  get isEverybody() {
    return this.#filter !== null && Object.values(this.#filter).every((value) => value == null || value === "");
  }

  /** How many are selected; not known of a filter. */
  get count() {
    return this.#filter ? null : this.#named.size;
  }

  /** The filter that finds those who are selected, as parameters of a GET. */
  get query() {
    return this.#query;
  }

  get isEmpty() {
    return !this.#filter && this.#named.size === 0;
  }

  /** The only one that is selected. */
  get single() {
    const [only] = this.#named.values();
    return !this.#filter && this.#named.size === 1 ? (only ?? null) : null;
  }

  /** Those who are named, as they were when they were selected. */
  get users() {
    return [...this.#named.values()];
  }

  /** Keeps what is known of the selected current. @param {User[]} users */
  learn(users) {
    for (const user of users) if (this.#named.has(user.id)) this.#named.set(user.id, user);
  }

  /**
   * As the API takes it.
   *
   * @returns {Schema<"SelectionBody">}
   */
  body() {
    if (this.#filter) return { filter: this.#filter, except: [...this.#except] };
    return { userIds: [...this.#named.keys()] };
  }
}
