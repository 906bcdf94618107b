//! Who is invited by a Send, and what an issue is made of.

use jiff::Timestamp;

use crate::batch::{Batch, SkipReason};
use crate::history::{Actor, Happening, HistoryRow};
use crate::ids::{BatchId, EventId, MailId, UserId, Version};
use crate::invitation::{Invitation, InvitationEvent, InvitationState, Nonce, transition};
use crate::keys::KeyId;
use crate::mail::{Mail, MailClass, MailKind};
use crate::names::Label;
use crate::ownership::{self, Ownership};
use crate::ports::UserChange;
use crate::settings::VersionedSettings;
use crate::user::{AddressMark, User};

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
    },
}

/// Whether a user will be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// For the first time, or after an end.
    Send,
    /// In place of an invitation that is open: its secret dies.
    Replace,
    /// Not.
    Skip(SkipReason),
}

/// Judges one user. Preview and Send both ask this, so that they never differ.
#[must_use]
pub fn judge(
    user: &User,
    settings: &VersionedSettings,
    reached: Reached,
    now: Timestamp,
) -> Verdict {
    if !user.enabled {
        return Verdict::Skip(SkipReason::Disabled);
    }
    if !settings.settings.sender.may_invite(&user.email) {
        return Verdict::Skip(SkipReason::DomainNotAllowed);
    }
    match user.address_mark {
        Some(AddressMark::HardBounced) => return Verdict::Skip(SkipReason::AddressBounced),
        Some(AddressMark::Complained) => return Verdict::Skip(SkipReason::AddressComplained),
        None => {}
    }
    match user.invitation_state_at(now) {
        InvitationState::Completed
            if reached
                == (Reached::ByFilter {
                    asks_for_completed: false,
                }) =>
        {
            Verdict::Skip(SkipReason::AlreadyCompleted)
        }
        InvitationState::Pending | InvitationState::Locked => Verdict::Replace,
        InvitationState::None
        | InvitationState::Completed
        | InvitationState::Expired
        | InvitationState::Cancelled
        | InvitationState::Declined => Verdict::Send,
    }
}

/// What an issue needs from outside.
#[derive(Debug, Clone)]
pub struct Ingredients {
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
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    digest.update(b"beckon invitation mail");
    digest.update(batch.id.to_bytes());
    digest.update(user.to_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    MailId::from_bytes(digest.first_chunk::<16>().copied().unwrap_or_default())
}

/// Under which terms an issue is made.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Who makes it.
    pub who: Actor,
    /// Whom the mail names as inviting.
    pub invited_by: Option<Label>,
    /// The Send it belongs to.
    pub batch: BatchId,
    /// Its mail.
    pub mail: MailId,
    /// Whether its mail may overtake others.
    pub class: MailClass,
    /// What it carries.
    pub ownership: Ownership,
    /// How often it was renewed before.
    pub renewals: u32,
}

impl Terms {
    /// The terms of a batch for one user.
    #[must_use]
    pub fn of(batch: &Batch, user: UserId, settings: &VersionedSettings) -> Self {
        Self {
            who: batch.who.clone(),
            invited_by: inviter(&batch.who),
            batch: batch.id,
            mail: mail_of(batch, user),
            class: batch.class,
            ownership: ownership::of_invitation(
                settings.settings.registration.method,
                batch.choice,
            ),
            renewals: 0,
        }
    }
}

/// Issues an invitation: the user with their new invitation, its mail, and the history row,
/// which are written as one. The caller has judged the user.
#[must_use]
pub fn issue(
    user: &User,
    terms: Terms,
    settings: &VersionedSettings,
    ingredients: Ingredients,
    now: Timestamp,
) -> UserChange {
    let registration = &settings.settings.registration;
    let replaces = matches!(
        user.invitation_state_at(now),
        InvitationState::Pending | InvitationState::Locked
    );
    let number = user.latest_issue.next();
    // What somebody asked for themselves is no mail of the Send: stopping it must not keep the
    // PIN from them.
    let send = (terms.renewals == 0).then_some(terms.batch);
    let mail = Mail::waiting(
        terms.mail,
        MailKind::Invitation {
            issue: number,
            replaces,
            again: false,
        },
        user.id,
        send,
        terms.class,
        settings.version,
        now,
    );
    // A new issue fits every state; the table of transitions says so.
    let state = transition(user.invitation_state_at(now), InvitationEvent::Issue)
        .unwrap_or(InvitationState::Pending);
    let invitation = Invitation {
        issue: number,
        nonce: ingredients.nonce,
        key: ingredients.key,
        method: registration.method,
        pin: registration.pin,
        ownership: terms.ownership,
        state,
        issued_at: now,
        expires_at: now
            .saturating_add(registration.lifetime())
            .unwrap_or(Timestamp::MAX),
        tries_left: registration.pin.tries,
        batch: terms.batch,
        mail: mail.id,
        invited_by: terms.invited_by,
        renewals: terms.renewals,
        sessions: Vec::new(),
        completed_by: None,
    };
    let row = HistoryRow {
        id: ingredients.event,
        user: user.id,
        at: now,
        who: terms.who,
        what: Happening::InvitationIssued {
            issue: number,
            method: registration.method,
            ownership: terms.ownership,
            batch: terms.batch,
            replaced: replaces,
        },
    };
    let user = User {
        version: user.version.next(),
        latest_issue: number,
        invitation: Some(invitation),
        ..user.clone()
    };
    UserChange {
        mails: vec![mail],
        history: vec![row],
        ..UserChange::of(user)
    }
}

/// Mails an issue once more: the same secret, the same end. The caller has seen that it is open.
#[must_use]
pub fn mail_again(
    user: &User,
    invitation: &Invitation,
    who: Actor,
    ids: (MailId, EventId),
    settings: Version,
    now: Timestamp,
) -> UserChange {
    let (mail, event) = ids;
    let issue = invitation.issue;
    let written = Mail::waiting(
        mail,
        MailKind::Invitation {
            issue,
            replaces: false,
            again: true,
        },
        user.id,
        None,
        MailClass::Small,
        settings,
        now,
    );
    let row = HistoryRow {
        id: event,
        user: user.id,
        at: now,
        who,
        what: Happening::InvitationMailedAgain { issue, mail },
    };
    let user = User {
        version: user.version.next(),
        invitation: Some(Invitation {
            mail,
            ..invitation.clone()
        }),
        ..user.clone()
    };
    UserChange {
        mails: vec![written],
        history: vec![row],
        ..UserChange::of(user)
    }
}

/// Whom a mail names as inviting: callers alone; a name that no mail may show is left out.
#[must_use]
pub fn inviter(who: &Actor) -> Option<Label> {
    match who {
        Actor::Caller(name) => Label::parse(name).ok(),
        Actor::Invitee | Actor::DeviceManagement | Actor::MailService | Actor::Clock => None,
    }
}

/// Ends an invitation whose time ran out; `None` if there is nothing to end.
#[must_use]
pub fn expire(user: &User, event: EventId, now: Timestamp) -> Option<UserChange> {
    let invitation = user.invitation.as_ref()?;
    if now < invitation.expires_at {
        return None;
    }
    let state = transition(invitation.state, InvitationEvent::Expire).ok()?;
    let row = HistoryRow {
        id: event,
        user: user.id,
        at: now,
        who: Actor::Clock,
        what: Happening::InvitationExpired {
            issue: invitation.issue,
        },
    };
    let user = User {
        version: user.version.next(),
        invitation: Some(Invitation {
            state,
            ..invitation.clone()
        }),
        ..user.clone()
    };
    Some(UserChange {
        history: vec![row],
        ..UserChange::of(user)
    })
}

/// The version that settings have before anybody saved any.
pub const UNSAVED: Version = Version::from_number(0);
