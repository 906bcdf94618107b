//! Fleet, *Get host by identifier*: <https://github.com/fleetdm/fleet/blob/main/docs/REST%20API/rest-api.md>. A host is also
//! found by what it calls itself, so the serial number of the one that was found is looked at.

use serde::Deserialize;

use super::{Named, PollFailed, is_same};

pub(super) fn path(serial: &str) -> String {
    format!("/api/v1/fleet/hosts/identifier/{serial}?exclude_software=true")
}

#[derive(Deserialize)]
struct Answer {
    host: Host,
}

#[derive(Deserialize)]
struct Host {
    hardware_serial: String,
    /// Absent before Fleet 4.65, and null where nobody is known.
    end_users: Option<Vec<EndUser>>,
}

#[derive(Deserialize)]
struct EndUser {
    idp_username: Option<String>,
    other_emails: Option<Vec<OtherEmail>>,
}

#[derive(Deserialize)]
struct OtherEmail {
    email: String,
    source: String,
}

pub(super) fn named_in(serial: &str, body: &[u8]) -> Result<Option<Named>, PollFailed> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| PollFailed::NotUnderstood)?;
    if !is_same(serial, &answer.host.hardware_serial) {
        return Ok(None);
    }
    let mut users = answer.host.end_users.unwrap_or_default().into_iter();
    // Of two whose it may be, it is nobody's.
    let (Some(user), None) = (users.next(), users.next()) else {
        return Ok(Some(Named::default()));
    };
    // An address that an administrator of Fleet set. Those of profiles of a browser are anybody's.
    let mut others = user.other_emails.unwrap_or_default().into_iter();
    let custom = others.find(|other| other.source == "custom");
    Ok(Some(Named {
        email: custom.map(|other| other.email),
        user_name: user.idp_username,
    }))
}
