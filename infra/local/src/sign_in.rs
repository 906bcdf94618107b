//! Sign-in on one machine, for whoever tries the console with an identity provider: tokens are checked as API
//! Gateway's JWT authorizer checks them. Off unless asked for; no function in AWS knows of it.
//!
//! Owns: which tokens count, and what is answered where none does. What a token's roles permit is decided where it
//! is decided in AWS: by the layer that reads what a gateway has verified.

mod gateway;
mod issuer;

use anyhow::{Context as _, bail};
use http::Uri;

pub(crate) use gateway::Gateway;
pub(crate) use issuer::Issuer;

/// Whose tokens count, and for whom they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The issuer, exactly as its tokens name it.
    pub issuer: String,
    /// What a token's `aud` must name one of, or its `client_id` where it has no `aud`.
    pub audiences: Vec<String>,
    /// The console's client there, if it is another than the first audience.
    pub client: Option<String>,
    /// What the console asks for; absent, what it asks a pool for.
    pub scope: Option<String>,
}

impl SignIn {
    /// Tokens of this issuer for one of these audiences, or what is wrong with them.
    pub fn of(issuer: &str, audiences: &[String]) -> anyhow::Result<Self> {
        let uri: Uri = issuer
            .parse()
            .with_context(|| format!("the issuer {issuer} is no address: give it as tokens name it in `iss`, such as https://login.example.com/tenant"))?;
        let host = uri.host().unwrap_or_default();
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_loopback(host) => {}
            Some("http") => bail!(
                "the issuer {issuer} answers without TLS, which only one on this machine may: give its https:// address"
            ),
            _ => bail!(
                "the issuer {issuer} must begin with https://, or with http:// if it runs on this machine"
            ),
        }
        if uri.query().is_some() || issuer.contains('#') {
            bail!(
                "the issuer {issuer} must not have a query or a fragment: give it as tokens name it in `iss`"
            );
        }
        if issuer.ends_with("/.well-known/openid-configuration") {
            bail!(
                "give the issuer without /.well-known/openid-configuration, as tokens name it in `iss`"
            );
        }
        let audiences: Vec<String> = audiences
            .iter()
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        if audiences.is_empty() {
            bail!(
                "--audience must name what tokens are for: the client id, or the API as the issuer calls it"
            );
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            audiences,
            client: None,
            scope: None,
        })
    }

    /// How people sign in to the console. A client that is an audience gets id tokens that count, as with the pool in
    /// AWS; another one gets access tokens.
    pub(crate) fn to_the_console(&self, issuer: &Issuer) -> console::SignIn {
        let audience = self.audiences.first().cloned();
        let own = self.client.is_some();
        let endpoints = issuer.endpoints().iter();
        console::SignIn {
            issuer: self.issuer.clone(),
            client_id: self.client.clone().or_else(|| audience.clone()),
            scope: self.scope.clone().unwrap_or_else(|| SCOPE.to_owned()),
            audience: audience.filter(|_| own),
            token: if own {
                console::TokenKind::Access
            } else {
                console::TokenKind::Id
            },
            sign_out: None,
            origins: endpoints
                .filter_map(|address| console::origin(address))
                .collect(),
        }
    }
}

/// What the console asks for, unless it is told: who somebody is, and a refresh token.
const SCOPE: &str = "openid profile email offline_access";

/// Whether an address leads to this machine whatever a name server says.
fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(issuer: &str) -> Result<SignIn, String> {
        SignIn::of(issuer, &["beckon".to_owned()]).map_err(|error| error.to_string())
    }

    #[test]
    fn an_issuer_is_taken_exactly_as_it_is_given() {
        for issuer in [
            "https://login.example.com/tenant/v2.0",
            "https://example.eu.auth0.com/",
            "http://127.0.0.1:3000",
            "http://localhost:3000/realm",
            "http://[::1]:3000",
        ] {
            assert_eq!(
                of(issuer).map(|sign_in| sign_in.issuer),
                Ok(issuer.to_owned())
            );
        }
    }

    #[test]
    fn an_issuer_that_cannot_be_one_is_refused_with_what_to_give() {
        for (issuer, said) in [
            ("http://login.example.com", "https://"),
            ("http://127.0.0.1.example.com", "https://"),
            ("login.example.com", "https://"),
            ("", "https://"),
            ("ftp://127.0.0.1", "https://"),
            ("https://login.example.com?a=b", "query"),
            ("https://login.example.com/#a", "fragment"),
            (
                "https://login.example.com/.well-known/openid-configuration",
                "without",
            ),
        ] {
            let refused = of(issuer).unwrap_err();

            assert!(refused.contains(said), "{issuer}: {refused}");
        }
    }

    #[test]
    fn an_audience_must_be_named() {
        for none in [vec![], vec![" ".to_owned()]] {
            let refused = SignIn::of("https://login.example.com", &none).unwrap_err();

            assert!(refused.to_string().contains("--audience"), "{refused}");
        }
    }
}
