//! All routes on one port, and the document that describes them. Each function brings its own
//! part of both; what holds for every route is said here, once.
#![expect(
    clippy::indexing_slicing,
    reason = "to index JSON gives null for what is not there, and makes it when it is written to"
)]

mod answers;
mod examples;
mod fields;
mod shapes;

use axum::Router;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

/// The HTTP functions.
pub(crate) struct Parts {
    pub(crate) directory: directory::Directory,
    pub(crate) desk: desk::Desk,
    pub(crate) previews: preview::Previews,
    pub(crate) sending: send::Sending,
    pub(crate) settings: settings::SettingsRoutes,
    pub(crate) device_events: device_events::DeviceEvents,
    pub(crate) redemptions: redeem::Redemptions,
}

/// Their routes, and the document that describes them.
pub(crate) fn merged(parts: Parts) -> anyhow::Result<(Router, Value)> {
    let (router, of_the_routes) = OpenApiRouter::new()
        .merge(parts.directory.routes())
        .merge(parts.desk.routes())
        .merge(parts.previews.routes())
        .merge(parts.sending.routes())
        .merge(parts.settings.routes())
        .merge(parts.device_events.routes())
        .merge(parts.redemptions.routes())
        .split_for_parts();
    let mut document = serde_json::to_value(of_the_routes)?;
    head(&mut document);
    shapes::settle(&mut document);
    fields::describe(&mut document);
    answers::describe(&mut document);
    examples::add(&mut document)?;
    Ok((router, document))
}

const ABOUT: &str = "\
Invites people to enrol their devices with the company's device management (MDM), and tells them when it worked.

**Names and times.** JSON in camelCase; times as RFC 3339 writes them, in UTC; ids are opaque. An answer may get \
further fields later: pass over those that you do not know. In requests a field that is not known is refused.

**Refusals** are problem documents (RFC 9457, `application/problem+json`) with a stable `type`; where fields are \
wrong, `errors` has an entry for each. Behind Amazon's API Gateway the gateway itself answers a missing or wrong \
token (401), a request too many (429) and a function that does not answer in time (503): with that status and \
`{\"message\": \"…\"}` as `application/json`.

**Pages.** A list has `items` and `next`. Ask again with `next` as `cursor` until it is null.

**Repeating.** A request with an `Idempotency-Key` may be repeated for 24 hours: the same key and body get the \
same answer, and nothing is done twice. Without one, look first whether the request came through.";

const TAGS: [(&str, &str); 8] = [
    (
        "Users",
        "The people who can be invited: one by one, by filter, and as CSV files.",
    ),
    (
        "Invitations",
        "Preview, send, and follow what becomes of each batch; mail again, cancel or restore a single invitation.",
    ),
    (
        "Jobs",
        "One action for many people: start it, follow it, see what became of each person, stop it.",
    ),
    (
        "Desk",
        "Hand a secret over without a mail: as a PIN, a link, or a sheet to print.",
    ),
    (
        "Enrolment",
        "What the invited people's page calls. Public: the secret or the registration's id is what lets somebody in.",
    ),
    (
        "Device management",
        "What the MDM calls: it redeems for people, and reports the devices that were registered.",
    ),
    (
        "Settings",
        "One document with a version: registration, mails, groups, retention.",
    ),
    (
        "Templates",
        "Your own words for mails, by kind and language.",
    ),
];

const SIGNING_IN: &str = "\
An OAuth 2.0 access token, or an OpenID Connect ID token, of the stack's user pool or of the issuer that Beckon was \
deployed with. On one machine there is no sign-in, and no token is needed.

An operation names the least role that it needs. `viewer` reads. `helpdesk` also adds and corrects users. \
`inviter` also invites, cancels and deletes. `pindesk` reads, and hands secrets over. `settings` reads, and changes \
settings and templates. `mdm` is the device management's, reads nothing else, and is given to machines alone. \
A person's roles stand in the token's role claim, a machine's there or in its scopes, as `beckon/mdm`. Inviting while adding or importing users needs `inviter` as well.";

/// What stands around the routes.
fn head(document: &mut Value) {
    document["info"] = json!({
        "title": "Beckon",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Device enrolment by invitation",
        "description": ABOUT,
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    });
    document["servers"] = json!([{
        "url": "/",
        "description": "Where this document comes from: the API of a stack, or a local system",
    }]);
    let tags = TAGS.map(|(name, description)| json!({ "name": name, "description": description }));
    document["tags"] = json!(tags);
    document["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": SIGNING_IN },
    });
}

/// The members of a part of the document, if it has this part. (To index what is not there would
/// make it null.)
fn members<'a>(of: &'a mut Value, part: &str) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    let part = of.get_mut(part).and_then(Value::as_object_mut);
    part.into_iter().flatten()
}

/// Every operation, with its method and path.
fn operations(document: &mut Value) -> impl Iterator<Item = (String, &mut Value)> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(path, operations)| {
        let operations = operations.as_object_mut().into_iter().flatten();
        operations.map(move |(method, operation)| {
            (format!("{} {path}", method.to_uppercase()), operation)
        })
    })
}
