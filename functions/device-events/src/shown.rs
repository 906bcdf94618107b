//! What a request shows of its sender.

use std::borrow::Cow;

use beckon_domain::rules::sender_proof::{Identity, KeysUnreachable, Shown};
use beckon_outgoing::HttpsClient;
use beckon_tokens::Issuers;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

/// The headers, the query and the body of a request.
pub(crate) struct ShownByRequest<'a> {
    issuers: &'a Issuers<HttpsClient>,
    headers: &'a HeaderMap,
    query: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    body: &'a [u8],
}

impl<'a> ShownByRequest<'a> {
    pub(crate) fn new(
        issuers: &'a Issuers<HttpsClient>,
        headers: &'a HeaderMap,
        query: &'a str,
        body: &'a [u8],
    ) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let decoded = |text: &'a str| percent_decode_str(text).decode_utf8_lossy();
        Self {
            issuers,
            headers,
            query: pairs
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
            body,
        }
    }
}

impl Shown for ShownByRequest<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let mut named = self.query.iter().filter(|(own, _)| own == name);
        let value = named.next().map(|(_, value)| value.as_ref());
        // Two of one name are none: which one counts is nobody's guess.
        value.filter(|_| named.next().is_none())
    }

    async fn identity(&self, issuer: &str) -> Result<Option<Identity>, KeysUnreachable> {
        let shown = self.header("authorization").map(str::trim);
        let token = shown.and_then(|shown| shown.split_once(' '));
        match token {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                self.issuers.identity(issuer, token.trim()).await
            }
            _ => Ok(None),
        }
    }

    fn is_compressed(&self) -> bool {
        let encoding = self.headers.get(header::CONTENT_ENCODING);
        encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
    }

    fn body(&self) -> &[u8] {
        self.body
    }
}
