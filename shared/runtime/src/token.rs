//! What the token of a request says. The gateway has verified it and hands its claims on as text,
//! in which a list of `old settings` and a list of `old` and `settings` look alike; so the claims
//! are read from the token itself. Nothing here verifies a signature: a token counts only if it
//! says what the gateway says it has verified.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use serde_json::{Map, Value};

/// The claims of a verified token.
#[derive(Debug)]
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    /// The claims of the token in the header, if it is the one whose claims the gateway verified.
    pub(crate) fn of_verified(
        headers: &HeaderMap,
        verified: &HashMap<String, String>,
    ) -> Option<Self> {
        let claims = Self::of_token(bearer(headers)?)?;
        claims.are(verified).then_some(claims)
    }

    fn of_token(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(_), Some(payload), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&payload).ok().map(Self)
    }

    /// Whether these are the claims that were verified: by the same issuer, of the same subject,
    /// until the same second, and alike in each text and number besides. Lists are left out:
    /// the gateway's text of one does not say what was in it.
    fn are(&self, verified: &HashMap<String, String>) -> bool {
        let is_anybodys = verified.contains_key("iss") || verified.contains_key("sub");
        let in_both_or_neither =
            |name: &&str| verified.contains_key(*name) == self.0.contains_key(*name);
        is_anybodys
            && ["iss", "sub", "exp"].iter().all(in_both_or_neither)
            && verified.iter().all(|(name, verified)| {
                self.0.get(name).is_none_or(|value| match value {
                    Value::String(text) => text == verified,
                    // The gateway may write a number as 1.8e9.
                    Value::Number(number) => number.as_f64() == verified.parse().ok(),
                    Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => true,
                })
            })
    }

    /// A claim that is a text with something in it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    /// The entries of a claim. A text is one entry, whatever stands in it.
    pub(crate) fn entries(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(entries)) => entries.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The scopes of a claim: a list, or a text with spaces between them (RFC 6749, section 3.3).
    pub(crate) fn scopes(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(scopes)) => scopes.split(' ').collect(),
            _ => self.entries(name),
        }
    }

    /// Whether a claim is `false`, as a truth value or as a text.
    pub(crate) fn denies(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(value)) => !value,
            Some(Value::String(text)) => text == "false",
            _ => false,
        }
    }

    /// Whether a claim says so, or lists it.
    pub(crate) fn says(&self, name: &str, expected: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(value)) => value.to_string() == expected,
            Some(Value::Number(number)) => number.to_string() == expected,
            _ => self.entries(name).contains(&expected),
        }
    }
}

/// The one token of the one Authorization header, with `Bearer` before it or without.
fn bearer(headers: &HeaderMap) -> Option<&str> {
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
    // A gateway joins several headers into one with commas.
    let is_one = token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte));
    is_one.then_some(token)
}

#[cfg(test)]
impl From<Value> for Claims {
    fn from(claims: Value) -> Self {
        match claims {
            Value::Object(claims) => Self(claims),
            other => panic!("claims are an object, not {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn token(claims: &Value) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        format!(
            "{}.{}.signature",
            part(&json!({"alg": "RS256"})),
            part(claims)
        )
    }

    fn a_person() -> Value {
        json!({
            "iss": "https://issuer.example", "sub": "u-1", "exp": 1_795_431_600, "jti": "t-1",
            "groups": ["old settings"],
        })
    }

    fn as_the_gateway_tells() -> HashMap<String, String> {
        HashMap::from(
            [
                ("iss", "https://issuer.example"),
                ("sub", "u-1"),
                ("exp", "1795431600"),
                ("jti", "t-1"),
                ("groups", "[old settings]"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        )
    }

    fn read(values: &[String], verified: &HashMap<String, String>) -> Option<Claims> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("AUTHORIZATION", HeaderValue::from_str(value).unwrap());
        }
        Claims::of_verified(&headers, verified)
    }

    #[test]
    fn a_list_has_the_entries_that_it_has_in_the_token() {
        let claims = read(
            &[format!("Bearer {}", token(&a_person()))],
            &as_the_gateway_tells(),
        )
        .unwrap();

        assert_eq!(claims.entries("groups"), ["old settings"]);
    }

    #[test]
    fn the_token_is_found_however_the_header_is_written() {
        let token = token(&a_person());
        for value in [
            format!("Bearer {token}"),
            format!("bearer  {token} "),
            format!("BEARER {token}"),
            token.clone(),
        ] {
            let claims = read(std::slice::from_ref(&value), &as_the_gateway_tells());

            assert!(claims.is_some(), "{value}");
        }
    }

    #[test]
    fn a_number_is_the_same_however_the_gateway_writes_it() {
        for exp in ["1795431600", "1.7954316e+09", "1.7954316E9"] {
            let mut verified = as_the_gateway_tells();
            verified.insert("exp".to_owned(), exp.to_owned());

            assert!(read(&[token(&a_person())], &verified).is_some(), "{exp}");
        }
    }

    #[test]
    fn a_token_that_is_not_the_verified_one_counts_for_nothing() {
        for (claim, value) in [
            ("iss", json!("https://evil.example")),
            ("sub", json!("u-2")),
            ("sub", Value::Null),
            ("exp", json!(1_795_431_601)),
            ("exp", json!("1795431600 ")),
            ("jti", json!("t-2")),
        ] {
            let mut other = a_person();
            if value.is_null() {
                drop(other.as_object_mut().unwrap().remove(claim));
            } else {
                other[claim] = value;
            }

            assert!(
                read(&[token(&other)], &as_the_gateway_tells()).is_none(),
                "{other}"
            );
        }
        assert!(read(&[token(&a_person())], &HashMap::new()).is_none());
    }

    #[test]
    fn nobody_brings_a_second_token_along() {
        let verified = format!("Bearer {}", token(&a_person()));
        let mut more = a_person();
        more["groups"] = json!(["settings"]);
        let smuggled = format!("Bearer {}", token(&more));
        for values in [
            vec![verified.clone(), smuggled.clone()],
            vec![smuggled.clone(), verified.clone()],
            vec![format!("{verified},{smuggled}")],
            vec![format!("{verified}, {smuggled}")],
            vec![format!("Basic {}", token(&a_person()))],
            vec!["Bearer ".to_owned()],
            vec!["Bearer a.b".to_owned()],
            vec!["Bearer a.b.c.d".to_owned()],
            vec!["Bearer a.bnVsbA.c".to_owned()],
            vec![],
        ] {
            assert!(
                read(&values, &as_the_gateway_tells()).is_none(),
                "{values:?}"
            );
        }
    }
}
