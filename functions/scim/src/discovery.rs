//! What this service says of itself (RFC 7643, sections 5 to 7): what it can do, which resources there are, and what
//! they hold.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Scim;
use crate::answer::{self, Refusal};
use crate::attributes::USER;
use crate::users::PAGE_SIZE;

pub(crate) async fn provider(State(scim): State<Scim>) -> Response {
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": PAGE_SIZE },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token that an administrator made with POST /v1/directory/tokens",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", scim.base),
        },
    });
    answer::document(StatusCode::OK, &config)
}

fn user_type(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "A person who can be invited",
        "schema": USER,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/User"),
        },
    })
}

pub(crate) async fn resource_types(State(scim): State<Scim>) -> Response {
    answer::list(1, 1, &[user_type(&scim.base)])
}

pub(crate) async fn resource_type(
    State(scim): State<Scim>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    if id == "User" {
        Ok(answer::document(StatusCode::OK, &user_type(&scim.base)))
    } else {
        Err(Refusal::not_found(
            "There is no resource type of this name.",
        ))
    }
}

pub(crate) async fn schemas(State(scim): State<Scim>) -> Response {
    answer::list(1, 1, &[user_schema(&scim.base)])
}

pub(crate) async fn schema(
    State(scim): State<Scim>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    if id == USER {
        Ok(answer::document(StatusCode::OK, &user_schema(&scim.base)))
    } else {
        Err(Refusal::not_found("There is no schema of this name."))
    }
}

fn user_schema(base: &str) -> Value {
    let name = json!([
        text("formatted", "The whole name"),
        text("familyName", "The family name"),
        text("givenName", "The given name"),
    ]);
    let emails = json!([
        with(text("value", "The address"), &json!({ "required": true })),
        with(
            text("type", "What it is for"),
            &json!({ "canonicalValues": ["work", "home", "other"] }),
        ),
        truth("primary", "Whether it is the one that mail goes to"),
    ]);
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": USER,
        "name": "User",
        "description": "A person who can be invited",
        "attributes": [
            with(
                text("userName", "What they sign in by; unique in any case of its letters"),
                &json!({ "required": true, "uniqueness": "server" }),
            ),
            text("displayName", "What they are called in mails and lists"),
            part("name", "Their name; used where there is no displayName", false, &name),
            with(
                part(
                    "emails",
                    "Where mail goes: the primary one, else the one of work, else the first. Without any, the userName counts if it is an address",
                    true,
                    &emails,
                ),
                &json!({ "required": true }),
            ),
            with(
                truth("active", "Whether they may be invited and register; true if it is not said"),
                &json!({ "required": true }),
            ),
            text("preferredLanguage", "The language of their mails"),
            text("locale", "Where there is no preferredLanguage, the language of their mails"),
            text("timezone", "The time zone of their mails, by IANA's name or by Windows'"),
        ],
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{USER}") },
    })
}

fn attribute(name: &str, kind: &str, description: &str) -> Value {
    json!({
        "name": name,
        "type": kind,
        "multiValued": false,
        "description": description,
        "required": false,
        "mutability": "readWrite",
        "returned": "default",
    })
}

fn text(name: &str, description: &str) -> Value {
    let more = json!({ "caseExact": false, "uniqueness": "none" });
    with(attribute(name, "string", description), &more)
}

fn truth(name: &str, description: &str) -> Value {
    attribute(name, "boolean", description)
}

fn part(name: &str, description: &str, multi_valued: bool, parts: &Value) -> Value {
    let more = json!({ "multiValued": multi_valued, "subAttributes": parts });
    with(attribute(name, "complex", description), &more)
}

/// The same with other characteristics.
fn with(mut attribute: Value, more: &Value) -> Value {
    let more = more.as_object().into_iter().flatten();
    if let Some(fields) = attribute.as_object_mut() {
        fields.extend(more.map(|(name, value)| (name.clone(), value.clone())));
    }
    attribute
}
