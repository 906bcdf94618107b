//! A person who can be invited, with their current invitation.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::directory::DirectoryProfile;
use crate::model::group::Memberships;
use crate::model::invitation::{Invitation, InvitationState};
use crate::model::stored::Carried;
use crate::values::address::EmailAddress;
use crate::values::ids::{ExternalId, IssueNumber, UserId, Version};
use crate::values::locale::{Locale, TimeZoneName};
use crate::values::names::{DisplayName, GroupName, as_first_written};
use crate::values::user_name::UserName;

/// Why nothing more is sent to an address until it is changed or tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum AddressSuppression {
    /// A mail came back for good.
    HardBounced,
    /// The recipient called a mail spam.
    Complained,
}

/// Mails that public routes caused: counted by day, so that nobody's mailbox can be flooded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The day, in UTC.
    pub day: Date,
    /// How many mails.
    pub mails: u32,
}

/// A person who can be invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Which.
    pub id: UserId,
    /// How often the row was written.
    pub version: Version,
    /// Where mail goes.
    pub email: EmailAddress,
    /// What a directory outside Beckon calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// What they sign in by elsewhere; no two users have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<UserName>,
    /// What the directory says of them, if they are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Box<DirectoryProfile>>,
    /// What they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    /// The groups they belong to by hand.
    #[serde(
        default,
        skip_serializing_if = "BTreeSet::is_empty",
        serialize_with = "crate::values::names::in_written_order"
    )]
    pub groups: BTreeSet<GroupName>,
    /// The groups of the directory that they are a member of.
    #[serde(default, skip_serializing_if = "Memberships::is_empty")]
    pub memberships: Memberships,
    /// Whether the directory's settings have had them invited: they have it once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invited_as_joiner: bool,
    /// Their language, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// Their time zone, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZoneName>,
    /// Whether they may be invited and register.
    pub enabled: bool,
    /// How many devices they have registered.
    pub devices: u32,
    /// How many of them are managed no longer, as their sources say.
    #[serde(default, skip_serializing_if = "is_none")]
    pub devices_unenrolled: u32,
    /// Whether their address has stopped taking mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_mark: Option<AddressSuppression>,
    /// Since when they have this address, if they had another before: what becomes of an older
    /// mail says nothing of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_since: Option<Timestamp>,
    /// The number of their latest issue.
    pub latest_issue: IssueNumber,
    /// Their current invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
    /// Mails that public routes caused on one day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Since when they are known.
    pub added_at: Timestamp,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to what it asks"
)]
const fn is_none(count: &u32) -> bool {
    *count == 0
}

/// How far lists of users may be behind in what is made of them: seconds mostly, hours on a bad day.
const LISTS_BEHIND: SignedDuration = SignedDuration::from_hours(24);

impl User {
    /// Whether somebody who goes through the list since this moment may meet them twice: it is in the
    /// order of addresses, and had them under the one before when they were met first.
    #[must_use]
    pub fn may_be_met_twice(&self, since: Timestamp) -> bool {
        let begins = since.saturating_sub(LISTS_BEHIND).unwrap_or(since);
        self.address_since.is_some_and(|moved| moved >= begins)
    }

    /// Somebody who becomes known, by nothing but their address yet.
    #[must_use]
    pub fn new(id: UserId, email: EmailAddress, added_at: Timestamp) -> Self {
        Self {
            id,
            version: Version::FIRST,
            email,
            external_id: None,
            user_name: None,
            directory: None,
            display_name: None,
            groups: BTreeSet::new(),
            memberships: Memberships::default(),
            invited_as_joiner: false,
            locale: None,
            time_zone: None,
            enabled: true,
            devices: 0,
            devices_unenrolled: 0,
            address_mark: None,
            address_since: None,
            latest_issue: IssueNumber::NONE,
            invitation: None,
            asked: None,
            added_at,
            carried: Carried::default(),
        }
    }

    /// How many of their devices are managed.
    #[must_use]
    pub const fn managed_devices(&self) -> u32 {
        self.devices.saturating_sub(self.devices_unenrolled)
    }

    /// Every group that they belong to: by hand, or as the directory says.
    #[must_use]
    pub fn all_groups(&self) -> BTreeSet<GroupName> {
        let of_directory = self.memberships.names();
        self.groups.iter().chain(of_directory).cloned().collect()
    }

    /// Whether they belong to a group.
    #[must_use]
    pub fn is_in(&self, group: &GroupName) -> bool {
        self.groups.contains(group) || self.memberships.names().any(|name| name == group)
    }

    /// Makes these all their groups. Those that the directory says stay the directory's; one of them that is not
    /// among these is theirs no longer.
    pub fn set_groups(&mut self, all: BTreeSet<GroupName>) {
        self.memberships.retain_named(&all);
        let by_hand = |group: &GroupName| {
            self.groups.contains(group) || !self.memberships.names().any(|name| name == group)
        };
        let by_hand = all.into_iter().filter(by_hand).collect();
        self.groups = as_first_written(&self.groups, by_hand);
    }

    /// Where their invitation stands at a moment.
    #[must_use]
    pub fn invitation_state_at(&self, now: Timestamp) -> InvitationState {
        self.invitation
            .as_ref()
            .map_or(InvitationState::None, |invitation| invitation.state_at(now))
    }
}
