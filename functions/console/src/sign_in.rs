//! Where people sign in: what the page is told, and to whom it may speak for it.

use beckon_runtime::config::Reader;
use serde::Serialize;

/// Where people sign in, as the page learns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// The provider of `OpenID` Connect, as its tokens name it.
    pub issuer: String,
    /// The console's client there; absent where nobody has registered the console yet.
    pub client_id: Option<String>,
    /// What it asks for.
    pub scope: String,
    /// What it asks an access token for, where the provider wants to be told.
    pub audience: Option<String>,
    /// Which token the API takes.
    pub token: TokenKind,
    /// Cognito's address for signing out, which has its own parameters; others name theirs themselves.
    pub sign_out: Option<String>,
    /// The origins of the provider besides the issuer's.
    #[serde(skip)]
    pub origins: Vec<String>,
}

/// A token that the API takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// The id token: Cognito's names people by their address.
    Id,
    /// The access token.
    Access,
}

impl SignIn {
    /// From the variables `BECKON_CONSOLE_…`; what is wrong is with the reader.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let is_address = |text: &str| origin(text).map(|_| text.to_owned());
        let issuer = reader.parsed("BECKON_CONSOLE_ISSUER", "an https address", is_address);
        let scope = reader.required("BECKON_CONSOLE_SCOPE");
        let token = reader.parsed("BECKON_CONSOLE_TOKEN", "id or access", |text| match text {
            "id" => Some(TokenKind::Id),
            "access" => Some(TokenKind::Access),
            _ => None,
        });
        let origins = reader
            .optional("BECKON_CONSOLE_ORIGINS")
            .unwrap_or_default();
        Some(Self {
            client_id: reader.optional("BECKON_CONSOLE_CLIENT_ID"),
            scope,
            audience: reader.optional("BECKON_CONSOLE_AUDIENCE"),
            sign_out: reader.optional("BECKON_CONSOLE_SIGN_OUT"),
            origins: origins.split_whitespace().filter_map(origin).collect(),
            token: token?,
            issuer: issuer?,
        })
    }

    /// All that the page may connect to besides its own origin, with spaces between.
    pub(crate) fn connected(&self) -> String {
        let named = [Some(&self.issuer), self.sign_out.as_ref()];
        let mut all: Vec<String> = named
            .into_iter()
            .flatten()
            .filter_map(|address| origin(address))
            .chain(self.origins.iter().cloned())
            .collect();
        all.sort_unstable();
        all.dedup();
        all.join(" ")
    }
}

/// Scheme, host and port of a web address. They stand in a policy, so nothing else may.
#[must_use]
pub fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    let is_known = matches!(scheme, "https" | "http") && !host.is_empty();
    (is_known && host.bytes().all(is_plain)).then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use beckon_runtime::config::complete;
    use serde_json::json;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<SignIn, String> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        complete(&lookup, SignIn::read).map_err(|error| error.to_string())
    }

    #[test]
    fn a_pools_page_sends_the_id_token_and_signs_out_at_the_pools_domain() {
        let domain = "https://beckon-1.auth.eu-west-1.amazoncognito.com";
        let sign_in = read(&[
            (
                "BECKON_CONSOLE_ISSUER",
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a",
            ),
            ("BECKON_CONSOLE_CLIENT_ID", "7ab8example"),
            ("BECKON_CONSOLE_SCOPE", "openid email profile"),
            ("BECKON_CONSOLE_TOKEN", "id"),
            ("BECKON_CONSOLE_SIGN_OUT", &format!("{domain}/logout")),
        ])
        .unwrap();

        assert_eq!(
            serde_json::to_value(&sign_in).unwrap(),
            json!({
                "issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", "clientId": "7ab8example",
                "scope": "openid email profile", "audience": null, "token": "id",
                "signOut": format!("{domain}/logout"),
            })
        );
        assert_eq!(
            sign_in.connected(),
            format!("{domain} https://cognito-idp.eu-west-1.amazonaws.com")
        );
    }

    #[test]
    fn another_provider_may_answer_at_more_than_one_address() {
        let sign_in = read(&[
            (
                "BECKON_CONSOLE_ISSUER",
                "https://login.example.com/tenant/v2.0",
            ),
            ("BECKON_CONSOLE_SCOPE", "openid api://beckon/access"),
            ("BECKON_CONSOLE_AUDIENCE", "api://beckon"),
            ("BECKON_CONSOLE_TOKEN", "access"),
            (
                "BECKON_CONSOLE_ORIGINS",
                "https://token.example.com  https://login.example.com",
            ),
        ])
        .unwrap();

        assert_eq!(
            sign_in.connected(),
            "https://login.example.com https://token.example.com"
        );
        assert_eq!(
            (sign_in.token, sign_in.client_id),
            (TokenKind::Access, None)
        );
    }

    #[test]
    fn what_is_wrong_is_said_by_its_name() {
        let wrong = read(&[
            ("BECKON_CONSOLE_ISSUER", "login.example.com"),
            ("BECKON_CONSOLE_TOKEN", "refresh"),
        ])
        .unwrap_err();

        for part in [
            "BECKON_CONSOLE_ISSUER is not an https address",
            "BECKON_CONSOLE_SCOPE is missing",
            "BECKON_CONSOLE_TOKEN is not id or access",
        ] {
            assert!(wrong.contains(part), "{wrong}");
        }
    }

    #[test]
    fn nothing_but_an_origin_gets_into_the_policy() {
        for (address, expected) in [
            (
                "https://login.example.com/tenant?a#b",
                Some("https://login.example.com"),
            ),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("http://[::1]:3000/x", Some("http://[::1]:3000")),
            ("https://a.example;script-src", None),
            ("https://a.example *", None),
            ("https://user@a.example", None),
            ("javascript://a.example", None),
            ("https:///", None),
            ("a.example", None),
        ] {
            assert_eq!(origin(address).as_deref(), expected, "{address}");
        }
    }
}
