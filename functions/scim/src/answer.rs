//! Answers in SCIM's forms: resources, lists, and errors (RFC 7644, section 3.12).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use beckon_domain::model::group::MAX_MEMBERSHIPS;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::usecases::delete_user::DeleteUserRefused;
use beckon_domain::usecases::follow_directory::FollowRefused;
use beckon_domain::usecases::follow_groups::{
    FollowGroupRefused, MAX_MEMBERS_CHANGED, MAX_MEMBERS_READ,
};
use beckon_domain::values::problem::FieldProblem;
use beckon_runtime::problem::chain;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

const MEDIA_TYPE: &str = "application/scim+json";

/// A document with its status.
pub(crate) fn document(status: StatusCode, document: &Value) -> Response {
    let mut response = (status, Body::from(document.to_string())).into_response();
    let json = HeaderValue::from_static(MEDIA_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// A resource that a request made, changed or read. One that is new says where it stands.
pub(crate) fn resource(status: StatusCode, location: &str, resource: &Value) -> Response {
    let mut response = document(status, resource);
    if let Ok(location) = HeaderValue::from_str(location)
        && status == StatusCode::CREATED
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// A page of a list. `total` is how many there are on all pages.
pub(crate) fn list(total: usize, start: usize, resources: &[Value]) -> Response {
    let list = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    document(StatusCode::OK, &list)
}

/// Why a request was not carried out, as SCIM says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    /// The keyword of RFC 7644, table 9.
    kind: Option<&'static str>,
    detail: String,
}

impl Refusal {
    /// The status, and the keyword if there is one.
    pub(crate) const fn code(&self) -> (StatusCode, Option<&'static str>) {
        (self.status, self.kind)
    }

    fn new(status: StatusCode, kind: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            detail: detail.into(),
        }
    }

    fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(kind), detail)
    }

    /// The body is no request of this kind.
    pub(crate) fn syntax(detail: impl Into<String>) -> Self {
        Self::bad("invalidSyntax", detail)
    }

    /// A value is of the wrong kind, or missing.
    pub(crate) fn value(detail: impl Into<String>) -> Self {
        Self::bad("invalidValue", detail)
    }

    /// The filter is none, or is not supported.
    pub(crate) fn filter(detail: impl Into<String>) -> Self {
        Self::bad("invalidFilter", detail)
    }

    /// The path of an operation is none, or leads to nothing known.
    pub(crate) fn path(detail: impl Into<String>) -> Self {
        Self::bad("invalidPath", detail)
    }

    /// An operation does not say what it is to remove.
    pub(crate) fn no_target(detail: impl Into<String>) -> Self {
        Self::bad("noTarget", detail)
    }

    /// What would be changed cannot be.
    pub(crate) fn mutability(detail: impl Into<String>) -> Self {
        Self::bad("mutability", detail)
    }

    /// There are more than can be gone through.
    pub(crate) fn too_many(detail: impl Into<String>) -> Self {
        Self::bad("tooMany", detail)
    }

    /// Somebody else has it.
    fn uniqueness(whose: &str, what: &str) -> Self {
        let detail = format!("Another {whose} has this {what}.");
        Self::new(StatusCode::CONFLICT, Some("uniqueness"), detail)
    }

    pub(crate) fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, None, detail)
    }

    pub(crate) fn unknown_user() -> Self {
        Self::not_found("There is no user with this id.")
    }

    pub(crate) fn unknown_group() -> Self {
        Self::not_found("There is no group with this id.")
    }

    pub(crate) fn unproven() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            None,
            "The token is not one of those that are set. Make one with POST /v1/directory/tokens and give it to the directory.",
        )
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            None,
            "This address does not take this method.",
        )
    }

    pub(crate) fn media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            None,
            "Send application/scim+json, or application/json.",
        )
    }

    /// The body is larger than may be.
    pub(crate) fn too_large(most: usize) -> Self {
        let detail = format!("The body may have {} KiB.", most / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail)
    }

    /// The version that If-Match names is not the one that holds.
    pub(crate) fn stale() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            None,
            "The user has another version; read them again.",
        )
    }
}

impl From<FieldProblem> for Refusal {
    fn from(problem: FieldProblem) -> Self {
        Self::value(format!("{} {}.", problem.field, problem.detail))
    }
}

impl From<Unavailable> for Refusal {
    fn from(error: Unavailable) -> Self {
        tracing::error!(error = %chain(&error), "something that is needed is unavailable");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            None,
            "Something that is needed is unavailable; send the request again later.",
        )
    }
}

impl From<std::convert::Infallible> for Refusal {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl<E: Into<Self>> From<FollowRefused<E>> for Refusal {
    fn from(refused: FollowRefused<E>) -> Self {
        match refused {
            FollowRefused::Change(refusal) => refusal.into(),
            FollowRefused::Invalid(problem) => problem.into(),
            FollowRefused::UnknownUser => Self::unknown_user(),
            FollowRefused::Stale => Self::stale(),
            FollowRefused::Taken(what) => Self::uniqueness("user", what),
            FollowRefused::Unavailable(error) => error.into(),
        }
    }
}

impl<E: Into<Self>> From<FollowGroupRefused<E>> for Refusal {
    fn from(refused: FollowGroupRefused<E>) -> Self {
        match refused {
            FollowGroupRefused::Change(refusal) => refusal.into(),
            FollowGroupRefused::UnknownGroup => Self::unknown_group(),
            FollowGroupRefused::UnknownMember(user) => Self::value(format!(
                "There is no user with the id {user}; members must be users of Users."
            )),
            FollowGroupRefused::TooManyGroups(user) => Self::value(format!(
                "The user {user} would be a member of more than {MAX_MEMBERSHIPS} groups; give fewer groups to this application."
            )),
            FollowGroupRefused::TooManyChanged => Self::value(format!(
                "One request may add and remove {MAX_MEMBERS_CHANGED} members; send several requests with PATCH."
            )),
            FollowGroupRefused::TooManyMembers => Self::too_many(format!(
                "The group has more than {MAX_MEMBERS_READ} members; ask with excludedAttributes=members, and change members with PATCH."
            )),
            FollowGroupRefused::Taken(what) => Self::uniqueness("group", what),
            FollowGroupRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<DeleteUserRefused> for Refusal {
    fn from(refused: DeleteUserRefused) -> Self {
        match refused {
            DeleteUserRefused::UnknownUser => Self::unknown_user(),
            DeleteUserRefused::Unavailable(error) => error.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.as_u16().to_string(),
            "detail": self.detail,
        });
        if let (Some(kind), Some(fields)) = (self.kind, error.as_object_mut()) {
            fields.insert("scimType".to_owned(), kind.into());
        }
        let mut response = document(self.status, &error);
        response.extensions_mut().insert(self);
        response
    }
}
