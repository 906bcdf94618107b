//! What happened, in rows that are written with the change they tell of. A row names no address
//! and no secret; what is published of it is for [`crate::model::integration_events`] to say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::mail::{Mail, MailReason, MailState};
use crate::model::ownership::{Ownership, OwnershipChoice, OwnershipRule};
use crate::model::registration::{NotCompleted, RegistrationFlag};
use crate::model::user::{AddressSuppression, User};
use crate::values::ids::{BatchId, DeviceId, EventId, IssueNumber, MailId, UserId};
use crate::values::method::Method;
use crate::values::names::Label;

/// How a mail came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Bounce {
    /// For now: a later one may arrive.
    Soft,
    /// For good.
    Hard,
    /// It arrived, and was called spam.
    Complaint,
}

impl Bounce {
    /// How it came back, as far as the row says: what is noted, or what the mark tells.
    #[must_use]
    pub const fn of_report(bounce: Option<Self>, mark: Option<AddressSuppression>) -> Option<Self> {
        match (bounce, mark) {
            (Some(bounce), _) => Some(bounce),
            (None, Some(AddressSuppression::HardBounced)) => Some(Self::Hard),
            (None, Some(AddressSuppression::Complained)) => Some(Self::Complaint),
            (None, None) => None,
        }
    }
}

/// What of a user was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Particular {
    /// How the address is written; where mail goes is the same.
    Address,
    /// The name.
    Name,
    /// The directory's own id.
    ExternalId,
    /// What they sign in by elsewhere.
    UserName,
    /// What the directory says of them.
    Directory,
    /// The groups.
    Groups,
    /// The language.
    Locale,
    /// The time zone.
    TimeZone,
    /// They may be invited and register again.
    Enabled,
    /// They may not be invited, nor register.
    Disabled,
}

impl Particular {
    /// What differs between a user and who they were.
    #[must_use]
    pub fn changed(before: &User, after: &User) -> Vec<Self> {
        let rewritten =
            before.email != after.email && before.email.normalised() == after.email.normalised();
        [
            (Self::Address, rewritten),
            (Self::Name, before.display_name != after.display_name),
            (Self::ExternalId, before.external_id != after.external_id),
            (Self::UserName, before.user_name != after.user_name),
            (Self::Directory, before.directory != after.directory),
            (
                Self::Groups,
                before.groups != after.groups || before.memberships != after.memberships,
            ),
            (Self::Locale, before.locale != after.locale),
            (Self::TimeZone, before.time_zone != after.time_zone),
            (Self::Enabled, !before.enabled && after.enabled),
            (Self::Disabled, before.enabled && !after.enabled),
        ]
        .into_iter()
        .filter_map(|(particular, differs)| differs.then_some(particular))
        .collect()
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "type"
)]
pub enum HistoryEvent {
    /// A user was added.
    UserAdded,
    /// An invitation was issued, and its mail written.
    InvitationIssued {
        /// Which issue.
        issue: IssueNumber,
        /// How the person registers.
        method: Method,
        /// What it carries.
        ownership: Ownership,
        /// The batch it belongs to; `None` if there was none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<BatchId>,
        /// Whether it replaced one that was open.
        replaced: bool,
        /// The mail that it was put into, if it was made for a batch and that is none of the batch's own mails.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<MailId>,
    },
    /// The invitation's mail reached the recipient's server.
    InvitationDelivered {
        /// Of which issue.
        issue: IssueNumber,
        /// Which mail.
        mail: MailId,
    },
    /// The invitation's mail came back, or was called spam.
    InvitationBounced {
        /// Of which issue.
        issue: IssueNumber,
        /// Which mail.
        mail: MailId,
        /// How; rows written before this was noted lack it. [`Bounce::of_report`] reads both.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounce: Option<Bounce>,
        /// What is now held against the address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<AddressSuppression>,
    },
    /// A mail that carries no issue came back for good, or was called spam: something is held
    /// against the address from now on. Of a mail that carries one, the row above tells.
    AddressMarked {
        /// Which mail.
        mail: MailId,
        /// What is held against it.
        mark: AddressSuppression,
    },
    /// The invitation's mail did not go: the mail service refused it, it could not be written, its
    /// batch was stopped, or the address may get none.
    InvitationMailFailed {
        /// Of which issue.
        issue: IssueNumber,
        /// Which mail.
        mail: MailId,
        /// Why.
        reason: MailReason,
    },
    /// The secret was accepted and a registration session opened.
    InvitationRedeemed {
        /// Of which issue.
        issue: IssueNumber,
        /// Whose the device is to be, if the person chose it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chosen: Option<OwnershipChoice>,
    },
    /// The tries are used up.
    InvitationLocked {
        /// Of which issue.
        issue: IssueNumber,
    },
    /// The time ran out.
    InvitationExpired {
        /// Of which issue.
        issue: IssueNumber,
    },
    /// The issue was mailed once more: same secret, same end.
    InvitationMailedAgain {
        /// Which issue.
        issue: IssueNumber,
        /// By which mail.
        mail: MailId,
    },
    /// A reminder was written.
    ReminderWritten {
        /// Of which issue.
        issue: IssueNumber,
        /// Which mail.
        mail: MailId,
        /// The how-manieth of this issue.
        number: u32,
        /// Whether it says that it is the last.
        last: bool,
    },
    /// The secret was given out without a mail.
    SecretHandedOver {
        /// Of which issue.
        issue: IssueNumber,
        /// Of which method.
        method: Method,
        /// Why, in the words of who did it.
        reason: Label,
    },
    /// The address takes mail again: an administrator has it tried.
    AddressTriedAgain {
        /// What was held against it.
        mark: AddressSuppression,
    },
    /// The person said "this was not me"; the secret is dead.
    InvitationDeclined {
        /// Which issue.
        issue: IssueNumber,
    },
    /// An administrator took it back; its secret is dead.
    InvitationCancelled {
        /// Which issue.
        issue: IssueNumber,
    },
    /// An administrator gave back what was taken back or declined.
    InvitationRestored {
        /// Which issue.
        issue: IssueNumber,
    },
    /// The user's particulars were changed.
    UserChanged {
        /// Which; rows written before this was noted lack it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        particulars: Vec<Particular>,
    },
    /// The user was deleted, with all that was known of them but this history.
    UserDeleted {
        /// The issue that was open and stopped working with that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issue: Option<IssueNumber>,
    },
    /// The address was corrected. Neither address is named.
    AddressCorrected {
        /// The issue that goes to the new address in place of the one before, if that was open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issue: Option<IssueNumber>,
    },
    /// A registration completed it.
    InvitationCompleted {
        /// Which issue.
        issue: IssueNumber,
        /// By which device.
        device: DeviceId,
        /// The mail that confirms it, if one was written; rows from before this was noted lack it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confirmation: Option<MailId>,
    },
    /// A device was registered and classified.
    RegistrationConfirmed {
        /// Which device.
        device: DeviceId,
        /// What was decided.
        ownership: Ownership,
        /// Why.
        rule: OwnershipRule,
        /// Whether the invitation had been taken back before.
        #[serde(default)]
        after_end: bool,
        /// Whether it is unknown when the device was registered.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        time_unknown: bool,
        /// The invitation that waited and that it did not complete.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_completed: Option<NotCompleted>,
        /// Why an administrator should look at it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        flags: Vec<RegistrationFlag>,
    },
    /// More became known of a device, and the ownership was decided again.
    OwnershipDecidedAgain {
        /// Which device.
        device: DeviceId,
        /// What it was before.
        before: Ownership,
        /// What was decided.
        ownership: Ownership,
        /// Why.
        rule: OwnershipRule,
    },
    /// A device is managed no longer, as its source says.
    DeviceUnenrolled {
        /// Which device.
        device: DeviceId,
        /// Since when.
        at: Timestamp,
    },
}

impl HistoryEvent {
    /// What is told of a mail that failed, or that was dropped while its invitation lives on:
    /// nothing, if it carries none.
    #[must_use]
    pub fn failure_of(mail: &Mail) -> Option<Self> {
        let failed = mail.state == MailState::Failed || mail.leaves_somebody_without();
        Some(Self::InvitationMailFailed {
            issue: mail.kind.carries().filter(|_| failed)?,
            mail: mail.id,
            reason: mail.reason.clone()?,
        })
    }

    /// That this user is deleted.
    #[must_use]
    pub fn deletion_of(user: &User) -> Self {
        let invitation = user.invitation.as_ref();
        let open = invitation.filter(|invitation| invitation.is_open());
        Self::UserDeleted {
            issue: open.map(|invitation| invitation.issue),
        }
    }
}

/// A row of a user's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// Which.
    pub id: EventId,
    /// Of whom.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: Actor,
    /// What.
    pub what: HistoryEvent,
}

impl HistoryEntry {
    /// What happened to this user then, by whom.
    #[must_use]
    pub const fn new(
        id: EventId,
        user: UserId,
        at: Timestamp,
        who: Actor,
        what: HistoryEvent,
    ) -> Self {
        Self {
            id,
            user,
            at,
            who,
            what,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounce_that_was_written_before_its_kind_was_noted_is_read() {
        let mail = "00000000000000000000000007";
        let row = format!(
            r#"{{"type":"invitationBounced","issue":1,"mail":"{mail}","mark":"hardBounced"}}"#
        );

        let read: HistoryEvent = serde_json::from_str(&row).unwrap();

        let HistoryEvent::InvitationBounced { bounce, mark, .. } = read else {
            panic!("{read:?}");
        };
        assert_eq!(bounce, None);
        assert_eq!(Bounce::of_report(bounce, mark), Some(Bounce::Hard));
    }
}
