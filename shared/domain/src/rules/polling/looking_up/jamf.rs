//! Jamf Pro. Its Classic API finds a device by its serial number, and says in *location* whose it is:
//! <https://developer.jamf.com/jamf-pro/reference/findmobiledevicesbyserialnumbersubset> and
//! <https://developer.jamf.com/jamf-pro/reference/findcomputersbyserialnumbersubset>. Tokens are given to an API client:
//! <https://developer.jamf.com/jamf-pro/docs/client-credentials>.

use serde::Deserialize;

use super::super::token_form;
use super::{CALL_TAKES, Named, PollFailed, called, is_same};
use crate::model::outgoing_call::OutgoingCall;
use crate::model::settings::device_sources::SourceApi;
use crate::values::sender_secrets::SenderSecret;

pub(super) fn token_call(
    api: &SourceApi,
    secret: &SenderSecret,
) -> Result<OutgoingCall, PollFailed> {
    let client = api.client_id.as_deref().ok_or(PollFailed::NoCredentials)?;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret.expose()),
    ];
    let url = called(api, "/api/oauth/token")?;
    Ok(token_form(url, &fields, CALL_TAKES))
}

/// Computers and mobile devices stand in two lists.
pub(super) fn paths(serial: &str, platform: Option<&str>) -> Vec<String> {
    let path =
        |list: &str| format!("/JSSResource/{list}/serialnumber/{serial}/subset/General&Location");
    match platform {
        Some("macos") => vec![path("computers")],
        Some("ios" | "ipados" | "tvos") => vec![path("mobiledevices")],
        _ => vec![path("mobiledevices"), path("computers")],
    }
}

#[derive(Deserialize)]
enum Answer {
    #[serde(rename = "mobile_device")]
    MobileDevice(Device),
    #[serde(rename = "computer")]
    Computer(Device),
}

#[derive(Deserialize)]
struct Device {
    general: General,
    location: Option<Location>,
}

#[derive(Deserialize)]
struct General {
    serial_number: String,
}

#[derive(Deserialize)]
struct Location {
    username: Option<String>,
    email_address: Option<String>,
}

pub(super) fn named_in(serial: &str, body: &[u8]) -> Result<Option<Named>, PollFailed> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| PollFailed::NotUnderstood)?;
    let (Answer::MobileDevice(device) | Answer::Computer(device)) = answer;
    if !is_same(serial, &device.general.serial_number) {
        return Ok(None);
    }
    let location = device.location;
    Ok(Some(location.map_or_else(Named::default, |location| {
        Named {
            email: location.email_address,
            user_name: location.username,
        }
    })))
}
