// A wording that is being written: what is kept, what was typed. It survives a reload in this tab.

import { keepDraft, keptDraft } from "../../core/draft.js";

/** @typedef {{ subject: string, title: string | null, html: string | null, text: string | null }} Draft */

export class Wording {
  /**
   * @param {string} path
   * @param {import("../../core/api.js").Answer<any>} answer
   */
  constructor(path, answer) {
    /** @type {Draft} */
    this.kept = answer.data.wording;
    /** @type {Draft} */
    this.draft = { ...answer.data.wording };
    this.etag = answer.etag;
    this.name = `wording.${path}`;
    this.restored = false;
    this.take(answer, false);
    const kept = keptDraft(this.name);
    if (kept) {
      this.draft = kept.draft;
      this.etag = kept.etag;
      this.restored = this.isChanged;
    }
  }

  /**
   * @param {import("../../core/api.js").Answer<any>} answer
   * @param {boolean} [forget] what was typed
   */
  take({ data, etag }, forget = true) {
    this.own = data.own;
    this.changedAt = data.changedAt;
    this.etag = etag;
    this.kept = data.wording;
    this.draft = { ...data.wording };
    if (forget) this.#keep();
  }

  /** @param {{ [name: string]: string }} texts */
  type(texts) {
    this.draft = {
      subject: texts["subject"] ?? "",
      title: texts["title"] || null,
      html: texts["html"] || null,
      text: texts["text"] || null,
    };
    this.#keep();
  }

  discard() {
    this.draft = { ...this.kept };
    this.#keep();
  }

  get isChanged() {
    return !this.isLike(this.kept);
  }

  /** @param {Draft} other */
  isLike(other) {
    return /** @type {(keyof Draft)[]} */ (["subject", "title", "html", "text"]).every(
      (name) => (this.draft[name] ?? "") === (other[name] ?? ""),
    );
  }

  #keep() {
    keepDraft(this.name, this.isChanged ? { draft: this.draft, etag: this.etag } : null);
  }
}
