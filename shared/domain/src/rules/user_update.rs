//! Updating a user's particulars: what else changes with them, above all with the address.
//!
//! An open invitation lies in a mailbox. When the address turns out to be another, its secret dies
//! in the same write, and a new issue goes to the new address. One that has ended stays as it is;
//! but what an administrator may still give back gets another secret, since the old one lies in
//! somebody else's mailbox. So does one that is open and cannot follow somebody who is disabled.

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::change::{Identifier, UserChange};
use crate::model::history::{HistoryEntry, HistoryEvent, Particular};
use crate::model::invitation::{Invitation, InvitationState};
use crate::model::mail::{Mail, MailClass};
use crate::model::settings::{RegistrationSettings, VersionedSettings};
use crate::model::user::User;
use crate::rules::directory::of_the_directory;
use crate::rules::issuing::{
    IssueSecrets, IssueSpec, ResendSpec, issue, mail_again, missed_its_mail,
};
use crate::rules::next_action::reached_again;
use crate::values::address::EmailAddress;
use crate::values::ids::{EventId, MailId};
use crate::values::keys::KeyId;
use crate::values::nonce::Nonce;
use crate::values::problem::FieldProblem;

/// What corrections are made under.
#[derive(Debug, Clone)]
pub struct UserUpdate<'a> {
    /// Who corrects.
    pub who: &'a Actor,
    /// The settings that hold now.
    pub settings: &'a VersionedSettings,
    /// The key for new issues.
    pub key: &'a KeyId,
}

/// The ids and the random bytes of a correction, in the order of its rows. Not every correction needs
/// all of them.
#[derive(Debug, Clone)]
pub struct FreshIds {
    /// For the row that the particulars were changed.
    pub changed: EventId,
    /// For the row that the address was corrected.
    pub corrected: EventId,
    /// For the mail of an invitation that is issued again.
    pub mail: MailId,
    /// For the row of that issue.
    pub issued: EventId,
    /// For another secret.
    pub nonce: Nonce,
}

/// Whether a user's address becomes another mailbox, and not only another spelling of it.
#[must_use]
pub fn moves(before: &User, after: &User) -> bool {
    before.email.normalised() != after.email.normalised()
}

/// Whether the invitation has to be issued again when the address becomes another.
#[must_use]
pub fn has_open_invitation(user: &User, now: Timestamp) -> bool {
    match user.invitation_state_at(now) {
        InvitationState::Pending | InvitationState::Locked => true,
        InvitationState::None
        | InvitationState::Completed
        | InvitationState::Expired
        | InvitationState::Cancelled
        | InvitationState::Declined => false,
    }
}

/// The change from `before` to `after`, which differs in particulars alone. Refused if an open
/// invitation would have to follow the user to an address that may not be invited: whoever
/// mistypes a domain shall not lose the invitation by it. Whoever is disabled then loses nothing, and must not
/// stay enabled for where they went. Refused as well if it is the directory's to change.
pub fn correct(
    before: &User,
    after: User,
    with: &UserUpdate<'_>,
    fresh: FreshIds,
    now: Timestamp,
) -> Result<UserChange, FieldProblem> {
    if let Some(problem) = of_the_directory(before, &after, with.who) {
        return Err(problem);
    }
    let after = if after.enabled && !before.enabled {
        reached_again(after, &with.settings.settings, now)
    } else {
        after
    };
    let row = |id, what| HistoryEntry::new(id, before.id, now, with.who.clone(), what);
    let moved = moves(before, &after);
    let only_moved = User {
        email: before.email.clone(),
        ..after.clone()
    } == *before;
    let mut history = Vec::new();
    if !(moved && only_moved) {
        let particulars = Particular::changed(before, &after);
        history.push(row(
            fresh.changed,
            HistoryEvent::UserChanged { particulars },
        ));
    }
    let (frees, claims) = names_moved(before, &after);
    let sender = &with.settings.settings.sender;
    let may_follow = sender.may_invite(&after.email);
    let invitation = before.invitation.as_ref().filter(|_| moved);
    let open = invitation.filter(|_| has_open_invitation(before, now));
    if open.is_some() && after.enabled && !may_follow {
        return Err(cannot_follow(&after.email));
    }
    let written = if let Some(open) = open.filter(|_| may_follow) {
        let issue = Some(before.latest_issue.next());
        history.push(row(
            fresh.corrected,
            HistoryEvent::AddressCorrected { issue },
        ));
        issued_again(&at_new_address(after, now), open, with, fresh, now)
    } else {
        if moved {
            let what = HistoryEvent::AddressCorrected { issue: None };
            history.push(row(fresh.corrected, what));
        }
        let invitation = invitation.map(|left| match open {
            Some(_) => another_secret(left, fresh.nonce),
            None => with_another_secret(left, fresh.nonce),
        });
        UserChange::next(if moved {
            User {
                invitation,
                ..at_new_address(after, now)
            }
        } else {
            after
        })
    };
    history.extend(written.history);
    Ok(UserChange {
        frees,
        claims,
        history,
        ..written
    })
}

/// The mail that somebody may have missed while they were disabled, if a change enables them again
/// and issues nothing anew.
#[must_use]
pub fn may_have_missed(
    before: &User,
    change: &UserChange,
    with: &UserUpdate<'_>,
    now: Timestamp,
) -> Option<MailId> {
    let after = &change.user;
    let enabled_again = after.enabled && !before.enabled && change.mails.is_empty();
    let sender = &with.settings.settings.sender;
    let open = after.invitation.as_ref().filter(|open| {
        open.state_at(now) == InvitationState::Pending && sender.may_invite(&after.email)
    });
    open.filter(|_| enabled_again).map(|open| open.mail)
}

/// The same change, with the mail that was missed, if it was.
#[must_use]
pub fn missed_mail(
    corrected: UserChange,
    missed: Option<&Mail>,
    resend: ResendSpec,
    now: Timestamp,
) -> UserChange {
    let user = &corrected.user;
    let Some(open) = user
        .invitation
        .as_ref()
        .filter(|_| missed_its_mail(user, missed))
    else {
        return corrected;
    };
    let again = mail_again(user, open, resend, now);
    UserChange {
        user: User {
            version: user.version,
            ..again.user
        },
        mails: again.mails,
        history: [corrected.history, again.history].concat(),
        ..corrected
    }
}

/// What is held against the old address, and what was asked for there, is not held against the
/// new one.
fn at_new_address(user: User, now: Timestamp) -> User {
    User {
        address_mark: None,
        address_since: Some(now),
        asked: None,
        ..user
    }
}

fn names_moved(before: &User, after: &User) -> (Vec<Identifier>, Vec<Identifier>) {
    let (old, new) = (Identifier::all_of(before), Identifier::all_of(after));
    let without = |names: &[Identifier], others: &[Identifier]| {
        let left = names.iter().filter(|name| !others.contains(name));
        left.cloned().collect()
    };
    (without(&old, &new), without(&new, &old))
}

/// A new issue under the policy and with the ownership of the one before; its time begins anew.
/// Its mail is no mail of the batch: a batch that was stopped for its bounces must not keep it
/// from going to the address that was corrected for them.
fn issued_again(
    user: &User,
    open: &Invitation,
    with: &UserUpdate<'_>,
    fresh: FreshIds,
    now: Timestamp,
) -> UserChange {
    let spec = IssueSpec {
        who: with.who.clone(),
        invited_by: open.invited_by.clone(),
        batch: open.batch,
        of_batch: false,
        mail: fresh.mail,
        class: MailClass::Small,
        ownership: open.ownership,
        renewals: open.renewals,
    };
    let settings = &with.settings.settings;
    let as_issued = RegistrationSettings {
        method: open.method,
        pin: open.pin,
        ..settings.for_user(user).registration.clone()
    };
    let as_before = VersionedSettings {
        version: with.settings.version,
        settings: settings.registering(as_issued),
    };
    let secrets = IssueSecrets {
        nonce: fresh.nonce,
        key: with.key.clone(),
        event: fresh.issued,
    };
    issue(user, spec, &as_before, secrets, now)
}

/// An invitation that has ended, with another secret if it can be given back.
fn with_another_secret(ended: &Invitation, nonce: Nonce) -> Invitation {
    match ended.state {
        InvitationState::Cancelled | InvitationState::Declined => another_secret(ended, nonce),
        InvitationState::None
        | InvitationState::Pending
        | InvitationState::Completed
        | InvitationState::Expired
        | InvitationState::Locked => ended.clone(),
    }
}

/// The same invitation, which what lies in the old mailbox opens no more.
fn another_secret(invitation: &Invitation, nonce: Nonce) -> Invitation {
    Invitation {
        nonce,
        sessions: Vec::new(),
        ..invitation.clone()
    }
}

/// What is said of an address that an open invitation cannot follow to.
fn cannot_follow(address: &EmailAddress) -> FieldProblem {
    FieldProblem::new(
        "email",
        "domainNotAllowed",
        format!(
            "is of {}, whose addresses may not be invited, and an invitation is open; check the address, add the domain to sender.recipientDomains in the settings, or cancel the invitation first",
            address.domain()
        ),
    ).with("domain", address.domain())
}

#[cfg(test)]
mod tests;
