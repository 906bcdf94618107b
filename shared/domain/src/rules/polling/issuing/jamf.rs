//! Jamf Pro. Its Classic API makes an invitation for a mobile device and says its id; what stands in the address of the
//! enrolment page is the number that it shows for that id:
//! <https://developer.jamf.com/jamf-pro/reference/createmobiledeviceinvitationsbyid> and
//! <https://developer.jamf.com/jamf-pro/reference/findmobiledeviceinvitationsbyid>. Which fields are written, and under which
//! names: <https://github.com/jamf/terraform-provider-jamfplatform>. The number has up to 39 digits, more than a number of any
//! program holds.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CALL_TAKES, Issued, Issuing, MAX_TOKEN_ANSWER, PollFailed, called};
use crate::model::enrolment_token::TOKEN_TTL;
use crate::model::outgoing_call::{CallMethod, OutgoingCall};
use crate::values::sender_secrets::SenderSecret;

/// The end of an invitation is told in the time zone of the server, which nobody says: 14 hours are the furthest that one
/// is ahead. So an invitation may be good for longer than it need be, and never for less.
const FURTHEST_ZONE: SignedDuration = SignedDuration::from_hours(14);

pub(super) fn making(of: Issuing<'_>, now: Timestamp) -> Result<OutgoingCall, PollFailed> {
    let until = now.saturating_add(TOKEN_TTL.saturating_add(FURTHEST_ZONE));
    let until = until.unwrap_or(now).strftime("%Y-%m-%d %H:%M:%S");
    let user = escaped(of.known_as());
    let body = format!(
        "<mobile_device_invitation><invitation_type>USER_INITIATED_URL</invitation_type>\
         <expiration_date>{until}</expiration_date><username>{user}</username>\
         <allow_multiple_uses>false</allow_multiple_uses></mobile_device_invitation>"
    );
    // An id of 0 stands for the next that is free.
    let url = called(of.api, "/JSSResource/mobiledeviceinvitations/id/0")?;
    let call = OutgoingCall {
        method: CallMethod::Post,
        body: body.into_bytes(),
        ..OutgoingCall::get(url, MAX_TOKEN_ANSWER, CALL_TAKES)
    };
    Ok(call.with_header("content-type", "application/xml".to_owned()))
}

/// A text inside of XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The Classic API answers what is written in XML, whatever is asked for; some versions, in JSON.
pub(super) fn made_in(body: &[u8]) -> Result<Issued, PollFailed> {
    let text = std::str::from_utf8(body).map_err(|_| PollFailed::NotIssued)?;
    let id = match text.split_once("<id>") {
        Some((_, rest)) => rest.split('<').next().map(str::to_owned),
        None => invitation_in(body)
            .map(|invitation| digits(invitation.id))
            .ok(),
    };
    let id = id.filter(|id| is_number(id)).ok_or(PollFailed::NotIssued)?;
    Ok(Issued {
        name: id,
        token: None,
    })
}

/// A name is an id, which is a number.
pub(super) fn path_of(name: &str) -> String {
    format!("/JSSResource/mobiledeviceinvitations/id/{name}")
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    mobile_device_invitation: Invitation<'a>,
}

#[derive(Deserialize)]
struct Invitation<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    invitation: Option<&'a RawValue>,
}

fn invitation_in(body: &[u8]) -> Result<Invitation<'_>, PollFailed> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| PollFailed::NotIssued)?;
    Ok(answer.mobile_device_invitation)
}

pub(super) fn shown_in(body: &[u8]) -> Result<SenderSecret, PollFailed> {
    let number = invitation_in(body)?.invitation.map(digits);
    let number = number.filter(|number| is_number(number));
    let number = number.ok_or(PollFailed::NotIssued)?;
    Ok(SenderSecret::made(number))
}

/// A number as it is written, as a number or as a text.
fn digits(value: &RawValue) -> String {
    value.get().trim_matches('"').to_owned()
}

fn is_number(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
