//! What the API answers when it refuses, in the form the AWS SDKs parse (restJson1).
//!
//! Owns: status, error type and message of every refusal. Must not know when one is due.
//!
//! Status and names are those of the SES v2 API reference for `SendEmail`: 400 for all but
//! `NotFoundException` (404) and `TooManyRequestsException` (429).

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::ids;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error_type: &'static str,
    pub(super) message: String,
}

impl Refusal {
    fn new(status: StatusCode, error_type: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            error_type,
            message: message.into(),
        }
    }

    /// The input is not what the operation takes.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    /// The bytes are not JSON of the expected shape.
    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "SerializationException", message)
    }

    /// Too many recipients in this second.
    pub(super) fn rate_exceeded() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsException",
            "Maximum sending rate exceeded.",
        )
    }

    /// Too many recipients in 24 hours. The service names this like the rate, 429
    /// `TooManyRequestsException`: callers of API v2 report that pair from production, and the
    /// developer guide lists both messages under one error. Only the message tells them apart.
    pub(super) fn daily_quota_exceeded() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsException",
            "Daily message quota exceeded.",
        )
    }

    /// The same under the other name that `SendEmail` declares and clients are told to expect.
    pub(super) fn limit_exceeded() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "LimitExceededException",
            "Daily message quota exceeded.",
        )
    }

    /// The account may not send for now.
    pub(super) fn sending_paused() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "SendingPausedException",
            "Sending paused for this account. For more information, please check the inbox of the \
             email address associated with your AWS account.",
        )
    }

    /// The account may not send ever again.
    pub(super) fn account_suspended() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "AccountSuspendedException",
            "The account's ability to send email has been permanently restricted.",
        )
    }

    /// A sender that was never verified.
    pub(super) fn not_verified() -> Self {
        Self::identities_not_verified(&["beckon@example.com".to_owned()])
    }

    /// A sender, or in the sandbox a recipient, that was never verified; all that fail are named.
    pub(super) fn identities_not_verified(failed: &[String]) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MessageRejected",
            format!(
                "Email address is not verified. The following identities failed the check in \
                 region US-EAST-1: {}",
                failed.join(", ")
            ),
        )
    }

    /// The MAIL FROM domain is not set up.
    pub(super) fn mail_from_not_verified() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MailFromDomainNotVerifiedException",
            "The message can't be sent because the MAIL FROM domain isn't verified.",
        )
    }

    /// The configuration set was never created, or is gone.
    pub(super) fn configuration_set_missing() -> Self {
        Self::not_found("Configuration set <beckon-local> does not exist.")
    }

    /// A named thing does not exist.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundException", message)
    }

    /// No such operation.
    pub(super) fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "UnknownOperationException", message)
    }

    /// The caller's role lacks `ses:SendEmail`.
    pub(super) fn access_denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "AccessDeniedException",
            "User: arn:aws:sts::000000000000:assumed-role/deliver/deliver is not authorized to \
             perform: ses:SendEmail on resource: \
             arn:aws:ses:us-east-1:000000000000:identity/example.com",
        )
    }

    /// This one message is refused for what it holds.
    pub(super) fn message_rejected() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MessageRejected",
            "The message can't be sent because it contains invalid content.",
        )
    }

    /// Something broke on the server's side.
    pub(super) fn server_error() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "The request processing has failed because of an unknown error, exception or failure.",
        )
    }

    /// The server gave up.
    pub(super) fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "The request has failed due to a temporary failure of the server.",
        )
    }

    /// The mailbox itself failed: a full disk, most likely. Logged here, where the cause is known.
    pub(super) fn internal(cause: &std::io::Error) -> Self {
        tracing::error!(error = %cause, "the local mailbox cannot be used");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            format!("The local mailbox cannot be used: {cause}."),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "message": self.message }))).into_response();
        response
            .headers_mut()
            .insert(ERROR_TYPE, HeaderValue::from_static(self.error_type));
        with_request_id(response)
    }
}

/// Adds the request id that SDKs put into their error texts.
pub(super) fn with_request_id(mut response: Response) -> Response {
    if let Some(id) = ids::uuid()
        .ok()
        .and_then(|id| HeaderValue::from_str(&id).ok())
    {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
