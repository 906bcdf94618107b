// Saying whose a device is: the person is searched for and picked, and what came of it is told.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { busy, button } from "../core/controls.js";
import { openDialog } from "../core/dialog.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { radioField, textField } from "../core/fields.js";
import { link } from "../core/router.js";
import { named, t } from "../core/words.js";
import { nameOf } from "./devices.js";
import { completion } from "./user_devices.js";

/** @typedef {Schema<"UserView">} User */

/** How many people are offered, and how long typing must pause before they are asked for, in milliseconds. */
const [OFFERED, PAUSE] = [8, 250];

/**
 * @param {Schema<"UnassignedDevice">} device
 * @param {{ assigned: () => void }} then
 */
export function assign(device, { assigned }) {
  const over = new AbortController();
  const what = nameOf(device);
  /** @type {User[]} */
  let people = [];
  let picked = "";
  let asking = new AbortController();
  const found = h("div", { class: "assign-people", role: "group", "aria-label": t("devices.assign.person") });
  const trouble = h("div");
  const search = textField({
    name: "person",
    label: t("filters.search"),
    type: "search",
    value: device.email ?? device.externalId ?? "",
    autofocus: true,
  });
  const cancel = button({ label: t("cancel"), onPress: () => dialog.close() });
  const okay = button({ label: t("devices.assign"), kind: "main", onPress: () => save() });
  const dialog = openDialog({
    title: t("devices.assign.title", { device: what }),
    body: h("div", { class: "stack" }, h("p", null, t("devices.assign.text")), search.element, found, trouble),
    actions: [cancel, okay],
    onClose: () => over.abort(),
  });

  const look = async () => {
    asking.abort();
    asking = new AbortController();
    const { signal: overtaken } = asking;
    try {
      const query = { text: search.input.value.trim(), limit: OFFERED };
      const signal = AbortSignal.any([over.signal, overtaken]);
      /** @type {import("../core/api.js").Answer<{ items: User[] }>} */
      const { data } = await api.get("/v1/users", { query, signal });
      if (signal.aborted) return;
      people = data.items;
      if (!people.some(({ id }) => id === picked)) picked = people.length === 1 ? (people[0]?.id ?? "") : "";
      draw();
    } catch (error) {
      if (!over.signal.aborted && !overtaken.aborted) replace(trouble, failure(error, { again: look }));
    }
  };

  const draw = () => {
    if (people.length === 0) {
      replace(found, h("p", { class: "muted" }, t("devices.assign.nobody")));
      announce(t("devices.assign.nobody"));
      return;
    }
    const choice = radioField({
      name: "userId",
      label: t("devices.assign.person"),
      value: picked,
      options: people.map(({ id, email, displayName }) => ({
        value: id,
        label: displayName || email,
        ...(displayName ? { hint: email } : {}),
      })),
      onChange: (id) => {
        picked = id;
        replace(trouble);
      },
    });
    replace(found, choice.element);
    announce(t("users.shown", { count: people.length }));
  };

  const save = async () => {
    const person = people.find(({ id }) => id === picked);
    if (!person) {
      replace(trouble, h("p", { class: "error" }, t("devices.assign.choose")));
      announce(t("devices.assign.choose"));
      return;
    }
    busy(okay, true);
    try {
      const body = { deviceId: device.id, userId: person.id };
      // The same again changes nothing.
      /** @type {import("../core/api.js").Answer<Schema<"AssignedDevice">>} */
      const { data } = await api.post("/v1/device-assignments", body, { changesNothing: true, signal: over.signal });
      tell(person, data);
      assigned();
    } catch (error) {
      if (!over.signal.aborted) replace(trouble, failure(error, { again: save }));
    } finally {
      busy(okay, false);
    }
  };

  /**
   * @param {User} person
   * @param {Schema<"AssignedDevice">} result
   */
  const tell = (person, result) => {
    const name = person.displayName || person.email;
    const text = t("devices.assigned", { device: what, name });
    dialog.setTitle(text);
    replace(
      dialog.body,
      h(
        "div",
        { class: "stack" },
        h("p", null, `${named("ownership", result.ownership)}. ${named("user.rule", result.rule)}`),
        h("p", null, completion(result)),
        h("p", null, h("a", { href: link(`/users/${person.id}`) }, t("user.open"))),
      ),
    );
    const close = button({ label: t("sent.okay"), kind: "main", onPress: () => dialog.close() });
    dialog.setActions(close);
    close.focus();
    announce(text);
  };

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  search.input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  look();
}
