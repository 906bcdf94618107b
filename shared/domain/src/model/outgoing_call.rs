//! A call that Beckon makes to a system of somebody else, and what came of it. It holds secrets in its headers and its
//! body, so it shows neither.

use std::fmt;

use jiff::SignedDuration;

use crate::values::service_url::ServiceUrl;

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallMethod {
    /// It reads.
    Get,
    /// It hands something over.
    Post,
}

/// A call of a system of somebody else.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingCall {
    /// How.
    pub method: CallMethod,
    /// What.
    pub url: ServiceUrl,
    /// Headers beside those that say who calls and that JSON is wanted.
    pub headers: Vec<(&'static str, String)>,
    /// What is handed over.
    pub body: Vec<u8>,
    /// The most bytes of an answer.
    pub max_bytes: usize,
    /// How long all of it may take.
    pub within: SignedDuration,
}

/// Headers, body and query may hold secrets and addresses.
impl fmt::Debug for OutgoingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingCall")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl OutgoingCall {
    /// A call that reads at most this many bytes.
    #[must_use]
    pub const fn get(url: ServiceUrl, max_bytes: usize, within: SignedDuration) -> Self {
        Self {
            method: CallMethod::Get,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            max_bytes,
            within,
        }
    }

    /// The same with a header more.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What a system answered. A redirect is an answer like others: nobody follows it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OutgoingAnswer {
    /// The status of HTTP.
    pub status: u16,
    /// What `Retry-After` says, as it stands there.
    pub retry_after: Option<String>,
    /// For how many seconds the answer may be kept, by `Cache-Control: max-age`.
    pub max_age_seconds: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

/// The body holds names and addresses, and sometimes a token.
impl fmt::Debug for OutgoingAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingAnswer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing was sent: the name stands for no machine of the internet.
    #[error("the address leads to no public machine; Beckon calls none in a private network")]
    NotPublic,
    /// The answer was cut off and thrown away.
    #[error("the answer is larger than it may be")]
    TooLarge,
    /// It took longer than it may.
    #[error("there was no whole answer in time")]
    TooLate,
    /// No connection, or one that broke.
    #[error("the system could not be reached: {0}")]
    Unreachable(NotReached),
}

/// Why a system could not be reached. It names neither address nor secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReached {
    /// Beckon itself has nothing to check a certificate by.
    #[error("this machine has no certificates to believe")]
    NoCertificates,
    /// The address cannot be called.
    #[error("the call cannot be written down")]
    CallNotWritable,
    /// A header cannot hold what it should.
    #[error("a header, or the secret in it, cannot be sent")]
    HeaderNotSendable,
    /// It may be somebody else.
    #[error("its certificate, or its TLS, is not one to be trusted")]
    NotTrusted,
    /// Nothing is there.
    #[error("its name is not known, or it does not listen")]
    NotListening,
    /// It went away before it answered.
    #[error("the connection broke off")]
    ConnectionBroke,
    /// It went away while it answered.
    #[error("the answer broke off")]
    AnswerBroke,
}

impl NoAnswer {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotPublic => "notPublic",
            Self::TooLarge => "tooLarge",
            Self::TooLate => "tooLate",
            Self::Unreachable(NotReached::NoCertificates) => "noCertificates",
            Self::Unreachable(NotReached::CallNotWritable | NotReached::HeaderNotSendable) => {
                "notSendable"
            }
            Self::Unreachable(NotReached::NotTrusted) => "notTrusted",
            Self::Unreachable(NotReached::NotListening) => "notListening",
            Self::Unreachable(NotReached::ConnectionBroke | NotReached::AnswerBroke) => "brokeOff",
        }
    }
}
