//! How people register, and under which policy: as it holds, and as an administrator writes it.

use std::num::NonZeroU32;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::fields::in_range;
use crate::values::guessing;
use crate::values::method::Method;
use crate::values::pin::{PinAlphabet, PinPolicy};
use crate::values::problem::{FieldProblem, Problems};

/// How people register, and under which policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationSettings {
    /// The method.
    pub method: Method,
    /// How long an invitation is good for: 1 to 720 hours.
    pub lifetime_hours: u32,
    /// What PINs look like.
    pub pin: PinPolicy,
    /// Whether people may have their PIN mailed again.
    pub allow_pin_request: bool,
    /// How many devices that are managed a person may have; `None`: as many as they like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_limit: Option<NonZeroU32>,
    /// Whether what the device management says of whose a device is decides before the invitation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_stated_ownership: bool,
    /// Whether a person whose invitation says *User owned* may choose when they redeem.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub person_may_choose: bool,
}

impl RegistrationSettings {
    /// How long an invitation is good for.
    #[must_use]
    pub fn lifetime(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.lifetime_hours))
    }
}

/// See [`RegistrationSettings`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RegistrationDraft {
    /// Default `pin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// 1 to 720; default 168, seven days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime_hours: Option<i64>,
    /// What PINs look like.
    #[serde(skip_serializing_if = "PinDraft::says_nothing")]
    pub pin: PinDraft,
    /// Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_pin_request: Option<bool>,
    /// How many devices that are managed a person may have, 1 to 500; 0, the default, is no limit. What is registered
    /// beyond it is recorded and flagged; it completes and confirms nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_limit: Option<i64>,
    /// Whether what the device management says of whose a device is (company, personal) decides before the
    /// invitation; default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_stated_ownership: Option<bool>,
    /// Whether a person whose invitation says *User owned* may choose user or company owned when they redeem; default
    /// false. *Company owned* is never theirs to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_may_choose: Option<bool>,
}

/// See [`PinPolicy`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PinDraft {
    /// 4 to 12; default 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<i64>,
    /// Default `digits`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<PinAlphabet>,
    /// 1 to 10; default 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<i64>,
}

impl PinDraft {
    fn says_nothing(&self) -> bool {
        self.length.is_none() && self.alphabet.is_none() && self.tries.is_none()
    }
}

impl From<RegistrationSettings> for RegistrationDraft {
    fn from(registration: RegistrationSettings) -> Self {
        Self {
            method: Some(registration.method),
            lifetime_hours: Some(i64::from(registration.lifetime_hours)),
            pin: PinDraft {
                length: Some(i64::from(registration.pin.length)),
                alphabet: Some(registration.pin.alphabet),
                tries: Some(i64::from(registration.pin.tries)),
            },
            allow_pin_request: Some(registration.allow_pin_request),
            device_limit: Some(i64::from(
                registration.device_limit.map_or(0, NonZeroU32::get),
            )),
            use_stated_ownership: Some(registration.use_stated_ownership),
            person_may_choose: Some(registration.person_may_choose),
        }
    }
}

impl RegistrationDraft {
    pub(super) fn parse(
        self,
        default: &RegistrationSettings,
        field: &str,
        problems: &mut Problems,
    ) -> Option<RegistrationSettings> {
        let lifetime_hours = in_range(
            self.lifetime_hours,
            default.lifetime_hours,
            1..=720,
            &format!("{field}.lifetimeHours"),
            problems,
        );
        let length = in_range(
            self.pin.length,
            u32::from(default.pin.length),
            4..=12,
            &format!("{field}.pin.length"),
            problems,
        );
        let tries = in_range(
            self.pin.tries,
            u32::from(default.pin.tries),
            1..=10,
            &format!("{field}.pin.tries"),
            problems,
        );
        let device_limit = in_range(
            self.device_limit,
            default.device_limit.map_or(0, NonZeroU32::get),
            0..=500,
            &format!("{field}.deviceLimit"),
            problems,
        );
        let (Some(lifetime_hours), Some(length), Some(tries), Some(device_limit)) =
            (lifetime_hours, length, tries, device_limit)
        else {
            return None;
        };
        let pin = PinPolicy {
            length: u8::try_from(length).ok()?,
            alphabet: self.pin.alphabet.unwrap_or(default.pin.alphabet),
            tries: u8::try_from(tries).ok()?,
        };
        let allow_pin_request = self.allow_pin_request.unwrap_or(default.allow_pin_request);
        let method = self.method.unwrap_or(default.method);
        let chance = guessing::chance_per_invitation(pin, allow_pin_request);
        // A billionth more: the limit itself is allowed, however it was rounded.
        if method.uses_pin() && chance > guessing::MAX_CHANCE * (1.0 + 1e-9) {
            problems.add(FieldProblem::new(
                format!("{field}.pin"),
                "guessable",
                format!(
                    "lets a guesser hit one invitation with a chance of 1 in {:.0}; at most 1 in 1,000 is allowed. Make the PIN longer, allow fewer tries, or switch allowPinRequest off",
                    (1.0 / chance).floor()
                ),
            ).with("chance", (1.0 / chance).floor()));
            return None;
        }
        Some(RegistrationSettings {
            method,
            lifetime_hours,
            pin,
            allow_pin_request,
            device_limit: NonZeroU32::new(device_limit),
            use_stated_ownership: self
                .use_stated_ownership
                .unwrap_or(default.use_stated_ownership),
            person_may_choose: self.person_may_choose.unwrap_or(default.person_may_choose),
        })
    }
}
