//! Who is invited by a batch, and what an issue is made of.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::actor::Actor;
use crate::model::batch::{Batch, SkipReason};
use crate::model::change::UserChange;
use crate::model::counting::Member;
use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::model::invitation::{
    Invitation, InvitationEvent, InvitationState, InvitationSteps, transition,
};
use crate::model::mail::{Mail, MailClass, MailKind};
use crate::model::ownership::{OwnerSwitch, Ownership};
use crate::model::reminders::ReminderPlan;
use crate::model::selection::UserFilter;
use crate::model::settings::{RegistrationSettings, Settings, VersionedSettings};
use crate::model::user::{AddressSuppression, User};
use crate::rules::ownership;
use crate::values::ids::{BatchId, EventId, MailId, UserId, Version};
use crate::values::keys::KeyId;
use crate::values::names::Label;
use crate::values::nonce::Nonce;

/// How the selection reached a user: that decides whether somebody who has registered already
/// is invited again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Named, so meant.
    ByName,
    /// Found by a filter that does or does not ask for completed ones.
    ByFilter {
        /// Whether it asks for them.
        asks_for_completed: bool,
        /// Whether it asks for those who said that their invitation was not for them.
        asks_for_declined: bool,
    },
}

impl Reached {
    /// How a filter reaches those it finds.
    #[must_use]
    pub fn by(filter: &UserFilter) -> Self {
        Self::ByFilter {
            asks_for_completed: filter.states.contains(&InvitationState::Completed),
            asks_for_declined: filter.states.contains(&InvitationState::Declined),
        }
    }

    const fn means_completed(self) -> bool {
        match self {
            Self::ByName => true,
            Self::ByFilter {
                asks_for_completed, ..
            } => asks_for_completed,
        }
    }

    const fn means_declined(self) -> bool {
        match self {
            Self::ByName => true,
            Self::ByFilter {
                asks_for_declined, ..
            } => asks_for_declined,
        }
    }
}

/// Whether a user will be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligibility {
    /// For the first time, or after an end.
    Send,
    /// In place of an invitation that is open: its secret dies.
    Replace,
    /// They were invited a moment ago, and nothing has changed: the same issue is mailed once
    /// more, so that who sends twice by mistake confuses nobody.
    Again,
    /// Not.
    Skip(SkipReason),
}

/// How long an invitation is too young to be replaced by one that is the same.
pub const SAME_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// Whether a new issue would only repeat the one that there is: it is open and was made a moment
/// ago, and nothing that it carries would be different.
fn would_be_the_same(
    user: &User,
    settings: &Settings,
    switch: OwnerSwitch,
    now: Timestamp,
) -> bool {
    let registration = settings.for_user(user).registration;
    user.invitation.as_ref().is_some_and(|invitation| {
        invitation.state_at(now) == InvitationState::Pending
            && now.duration_since(invitation.issued_at) < SAME_AGAIN
            && invitation.method == registration.method
            && invitation.pin == registration.pin
            && invitation.expires_at == end_of(invitation.issued_at, registration)
            && invitation.ownership == ownership::of_next_invitation(user, settings, switch)
    })
}

/// When an issue of this moment ends.
fn end_of(issued_at: Timestamp, registration: &RegistrationSettings) -> Timestamp {
    issued_at
        .saturating_add(registration.lifetime())
        .unwrap_or(Timestamp::MAX)
}

/// Whether this user can be invited. Preview and Send both ask this, so that they never differ.
#[must_use]
pub fn eligibility(
    user: &User,
    settings: &VersionedSettings,
    switch: OwnerSwitch,
    reached: Reached,
    now: Timestamp,
) -> Eligibility {
    if !user.enabled {
        return Eligibility::Skip(SkipReason::Disabled);
    }
    if !settings.settings.sender.may_invite(&user.email) {
        return Eligibility::Skip(SkipReason::DomainNotAllowed);
    }
    match user.address_mark {
        Some(AddressSuppression::HardBounced) => {
            return Eligibility::Skip(SkipReason::AddressBounced);
        }
        Some(AddressSuppression::Complained) => {
            return Eligibility::Skip(SkipReason::AddressComplained);
        }
        None => {}
    }
    match user.invitation_state_at(now) {
        InvitationState::Completed if !reached.means_completed() => {
            Eligibility::Skip(SkipReason::AlreadyCompleted)
        }
        InvitationState::Declined if !reached.means_declined() => {
            Eligibility::Skip(SkipReason::DeclinedBefore)
        }
        InvitationState::Pending if would_be_the_same(user, &settings.settings, switch, now) => {
            Eligibility::Again
        }
        InvitationState::Pending | InvitationState::Locked => Eligibility::Replace,
        InvitationState::None
        | InvitationState::Completed
        | InvitationState::Expired
        | InvitationState::Cancelled
        | InvitationState::Declined => Eligibility::Send,
    }
}

/// What an issue needs from outside.
#[derive(Debug, Clone)]
pub struct IssueSecrets {
    /// Random bytes for the secret.
    pub nonce: Nonce,
    /// The key for new issues.
    pub key: KeyId,
    /// For the history row.
    pub event: EventId,
}

/// The id of the mail by which a batch invites a user. It is made of the two, so that a page
/// that is expanded twice cannot write the mail twice.
#[must_use]
pub fn mail_of(batch: &Batch, user: UserId) -> MailId {
    mail_of_member(Member {
        batch: batch.id,
        user,
    })
}

/// The same, of a member.
#[must_use]
pub fn mail_of_member(member: Member) -> MailId {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    digest.update(b"beckon invitation mail");
    digest.update(member.batch.to_bytes());
    digest.update(member.user.to_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    MailId::from_bytes(digest.first_chunk::<16>().copied().unwrap_or_default())
}

/// How an issue is made.
#[derive(Debug, Clone)]
pub struct IssueSpec {
    /// Who makes it.
    pub who: Actor,
    /// Whom the mail names as inviting.
    pub invited_by: Option<Label>,
    /// The batch that invited them, if one did.
    pub batch: Option<BatchId>,
    /// Whether its mail is one of that batch: stopping the batch then stops it too.
    pub of_batch: bool,
    /// Its mail.
    pub mail: MailId,
    /// Whether its mail may overtake others.
    pub class: MailClass,
    /// What it carries.
    pub ownership: Ownership,
    /// How often it was renewed before.
    pub renewals: u32,
}

impl IssueSpec {
    /// How a batch issues to one user.
    #[must_use]
    pub fn of(batch: &Batch, user: &User, settings: &VersionedSettings) -> Self {
        Self {
            who: batch.who.clone(),
            invited_by: inviter(&batch.who),
            batch: Some(batch.id),
            of_batch: true,
            mail: mail_of(batch, user.id),
            class: batch.class,
            ownership: ownership::of_next_invitation(user, &settings.settings, batch.choice),
            renewals: 0,
        }
    }
}

/// Issues an invitation: the user with their new invitation, its mail, and the history row,
/// which are written as one. The caller has checked the user's eligibility.
#[must_use]
pub fn issue(
    user: &User,
    spec: IssueSpec,
    settings: &VersionedSettings,
    secrets: IssueSecrets,
    now: Timestamp,
) -> UserChange {
    let own = settings.settings.for_user(user);
    let registration = own.registration;
    let replaces = matches!(
        user.invitation_state_at(now),
        InvitationState::Pending | InvitationState::Locked
    );
    let number = user.latest_issue.next();
    let mail = Mail::waiting(
        spec.mail,
        MailKind::Invitation {
            issue: number,
            replaces,
            again: false,
            after: None,
        },
        user.id,
        spec.batch.filter(|_| spec.of_batch),
        spec.class,
        settings.version,
        now,
    );
    // A new issue fits every state; the table of transitions says so.
    let state = transition(user.invitation_state_at(now), InvitationEvent::Issue)
        .unwrap_or(InvitationState::Pending);
    let expires_at = end_of(now, registration);
    let zone = zone_of(user, &settings.settings);
    let later = (spec.batch.is_some() && !spec.of_batch).then_some(mail.id);
    let steps = Invitation::steps_of_next(user.invitation.as_ref(), spec.batch);
    let steps = steps.map(|steps| with_later_mail(steps, later));
    let invitation = Invitation {
        issue: number,
        nonce: secrets.nonce,
        key: secrets.key,
        method: registration.method,
        pin: registration.pin,
        ownership: spec.ownership,
        state,
        issued_at: now,
        expires_at,
        ended_at: None,
        tries_left: registration.pin.tries,
        batch: spec.batch,
        mail: mail.id,
        invited_by: spec.invited_by,
        renewals: spec.renewals,
        reminders: own
            .reminders
            .map(|policy| ReminderPlan::new(policy, now, expires_at, &zone)),
        sessions: Vec::new(),
        completed_by: None,
        restored_at: None,
        chosen: None,
        steps,
        tokens: Vec::new(),
    };
    // The batch's own mail says itself of which it is.
    let counts_for = invitation.batches().filter(|_| !spec.of_batch).collect();
    let mail = Mail { counts_for, ..mail };
    let row = HistoryEntry::new(
        secrets.event,
        user.id,
        now,
        spec.who,
        HistoryEvent::InvitationIssued {
            issue: number,
            method: registration.method,
            ownership: spec.ownership,
            batch: spec.batch,
            replaced: replaces,
            mail: spec.batch.filter(|_| !spec.of_batch).map(|_| mail.id),
        },
    );
    let issued = User {
        latest_issue: number,
        invitation: Some(invitation),
        ..user.clone()
    };
    UserChange::next(issued)
        .with_history([row])
        .with_mails([mail])
}

/// The steps of a new issue, of whose mails none but this followed the batch's own.
fn with_later_mail(mut steps: InvitationSteps, mail: Option<MailId>) -> InvitationSteps {
    steps.later_mails = Vec::new();
    if let Some(mail) = mail {
        steps.note_later_mail(mail);
    }
    steps
}

/// The zone in which a person's days and nights are counted.
#[must_use]
pub fn zone_of(user: &User, settings: &Settings) -> TimeZone {
    user.time_zone
        .as_ref()
        .unwrap_or(&settings.time_zone)
        .zone()
}

/// How an issue is mailed once more.
#[derive(Debug, Clone)]
pub struct ResendSpec {
    /// Who has it mailed.
    pub who: Actor,
    /// The batch that the mail is one of, if it is.
    pub batch: Option<BatchId>,
    /// The mail.
    pub mail: MailId,
    /// For the history row.
    pub event: EventId,
    /// Whether the mail may overtake others.
    pub class: MailClass,
    /// Which settings it is written under.
    pub settings: Version,
}

impl ResendSpec {
    /// One that somebody asked for, apart from any batch.
    #[must_use]
    pub const fn asked_for(who: Actor, settings: Version, mail: MailId, event: EventId) -> Self {
        Self {
            who,
            batch: None,
            mail,
            event,
            class: MailClass::Small,
            settings,
        }
    }
}

/// Mails an issue once more: the same secret, the same end. The caller has seen that it is open.
#[must_use]
pub fn mail_again(
    user: &User,
    invitation: &Invitation,
    resend: ResendSpec,
    now: Timestamp,
) -> UserChange {
    let issue = invitation.issue;
    let mail = resend.mail;
    let written = Mail::waiting(
        mail,
        MailKind::Invitation {
            issue,
            replaces: false,
            again: true,
            after: Some(invitation.mail),
        },
        user.id,
        resend.batch,
        resend.class,
        resend.settings,
        now,
    );
    let written = Mail {
        counts_for: invitation.batches().collect(),
        ..written
    };
    let row = HistoryEntry::new(
        resend.event,
        user.id,
        now,
        resend.who,
        HistoryEvent::InvitationMailedAgain { issue, mail },
    );
    let mut steps = invitation.steps.clone();
    if let Some(steps) = &mut steps {
        steps.again.extend(resend.batch);
        steps.note_later_mail(mail);
    }
    let carried = Invitation {
        mail,
        steps,
        ..invitation.clone()
    };
    let mailed = User {
        invitation: Some(carried),
        ..user.clone()
    };
    UserChange::next(mailed)
        .with_history([row])
        .with_mails([written])
}

/// Whether the mail that an issue lies in was dropped for a reason that holds no longer, so that it
/// can go now: nobody stopped its batch, and mails reach the user.
#[must_use]
pub fn missed_its_mail(user: &User, carried: Option<&Mail>) -> bool {
    user.enabled
        && user.address_mark.is_none()
        && carried.is_some_and(|mail| mail.was_dropped() && !mail.was_stopped())
}

/// Whom a mail names as inviting: callers alone; a name that no mail may show is left out.
#[must_use]
pub fn inviter(who: &Actor) -> Option<Label> {
    match who {
        Actor::Caller(name) => Label::parse(name).ok(),
        Actor::Invitee
        | Actor::DeviceManagement
        | Actor::Directory
        | Actor::MailService
        | Actor::Clock => None,
    }
}

#[cfg(test)]
mod tests;
