//! `SimpleMDM`, *List all* devices with `search`: <https://api.simplemdm.com/v1#devices>. It knows no person: who it is
//! stands in custom attributes called `email` and `username`, if an administrator keeps some. The key is the user of
//! *Basic*, without a password: <https://api.simplemdm.com/v1#authentication>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Named, PollFailed, is_same};
use crate::values::sender_secrets::SenderSecret;

pub(super) fn path(serial: &str) -> String {
    format!("/api/v1/devices?search={serial}&limit=100")
}

pub(super) fn authorization(secret: &SenderSecret) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:", secret.expose())))
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Device>,
}

#[derive(Deserialize)]
struct Device {
    attributes: Attributes,
    relationships: Option<Relationships>,
}

#[derive(Deserialize)]
struct Attributes {
    /// Null while a device has not enrolled.
    serial_number: Option<String>,
}

#[derive(Deserialize)]
struct Relationships {
    custom_attribute_values: Option<Values>,
}

#[derive(Deserialize)]
struct Values {
    data: Vec<OneValue>,
}

#[derive(Deserialize)]
struct OneValue {
    id: String,
    attributes: ItsValue,
}

#[derive(Deserialize)]
struct ItsValue {
    value: Option<String>,
}

pub(super) fn named_in(serial: &str, body: &[u8]) -> Result<Option<Named>, PollFailed> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| PollFailed::NotUnderstood)?;
    // A search finds names, too.
    let is_it = |device: &Device| {
        let told = device.attributes.serial_number.as_deref();
        told.is_some_and(|told| is_same(serial, told))
    };
    let Some(device) = answer.data.into_iter().find(is_it) else {
        return Ok(None);
    };
    let values = device
        .relationships
        .and_then(|related| related.custom_attribute_values)
        .map(|values| values.data)
        .unwrap_or_default();
    let value = |name: &str| {
        let named = |one: &&OneValue| one.id.eq_ignore_ascii_case(name);
        let found = values.iter().find(named)?;
        found.attributes.value.clone()
    };
    Ok(Some(Named {
        email: value("email"),
        user_name: value("username"),
    }))
}
