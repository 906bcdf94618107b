// A user's devices: whose each is and by which rule, and why one did not complete the invitation.

import { ApiError, api } from "../core/api.js";
import { badge } from "../core/controls.js";
import { h, replace, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { inFull, moment, relative } from "../core/format.js";
import { isKey, named, t } from "../core/words.js";

/** @typedef {Schema<"RegisteredDevice">} Device */

/** @type {{ [platform: string]: string }} */
const PLATFORMS = {
  ios: "iOS",
  ipados: "iPadOS",
  macos: "macOS",
  tvos: "tvOS",
  watchos: "watchOS",
  visionos: "visionOS",
  android: "Android",
  windows: "Windows",
  chromeos: "ChromeOS",
  linux: "Linux",
};

/**
 * @param {{ path: string, signal: AbortSignal }} what
 */
export function devicesCard({ path, signal }) {
  const titleId = uniqueId("devices");
  const rows = h("ul", { class: "devices" });
  const notes = h("div");
  const element = h(
    "section",
    { class: "card devices-card", "aria-labelledby": titleId },
    h("h2", { id: titleId }, t("user.devices")),
    rows,
    notes,
  );
  replace(rows, h("li", { class: "blank", "aria-hidden": "true" }, h("span", { class: "blank-line" })));
  let written = "";

  const load = async () => {
    try {
      /** @type {import("../core/api.js").Answer<Schema<"DevicesView">>} */
      const { data } = await api.get(`${path}/devices`, { signal });
      const text = JSON.stringify(data);
      if (text === written) return;
      written = text;
      replace(rows, data.items.length > 0 ? data.items.map(row) : h("li", { class: "muted" }, t("user.devices.none")));
      replace(
        notes,
        data.unreadable > 0 && h("p", { class: "hint" }, t("user.devices.unreadable", { count: data.unreadable })),
      );
    } catch (error) {
      // Of a user who is not there, the page says so.
      if (signal.aborted || (error instanceof ApiError && error.status === 404)) return;
      // What is there is old, but better than nothing.
      if (written === "") {
        rows.replaceChildren();
        replace(notes, failure(error, { again: load }));
      }
    }
  };
  return { element, load };
}

/** What a device runs on, as far as it is known. @param {{ platform?: string | null, osVersion?: string | null }} device */
export function system({ platform, osVersion }) {
  return platform ? [PLATFORMS[platform.toLowerCase()] ?? platform, osVersion].filter(Boolean).join(" ") : "";
}

/** @param {Device} device */
function row(device) {
  const {
    id,
    name,
    serial,
    supervised,
    enrollmentType,
    ownership,
    rule,
    registeredAt,
    timeUnknown,
    flags,
    unenrolledAt,
  } = device;
  const about = [
    system(device),
    supervised && t("user.device.supervised"),
    enrollmentType === "user" && t("user.device.userEnrollment"),
    serial && t("user.device.serial", { serial }),
    name && t("user.device.id", { id }),
  ].filter(Boolean);
  return h(
    "li",
    null,
    h(
      "div",
      { class: "device-head" },
      h("h3", null, name || id),
      badge(named("ownership", ownership), ownership === "notSet" ? "neutral" : "info"),
    ),
    about.length > 0 && h("p", { class: "muted" }, about.join(" · ")),
    h("p", null, named("user.rule", rule)),
    h("p", null, completion(device)),
    flags.map((flag) => h("p", null, badge(named("user.device.flag", flag), "warn"))),
    unenrolledAt != null &&
      h(
        "p",
        null,
        h(
          "time",
          { datetime: unenrolledAt, title: inFull(unenrolledAt) },
          t("user.device.unenrolled", { time: moment(unenrolledAt) }),
        ),
      ),
    h(
      "p",
      { class: "hint" },
      timeUnknown ? t("user.device.timeUnknown") : null,
      timeUnknown && " ",
      h(
        "time",
        { datetime: registeredAt, title: inFull(registeredAt) },
        t(timeUnknown ? "user.device.reported" : "user.device.registered", {
          time: moment(registeredAt),
          ago: relative(registeredAt),
        }),
      ),
    ),
  );
}

/**
 * What the device did to the invitation, and if it did not complete it, why.
 *
 * @param {Pick<Device, "issue" | "notCompleted"> & { sessionIssue?: Device["sessionIssue"], afterEnd?: boolean }} device
 */
export function completion({ issue, notCompleted, sessionIssue, afterEnd }) {
  if (notCompleted) {
    const known =
      notCompleted.why === "earlierIssue" && sessionIssue != null
        ? "user.notCompleted.issue"
        : `user.notCompleted.${notCompleted.why}`;
    return isKey(known) ? t(known, { issue: notCompleted.issue, other: sessionIssue ?? "" }) : notCompleted.detail;
  }
  if (afterEnd) return t("user.device.afterEnd");
  if (issue != null) return t("user.device.completed", { issue });
  return t("user.device.further");
}
