//! Who calls, and what they may do: from the authorizer's claims in AWS, from a layer of the
//! local system on one machine. A request that carries neither is not let through.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use beckon_domain::history::Actor;
use beckon_domain::permission::{Caller, Permission};
use http::StatusCode;
use http::request::Parts;
use lambda_http::request::RequestContext;
use serde_json::Value;

use crate::Problem;

/// A caller; [`Authorised::to`] asks what they may do.
#[derive(Debug, Clone)]
pub struct Authorised(pub Caller);

impl Authorised {
    /// Refuses unless the caller has the permission.
    pub fn to(&self, permission: Permission) -> Result<(), Problem> {
        if self.0.may(permission) {
            return Ok(());
        }
        let needed = match permission {
            Permission::View => "viewer",
            Permission::AssistUsers => "helpdesk",
            Permission::Invite => "inviter",
            Permission::HandOver => "pindesk",
            Permission::Configure => "settings",
            Permission::ManageDevices => "mdm",
        };
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not-permitted",
            "Not permitted",
            format!("This needs the role or scope {needed}, which your token does not carry."),
        ))
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

/// A layer that reads the caller from the claims that API Gateway's authorizer has checked.
pub async fn from_claims(role_claim: String, mut request: Request, next: Next) -> Response {
    let by_token = request
        .extensions()
        .get::<RequestContext>()
        .and_then(|context| caller_of(context, &role_claim))
        .map(Authorised);
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

fn caller_of(context: &RequestContext, role_claim: &str) -> Option<Caller> {
    let RequestContext::ApiGatewayV2(context) = context else {
        return None;
    };
    let jwt = context.authorizer.as_ref()?.jwt.as_ref()?;
    Some(from_jwt(
        &jwt.claims,
        jwt.scopes.as_deref().unwrap_or_default(),
        role_claim,
    ))
}

/// Claims that only the token of a person has.
const PERSONS: [&str; 6] = [
    "email",
    "cognito:username",
    "username",
    "preferred_username",
    "upn",
    "name",
];

fn from_jwt(
    claims: &std::collections::HashMap<String, String>,
    scopes: &[String],
    role_claim: &str,
) -> Caller {
    let claim = |name: &str| claims.get(name).filter(|value| !value.is_empty());
    // People can change their address in some pools; until it is verified, it may be another's.
    let unverified = claim("email_verified").is_some_and(|verified| verified == "false");
    let name = ["email", "cognito:username", "username", "client_id", "sub"]
        .into_iter()
        .filter(|name| *name != "email" || !unverified)
        .find_map(claim)
        .map_or("unknown caller", String::as_str);
    let mut roles = claim(role_claim)
        .map(|value| listed(value))
        .unwrap_or_default();
    // What an application may do for a person says nothing of what the person may do.
    if !PERSONS.iter().any(|name| claim(name).is_some()) {
        roles.extend(scopes.iter().map(|scope| last_part(scope)));
        roles.extend(
            claim("scope")
                .into_iter()
                .flat_map(|scopes| scopes.split_whitespace().map(last_part)),
        );
    }
    Caller::with_roles(name, roles.iter().map(String::as_str))
}

/// Scopes are written `beckon/mdm` or `https://…/mdm`.
fn last_part(scope: &str) -> String {
    scope.rsplit('/').next().unwrap_or(scope).to_owned()
}

/// API Gateway hands a list claim on as text: `[a b]`, `["a","b"]`, or `a b`.
fn listed(value: &str) -> Vec<String> {
    if let Ok(Value::Array(roles)) = serde_json::from_str(value) {
        return roles
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
    }
    value
        .trim_matches(['[', ']'])
        .split([' ', ','])
        .filter(|role| !role.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The caller of the local system, where everything is permitted.
#[must_use]
pub fn local() -> Authorised {
    Authorised(Caller {
        name: "Local administrator".to_owned(),
        permissions: Permission::ALL.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(pairs: &[(&str, &str)]) -> std::collections::HashMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn roles_come_from_the_claim_in_each_form_api_gateway_writes_lists() {
        for groups in [
            "[inviter settings]",
            "[\"inviter\",\"settings\"]",
            "inviter,settings",
            "inviter settings",
        ] {
            let caller = from_jwt(
                &claims(&[("sub", "u-1"), ("cognito:groups", groups)]),
                &[],
                "cognito:groups",
            );

            assert!(caller.may(Permission::Invite), "{groups}");
            assert!(caller.may(Permission::Configure), "{groups}");
            assert!(!caller.may(Permission::ManageDevices), "{groups}");
        }
    }

    #[test]
    fn a_machine_is_known_by_its_scope() {
        let caller = from_jwt(
            &claims(&[("client_id", "mdm-1"), ("scope", "beckon/mdm")]),
            &[],
            "cognito:groups",
        );

        assert_eq!(caller.name, "mdm-1");
        assert!(caller.may(Permission::ManageDevices));
        assert!(!caller.may(Permission::View));
    }

    #[test]
    fn what_an_application_may_do_for_a_person_is_no_role_of_theirs() {
        let caller = from_jwt(
            &claims(&[
                ("sub", "u-1"),
                ("username", "ann"),
                ("scope", "other/settings"),
            ]),
            &["https://other.example/inviter".to_owned()],
            "cognito:groups",
        );

        assert!(caller.permissions.is_empty());
    }

    #[test]
    fn nobody_signs_with_an_address_that_is_not_verified() {
        let name = |verified: &str| {
            let ann = claims(&[
                ("sub", "u-1"),
                ("cognito:username", "u-1"),
                ("email", "boss@example.com"),
                ("email_verified", verified),
            ]);
            from_jwt(&ann, &[], "cognito:groups").name
        };

        assert_eq!(name("false"), "u-1");
        assert_eq!(name("true"), "boss@example.com");
        // A directory that does not say has its own ways.
        assert_eq!(name(""), "boss@example.com");
    }

    #[test]
    fn a_role_in_another_claim_counts_for_nothing() {
        let caller = from_jwt(
            &claims(&[("sub", "u"), ("roles", "settings")]),
            &[],
            "cognito:groups",
        );

        assert!(caller.permissions.is_empty());
    }
}
