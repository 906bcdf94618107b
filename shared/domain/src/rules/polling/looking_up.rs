//! Looking up whose a device is, at the device management that told of it: for systems whose messages name the device
//! and no person. What is particular to a system is in the file of its name. An answer counts only if it is about the very
//! serial number that was asked for.

mod fleet;
mod jamf;
mod simplemdm;

use jiff::{SignedDuration, Timestamp};

use super::{POLL_EVERY, PollFailed, called, intune, percent_encoded, succeeded};
use crate::model::outgoing_call::{OutgoingAnswer, OutgoingCall};
use crate::model::registration::DeviceFacts;
use crate::model::reported_device::{Claimant, add_once};
use crate::model::settings::device_sources::{SourceApi, SourceKind};
use crate::values::address::EmailAddress;
use crate::values::ids::ExternalId;
use crate::values::names::Label;
use crate::values::sender_secrets::SenderSecret;
use crate::values::user_name::UserName;

/// How long a call may take: the messages behind this one wait for it.
const CALL_TAKES: SignedDuration = SignedDuration::from_secs(4);

/// The most bytes of what a system says of one device. Fleet leaves the software out when it is asked to.
const MAX_DEVICE_BYTES: usize = 1024 * 1024;

/// For how long a look-up is tried, from when the message came. Then the message failed, and can be replayed.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);

/// The longest pause between two tries for one message.
const MAX_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// The longest serial number that is asked for.
const MAX_SERIAL: usize = 64;

/// The serial number by which a device can be asked for, if it has one.
#[must_use]
pub fn serial_of(device: &DeviceFacts) -> Option<&str> {
    let serial = device.serial.as_ref()?.as_str();
    let has_sign = serial.bytes().any(|byte| byte.is_ascii_alphanumeric());
    (serial.len() <= MAX_SERIAL && serial.is_ascii() && has_sign).then_some(serial)
}

/// The call by which a token is given for the credentials; `None` where they are shown themselves.
pub fn token_call(
    kind: SourceKind,
    api: &SourceApi,
    secret: &SenderSecret,
) -> Result<Option<OutgoingCall>, PollFailed> {
    match kind {
        SourceKind::Jamf => jamf::token_call(api, secret).map(Some),
        _ => Ok(None),
    }
}

/// The token in the answer.
pub fn token_in(answer: &OutgoingAnswer) -> Result<SenderSecret, PollFailed> {
    intune::token_in(answer)
}

/// The calls that ask for a device, one after another until one knows it. `secret` is the token, or the credentials
/// themselves.
pub fn calls(
    kind: SourceKind,
    api: &SourceApi,
    secret: &SenderSecret,
    device: &DeviceFacts,
) -> Result<Vec<OutgoingCall>, PollFailed> {
    let serial = serial_of(device).ok_or(PollFailed::NotUnderstood)?;
    let platform = device.platform.as_ref().map(Label::as_str);
    let serial = percent_encoded(serial);
    let paths = match kind {
        SourceKind::Fleet => vec![fleet::path(&serial)],
        SourceKind::SimpleMdm => vec![simplemdm::path(&serial)],
        SourceKind::Jamf => jamf::paths(&serial, platform),
        _ => return Err(PollFailed::NotUnderstood),
    };
    let authorization = match kind {
        SourceKind::SimpleMdm => simplemdm::authorization(secret),
        _ => format!("Bearer {}", secret.expose()),
    };
    let call = |path: &String| {
        let call = OutgoingCall::get(called(api, path)?, MAX_DEVICE_BYTES, CALL_TAKES);
        Ok(call.with_header("authorization", authorization.clone()))
    };
    paths.iter().map(call).collect()
}

/// Whom an answer names, the most certain first; `None` if the system does not know the device.
pub fn claimants_in(
    kind: SourceKind,
    serial: &str,
    answer: &OutgoingAnswer,
) -> Result<Option<Vec<Claimant>>, PollFailed> {
    // Of a list, nothing found is no such status.
    if answer.status == 404 && kind != SourceKind::SimpleMdm {
        return Ok(None);
    }
    succeeded(answer)?;
    let found = match kind {
        SourceKind::Fleet => fleet::named_in(serial, &answer.body)?,
        SourceKind::SimpleMdm => simplemdm::named_in(serial, &answer.body)?,
        SourceKind::Jamf => jamf::named_in(serial, &answer.body)?,
        _ => return Err(PollFailed::NotUnderstood),
    };
    Ok(found.map(Named::claimants))
}

/// Whether a failure says something of the system, and not of the one device that was asked for: then the system is left
/// alone for a while.
#[must_use]
pub const fn is_of_the_system(why: &PollFailed) -> bool {
    match why {
        PollFailed::NoCredentials
        | PollFailed::Unauthorised(_)
        | PollFailed::Forbidden
        | PollFailed::MayNotIssue
        | PollFailed::NotSigned
        | PollFailed::NoToken { .. }
        | PollFailed::TooMany
        | PollFailed::Redirected(_)
        | PollFailed::NoAnswer(_) => true,
        PollFailed::Status(status) => *status >= 500,
        PollFailed::NotUnderstood
        | PollFailed::NotIssued
        | PollFailed::Elsewhere
        | PollFailed::Endless => false,
    }
}

/// When a message whose look-up failed is tried again: its pauses double, since each is as long as it has waited. Not
/// before `source_until`, while the system is left alone.
#[must_use]
pub fn tried_again_at(
    received_at: Timestamp,
    source_until: Option<Timestamp>,
    now: Timestamp,
) -> Timestamp {
    let waited = now.duration_since(received_at);
    let own = now.saturating_add(waited.max(POLL_EVERY).min(MAX_PAUSE));
    own.unwrap_or(now).max(source_until.unwrap_or(now))
}

/// Whether a message has waited for a look-up for as long as it may.
#[must_use]
pub fn is_given_up(received_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(received_at) >= TRIED_FOR
}

/// What a system says of whose a device is.
#[derive(Default)]
struct Named {
    email: Option<String>,
    user_name: Option<String>,
}

impl Named {
    /// As a message would name them. What is malformed names nobody.
    fn claimants(self) -> Vec<Claimant> {
        let mut named: Vec<Claimant> = Vec::new();
        let mut add = |claimant| add_once(&mut named, [claimant]);
        if let Some(Ok(address)) = self.email.as_deref().map(EmailAddress::parse) {
            add(Claimant::Address(address));
        }
        if let Some(name) = self.user_name.as_deref() {
            if let Ok(id) = ExternalId::parse(name) {
                add(Claimant::External(id));
            }
            if let Ok(name) = UserName::parse(name) {
                add(Claimant::UserName(name));
            }
            if let Ok(address) = EmailAddress::parse(name) {
                add(Claimant::Address(address));
            }
        }
        named
    }
}

/// Whether an answer is about the device that was asked for.
fn is_same(asked: &str, told: &str) -> bool {
    asked.trim().eq_ignore_ascii_case(told.trim())
}

#[cfg(test)]
mod tests;
