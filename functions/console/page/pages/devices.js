// Devices that a device management told of and that belong to nobody who is known; and saying whose each is.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { button } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { may } from "../core/roles.js";
import { entitle, link } from "../core/router.js";
import { dataTable } from "../core/table.js";
import { t } from "../core/words.js";
import { assign } from "./devices_assign.js";
import { when } from "./record.js";
import { system } from "./user_devices.js";

/** @typedef {Schema<"UnassignedDevice">} Device */

/** How many a page shows. */
const PAGE = 50;

/** @type {import("../core/router.js").Show} */
export async function show(place, { signal }) {
  entitle(t("devices.title"));
  /** @type {Device[]} */
  let devices = [];
  /** @type {string | null} */
  let next = null;
  const table = dataTable({
    label: t("devices.title"),
    columns: columns((device) => assign(device, { assigned: () => load() })),
    id: ({ id }) => id,
    name: nameOf,
    rows: 5,
  });
  const more = h("div", { class: "table-more" });
  const note = h("div");

  /** @param {string | null} [cursor] */
  const load = async (cursor = null) => {
    if (devices.length === 0) table.wait();
    try {
      /** @type {import("../core/api.js").Answer<Schema<"UnassignedDevices">>} */
      const { data } = await api.get("/v1/unassigned-devices", { query: { limit: PAGE, cursor }, signal });
      devices = cursor === null ? data.items : [...devices, ...data.items];
      next = data.next ?? null;
      if (devices.length > 0) table.show(devices);
      else table.say(empty());
      replace(more, next !== null && button({ label: t("people.more"), kind: "quiet", onPress: () => load(next) }));
      replace(
        note,
        data.unreadable > 0 && h("p", { class: "hint" }, t("user.devices.unreadable", { count: data.unreadable })),
      );
      announce(t("devices.shown", { count: devices.length }));
    } catch (error) {
      if (signal.aborted) return;
      if (devices.length > 0) replace(more, failure(error, { again: () => load(cursor) }));
      else table.say(failure(error, { again: () => load() }));
    }
  };

  replace(
    place,
    h("div", { class: "page-head" }, h("h1", null, t("devices.title"))),
    h("p", { class: "muted" }, t("devices.text")),
    table.element,
    more,
    note,
  );
  await load();
}

/** @param {Device} device */
export function nameOf({ id, name, serial }) {
  return name || serial || id;
}

/**
 * @param {(device: Device) => void} onAssign
 * @returns {import("../core/table.js").Column<Device>[]}
 */
function columns(onAssign) {
  const none = () => h("span", { class: "muted" }, "–");
  return [
    {
      key: "device",
      label: t("devices.column.device"),
      class: "name",
      cell: (device) => h("span", { class: "strong", title: device.id }, nameOf(device)),
    },
    { key: "system", label: t("devices.column.system"), cell: (device) => system(device) || none() },
    {
      key: "source",
      label: t("devices.column.source"),
      cell: ({ id }) => id.split(":")[0] ?? id,
    },
    {
      key: "person",
      label: t("devices.column.person"),
      class: "groups",
      cell: ({ email, externalId }) => email || externalId || none(),
    },
    { key: "changed", label: t("devices.column.changed"), cell: ({ changedAt }) => when(changedAt) },
    ...(may("inviter")
      ? [
          {
            key: "assign",
            label: t("devices.assign"),
            cell: (/** @type {Device} */ device) => {
              const doing = button({ label: t("devices.assign"), onPress: () => onAssign(device) });
              doing.setAttribute("aria-label", t("devices.assignOne", { device: nameOf(device) }));
              return doing;
            },
          },
        ]
      : []),
  ];
}

function empty() {
  return h(
    "div",
    { class: "empty" },
    h("h2", null, t("devices.empty.title")),
    h("p", null, t("devices.empty.text")),
    h("a", { class: "button", href: link("/settings/sources") }, t("settings.section.sources")),
  );
}
