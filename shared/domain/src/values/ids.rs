//! Identifiers. Outside this module they are opaque; a program may store and compare them, no more.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::values::problem::FieldProblem;
use crate::values::text;

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Ulid);

        impl $name {
            /// Wraps a generated ULID.
            #[must_use]
            pub const fn new(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// The sixteen bytes it stands for, for keys and messages that are signed.
            #[must_use]
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }

            /// The id those sixteen bytes stand for.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Ulid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = FieldProblem;

            fn from_str(text: &str) -> Result<Self, FieldProblem> {
                Ulid::from_string(text).map(Self).map_err(|_| {
                    FieldProblem::new("", "malformedId", "is not an id of ours; copy it as it was given out")
                })
            }
        }
    };
}

ulid_id! {
    /// A person who can be invited.
    UserId
}
ulid_id! {
    /// A group of the directory.
    GroupId
}
ulid_id! {
    /// One batch.
    BatchId
}
ulid_id! {
    /// One job.
    JobId
}
ulid_id! {
    /// One message.
    MailId
}
ulid_id! {
    /// One row of a history, and the domain event that is published for it.
    EventId
}
ulid_id! {
    /// One run of the delivery worker.
    RunId
}

/// A request to the API, as logs name it: by this it is followed from the gateway to the mails
/// that came of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(String);

impl RequestId {
    /// Wraps a generated ULID.
    #[must_use]
    pub fn new(ulid: Ulid) -> Self {
        Self(ulid.to_string())
    }

    /// The id that a gateway gave a request; `None` if it is none that could stand in a header
    /// and a row.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=128).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_=+/:;.".contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which issue of a user's invitation: every re-invite is a new one, and the old secret dies.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct IssueNumber(u32);

impl IssueNumber {
    /// Before the first invitation.
    pub const NONE: Self = Self(0);

    /// The issue after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number, for display and for signed messages.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The issue with this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }
}

/// How often a row has been written. A row with version *n* may only replace the one with
/// version *n* − 1; version 1 may only be written where there is none. This is all of Beckon's
/// concurrency control.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of a row written for the first time.
    pub const FIRST: Self = Self(1);

    /// The version that replaces this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The version that this one replaces; `None` for the first.
    #[must_use]
    pub const fn replaces(self) -> Option<Self> {
        match self.0 {
            0 | 1 => None,
            n => Some(Self(n - 1)),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// The id that a directory outside Beckon has for a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(String);

impl ExternalId {
    /// Parses what a directory calls a user: 1 to 128 visible characters. Two that nobody can tell
    /// apart would be two people.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let id = parse_token(text, 128)?;
        match text::place_of(&id, text::is_invisible) {
            None => Ok(Self(id)),
            Some(place) => Err(FieldProblem::new(
                "",
                "invisibleCharacter",
                format!("contains an invisible character {place}; remove it"),
            )),
        }
    }

    /// As given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id that the device management has for a device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(String);

impl DeviceId {
    /// Parses a device id: 1 to 128 visible characters.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        parse_token(text, 128).map(Self)
    }

    /// As given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn parse_token(text: &str, longest: usize) -> Result<String, FieldProblem> {
    let text = text::normalised(text);
    if text.is_empty() {
        return Err(FieldProblem::new("", "empty", "must not be empty"));
    }
    if text.chars().count() > longest {
        return Err(FieldProblem::new(
            "",
            "tooLong",
            format!("must be at most {longest} characters long"),
        )
        .with("most", longest));
    }
    if !text.chars().all(crate::values::names::is_plain) {
        return Err(FieldProblem::new(
            "",
            "controlCharacter",
            "must not contain control or text-direction characters",
        ));
    }
    Ok(text)
}
