//! Who calls, and what they may do: from the token that the gateway has verified in AWS, from a
//! layer of the local system on one machine. A request that carries neither is not let through.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use beckon_domain::model::actor::Actor;
use beckon_domain::values::permission::{Caller, CallerKind, Permission, Role};
use http::StatusCode;
use http::request::Parts;
use lambda_http::request::RequestContext;

use crate::Problem;
use crate::identity_provider::IdentityProvider;
use crate::token::Claims;

/// A caller; [`Authorised::to`] asks what they may do.
#[derive(Debug, Clone)]
pub struct Authorised(pub Caller);

impl Authorised {
    /// Refuses unless the caller has the permission.
    pub fn to(&self, permission: Permission) -> Result<(), Problem> {
        if self.0.may(permission) {
            return Ok(());
        }
        let refused = Problem::new(
            StatusCode::FORBIDDEN,
            "not-permitted",
            "Not permitted",
            match permission {
                Permission::ManageDevices => {
                    "This needs the token of a machine with the scope or role mdm; the token of a person never has it."
                        .to_owned()
                }
                Permission::View
                | Permission::AssistUsers
                | Permission::Invite
                | Permission::HandOver
                | Permission::Configure => format!(
                    "This needs the role {}, which your token does not carry.",
                    permission.least_role().name()
                ),
            },
        );
        Err(Problem {
            role: Some(permission.least_role().name()),
            ..refused
        })
    }

    /// Who they are, for the history.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Caller(self.0.name.clone())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Authorised {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "not-signed-in",
                "Not signed in",
                "Send a token in the Authorization header.",
            )
        })
    }
}

/// The address that a request comes from, if it is known: what API Gateway saw, or the peer of a
/// local connection. Never a header, which anybody can write.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let by_gateway =
            parts
                .extensions
                .get::<RequestContext>()
                .and_then(|context| match context {
                    RequestContext::ApiGatewayV2(context) => {
                        context.http.source_ip.as_deref()?.parse().ok()
                    }
                    _ => None,
                });
        let by_peer = || {
            let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
            peer.map(|ConnectInfo(peer)| peer.ip())
        };
        Ok(Self(by_gateway.or_else(by_peer)))
    }
}

/// A layer that reads the caller from the token that API Gateway's authorizer has verified.
pub(crate) async fn from_token(
    provider: Arc<IdentityProvider>,
    mut request: Request,
    next: Next,
) -> Response {
    let by_token = claims_of(&request).map(|claims| Authorised(provider.caller(&claims)));
    if let Some(caller) = by_token.or_else(everyone_may) {
        request.extensions_mut().insert(caller);
    }
    next.run(request).await
}

/// Under `cargo lambda watch` nobody checks tokens. A build for AWS has no such door, whatever its
/// environment says.
#[cfg(debug_assertions)]
fn everyone_may() -> Option<Authorised> {
    crate::config::environment("BECKON_EVERYONE_MAY").map(|_| local())
}

#[cfg(not(debug_assertions))]
fn everyone_may() -> Option<Authorised> {
    None
}

/// What the verified token says. On a route without an authorizer nobody has verified one, so
/// there is none, whatever the header holds.
fn claims_of(request: &Request) -> Option<Claims> {
    let RequestContext::ApiGatewayV2(context) = request.extensions().get()? else {
        return None;
    };
    let verified = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
    let claims = Claims::of_verified(request.headers(), verified);
    if claims.is_none() {
        tracing::warn!(
            "the Authorization header does not hold the one token that the gateway has verified"
        );
    }
    claims
}

/// What the history calls whoever uses the local system.
const LOCAL_NAME: &str = "Local administrator";

/// The caller of the local system, where everything is permitted.
#[must_use]
pub fn local() -> Authorised {
    Authorised(Caller {
        name: LOCAL_NAME.to_owned(),
        kind: CallerKind::Person,
        roles: Role::ALL.into_iter().collect(),
        permissions: Permission::ALL.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;
    use crate::edge;

    fn groups(groups: &Value) -> Value {
        json!({
            "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example", "sub": "u-1",
            "exp": 1_795_431_600, "token_use": "id", "cognito:username": "ann", "cognito:groups": groups,
        })
    }

    fn token(claims: &Value) -> String {
        format!(
            "e30.{}.signature",
            URL_SAFE_NO_PAD.encode(claims.to_string())
        )
    }

    /// As API Gateway hands claims on.
    fn flattened(claims: &Value) -> Value {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let one = |value: &Value| match value {
            Value::Array(entries) => {
                let entries: Vec<String> = entries.iter().map(text).collect();
                format!("[{}]", entries.join(" "))
            }
            other => text(other),
        };
        let claims = claims.as_object().unwrap().iter();
        claims
            .map(|(name, value)| (name.clone(), Value::from(one(value))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// The status of a route that changes the settings, in Lambda.
    async fn answered(header: Option<&str>, authorizer: Option<&Value>) -> StatusCode {
        let mut event = json!({
            "version": "2.0", "routeKey": "GET /", "rawPath": "/", "rawQueryString": "", "headers": {},
            "requestContext": {
                "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r", "timeEpoch": 0,
                "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.10" },
            },
            "isBase64Encoded": false,
        });
        if let Some(header) = header {
            event["headers"]["authorization"] = json!(header);
        }
        if let Some(claims) = authorizer {
            event["requestContext"]["authorizer"] =
                json!({"jwt": {"claims": flattened(claims), "scopes": null}});
        }
        let route = |caller: Authorised| async move {
            caller.to(Permission::Configure).map(|()| caller.0.name)
        };
        let router = edge::in_lambda(Router::new().route("/", get(route)));
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let answer = router.oneshot(request).await;
        answer.unwrap().status()
    }

    #[tokio::test]
    async fn groups_are_those_of_the_token_and_not_of_the_gateways_text() {
        for (held, expected) in [
            (json!(["viewer", "settings"]), StatusCode::OK),
            (json!(["old settings"]), StatusCode::FORBIDDEN),
            (json!(["settings viewer"]), StatusCode::FORBIDDEN),
            (json!(["[settings]"]), StatusCode::FORBIDDEN),
        ] {
            let claims = groups(&held);
            let header = format!("Bearer {}", token(&claims));

            let status = answered(Some(&header), Some(&claims)).await;

            assert_eq!(status, expected, "{held}");
        }
    }

    #[tokio::test]
    async fn a_token_that_the_gateway_has_not_verified_opens_nothing() {
        let settings = groups(&json!(["settings"]));
        let mut of_another = settings.clone();
        of_another["sub"] = json!("u-2");
        let header = format!("Bearer {}", token(&settings));

        for (header, authorizer) in [
            (Some(&header), None),
            (Some(&header), Some(&of_another)),
            (None, Some(&settings)),
        ] {
            let status = answered(header.map(String::as_str), authorizer).await;

            assert_eq!(status, StatusCode::UNAUTHORIZED, "{authorizer:?}");
        }
    }
}
