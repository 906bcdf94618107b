//! What a sentence of a history is made of.

use beckon_domain::model::history::{Bounce, HistoryEvent, Particular};
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::model::registration::{RegistrationFlag, WhyNotCompleted};
use beckon_domain::model::user::AddressSuppression;
use beckon_domain::values::ids::{DeviceId, IssueNumber};
use beckon_domain::values::method::Method;
use jiff::Timestamp;
use serde::Serialize;

/// What is known of something that happened. Which fields are there depends on `what`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and what is false is left out"
)]
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryFacts {
    /// Of which issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<u32>,
    /// The ownership that was decided, or that the invitation carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership: Option<Ownership>,
    /// What it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Ownership>,
    /// The rule that decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<OwnershipRule>,
    /// Whether an open invitation was replaced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replaced: bool,
    /// What of the user was changed: `address`, `name`, `externalId`, `groups`, `locale`, `timeZone`, `enabled`
    /// or `disabled`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed: Vec<&'static str>,
    /// Which reminder of the issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    /// Whether no further reminder comes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    last: bool,
    /// How the person registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Method>,
    /// Why, in the words of whoever did it, or of the mail service.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The same as a stable name, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<String>,
    /// How the mail came back: `soft`, `hard` or `complaint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce: Option<&'static str>,
    /// What is held against the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<AddressSuppression>,
    /// Which device.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// Since when the device is managed no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    unenrolled_at: Option<Timestamp>,
    /// Whether the invitation had been cancelled or declined before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    after_end: bool,
    /// Whether it is unknown when the device was registered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    time_unknown: bool,
    /// Why the registration did not complete the invitation that waited, which is that of `issue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_completed: Option<WhyNotCompleted>,
    /// The issue that the device was registered with, if that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_issue: Option<u32>,
    /// Why the registration completes and confirms nothing, whatever waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<RegistrationFlag>,
}

impl HistoryFacts {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm a history event, and nothing else"
    )]
    pub(crate) fn of(what: &HistoryEvent) -> Self {
        match what {
            HistoryEvent::UserAdded => Self::default(),
            HistoryEvent::InvitationIssued {
                issue,
                ownership,
                replaced,
                method,
                ..
            } => Self {
                ownership: Some(*ownership),
                replaced: *replaced,
                method: Some(*method),
                ..Self::of_issue(*issue)
            },
            HistoryEvent::UserChanged { particulars } => Self {
                changed: particulars.iter().map(|one| name_of(*one)).collect(),
                ..Self::default()
            },
            HistoryEvent::InvitationMailFailed { issue, reason, .. } => Self {
                reason: Some(reason.detail.clone()),
                reason_code: Some(reason.code.clone()),
                ..Self::of_issue(*issue)
            },
            HistoryEvent::UserDeleted { issue } | HistoryEvent::AddressCorrected { issue } => {
                issue.map(Self::of_issue).unwrap_or_default()
            }
            HistoryEvent::ReminderWritten {
                issue,
                number,
                last,
                ..
            } => Self {
                number: Some(*number),
                last: *last,
                ..Self::of_issue(*issue)
            },
            HistoryEvent::SecretHandedOver {
                issue,
                method,
                reason,
            } => Self {
                method: Some(*method),
                reason: Some(reason.as_str().to_owned()),
                ..Self::of_issue(*issue)
            },
            HistoryEvent::AddressMarked { mark, .. } | HistoryEvent::AddressTriedAgain { mark } => {
                Self {
                    mark: Some(*mark),
                    ..Self::default()
                }
            }
            HistoryEvent::InvitationBounced {
                issue,
                bounce,
                mark,
                ..
            } => Self {
                bounce: Bounce::of_report(*bounce, *mark).map(|how| match how {
                    Bounce::Soft => "soft",
                    Bounce::Hard => "hard",
                    Bounce::Complaint => "complaint",
                }),
                mark: *mark,
                ..Self::of_issue(*issue)
            },
            HistoryEvent::InvitationMailedAgain { issue, .. }
            | HistoryEvent::InvitationDeclined { issue }
            | HistoryEvent::InvitationCancelled { issue }
            | HistoryEvent::InvitationRestored { issue }
            | HistoryEvent::InvitationDelivered { issue, .. }
            | HistoryEvent::InvitationLocked { issue }
            | HistoryEvent::InvitationExpired { issue } => Self::of_issue(*issue),
            HistoryEvent::InvitationRedeemed { issue, chosen } => Self {
                ownership: chosen.map(|chosen| Some(chosen).into()),
                ..Self::of_issue(*issue)
            },
            HistoryEvent::InvitationCompleted {
                issue,
                device,
                confirmation: _,
            } => Self {
                device: Some(device.as_str().to_owned()),
                ..Self::of_issue(*issue)
            },
            HistoryEvent::RegistrationConfirmed {
                device,
                ownership,
                rule,
                after_end,
                time_unknown,
                not_completed,
                flags,
            } => Self {
                flags: flags.clone(),
                issue: not_completed.map(|one| one.issue.get()),
                not_completed: not_completed.map(|one| one.why),
                other_issue: not_completed
                    .and_then(|one| one.session_issue)
                    .map(IssueNumber::get),
                after_end: *after_end,
                time_unknown: *time_unknown,
                ..Self::of_device(device, *ownership, *rule)
            },
            HistoryEvent::OwnershipDecidedAgain {
                device,
                before,
                ownership,
                rule,
            } => Self {
                before: Some(*before),
                ..Self::of_device(device, *ownership, *rule)
            },
            HistoryEvent::DeviceUnenrolled { device, at } => Self {
                device: Some(device.as_str().to_owned()),
                unenrolled_at: Some(*at),
                ..Self::default()
            },
        }
    }

    fn of_issue(issue: IssueNumber) -> Self {
        Self {
            issue: Some(issue.get()),
            ..Self::default()
        }
    }

    fn of_device(device: &DeviceId, ownership: Ownership, rule: OwnershipRule) -> Self {
        Self {
            device: Some(device.as_str().to_owned()),
            ownership: Some(ownership),
            rule: Some(rule),
            ..Self::default()
        }
    }
}

const fn name_of(particular: Particular) -> &'static str {
    match particular {
        Particular::Address => "address",
        Particular::Name => "name",
        Particular::ExternalId => "externalId",
        Particular::UserName => "userName",
        Particular::Directory => "directory",
        Particular::Groups => "groups",
        Particular::Locale => "locale",
        Particular::TimeZone => "timeZone",
        Particular::Enabled => "enabled",
        Particular::Disabled => "disabled",
    }
}
