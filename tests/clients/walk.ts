// The walk of docs/walk.md, by a client that openapi-typescript and openapi-fetch make of the API's document.
// What it gets is used by its types: tsc --strict is half of the test.

import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./beckon.js";

type User = components["schemas"]["UserView"];
type Batch = components["schemas"]["SentView"];

const address = process.argv[2];
if (address === undefined) throw new Error("say where Beckon answers");
const beckon = createClient<paths>({ baseUrl: address });

const WAITS_MS = 30_000;

/** Asks until there is an answer. */
async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAITS_MS;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The mails to an address, oldest first. They are the local system's, and not in the document. */
async function mailsTo(email: string): Promise<{ subject: string; text: string }[]> {
  const answer = await fetch(`${address}/local/mailbox?to=${encodeURIComponent(email)}`);
  const { items } = (await answer.json()) as { items: { id: string; subject: string; text: string }[] };
  return items;
}

async function newestPin(email: string): Promise<string> {
  const pins = (await mailsTo(email)).flatMap((mail) => /Your PIN: ([0-9 ]+)/.exec(mail.text)?.[1] ?? []);
  const pin = pins.at(-1);
  assert.ok(pin, `no mail to ${email} has a PIN`);
  return pin.trim();
}

// 1. Decide who gets a confirmation.
const settings = await beckon.GET("/v1/settings");
assert.ok(settings.data, "the settings are read");
const etag = settings.response.headers.get("etag");
assert.equal(etag, `"${settings.data.version}"`);
const saved = await beckon.PUT("/v1/settings", {
  params: { header: { "If-Match": etag } },
  body: {
    ...settings.data,
    organisation: { name: "Example Ltd" },
    confirmation: { enabled: true, distribution: { groups: ["staff"] } },
  },
});
assert.deepEqual(saved.data?.confirmation?.distribution?.groups, ["staff"]);
const stale = await beckon.PUT("/v1/settings", { params: { header: { "If-Match": etag } }, body: {} });
assert.equal(stale.error?.type, "urn:beckon:problem:stale-settings");

// 2. Add two users.
async function add(email: string, displayName: string, groups: string[]): Promise<User> {
  const added = await beckon.POST("/v1/users", {
    params: { header: { "Idempotency-Key": `add-${displayName}` } },
    body: { email, displayName, groups },
  });
  assert.equal(added.response.status, 201);
  assert.ok(added.data);
  assert.equal(added.response.headers.get("location"), `/v1/users/${added.data.user.id}`);
  return added.data.user;
}
const ada = await add("ada@example.com", "Ada", ["staff"]);
const ben = await add("ben@example.com", "Ben", []);
const again = await beckon.POST("/v1/users", { body: { email: ada.email } });
assert.equal(again.response.status, 409);
assert.equal(again.error?.errors?.[0]?.field, "email");
const users = await until("both invitations arrive", async () => {
  const { data } = await beckon.GET("/v1/users", { params: { query: { limit: 10 } } });
  const items = data?.items ?? [];
  return items.every((user) => user.invitation.delivery === "delivered") ? items : undefined;
});
assert.deepEqual(
  users.map(({ email, invitation }) => [email, invitation.state, invitation.ownership]),
  [
    ["ada@example.com", "pending", "notSet"],
    ["ben@example.com", "pending", "notSet"],
  ],
);

// 3. Preview an invitation.
const order = { selection: { userIds: [ada.id, ben.id] }, ownership: "companyOwned" as const };
const preview = await beckon.POST("/v1/invitations/preview", { body: order });
assert.ok(preview.data, "the preview is shown");
assert.deepEqual(preview.data.counts, { selected: 2, willSend: 2, skipped: 0, exact: true });
assert.deepEqual(
  preview.data.recipients.map(({ outcome, confirmation }) => [outcome, confirmation.reason ?? null]),
  [
    ["willReplace", null],
    ["willReplace", "notInDistribution"],
  ],
);
assert.match(preview.data.mail?.subject ?? "", /Example Ltd/);

// 4. Send it.
const sent = await beckon.POST("/v1/invitations", {
  params: { header: { "Idempotency-Key": "walk-1" } },
  body: { ...order, settingsVersion: preview.data.settingsVersion },
});
assert.equal(sent.response.status, 202);
assert.ok(sent.data, "it is sent");
assert.deepEqual(sent.data.confirmation, { confirmationEnabled: true, willReceive: 1, willNotReceive: 1 });
const { id } = sent.data.batch;
const arrived: Batch = await until("both mails arrive", async () => {
  const { data } = await beckon.GET("/v1/batches/{id}", { params: { path: { id } } });
  return data?.batch.counts?.delivered === 2 ? data : undefined;
});
assert.equal(arrived.batch.state, "expanded");

// 5. and 6. Read the PINs, and redeem them.
async function redeem(email: string): Promise<string> {
  const { data } = await beckon.POST("/v1/redemptions", { body: { email, pin: await newestPin(email) } });
  assert.equal(data?.method, "pin");
  return data.registrationId;
}
const wrong = await beckon.POST("/v1/redemptions", { body: { email: ada.email, pin: "0000 0000" } });
assert.equal(wrong.error?.type, "urn:beckon:problem:does-not-fit");

// 7. Report the devices.
async function report(registrationId: string, device: string): Promise<void> {
  const { data } = await beckon.POST("/v1/mdm/registrations", {
    body: {
      registrationId,
      device: { id: device, platform: "ios" },
      registeredAt: new Date().toISOString(),
    },
  });
  assert.equal(data?.outcome, "recorded");
  assert.equal(data.rule, "invitation");
}

// 8. See who owns what, and why.
for (const [user, device] of [
  [ada, "adas-phone"],
  [ben, "bens-phone"],
] as const) {
  const registrationId = await redeem(user.email);
  const path = { id: registrationId };
  const open = await beckon.GET("/v1/registrations/{id}", { params: { path } });
  assert.equal(open.data?.state, "open");
  await report(registrationId, device);
  const { data } = await beckon.GET("/v1/registrations/{id}", { params: { path } });
  assert.deepEqual([data?.state, data?.ownership, data?.rule], ["confirmed", "companyOwned", "invitation"]);
  const devices = await beckon.GET("/v1/users/{id}/devices", { params: { path: { id: user.id } } });
  assert.deepEqual(devices.data?.items.map((one) => one.id), [device]);
}

// 9. See who was told.
await until("Ada's confirmation arrives", async () => {
  const subjects = (await mailsTo(ada.email)).map((mail) => mail.subject);
  return subjects.some((subject) => subject.startsWith("Your device")) ? subjects : undefined;
});
assert.equal((await mailsTo(ben.email)).length, 2);

// 10. Read the history.
const history = await beckon.GET("/v1/users/{id}/history", { params: { path: { id: ada.id } } });
const happened = history.data?.items.map((entry) => entry.what) ?? [];
assert.equal(happened.at(-1), "userAdded");
assert.ok(happened.includes("registrationConfirmed"), happened.join(", "));

// What the walk leaves out: a change as a merge patch, a list page by page, an export.
const changed = await beckon.PATCH("/v1/users/{id}", {
  params: { path: { id: ben.id } },
  headers: { "Content-Type": "application/merge-patch+json" },
  body: { displayName: null, groups: ["staff"] },
});
assert.equal(changed.data?.displayName ?? null, null);
assert.deepEqual(changed.data?.groups, ["staff"]);
const first = await beckon.GET("/v1/users", { params: { query: { limit: 1 } } });
assert.ok(first.data?.next);
const second = await beckon.GET("/v1/users", { params: { query: { limit: 1, cursor: first.data.next } } });
assert.deepEqual(second.data?.items.map((user) => user.id), [ben.id]);
const file = await beckon.GET("/v1/users/export", { parseAs: "text" });
assert.match(file.data ?? "", /ada@example\.com/);
const nobody = await beckon.GET("/v1/users/{id}", { params: { path: { id: "01KG4JZ3M0000000000000000A" } } });
assert.equal(nobody.error?.status, 404);

console.log("the TypeScript client walked the way of docs/walk.md");
