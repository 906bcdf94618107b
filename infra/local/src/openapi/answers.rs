//! Answers that follow from what kind of route it is: who may call it, what it takes, what it
//! stands behind. A route describes what is its own; the rest is added here, and a refusal is a
//! problem document everywhere.

use serde_json::{Map, Value, json};

/// A refusal, as any route may give it.
struct Refusal {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    /// Of its example: the end of `type`, then title and detail.
    example: (&'static str, &'static str, &'static str),
}

const REFUSALS: [Refusal; 13] = [
    Refusal {
        status: "400",
        name: "MalformedJson",
        description: "The body is not JSON; `detail` says where it stops being it.",
        example: (
            "malformed-json",
            "Malformed JSON",
            "The body is not JSON: line 1, column 12.",
        ),
    },
    Refusal {
        status: "401",
        name: "NotSignedIn",
        description: "There is no token, or it is not one that counts here. API Gateway answers this itself, as `application/json`.",
        example: (
            "not-signed-in",
            "Not signed in",
            "Send a token in the Authorization header.",
        ),
    },
    Refusal {
        status: "403",
        name: "NotPermitted",
        description: "The token does not carry the role that this needs.",
        example: (
            "not-permitted",
            "Not permitted",
            "This needs the role inviter, which your token does not carry.",
        ),
    },
    Refusal {
        status: "404",
        name: "NotFound",
        description: "There is nothing at this address, or no more.",
        example: (
            "not-found",
            "Not found",
            "There is no user at this address; check the id, it may have been deleted.",
        ),
    },
    Refusal {
        status: "409",
        name: "NotPossibleNow",
        description: "As things stand it cannot be done, or a record that it needs cannot be read; `detail` says why, and what to do.",
        example: (
            "not-possible-now",
            "Not possible now",
            "The invitation is not open any more; send a new one.",
        ),
    },
    Refusal {
        status: "410",
        name: "InvitationEnded",
        description: "The secret is right, and its invitation has ended; `ended` says how.",
        example: (
            "invitation-ended",
            "The invitation has ended",
            "This invitation has expired. Ask whoever invited you for a new one.",
        ),
    },
    Refusal {
        status: "412",
        name: "ChangedMeanwhile",
        description: "Somebody changed it meanwhile: none of the entity tags in `If-Match` is the current one.",
        example: (
            "stale-settings",
            "The settings have changed",
            "Somebody saved the settings since you read them; the current version is 4. Read them again, make your change, and save with the new ETag.",
        ),
    },
    Refusal {
        status: "413",
        name: "TooLarge",
        description: "The body is too large.",
        example: (
            "too-large",
            "The body is too large",
            "A body may have at most 1048576 bytes; spread what it says over several requests.",
        ),
    },
    Refusal {
        status: "415",
        name: "WrongMediaType",
        description: "The body is of another media type than this takes, or of none.",
        example: (
            "not-json",
            "Not JSON",
            "Send the body as JSON, with the header Content-Type: application/json.",
        ),
    },
    Refusal {
        status: "422",
        name: "InvalidFields",
        description: "Fields or parameters are wrong; `errors` names each. Nothing was done.",
        example: (
            "invalid-fields",
            "Fields are not acceptable",
            "limit must be from 1 to 100.",
        ),
    },
    Refusal {
        status: "428",
        name: "IfMatchMissing",
        description: "`If-Match` is missing.",
        example: (
            "if-match-required",
            "If-Match is required",
            "Send If-Match with the ETag of the settings you changed, so that nobody else's change is lost; If-Match: * replaces whatever there is.",
        ),
    },
    Refusal {
        status: "429",
        name: "TooManyRequests",
        description: "Too many requests. API Gateway answers this itself, as `application/json`, without `Retry-After`.",
        example: (
            "too-many-tries",
            "Too many wrong tries",
            "Too many wrong tries came from this network. Wait an hour, or use another network; invitations are not affected.",
        ),
    },
    Refusal {
        status: "503",
        name: "Unavailable",
        description: "Something behind this does not answer at the moment. Repeat the request, with the same `Idempotency-Key` if it had one.",
        example: (
            "unavailable",
            "Try again in a moment",
            "Something this needs does not answer at the moment. Repeat the request, with the same Idempotency-Key if it had one.",
        ),
    },
];

impl Refusal {
    fn document(&self) -> Value {
        let (kind, title, detail) = self.example;
        let status: u16 = self.status.parse().unwrap_or_default();
        let mut document = json!({
            "type": format!("urn:beckon:problem:{kind}"),
            "title": title,
            "status": status,
            "detail": detail,
        });
        match self.status {
            "410" => document["ended"] = json!("expired"),
            "422" => {
                document["errors"] = json!([
                    { "field": "limit", "code": "outOfRange", "detail": "must be from 1 to 100" },
                ]);
            }
            _ => {}
        }
        document
    }

    fn headers(&self) -> Value {
        let mut headers = json!({ REQUEST_ID: header(REQUEST_ID) });
        match self.status {
            "401" => headers["WWW-Authenticate"] = header("WWW-Authenticate"),
            "429" | "503" => headers["Retry-After"] = header("Retry-After"),
            _ => {}
        }
        headers
    }

    /// The whole answer, in these words or in those of a route.
    fn response(&self, description: &str) -> Value {
        json!({
            "description": description,
            "headers": self.headers(),
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "example": self.document(),
            } },
        })
    }

    fn reference(&self) -> Value {
        json!({ "$ref": format!("#/components/responses/{}", self.name) })
    }
}

/// The header of every answer by which it is found in the logs.
const REQUEST_ID: &str = "X-Request-Id";

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

fn refusal(status: &str) -> Option<&'static Refusal> {
    REFUSALS.iter().find(|refusal| refusal.status == status)
}

/// Adds to every operation the answers of its kind, and gives every answer a description.
pub(super) fn describe(document: &mut Value) {
    let schemas = document["components"]["schemas"].take();
    for (route, operation) in super::operations(document) {
        // `security(())` says that a token is optional, which `[]` says shortly.
        let is_public = operation["security"] == json!([{}]);
        if is_public {
            operation["security"] = json!([]);
        }
        let statuses = statuses_of_its_kind(operation, is_public);
        let Some(responses) = operation["responses"].as_object_mut() else {
            continue;
        };
        for status in statuses {
            responses.entry(status).or_insert(Value::Null);
        }
        for (status, response) in responses.iter_mut() {
            match refusal(status) {
                Some(refusal) => *response = in_full(refusal, response),
                None => succeeded(&route, status, response, &schemas),
            }
        }
    }
    document["components"]["schemas"] = schemas;
    let used = document["paths"].to_string();
    document["components"]["responses"] = REFUSALS
        .iter()
        .filter(|refusal| used.contains(&format!("/responses/{}\"", refusal.name)))
        .map(|refusal| {
            (
                refusal.name.to_owned(),
                refusal.response(refusal.description),
            )
        })
        .collect::<Map<_, _>>()
        .into();
    document["components"]["headers"] = headers();
}

fn statuses_of_its_kind(operation: &Value, is_public: bool) -> Vec<&'static str> {
    let mut statuses = vec!["429", "503"];
    if !is_public {
        statuses.push("401");
    }
    let needs_a_role = operation["security"][0]["bearer"]
        .as_array()
        .is_some_and(|roles| !roles.is_empty());
    if needs_a_role {
        // A record that this version cannot read may lie behind any of them.
        statuses.extend(["403", "409"]);
    }
    let content = operation["requestBody"]["content"].as_object();
    if let Some(content) = content {
        statuses.extend(["413", "415", "422"]);
        if content.keys().any(|media| media.ends_with("json")) {
            statuses.push("400");
        }
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    // What cannot be read in a query or a header is refused; a path then names nothing.
    if parameters
        .clone()
        .any(|parameter| parameter["in"] != "path")
    {
        statuses.push("422");
    }
    statuses
}

/// A refusal as a route described it: by its own words if it has some.
fn in_full(refusal: &Refusal, response: &Value) -> Value {
    match response["description"].as_str() {
        Some(own) if !own.is_empty() => refusal.response(own),
        _ => refusal.reference(),
    }
}

/// An answer without words of its own is described by what it holds.
fn succeeded(route: &str, status: &str, response: &mut Value, schemas: &Value) {
    let is_described = response["description"]
        .as_str()
        .is_some_and(|text| !text.is_empty());
    if !is_described {
        let content = response["content"].as_object();
        let holds = content
            .and_then(|content| content.values().next())
            .and_then(|media| {
                let name = media["schema"]["$ref"].as_str()?.rsplit('/').next()?;
                schemas[name]["description"].as_str()
            });
        let description = match (status, holds) {
            (_, Some(words)) => words,
            ("202", None) => "Taken; the answer is the same whatever comes of it.",
            _ => "Done.",
        };
        response["description"] = json!(description);
    }
    response["headers"][REQUEST_ID] = header(REQUEST_ID);
    if matches!(route, "POST /v1/users") {
        response["headers"]["Location"] = header("Location");
    }
    let has_a_version =
        route.ends_with(" /v1/settings") || route.ends_with("/v1/templates/{kind}/{locale}");
    if has_a_version {
        response["headers"]["ETag"] = header("ETag");
    }
}

fn headers() -> Value {
    json!({
        "ETag": {
            "description": "The version of what was answered, for `If-Match`",
            "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" },
            "example": "\"3\"",
        },
        "Location": {
            "description": "The path of what was added",
            "schema": { "type": "string", "format": "uri-reference" },
            "example": "/v1/users/01KG4JZ3M0000000000000000A",
        },
        "Retry-After": {
            "description": "After how many seconds to try again",
            "schema": { "type": "integer", "minimum": 1 },
            "example": 1,
        },
        REQUEST_ID: {
            "description": "By this the request is found in the logs, and what came of it",
            "schema": { "type": "string" },
            "example": "01KG4JZ3M0000000000000000B",
        },
        "WWW-Authenticate": {
            "description": "How to sign in",
            "schema": { "type": "string" },
            "example": "Bearer",
        },
    })
}
