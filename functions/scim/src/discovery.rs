//! What this service says of itself (RFC 7643, sections 5 to 7): what it can do, which resources there are, and what
//! they hold.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;
use beckon_domain::model::directory::DirectoryAttribute;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Scim;
use crate::answer::{self, Refusal};
use crate::attributes::{ENTERPRISE, GROUP, USER, is_of_enterprise};
use crate::request::PAGE_SIZE;

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

fn resource_type_of(name: &str, description: &str, schema: &str, base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "endpoint": format!("/{name}s"),
        "description": description,
        "schema": schema,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{name}"),
        },
    })
}

fn all_types(base: &str, taken: &BTreeSet<DirectoryAttribute>) -> [Value; 2] {
    let mut types = [
        resource_type_of("User", "A person who can be invited", USER, base),
        resource_type_of("Group", "A group of people", GROUP, base),
    ];
    if taken.iter().copied().any(is_of_enterprise) {
        let extension = json!([{ "schema": ENTERPRISE, "required": false }]);
        let [user, _] = &mut types;
        *user = with(user.take(), &json!({ "schemaExtensions": extension }));
    }
    types
}

fn all_schemas(base: &str, taken: &BTreeSet<DirectoryAttribute>) -> Vec<Value> {
    let mut all = vec![user_schema(base, taken), group_schema(base)];
    if taken.iter().copied().any(is_of_enterprise) {
        all.push(enterprise_schema(base, taken));
    }
    all
}

/// What the settings have kept of a company's users.
fn enterprise_schema(base: &str, taken: &BTreeSet<DirectoryAttribute>) -> Value {
    let attributes = taken.iter().filter(|one| is_of_enterprise(**one));
    let attributes = attributes.map(|one| text(one.name(), "Kept for own wordings of mails"));
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": ENTERPRISE,
        "name": "EnterpriseUser",
        "description": "What else a company says of a person",
        "attributes": attributes.collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{ENTERPRISE}") },
    })
}

/// The one of these documents that has this id.
fn named(
    documents: impl IntoIterator<Item = Value>,
    id: &str,
    unknown: &str,
) -> Result<Value, Refusal> {
    let mut documents = documents.into_iter();
    let found = documents.find(|document| document.get("id").and_then(Value::as_str) == Some(id));
    found.ok_or_else(|| Refusal::not_found(unknown))
}

pub(crate) async fn resource_types(State(scim): State<Scim>) -> Result<Response, Refusal> {
    let types = all_types(&scim.base, &scim.taken().await?);
    Ok(answer::list(types.len(), 1, &types))
}

pub(crate) async fn resource_type(
    State(scim): State<Scim>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let unknown = "There is no resource type of this name.";
    let found = named(all_types(&scim.base, &scim.taken().await?), &id, unknown)?;
    Ok(answer::document(StatusCode::OK, &found))
}

pub(crate) async fn schemas(State(scim): State<Scim>) -> Result<Response, Refusal> {
    let schemas = all_schemas(&scim.base, &scim.taken().await?);
    Ok(answer::list(schemas.len(), 1, &schemas))
}

pub(crate) async fn schema(
    State(scim): State<Scim>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let unknown = "There is no schema of this name.";
    let found = named(all_schemas(&scim.base, &scim.taken().await?), &id, unknown)?;
    Ok(answer::document(StatusCode::OK, &found))
}

fn group_schema(base: &str) -> Value {
    let once = json!({ "mutability": "immutable" });
    let members = json!([
        with(text("value", "The id of a user"), &once),
        with(
            attribute("$ref", "reference", "Where the user stands"),
            &json!({ "mutability": "immutable", "caseExact": true, "referenceTypes": ["User"] }),
        ),
        with(
            text("type", "What the member is"),
            &json!({ "mutability": "immutable", "canonicalValues": ["User"] }),
        ),
    ]);
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": GROUP,
        "name": "Group",
        "description": "A group of people",
        "attributes": [
            with(
                text("displayName", "What it is called, in lists and in settings; unique in any case of its letters"),
                &json!({ "required": true, "uniqueness": "server" }),
            ),
            part("members", "The people in it", true, &members),
        ],
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{GROUP}") },
    })
}

fn user_schema(base: &str, taken: &BTreeSet<DirectoryAttribute>) -> Value {
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
    let read_only = json!({ "mutability": "readOnly" });
    let groups = json!([
        with(text("value", "The id of a group"), &read_only),
        with(text("display", "What it is called"), &read_only),
        with(
            text("type", "How they belong to it"),
            &json!({ "mutability": "readOnly", "canonicalValues": ["direct"] }),
        ),
    ]);
    let mut schema = json!({
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
            with(
                part("groups", "The groups of Groups that they are a member of", true, &groups),
                &json!({ "mutability": "readOnly" }),
            ),
        ],
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{USER}") },
    });
    let of_core = taken.iter().filter(|one| !is_of_enterprise(**one));
    let more: Vec<Value> = of_core
        .map(|one| text(one.name(), "Kept for own wordings of mails"))
        .collect();
    if let Some(attributes) = schema.get_mut("attributes").and_then(Value::as_array_mut) {
        attributes.extend(more);
    }
    schema
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
