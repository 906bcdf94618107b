//! The address of a system that Beckon calls by itself: `https`, or `http` on this very machine, where a system is
//! tried out. Whether an address may be connected to is seen when its name is resolved, by whoever makes the call.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::values::problem::FieldProblem;

/// The longest address, in bytes: some systems put what they remember into the link to the next page.
const MAX_LENGTH: usize = 4_096;

/// The longest host with its port.
const MAX_HOST_LENGTH: usize = 260;

/// The address of something that Beckon calls: scheme, host and path. It holds no user and no fragment.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceUrl(String);

/// What stands behind the host can hold what is nobody's business.
impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServiceUrl").field(&self.service()).finish()
    }
}

impl ServiceUrl {
    /// Parses an address. `http` is taken for `localhost`, `127.0.0.1` and `[::1]` alone.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let text = crate::values::text::trimmed(text);
        let malformed = || {
            FieldProblem::new(
                "",
                "malformedUrl",
                "must be the address of the system, like https://mdm.example.com",
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        let scheme = scheme.to_ascii_lowercase();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, behind) = rest.split_at_checked(end).ok_or_else(malformed)?;
        let host = host.to_ascii_lowercase();
        let allowed = |byte: u8| byte.is_ascii_graphic() && !br#""<>\#{}|^`"#.contains(&byte);
        let fits = text.len() <= MAX_LENGTH && is_host(&host) && behind.bytes().all(allowed);
        if !fits || (scheme != "https" && scheme != "http") {
            return Err(malformed());
        }
        let url = Self(format!("{scheme}://{host}{behind}"));
        if scheme == "http" && !url.is_on_this_machine() {
            return Err(FieldProblem::new(
                "",
                "notHttps",
                "must begin with https://; http:// is for a system on this machine alone",
            ));
        }
        Ok(url)
    }

    /// The address as it is called.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port: `https://mdm.example.com`. A token that was given for one is shown to no other.
    #[must_use]
    pub fn service(&self) -> &str {
        let begin = self.0.find("://").map_or(0, |at| at + 3);
        let behind = self.0.get(begin..).unwrap_or_default();
        let host = behind.find(['/', '?']).unwrap_or(behind.len());
        self.0.get(..begin + host).unwrap_or_default()
    }

    /// What is called at this service: the path of this address, then `path`, which begins with a slash.
    pub fn at(&self, path: &str) -> Result<Self, FieldProblem> {
        Self::parse(&format!("{}{path}", self.0.trim_end_matches('/')))
    }

    /// Whether both are of one service.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        self.service() == other.service()
    }

    fn is_on_this_machine(&self) -> bool {
        let host = self
            .service()
            .split_once("://")
            .map_or("", |(_, host)| host);
        let name = host
            .strip_prefix("[::1]")
            .map_or_else(|| host.split(':').next().unwrap_or_default(), |_| "[::1]");
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
    }
}

/// Whether this is a name or a number of a machine, with or without a port, as every parser of addresses reads it.
fn is_host(text: &str) -> bool {
    if text.len() > MAX_HOST_LENGTH {
        return false;
    }
    let (name, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((number, port)) = rest.split_once(']') else {
            return false;
        };
        if number.parse::<std::net::Ipv6Addr>().is_err() {
            return false;
        }
        match port.strip_prefix(':') {
            _ if port.is_empty() => return true,
            Some(port) => ("", Some(port)),
            None => return false,
        }
    } else {
        let split = text.split_once(':');
        split.map_or((text, None), |(name, port)| (name, Some(port)))
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let name_fits = text.starts_with('[') || name.split('.').all(is_label);
    name_fits && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_its_service_and_what_is_called_there() {
        for (text, service) in [
            ("https://mdm.example.com", "https://mdm.example.com"),
            (
                "HTTPS://MDM.Example.COM:8443/api/v1?a=b",
                "https://mdm.example.com:8443",
            ),
            (
                " https://mdm.example.com?q=https://other.example.com/ ",
                "https://mdm.example.com",
            ),
            ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
            ("http://localhost", "http://localhost"),
            ("http://[::1]:80/x", "http://[::1]:80"),
            ("https://[2001:db8::1]/x", "https://[2001:db8::1]"),
        ] {
            assert_eq!(
                ServiceUrl::parse(text).unwrap().service(),
                service,
                "{text}"
            );
        }
        let api = ServiceUrl::parse("https://mdm.example.com/tenant/").unwrap();

        let devices = api.at("/api/v1/devices?limit=2").unwrap();

        assert_eq!(
            devices.as_str(),
            "https://mdm.example.com/tenant/api/v1/devices?limit=2"
        );
        assert!(devices.is_of(&api));
        assert!(!format!("{devices:?}").contains("limit"));
    }

    #[test]
    fn an_address_that_is_no_https_or_that_two_parsers_could_read_differently_is_refused() {
        for text in [
            "",
            "mdm.example.com",
            "http://mdm.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com/",
            "ftp://mdm.example.com",
            "https://",
            "https:///path",
            "https://user:password@mdm.example.com",
            "https://mdm.example.com@evil.example.com/",
            "https://mdm.example.com\\@evil.example.com/",
            "https://mdm.example.com#@evil.example.com/",
            "https://mdm..example.com",
            "https://mdm.example.com:0",
            "https://mdm.example.com:99999",
            "https://mdm.example.com:",
            "https://[::1",
            "https://[::1]evil.example.com",
            "https://mdm.example.com/a b",
            "https://mdm.example.com/\u{e4}",
            "https://mdm.example.com/a\r\nX: y",
            &format!("https://mdm.example.com/{}", "x".repeat(MAX_LENGTH)),
        ] {
            assert!(ServiceUrl::parse(text).is_err(), "{text}");
        }
        let api = ServiceUrl::parse("https://mdm.example.com").unwrap();
        for other in [
            "https://mdm.example.com:8443",
            "https://mdm.example.com.evil.example.com",
        ] {
            assert!(!ServiceUrl::parse(other).unwrap().is_of(&api), "{other}");
        }
    }
}
