//! Having a source issue a token for one person, so that an enrolment address can carry it: which calls that takes, and what
//! their answers hold. What is particular to a system is in the file of its name. A token is not kept: the system shows it
//! again by the name that it gave it.

mod android;
mod jamf;

use jiff::{SignedDuration, Timestamp};

use super::{PollFailed, called, looking_up, percent_encoded, succeeded};
use crate::model::outgoing_call::{OutgoingAnswer, OutgoingCall};
use crate::model::ownership::Ownership;
use crate::model::settings::device_sources::{DeviceSource, SourceApi, SourceKind};
use crate::model::settings::enrolment::TokenIssuer;
use crate::model::stored::digest_of;
use crate::model::user::User;
use crate::values::sender_secrets::SenderSecret;
use crate::values::session_ids::Reference;
use crate::values::user_name::UserName;

pub use android::Assertion;

/// How long a call may take: somebody waits for all of them, three at most.
const CALL_TAKES: SignedDuration = SignedDuration::from_secs(6);

/// The most bytes of what a system says of one token.
const MAX_TOKEN_ANSWER: usize = 256 * 1024;

/// Whom a token is for, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Issuing<'a> {
    /// The source that issues it.
    pub source: &'a DeviceSource,
    /// Where that is asked.
    pub api: &'a SourceApi,
    /// What the enrolment address says of it.
    pub issuer: &'a TokenIssuer,
    /// The person.
    pub user: &'a User,
    /// The reference of the issue, which the token carries where a system gives it back.
    pub reference: &'a Reference,
    /// Whose the device is to be.
    pub ownership: Ownership,
}

impl Issuing<'_> {
    /// A digest of what the token is for. It changes with anything that would make it another token.
    #[must_use]
    pub fn made_for(&self) -> String {
        let of = (
            (&self.source.name, self.source.kind, self.api),
            (&self.issuer.policy, self.ownership),
            (self.reference.as_str(), self.known_as()),
        );
        digest_of(&serde_json::to_string(&of).unwrap_or_default())
    }

    /// What the person signs in by, or else their address.
    fn known_as(&self) -> &str {
        let name = self.user.user_name.as_ref().map(UserName::as_str);
        name.unwrap_or(self.user.email.as_str())
    }
}

/// How the calls are authorised: with a token that is given for an assertion which has to be signed, or for the
/// credentials themselves.
#[derive(Debug)]
pub enum AccessCall {
    /// What is to be signed first.
    Sign(Assertion),
    /// The call.
    Call(OutgoingCall),
}

/// How a token is got that authorises the calls.
pub fn access(
    source: &DeviceSource,
    api: &SourceApi,
    credentials: &SenderSecret,
    now: Timestamp,
) -> Result<AccessCall, PollFailed> {
    if source.kind == SourceKind::Android {
        return Assertion::new(credentials, now).map(AccessCall::Sign);
    }
    let call = looking_up::token_call(source.kind, api, credentials)?;
    call.map(AccessCall::Call).ok_or(PollFailed::NotIssued)
}

/// What a source issued: the name by which it shows the token again, and the token, if it has said that already.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The name. It opens nothing.
    pub name: String,
    /// The token.
    pub token: Option<SenderSecret>,
}

/// The name stands in the table; the token stands nowhere.
impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}

/// The call that has a token made.
pub fn making(
    of: Issuing<'_>,
    access: &SenderSecret,
    now: Timestamp,
) -> Result<OutgoingCall, PollFailed> {
    match of.source.kind {
        SourceKind::Android => android::making(of),
        SourceKind::Jamf => jamf::making(of, now),
        _ => Err(PollFailed::NotIssued),
    }
    .map(|call| authorised(call, access))
}

/// What was made.
pub fn made_in(kind: SourceKind, answer: &OutgoingAnswer) -> Result<Issued, PollFailed> {
    match answer.status {
        200 | 201 => {}
        403 => return Err(PollFailed::MayNotIssue),
        _ => succeeded(answer)?,
    }
    match kind {
        SourceKind::Android => android::made_in(&answer.body),
        SourceKind::Jamf => jamf::made_in(&answer.body),
        _ => Err(PollFailed::NotIssued),
    }
}

/// The call that has a token shown again.
pub fn showing(
    kind: SourceKind,
    api: &SourceApi,
    name: &str,
    access: &SenderSecret,
) -> Result<OutgoingCall, PollFailed> {
    let path = match kind {
        SourceKind::Android => android::path_of(name),
        SourceKind::Jamf => jamf::path_of(name),
        _ => return Err(PollFailed::NotIssued),
    };
    let call = OutgoingCall::get(called(api, &path)?, MAX_TOKEN_ANSWER, CALL_TAKES);
    Ok(authorised(call, access))
}

/// The token that is shown; `None` if there is no such token any more.
pub fn shown_in(
    kind: SourceKind,
    answer: &OutgoingAnswer,
) -> Result<Option<SenderSecret>, PollFailed> {
    match answer.status {
        404 => return Ok(None),
        403 => return Err(PollFailed::MayNotIssue),
        _ => succeeded(answer)?,
    }
    match kind {
        SourceKind::Android => android::shown_in(&answer.body),
        SourceKind::Jamf => jamf::shown_in(&answer.body),
        _ => Err(PollFailed::NotIssued),
    }
    .map(Some)
}

fn authorised(call: OutgoingCall, access: &SenderSecret) -> OutgoingCall {
    call.with_header("authorization", format!("Bearer {}", access.expose()))
}

#[cfg(test)]
mod tests;
