//! Who gets a mail when their device is registered.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::settings::{Confirmation, Distribution};
use crate::model::user::User;
use crate::values::names::GroupName;

/// Why somebody will not get a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum NoConfirmation {
    /// Confirmation mails are switched off.
    SwitchedOff,
    /// The person is in none of the groups that get one.
    NotInDistribution,
}

/// Whether this user will get a confirmation, and if not, why.
pub fn check_recipient(settings: &Confirmation, user: &User) -> Result<(), NoConfirmation> {
    check_groups(settings, &user.all_groups())
}

/// The same for somebody in these groups.
pub fn check_groups(
    settings: &Confirmation,
    groups: &BTreeSet<GroupName>,
) -> Result<(), NoConfirmation> {
    if !settings.enabled {
        return Err(NoConfirmation::SwitchedOff);
    }
    match &settings.distribution {
        Distribution::Everyone => Ok(()),
        Distribution::Groups(chosen) => {
            if chosen.is_disjoint(groups) {
                Err(NoConfirmation::NotInDistribution)
            } else {
                Ok(())
            }
        }
    }
}

/// What the administrator is told after Send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfirmationForecast {
    /// Whether confirmation mails are switched on at all.
    pub confirmation_enabled: bool,
    /// How many of those invited will get one when they succeed; null until everyone was read.
    pub will_receive: Option<u64>,
    /// How many will not.
    pub will_not_receive: Option<u64>,
}
