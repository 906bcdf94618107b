//! In the place of API Gateway's JWT authorizer: lets a request for the API through only with a token that counts,
//! and hands on what the token says as API Gateway does. The template asks for no scopes, so none are asked for here.
//! (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html says what it checks.)

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use beckon_tokens::signatures::{self, ALGORITHMS};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header, get_current_timestamp};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use serde_json::{Map, Value, json};

use super::{Issuer, SignIn};

type Claims = Map<String, Value>;

/// Checks the tokens of requests.
pub(crate) struct Gateway {
    issuer: Issuer,
    sign_in: SignIn,
    operations: Vec<Operation>,
}

/// An operation of the API.
struct Operation {
    method: String,
    /// Such as `/v1/users/{id}`.
    path: String,
    needs_a_token: bool,
}

/// The operations of the API's document.
fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().into_iter().flatten();
        operations.map(move |(method, said)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            needs_a_token: said["security"]
                .as_array()
                .is_some_and(|kinds| !kinds.is_empty()),
        })
    });
    operations.collect()
}

impl Operation {
    fn takes(&self, method: &Method, path: &str) -> bool {
        let (names, parts) = (self.path.split('/'), path.split('/'));
        self.method == method.as_str()
            && names.clone().count() == parts.clone().count()
            && names
                .zip(parts)
                .all(|(name, part)| name == part || (name.starts_with('{') && !part.is_empty()))
    }
}

impl Gateway {
    /// One that asks for tokens of an issuer where the API's document says that one is needed.
    pub(crate) fn new(issuer: Issuer, sign_in: SignIn, document: &Value) -> Self {
        signatures::install();
        Self {
            issuer,
            sign_in,
            operations: operations(document),
        }
    }

    /// A layer around every route.
    pub(crate) async fn check(
        State(gateway): State<Arc<Self>>,
        mut request: Request,
        next: Next,
    ) -> Response {
        if !gateway.needs_token(&request) {
            return next.run(request).await;
        }
        let Some(token) = token_of(request.headers()) else {
            return unauthorized("Bearer");
        };
        match gateway.claims(token).await {
            Ok(claims) => {
                if let Some(context) = context_of(request.method(), &claims) {
                    request.extensions_mut().insert(context);
                }
                next.run(request).await
            }
            Err(why) => unauthorized(&format!(
                "Bearer scope=\"\" error=\"invalid_token\" error_description=\"{why}\""
            )),
        }
    }

    fn needs_token(&self, request: &Request) -> bool {
        let method = match *request.method() {
            Method::HEAD => &Method::GET,
            ref method => method,
        };
        let path = request.uri().path();
        let fitting = self
            .operations
            .iter()
            .filter(|each| each.takes(method, path));
        // A path by its name counts before one with a parameter in the same place.
        let meant = fitting.min_by_key(|each| each.path.matches('{').count());
        meant.is_some_and(|operation| operation.needs_a_token)
    }

    /// What a token says, if it counts, or why it does not.
    async fn claims(&self, token: &str) -> Result<Claims, &'static str> {
        let head = decode_header(token).map_err(|_| "the token is not a JWT")?;
        let id = head.kid.ok_or("the token does not name its key")?;
        let key = self.issuer.key(&id).await;
        let key = key.ok_or("the token is signed with a key that the issuer does not have")?;
        let mut validation = Validation::new(ALGORITHMS[0]);
        validation.algorithms = ALGORITHMS.to_vec();
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.sign_in.issuer]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        // Here, since `client_id` counts where there is no `aud`.
        validation.validate_aud = false;
        let claims = decode::<Claims>(token, &key, &validation)
            .map_err(|error| in_words(error.kind()))?
            .claims;
        self.check_claims(&claims, get_current_timestamp())?;
        Ok(claims)
    }

    /// What the crate does not check as API Gateway does.
    fn check_claims(&self, claims: &Claims, now: u64) -> Result<(), &'static str> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "seconds since 1970 are far below 2^53"
        )]
        let now = now as f64;
        let second = |name: &str| claims.get(name).and_then(Value::as_f64);
        if second("exp").is_none_or(|exp| exp <= now) {
            return Err("the token has expired");
        }
        if second("iat").is_some_and(|iat| iat > now) {
            return Err("the token was issued in the future");
        }
        let audience = match claims.get("aud") {
            None => claims.get("client_id"),
            aud => aud,
        };
        if !entries(audience).any(|name| self.sign_in.audiences.iter().any(|known| known == name)) {
            return Err("the token does not have a valid audience");
        }
        Ok(())
    }
}

fn in_words(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidIssuer => "the token does not have a valid issuer",
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => {
            "the token does not say who issued it, or until when it counts"
        }
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => {
            "the token is not signed with RSA"
        }
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        _ => "the token is not a JWT",
    }
}

/// A text, or the texts of a list.
fn entries(claim: Option<&Value>) -> impl Iterator<Item = &str> {
    let (one, many) = match claim {
        Some(Value::Array(many)) => (None, many.as_slice()),
        Some(one) => (one.as_str(), &[][..]),
        None => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().filter_map(Value::as_str))
}

/// The token of the one Authorization header, with `Bearer` before it or without.
fn token_of(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value.to_str().ok()?.trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return None,
        None => value,
    };
    (!token.is_empty()).then_some(token)
}

/// What the gateway tells a function of a request with a token: its claims as text.
fn context_of(method: &Method, claims: &Claims) -> Option<RequestContext> {
    let claims: Map<String, Value> = claims
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(flattened(value))))
        .collect();
    let context = json!({
        "timeEpoch": 0,
        "http": { "method": method.as_str() },
        "authorizer": { "jwt": { "claims": claims } },
    });
    serde_json::from_value::<ApiGatewayV2httpRequestContext>(context)
        .ok()
        .map(RequestContext::ApiGatewayV2)
}

fn flattened(claim: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match claim {
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(text).collect();
            format!("[{}]", entries.join(" "))
        }
        other => text(other),
    }
}

fn unauthorized(how: &str) -> Response {
    let mut response = (
        StatusCode::UNAUTHORIZED,
        axum::Json(json!({ "message": "Unauthorized" })),
    )
        .into_response();
    if let Ok(how) = HeaderValue::from_str(how) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    }
    response
}
