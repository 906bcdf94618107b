//! What the world is told: the events that Beckon puts on its bus, one for each row of a history
//! that is of interest outside. Apart from the rows themselves, because what others rely on must not
//! change when a row does. No event holds an address, a name, a secret or words that somebody typed.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::actor::Actor;
use crate::model::history::{Bounce, HistoryEntry, HistoryEvent};
use crate::model::ownership::{Ownership, OwnershipRule};
use crate::model::user::AddressSuppression;
use crate::values::ids::{BatchId, DeviceId, EventId, IssueNumber, MailId, UserId};
use crate::values::method::Method;

/// Who sends the events: EventBridge's *source*.
pub const SOURCE: &str = "beckon";

/// How many events the bus takes at once: the limit of EventBridge's `PutEvents`.
pub const MAX_EVENTS_AT_ONCE: usize = 10;

/// What an event can be called, each with a schema in `schemas/events`.
pub const DETAIL_TYPES: [&str; 16] = [
    "Invitation Issued",
    "Invitation Delivered",
    "Invitation Bounced",
    "Invitation Mail Failed",
    "Invitation Redeemed",
    "Invitation Completed",
    "Invitation Expired",
    "Invitation Cancelled",
    "Invitation Restored",
    "Invitation Declined",
    "Invitation Locked",
    "Invitation Mailed Again",
    "Invitation Reminded",
    "Invitation Handed Over",
    "Registration Confirmed",
    "Ownership Decided Again",
];

/// An event; serialised, it is EventBridge's *detail*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventEnvelope {
    /// That of the history's row. A row that is published twice gives the same one, so whoever
    /// listens can leave out what they have.
    pub id: EventId,
    /// When it happened, which is before it was published.
    pub at: Timestamp,
    /// To whom.
    pub user_id: UserId,
    /// Who made it happen.
    pub by: Origin,
    /// What.
    #[serde(flatten)]
    pub event: IntegrationEvent,
}

/// Who made something happen, without their name: the subject of a token can be an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// Somebody who called the API.
    Caller,
    /// The invited person.
    Invitee,
    /// The device management.
    DeviceManagement,
    /// The directory.
    Directory,
    /// The mail service.
    MailService,
    /// The clock.
    Clock,
}

/// What happened, with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum IntegrationEvent {
    /// *Invitation Issued*.
    InvitationIssued {
        /// Which issue.
        issue: IssueNumber,
        /// How the person registers.
        method: Method,
        /// What the invitation carries.
        ownership: Ownership,
        /// The batch it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        batch_id: Option<BatchId>,
        /// Whether it replaced one that was open.
        replaced: bool,
    },
    /// *Invitation Delivered*.
    InvitationDelivered {
        /// Of which issue.
        issue: IssueNumber,
        /// Which mail.
        mail_id: MailId,
    },
    /// *Invitation Bounced*.
    InvitationBounced {
        /// Of which issue.
        issue: IssueNumber,
        /// Which mail.
        mail_id: MailId,
        /// How; absent where that was not noted.
        #[serde(skip_serializing_if = "Option::is_none")]
        bounce: Option<Bounce>,
        /// Why nothing more is sent to the address; absent if nothing is held against it: it came
        /// back for now only, or from an address that had been corrected.
        #[serde(skip_serializing_if = "Option::is_none")]
        address_mark: Option<AddressSuppression>,
    },
    /// *Invitation Mail Failed*.
    InvitationMailFailed {
        /// Of which issue.
        issue: IssueNumber,
        /// Which mail.
        mail_id: MailId,
        /// Why, as a stable name. What the mail service says besides stays here.
        reason: String,
    },
    /// *Invitation Redeemed*.
    InvitationRedeemed {
        /// Of which issue.
        issue: IssueNumber,
    },
    /// *Invitation Completed*.
    InvitationCompleted {
        /// Which issue.
        issue: IssueNumber,
        /// By which device.
        #[serde(skip_serializing_if = "Option::is_none")]
        device_id: Option<OutwardDeviceId>,
    },
    /// *Invitation Expired*.
    InvitationExpired {
        /// Which issue.
        issue: IssueNumber,
    },
    /// *Invitation Cancelled*.
    InvitationCancelled {
        /// Which issue.
        issue: IssueNumber,
    },
    /// *Invitation Restored*.
    InvitationRestored {
        /// Which issue.
        issue: IssueNumber,
    },
    /// *Invitation Declined*.
    InvitationDeclined {
        /// Which issue.
        issue: IssueNumber,
    },
    /// *Invitation Locked*.
    InvitationLocked {
        /// Which issue.
        issue: IssueNumber,
    },
    /// *Invitation Mailed Again*.
    InvitationMailedAgain {
        /// Which issue.
        issue: IssueNumber,
        /// By which mail.
        mail_id: MailId,
    },
    /// *Invitation Reminded*.
    InvitationReminded {
        /// Of which issue.
        issue: IssueNumber,
        /// Which mail.
        mail_id: MailId,
        /// The how-manieth of this issue.
        number: u32,
        /// Whether it says that it is the last.
        last: bool,
    },
    /// *Invitation Handed Over*. The reason is words that somebody typed, so it stays here.
    InvitationHandedOver {
        /// Of which issue.
        issue: IssueNumber,
        /// Of which method.
        method: Method,
    },
    /// *Registration Confirmed*.
    RegistrationConfirmed {
        /// Which device.
        #[serde(skip_serializing_if = "Option::is_none")]
        device_id: Option<OutwardDeviceId>,
        /// What was decided.
        ownership: Ownership,
        /// Why.
        rule: OwnershipRule,
        /// Whether the invitation had been taken back before.
        after_end: bool,
    },
    /// *Ownership Decided Again*.
    OwnershipDecidedAgain {
        /// Which device.
        #[serde(skip_serializing_if = "Option::is_none")]
        device_id: Option<OutwardDeviceId>,
        /// What it was before.
        before: Ownership,
        /// What was decided.
        ownership: Ownership,
        /// Why.
        rule: OwnershipRule,
    },
}

/// What makes text an address: the sign, and its full-width and small forms, which programs that
/// normalise what they read take for the sign itself.
const SIGNS: [char; 3] = ['@', '\u{ff20}', '\u{fe6b}'];

/// The device management's id of a device, if it cannot be an address. Nothing keeps a device
/// management from naming a device after its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OutwardDeviceId(String);

impl OutwardDeviceId {
    /// The id, or `None` if it may be an address.
    #[must_use]
    pub fn of(device: &DeviceId) -> Option<Self> {
        let may_be_an_address = device.as_str().contains(SIGNS);
        (!may_be_an_address).then(|| Self(device.as_str().to_owned()))
    }
}

impl EventEnvelope {
    /// The event that tells of this row; `None` if it is nobody's business outside.
    #[must_use]
    pub fn of(row: &HistoryEntry) -> Option<Self> {
        Some(Self {
            id: row.id,
            at: row.at,
            user_id: row.user,
            by: Origin::of(&row.who),
            event: IntegrationEvent::of(&row.what)?,
        })
    }
}

impl Origin {
    const fn of(who: &Actor) -> Self {
        match who {
            Actor::Caller(_) => Self::Caller,
            Actor::Invitee => Self::Invitee,
            Actor::DeviceManagement => Self::DeviceManagement,
            Actor::Directory => Self::Directory,
            Actor::MailService => Self::MailService,
            Actor::Clock => Self::Clock,
        }
    }
}

impl IntegrationEvent {
    /// What of this history event is told. Who a person is, and what is held against their address,
    /// belongs to whoever may read the directory; it is not told.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm a history event, and nothing else"
    )]
    fn of(what: &HistoryEvent) -> Option<Self> {
        let event = match what {
            HistoryEvent::UserAdded
            | HistoryEvent::UserChanged { particulars: _ }
            | HistoryEvent::UserDeleted { issue: None }
            | HistoryEvent::AddressMarked { mail: _, mark: _ }
            | HistoryEvent::AddressTriedAgain { mark: _ }
            // What became of a device after its registration is the device management's to tell.
            | HistoryEvent::DeviceUnenrolled { device: _, at: _ }
            // An issue that goes to the new address has a row of its own.
            | HistoryEvent::AddressCorrected { issue: _ } => return None,
            HistoryEvent::InvitationIssued {
                issue,
                method,
                ownership,
                batch,
                replaced,
                mail: _,
            } => Self::InvitationIssued {
                issue: *issue,
                method: *method,
                ownership: *ownership,
                batch_id: *batch,
                replaced: *replaced,
            },
            HistoryEvent::InvitationDelivered { issue, mail } => Self::InvitationDelivered {
                issue: *issue,
                mail_id: *mail,
            },
            HistoryEvent::InvitationBounced {
                issue,
                mail,
                bounce,
                mark,
            } => Self::InvitationBounced {
                issue: *issue,
                mail_id: *mail,
                bounce: Bounce::of_report(*bounce, *mark),
                address_mark: *mark,
            },
            HistoryEvent::InvitationMailFailed {
                issue,
                mail,
                reason,
            } => Self::InvitationMailFailed {
                issue: *issue,
                mail_id: *mail,
                reason: reason.code.clone(),
            },
            HistoryEvent::InvitationRedeemed { issue, .. } => Self::InvitationRedeemed { issue: *issue },
            HistoryEvent::InvitationLocked { issue } => Self::InvitationLocked { issue: *issue },
            HistoryEvent::InvitationExpired { issue } => Self::InvitationExpired { issue: *issue },
            HistoryEvent::InvitationMailedAgain { issue, mail } => Self::InvitationMailedAgain {
                issue: *issue,
                mail_id: *mail,
            },
            HistoryEvent::ReminderWritten {
                issue,
                mail,
                number,
                last,
            } => Self::InvitationReminded {
                issue: *issue,
                mail_id: *mail,
                number: *number,
                last: *last,
            },
            HistoryEvent::SecretHandedOver {
                issue,
                method,
                reason: _,
            } => Self::InvitationHandedOver {
                issue: *issue,
                method: *method,
            },
            HistoryEvent::InvitationDeclined { issue } => Self::InvitationDeclined { issue: *issue },
            // Whoever keeps count of open invitations hears that this one is over.
            HistoryEvent::InvitationCancelled { issue }
            | HistoryEvent::UserDeleted { issue: Some(issue) } => {
                Self::InvitationCancelled { issue: *issue }
            }
            HistoryEvent::InvitationRestored { issue } => Self::InvitationRestored { issue: *issue },
            HistoryEvent::InvitationCompleted { issue, device, .. } => Self::InvitationCompleted {
                issue: *issue,
                device_id: OutwardDeviceId::of(device),
            },
            HistoryEvent::RegistrationConfirmed {
                device,
                ownership,
                rule,
                after_end,
                time_unknown: _,
                not_completed: _,
                flags: _,
            } => Self::RegistrationConfirmed {
                device_id: OutwardDeviceId::of(device),
                ownership: *ownership,
                rule: *rule,
                after_end: *after_end,
            },
            HistoryEvent::OwnershipDecidedAgain {
                device,
                before,
                ownership,
                rule,
            } => Self::OwnershipDecidedAgain {
                device_id: OutwardDeviceId::of(device),
                before: *before,
                ownership: *ownership,
                rule: *rule,
            },
        };
        Some(event)
    }

    /// What the event is called: EventBridge's *detail-type*, one of [`DETAIL_TYPES`].
    #[must_use]
    pub const fn detail_type(&self) -> &'static str {
        match self {
            Self::InvitationIssued { .. } => "Invitation Issued",
            Self::InvitationDelivered { .. } => "Invitation Delivered",
            Self::InvitationBounced { .. } => "Invitation Bounced",
            Self::InvitationMailFailed { .. } => "Invitation Mail Failed",
            Self::InvitationRedeemed { .. } => "Invitation Redeemed",
            Self::InvitationCompleted { .. } => "Invitation Completed",
            Self::InvitationExpired { .. } => "Invitation Expired",
            Self::InvitationCancelled { .. } => "Invitation Cancelled",
            Self::InvitationRestored { .. } => "Invitation Restored",
            Self::InvitationDeclined { .. } => "Invitation Declined",
            Self::InvitationLocked { .. } => "Invitation Locked",
            Self::InvitationMailedAgain { .. } => "Invitation Mailed Again",
            Self::InvitationReminded { .. } => "Invitation Reminded",
            Self::InvitationHandedOver { .. } => "Invitation Handed Over",
            Self::RegistrationConfirmed { .. } => "Registration Confirmed",
            Self::OwnershipDecidedAgain { .. } => "Ownership Decided Again",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use ulid::Ulid;

    use super::*;
    use crate::model::history::Particular;

    fn row(who: Actor, what: HistoryEvent) -> HistoryEntry {
        HistoryEntry::new(
            EventId::new(Ulid::from(7)),
            UserId::new(Ulid::from(8)),
            Timestamp::constant(1_772_442_000, 5_000_000),
            who,
            what,
        )
    }

    #[test]
    fn an_event_says_what_happened_to_whom_and_which_row_tells_of_it() {
        let event = EventEnvelope::of(&row(
            Actor::DeviceManagement,
            HistoryEvent::RegistrationConfirmed {
                device: DeviceId::parse("adas-phone").unwrap(),
                ownership: Ownership::CompanyOwned,
                rule: OwnershipRule::Supervised,
                after_end: false,
                time_unknown: false,
                not_completed: None,
                flags: Vec::new(),
            },
        ))
        .unwrap();

        assert_eq!(event.event.detail_type(), "Registration Confirmed");
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            json!({
                "id": "00000000000000000000000007",
                "at": "2026-03-02T09:00:00.005Z",
                "userId": "00000000000000000000000008",
                "by": "deviceManagement",
                "deviceId": "adas-phone",
                "ownership": "companyOwned",
                "rule": "supervised",
                "afterEnd": false,
            })
        );
    }

    #[test]
    fn who_somebody_is_stays_inside() {
        for what in [
            HistoryEvent::UserAdded,
            HistoryEvent::UserChanged {
                particulars: vec![Particular::Disabled],
            },
            HistoryEvent::UserDeleted { issue: None },
            HistoryEvent::AddressMarked {
                mail: MailId::new(Ulid::from(9)),
                mark: AddressSuppression::HardBounced,
            },
            HistoryEvent::AddressTriedAgain {
                mark: AddressSuppression::HardBounced,
            },
            HistoryEvent::AddressCorrected {
                issue: Some(IssueNumber::from_number(2)),
            },
        ] {
            assert_eq!(EventEnvelope::of(&row(Actor::Clock, what)), None);
        }
    }

    proptest! {
        #[test]
        fn an_address_gets_out_neither_as_the_caller_nor_as_a_device(
            caller in "[a-z.]{1,9}@[a-z.]{1,9}",
            device in ("\\PC{0,9}", prop::sample::select(SIGNS.to_vec()), "\\PC{0,9}"),
        ) {
            let (before, sign, after) = device;
            let Ok(device) = DeviceId::parse(&format!("{before}{sign}{after}")) else {
                return Ok(());
            };
            let what = HistoryEvent::InvitationCompleted {
                issue: IssueNumber::from_number(1),
                device,
                confirmation: None,
            };

            let event = EventEnvelope::of(&row(Actor::Caller(caller.clone()), what)).unwrap();

            let text = serde_json::to_string(&event).unwrap();
            prop_assert!(!text.contains(SIGNS));
            prop_assert!(!text.contains(&caller));
        }
    }
}
