//! Drafts as rows hold them: like those that people send, except that what a later version wrote into
//! one is passed over instead of refused. The compiler holds the two alike.

use serde::{Deserialize, Deserializer};

use super::registration::{PinDraft, RegistrationDraft};
use super::reminders::{QuietHoursDraft, RemindersDraft};
use crate::values::method::Method;
use crate::values::pin::PinAlphabet;

#[derive(Deserialize)]
#[serde(remote = "RegistrationDraft", rename_all = "camelCase")]
struct StoredRegistration {
    #[serde(default)]
    method: Option<Method>,
    #[serde(default)]
    lifetime_hours: Option<i64>,
    #[serde(default, deserialize_with = "StoredPin::deserialize")]
    pin: PinDraft,
    #[serde(default)]
    allow_pin_request: Option<bool>,
    #[serde(default)]
    device_limit: Option<i64>,
    #[serde(default)]
    use_stated_ownership: Option<bool>,
    #[serde(default)]
    person_may_choose: Option<bool>,
}

#[derive(Deserialize)]
#[serde(remote = "PinDraft", rename_all = "camelCase")]
struct StoredPin {
    #[serde(default)]
    length: Option<i64>,
    #[serde(default)]
    alphabet: Option<PinAlphabet>,
    #[serde(default)]
    tries: Option<i64>,
}

#[derive(Deserialize)]
#[serde(remote = "RemindersDraft", rename_all = "camelCase")]
struct StoredReminders {
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    start_after_days: Option<i64>,
    #[serde(default)]
    every_days: Option<i64>,
    #[serde(default)]
    most: Option<i64>,
    #[serde(default, deserialize_with = "quiet_hours")]
    quiet_hours: Option<QuietHoursDraft>,
}

#[derive(Deserialize)]
#[serde(remote = "QuietHoursDraft", rename_all = "camelCase")]
struct StoredQuietHours {
    from: String,
    to: String,
}

/// What was written for a group of how its members register.
pub(super) fn registration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<RegistrationDraft>, D::Error> {
    #[derive(Deserialize)]
    struct Stored(#[serde(deserialize_with = "StoredRegistration::deserialize")] RegistrationDraft);
    let stored = Option::<Stored>::deserialize(deserializer)?;
    Ok(stored.map(|Stored(draft)| draft))
}

/// What was written for a group of how its members are reminded.
pub(super) fn reminders<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<RemindersDraft>, D::Error> {
    #[derive(Deserialize)]
    struct Stored(#[serde(deserialize_with = "StoredReminders::deserialize")] RemindersDraft);
    let stored = Option::<Stored>::deserialize(deserializer)?;
    Ok(stored.map(|Stored(draft)| draft))
}

fn quiet_hours<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<QuietHoursDraft>, D::Error> {
    #[derive(Deserialize)]
    struct Stored(#[serde(deserialize_with = "StoredQuietHours::deserialize")] QuietHoursDraft);
    let stored = Option::<Stored>::deserialize(deserializer)?;
    Ok(stored.map(|Stored(draft)| draft))
}
