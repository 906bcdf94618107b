//! Asking device managements that tell of nothing by themselves: what is asked for next, what an answer holds, which of
//! its devices are new, and when to ask again. What is particular to a system is in the file of its name.

mod intune;
pub mod issuing;
mod ivanti_epmm;
mod ivanti_neurons;
mod kandji;
pub mod looking_up;
mod rows;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use ulid::Ulid;

use crate::model::device_event::{DeviceEvent, MAX_BODY_BYTES};
use crate::model::mapping::Mapping;
use crate::model::outgoing_call::{CallMethod, NoAnswer, OutgoingAnswer, OutgoingCall};
use crate::model::polling::{POLL_EVERY, PollFailure, Position, SourcePoll, Walk};
use crate::model::settings::device_sources::{DeviceSource, SourceApi, SourceKind};
use crate::model::stored::digest_of;
use crate::rules::mapping::{self, NotRead, built_in};
use crate::values::ids::EventId;
use crate::values::sender_secrets::{SenderSecret, SenderSecrets};
use crate::values::service_url::ServiceUrl;

/// How far before the last walk a walk begins: a system's clock may be wrong by that, and it lists a device late by that.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// How far back a walk looks once an hour, for devices that a system lists later still.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);

/// How often it does.
const LOOK_BACK_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// How far back the first walk looks: no invitation is open for longer, so what enrolled before completes none.
const FIRST_LOOK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The longest pause after rounds that failed.
const MAX_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// The longest pause that a system may ask for.
const MAX_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The most bytes of a page: a thousand devices of Intune are half of it.
const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The most bytes of a token and what stands around it.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// How long a call may take.
const CALL_TAKES: SignedDuration = SignedDuration::from_secs(20);

/// The most pages of one walk: a list that goes on for ever is none.
pub const MAX_PAGES_OF_A_WALK: u32 = 2_000;

/// Why a round failed, in words for whoever set the source up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PollFailed {
    /// The source has none, or none for the address that it has now.
    #[error("there are no credentials for this address; set them")]
    NoCredentials,
    /// They are not accepted, or no longer.
    #[error("the system does not accept the credentials (status {0}); set new ones")]
    Unauthorised(u16),
    /// They may not read devices.
    #[error(
        "the credentials may not read devices (status 403); give them the permission that the system's page names"
    )]
    Forbidden,
    /// They may not make tokens for people.
    #[error(
        "the credentials may not make enrolment tokens (status 403); give them the permission that the system's page names"
    )]
    MayNotIssue,
    /// The answer holds no token.
    #[error("the answer holds no enrolment token, as the system's documentation describes it")]
    NotIssued,
    /// The key that they hold signs nothing.
    #[error(
        "the credentials hold no key that signs; set the key file of the service account again"
    )]
    NotSigned,
    /// No token was given for them.
    #[error(
        "no token was given for the credentials ({}); look at tenant, client id and secret",
        .word.clone().unwrap_or_else(|| format!("status {}", .status))
    )]
    NoToken {
        /// The status of the answer.
        status: u16,
        /// The word of OAuth that says why, if the answer holds one.
        word: Option<String>,
    },
    /// There are too many calls.
    #[error("the system wants to be asked less often (status 429)")]
    TooMany,
    /// It leads elsewhere.
    #[error(
        "the system leads to another address (status {0}), which is not followed; name the right one in the settings"
    )]
    Redirected(u16),
    /// There is nothing there that is known.
    #[error("the system answered with status {0}")]
    Status(u16),
    /// The answer is none that is documented.
    #[error(
        "the answer is no list of devices, and no device, as the system's documentation describes it"
    )]
    NotUnderstood,
    /// The next page is not the system's.
    #[error("the next page is at another host, and is not asked for")]
    Elsewhere,
    /// The list does not end.
    #[error("the list of devices does not come to its end")]
    Endless,
    /// There was no answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

impl PollFailed {
    /// Whether the place at which a walk stands may be why: then it begins anew.
    #[must_use]
    pub const fn may_be_the_position(&self) -> bool {
        match self {
            Self::Status(status) => matches!(status, 400 | 404 | 410),
            Self::NotUnderstood | Self::Elsewhere | Self::Endless => true,
            Self::NoCredentials
            | Self::Unauthorised(_)
            | Self::Forbidden
            | Self::MayNotIssue
            | Self::NotIssued
            | Self::NotSigned
            | Self::NoToken { .. }
            | Self::TooMany
            | Self::Redirected(_)
            | Self::NoAnswer(_) => false,
        }
    }

    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoCredentials => "noCredentials",
            Self::Unauthorised(_) => "unauthorised",
            Self::Forbidden => "forbidden",
            Self::MayNotIssue => "mayNotIssue",
            Self::NotIssued => "notIssued",
            Self::NotSigned => "notSigned",
            Self::NoToken { .. } => "noToken",
            Self::TooMany => "tooMany",
            Self::Redirected(_) => "redirected",
            Self::Status(_) => "status",
            Self::NotUnderstood => "notUnderstood",
            Self::Elsewhere => "elsewhere",
            Self::Endless => "endless",
            Self::NoAnswer(why) => why.code(),
        }
    }

    /// The same as the row of the source keeps it.
    #[must_use]
    pub fn noted(&self) -> PollFailure {
        let status = match self {
            Self::Unauthorised(status)
            | Self::NoToken { status, .. }
            | Self::Redirected(status)
            | Self::Status(status) => Some(*status),
            Self::Forbidden | Self::MayNotIssue => Some(403),
            Self::TooMany => Some(429),
            Self::NoCredentials
            | Self::NotIssued
            | Self::NotSigned
            | Self::NotUnderstood
            | Self::Elsewhere
            | Self::Endless
            | Self::NoAnswer(_) => None,
        };
        let mut parameters = BTreeMap::new();
        if let Some(status) = status {
            parameters.insert("status".to_owned(), status.to_string());
        }
        if let Self::NoToken {
            word: Some(word), ..
        } = self
        {
            parameters.insert("word".to_owned(), word.clone());
        }
        PollFailure {
            code: self.code().to_owned(),
            parameters,
        }
    }
}

/// What a page holds: the rows that were not read before, as they came, and where the next begins.
#[derive(Debug)]
pub struct Page<'a> {
    /// The rows.
    pub rows: Vec<&'a RawValue>,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<Position>,
}

/// How the asking of a source is: as its row has it, or as of one that was never asked. Of another address, or another
/// mapping, what the row has says nothing.
#[must_use]
pub fn poll_of(known: Option<SourcePoll>, source: &DeviceSource, now: Timestamp) -> SourcePoll {
    let asked_by = asked_by(source);
    match known {
        Some(poll) if poll.asked_by == asked_by => poll,
        Some(poll) => SourcePoll {
            version: poll.version,
            carried: poll.carried,
            ..SourcePoll::new(source.name.clone(), asked_by, now)
        },
        None => SourcePoll::new(source.name.clone(), asked_by, now),
    }
}

/// The credentials by which a source is asked at this address.
pub fn credentials_of(
    secrets: &SenderSecrets,
    source: &DeviceSource,
    api: &SourceApi,
) -> Result<SenderSecret, PollFailed> {
    let held = secrets.credentials_of(&source.name, api.address.service());
    held.map(|held| held.secret.clone())
        .ok_or(PollFailed::NoCredentials)
}

/// What a source is asked by, so that a change of it shows.
#[must_use]
pub fn asked_by(source: &DeviceSource) -> String {
    let by = (&source.kind, &source.api, &source.mapping);
    digest_of(&serde_json::to_string(&by).unwrap_or_default())
}

/// The walk that a round goes on with, or begins. Once an hour one looks further back.
#[must_use]
pub fn walk(poll: &SourcePoll, now: Timestamp) -> Walk {
    if let Some(walk) = &poll.walk {
        return walk.clone();
    }
    let back = match poll.cursor {
        None => now - FIRST_LOOK,
        Some(cursor) if looks_back(poll, now) => cursor - LOOK_BACK,
        Some(cursor) => cursor - OVERLAP,
    };
    Walk {
        from: back,
        began_at: now,
        position: None,
        pages: 0,
    }
}

/// Whether a walk that begins now looks further back than usual.
#[must_use]
pub fn looks_back(poll: &SourcePoll, now: Timestamp) -> bool {
    poll.looked_back_at
        .is_none_or(|at| now.duration_since(at) >= LOOK_BACK_EVERY)
}

/// Whether pages are asked for with a token that the credentials are first changed for.
#[must_use]
pub const fn needs_token(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::Intune)
}

/// The call by which a token is given for the credentials.
pub fn token_call(api: &SourceApi, secret: &SenderSecret) -> Result<OutgoingCall, PollFailed> {
    intune::token_call(api, secret)
}

/// The token in the answer.
pub fn token_in(answer: &OutgoingAnswer) -> Result<SenderSecret, PollFailed> {
    intune::token_in(answer)
}

/// The call for the page at which a walk stands. `secret` is the token, or the credentials themselves.
pub fn page_call(
    source: &DeviceSource,
    api: &SourceApi,
    secret: &SenderSecret,
    walk: &Walk,
) -> Result<OutgoingCall, PollFailed> {
    let position = walk.position.as_ref();
    let url = match source.kind {
        SourceKind::Intune => intune::page(api, walk.from, position),
        SourceKind::IvantiNeurons => ivanti_neurons::page(api, position),
        SourceKind::IvantiEpmm => ivanti_epmm::page(api, position),
        SourceKind::Kandji => kandji::page(api, position),
        _ => return Err(PollFailed::NotUnderstood),
    }?;
    let authorization = match source.kind {
        SourceKind::IvantiNeurons | SourceKind::IvantiEpmm => {
            format!("Basic {}", STANDARD.encode(secret.expose()))
        }
        _ => format!("Bearer {}", secret.expose()),
    };
    Ok(OutgoingCall::get(url, MAX_PAGE_BYTES, CALL_TAKES)
        .with_header("authorization", authorization))
}

/// What the page holds that an answer brings.
pub fn page_in<'a>(
    source: &DeviceSource,
    api: &SourceApi,
    walk: &Walk,
    answer: &'a OutgoingAnswer,
) -> Result<Page<'a>, PollFailed> {
    succeeded(answer)?;
    let (body, position) = (&answer.body, walk.position.as_ref());
    match source.kind {
        SourceKind::Intune => intune::read(api, body, position),
        SourceKind::IvantiNeurons => ivanti_neurons::read(api, body, position),
        SourceKind::IvantiEpmm => ivanti_epmm::read(body, position),
        SourceKind::Kandji => kandji::read(body, position),
        _ => Err(PollFailed::NotUnderstood),
    }
}

/// Whether an answer is one that was asked for, by its status.
fn succeeded(answer: &OutgoingAnswer) -> Result<(), PollFailed> {
    match answer.status {
        200 => Ok(()),
        401 => Err(PollFailed::Unauthorised(401)),
        403 => Err(PollFailed::Forbidden),
        429 => Err(PollFailed::TooMany),
        status @ 300..=399 => Err(PollFailed::Redirected(status)),
        status => Err(PollFailed::Status(status)),
    }
}

/// By which mapping the rows of a source are read.
#[must_use]
pub fn mapping_of(source: &DeviceSource) -> Mapping {
    match &source.mapping {
        Some(own) => own.clone(),
        None => built_in::mapping(source.kind).unwrap_or_default(),
    }
}

/// What is kept of a row of a page, as a message like those that other systems send: `None` of what is known, or of
/// no interest. Two reads of the same enrolment are one message, so a page may be read as often as one likes.
#[must_use]
pub fn message_of(
    source: &DeviceSource,
    mapping: &Mapping,
    row: &RawValue,
    walk: &Walk,
    now: Timestamp,
) -> Option<DeviceEvent> {
    let body = row.get().as_bytes();
    if body.len() > MAX_BODY_BYTES {
        return None;
    }
    let (at, said) = match mapping::read(mapping, &source.name, body) {
        Ok(message) if message.at.is_some_and(|at| at < walk.from) => return None,
        Ok(message) => {
            let said = (
                message.says,
                &message.device,
                &message.claimants,
                message.at,
            );
            (message.at, serde_json::to_string(&said).ok()?)
        }
        Err(NotRead::PassedOver(_)) => return None,
        // One such row a day stands for all of them in the list of what failed: each would come again at every walk. When
        // the mapping is corrected, the whole list is walked again.
        Err(NotRead::NotUnderstood(why)) => {
            let day = now.as_second().div_euclid(24 * 60 * 60);
            (None, format!("not understood on day {day}: {why}"))
        }
    };
    let id = message_id(source, at, &said);
    Some(DeviceEvent::received(
        id,
        source.name.clone(),
        body.to_vec(),
        now,
    ))
}

/// The id of a message: the same for the same enrolment of the same source.
fn message_id(source: &DeviceSource, at: Option<Timestamp>, said: &str) -> EventId {
    let mut hasher = Sha256::new();
    for part in [
        "beckon polled",
        source.name.as_str(),
        &asked_by(source),
        said,
    ] {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut random = [0; 16];
    for (to, from) in random.iter_mut().zip(hasher.finalize()) {
        *to = from;
    }
    let millis = at.map_or(0, |at| u64::try_from(at.as_millisecond()).unwrap_or(0));
    EventId::new(Ulid::from_parts(millis, u128::from_be_bytes(random)))
}

/// How the asking of a source is after it went well; `None` if that is no news.
#[must_use]
pub fn went_well(poll: SourcePoll, now: Timestamp) -> Option<SourcePoll> {
    let is_news = poll.failures > 0
        || poll.last_error.is_some()
        || poll.silent_for(now) >= POLL_EVERY
        || poll.last_success_at.is_none();
    is_news.then(|| SourcePoll {
        failures: 0,
        last_round_at: Some(now),
        last_success_at: Some(now),
        last_error: None,
        last_failure: None,
        version: poll.version.next(),
        ..poll
    })
}

/// How it is after it went wrong, where nobody is to wait before the source is asked again.
#[must_use]
pub fn went_wrong(poll: SourcePoll, why: &PollFailed, now: Timestamp) -> SourcePoll {
    SourcePoll {
        last_round_at: Some(now),
        last_error: Some(why.to_string()),
        last_failure: Some(why.noted()),
        version: poll.version.next(),
        ..poll
    }
}

/// When the next round may begin after one that failed: later after each, and not before the system says.
#[must_use]
pub fn after_failure(failures: u32, retry_after: Option<&str>, now: Timestamp) -> Timestamp {
    let doublings = failures.saturating_sub(1).min(8);
    let pause = POLL_EVERY.saturating_mul(1 << doublings).min(MAX_PAUSE);
    let asked_for = retry_after
        .and_then(|text| pause_in(text, now))
        .unwrap_or_default()
        .min(MAX_RETRY_AFTER);
    now.saturating_add(pause.max(asked_for)).unwrap_or(now)
}

/// The pause in a `Retry-After`: seconds, or a moment.
fn pause_in(text: &str, now: Timestamp) -> Option<SignedDuration> {
    if let Ok(seconds) = text.trim().parse::<u32>() {
        return Some(SignedDuration::from_secs(seconds.into()));
    }
    let moment = rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(moment.duration_since(now).max(SignedDuration::ZERO))
}

/// What is called at a system: a path that is made of constants, numbers and what is percent-encoded alone.
fn called(api: &SourceApi, path: &str) -> Result<ServiceUrl, PollFailed> {
    api.address.at(path).map_err(|_| PollFailed::NotUnderstood)
}

/// A form that asks for a token.
fn token_form(url: ServiceUrl, fields: &[(&str, &str)], takes: SignedDuration) -> OutgoingCall {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    let call = OutgoingCall {
        method: CallMethod::Post,
        body: fields.join("&").into_bytes(),
        ..OutgoingCall::get(url, MAX_TOKEN_BYTES, takes)
    };
    let form = "application/x-www-form-urlencoded".to_owned();
    call.with_header("content-type", form)
}

/// A value of a form, or a part of a path.
fn percent_encoded(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&crate::values::hex::hex(&[byte]).to_ascii_uppercase());
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
