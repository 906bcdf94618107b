//! Whether what a use case answered was right: what it says it did stands in the table, and what it
//! gives as the reason for a refusal was so at some moment since it was asked.

use beckon_domain::model::directory::DirectoryPerson;
use beckon_domain::model::invitation::{Invitation, InvitationState as S};
use beckon_domain::model::mail_content::ContentSecret;
use beckon_domain::model::settings::Settings;
use beckon_domain::model::user::User;
use beckon_domain::rules::directory::OWNED_BY_DIRECTORY;
use beckon_domain::usecases::add_user::{AddUserRefused, NewUser, UserAdded};
use beckon_domain::usecases::change_invitation::{ChangeInvitationRefused, InvitationChange};
use beckon_domain::usecases::change_settings::{ChangeSettingsRefused, SettingsView};
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::usecases::decline::Declined;
use beckon_domain::usecases::delete_user::DeleteUserRefused;
use beckon_domain::usecases::follow_directory::FollowRefused;
use beckon_domain::usecases::hand_over::{HandOverRefused, HandedOver};
use beckon_domain::usecases::try_address_again::TryAddressAgainRefused;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{ExternalId, IssueNumber, UserId, Version};
use beckon_domain::values::method::Method;
use beckon_domain::values::pin::Pin;
use beckon_domain::values::token::{Token, TokenPurpose};
use jiff::{SignedDuration, Timestamp};

use super::ledger::Ledger;
use super::ledger_mails::is_live;
use crate::MemoryKeys;

/// Where an invitation stands at a moment, whether or not anybody has written it down.
pub(super) fn standing(one: &Invitation, now: Timestamp) -> S {
    if is_live(one.state) && now >= one.expires_at {
        S::Expired
    } else if one.state == S::Pending && one.method.uses_pin() && one.tries_left == 0 {
        S::Locked
    } else {
        one.state
    }
}

fn state_of(user: &User, now: Timestamp) -> S {
    let one = user.invitation.as_ref();
    one.map_or(S::None, |one| standing(one, now))
}

/// Whether settings let this address be invited.
pub(super) fn allows(settings: &Settings, address: &EmailAddress) -> bool {
    let mut domains = settings.sender.recipient_domains.iter();
    domains.any(|domain| domain.as_str() == address.domain())
}

impl Ledger {
    pub(super) fn since(&mut self) -> u64 {
        self.view().began.0
    }

    /// Whether anybody was, at any moment since then, as `is` has it.
    fn anybody_was(&self, since: u64, is: impl Fn(&User) -> bool + Copy) -> bool {
        self.users.keys().any(|id| self.was(*id, since, is))
    }

    /// Whether there was nobody of this id at some moment.
    pub(super) fn was_gone(&self, user: UserId) -> bool {
        self.deleted.contains_key(&user) || !self.users.contains_key(&user)
    }

    /// Whether the settings were, at any moment since then, as `are` has it.
    pub(super) fn settings_were(&self, since: u64, are: impl Fn(&Settings) -> bool) -> bool {
        let first = self.settings.iter().rposition(|(at, _)| at.0 <= since);
        let versions = self.settings.get(first.unwrap_or(0)..).unwrap_or_default();
        versions.iter().any(|(_, one)| are(&one.settings))
    }

    /// Whether the settings were, at any moment since then or a little before, as `are` has it: a
    /// run of the delivery worker reads them every ten seconds.
    pub(super) fn settings_were_lately(
        &self,
        since: Timestamp,
        are: impl Fn(&Settings) -> bool,
    ) -> bool {
        let since = since - SignedDuration::from_secs(15);
        let first = self.settings.iter().rposition(|(at, _)| at.1 <= since);
        let versions = self.settings.get(first.unwrap_or(0)..).unwrap_or_default();
        versions.iter().any(|(_, one)| are(&one.settings))
    }

    /// Whether a user's address could not be invited, by settings that held since then.
    fn was_foreign(&self, user: UserId, since: u64) -> bool {
        self.was(user, since, |user| {
            self.settings_were(since, |settings| !allows(settings, &user.email))
        })
    }

    pub(super) fn judge_answer(&mut self, right: bool, of: &str, answer: &dyn std::fmt::Debug) {
        self.must(right, || {
            format!("{of} answered {answer:?}, which is not so")
        });
    }

    /// A user was added, or not.
    pub(super) fn judge_added(
        &mut self,
        asked: &NewUser,
        answer: &Result<UserAdded, AddUserRefused>,
    ) {
        let since = self.since();
        let right = match answer {
            Ok(added) => self
                .users
                .get(&added.user.id)
                .and_then(|versions| versions.first())
                .is_some_and(|(_, user)| user.email.as_str() == asked.email),
            Err(AddUserRefused::AddressTaken) => {
                self.anybody_was(since, |user| user.email.as_str() == asked.email)
            }
            Err(AddUserRefused::ExternalIdTaken) => self.anybody_was(since, |user| {
                user.external_id.as_ref().map(ExternalId::as_str) == asked.external_id.as_deref()
            }),
            // Nobody is added with a user name here.
            Err(AddUserRefused::UserNameTaken) => false,
            Err(AddUserRefused::Invalid(_)) => {
                let address = EmailAddress::parse(&asked.email);
                let foreign =
                    address.is_ok_and(|at| self.settings_were(since, |one| !allows(one, &at)));
                foreign && asked.invite == Some(true)
            }
            Err(AddUserRefused::KeyReused | AddUserRefused::Unavailable(_)) => true,
        };
        self.judge_answer(right, "adding a user", answer);
    }

    /// An invitation was changed, or not.
    pub(super) fn judge_changed(
        &mut self,
        user: UserId,
        change: InvitationChange,
        answer: &Result<User, ChangeInvitationRefused>,
    ) {
        use ChangeInvitationRefused as R;
        let (since, now) = (self.since(), self.now);
        let right = match answer {
            Ok(after) => {
                let state = after.invitation.as_ref().map(|one| one.state);
                let done = match change {
                    InvitationChange::Cancel => state == Some(S::Cancelled),
                    InvitationChange::Resend => state == Some(S::Pending),
                    InvitationChange::Restore => {
                        matches!(state, Some(S::Pending | S::Locked))
                    }
                };
                done && self.was_as_answered(after, since)
            }
            Err(R::UnknownUser) => self.was_gone(user),
            Err(R::NotNow(_)) => self.was(user, since, |one| {
                let state = state_of(one, now);
                match change {
                    InvitationChange::Cancel => !is_live(state),
                    InvitationChange::Resend => state != S::Pending,
                    InvitationChange::Restore => !matches!(state, S::Cancelled | S::Declined),
                }
            }),
            Err(R::Disabled) => self.was(user, since, |one| !one.enabled),
            Err(R::AddressMarked) => self.was(user, since, |one| one.address_mark.is_some()),
            Err(R::DomainNotAllowed) => self.was_foreign(user, since),
            Err(R::RegisteredMeanwhile) => self.was(user, since, |one| {
                let invitation = one.invitation.as_ref();
                invitation.is_some_and(|one| one.completed_by.is_some())
            }),
            Err(R::ExpiredMeanwhile) => self.was(user, since, |one| {
                let invitation = one.invitation.as_ref();
                invitation.is_some_and(|one| now >= one.expires_at)
            }),
            Err(R::Unavailable(_)) => true,
        };
        self.judge_answer(right, "changing an invitation", answer);
    }

    /// A user was changed, or not.
    pub(super) fn judge_patched(
        &mut self,
        user: UserId,
        patch: &UserPatch,
        answer: &Result<User, ChangeUserRefused>,
    ) {
        use ChangeUserRefused as R;
        let (since, address) = (self.since(), patch.email.clone());
        let taken = |is: &dyn Fn(&User) -> bool| {
            let mut others = self.users.keys().filter(|id| **id != user);
            others.any(|id| self.was(*id, since, is))
        };
        let right = match answer {
            Ok(after) => {
                let moved = address.is_none_or(|address| after.email.as_str() == address);
                let enabled = patch.enabled.is_none_or(|enabled| after.enabled == enabled);
                moved && enabled && self.was_as_answered(after, since)
            }
            Err(R::UnknownUser) => self.was_gone(user),
            // Nobody names a version or a user name here.
            Err(R::Stale | R::UserNameTaken) => false,
            Err(R::AddressTaken) => taken(&|one| Some(one.email.as_str()) == address.as_deref()),
            Err(R::ExternalIdTaken) => taken(&|one| {
                one.external_id.as_ref().map(ExternalId::as_str) == patch.external_id.as_deref()
            }),
            Err(R::Invalid(problems))
                if problems.iter().any(|one| one.code == OWNED_BY_DIRECTORY) =>
            {
                self.was(user, since, |one| one.directory.is_some())
            }
            Err(R::Invalid(_)) => {
                let address = address.map(|address| EmailAddress::parse(&address));
                match address {
                    Some(Ok(address)) => {
                        let open = |one: &User| {
                            let invitation = one.invitation.as_ref();
                            invitation.is_some_and(|one| is_live(one.state))
                        };
                        self.was(user, since, open)
                            && self.settings_were(since, |one| !allows(one, &address))
                    }
                    Some(Err(_)) => true,
                    None => false,
                }
            }
            Err(R::Unavailable(_)) => true,
        };
        self.judge_answer(right, "changing a user", answer);
    }

    /// The directory was followed, or not.
    pub(super) fn judge_followed<R: std::fmt::Debug>(
        &mut self,
        of: Option<UserId>,
        person: &DirectoryPerson,
        answer: &Result<User, FollowRefused<R>>,
    ) {
        use FollowRefused as R;
        let since = self.since();
        let address = match person.profile.emails.first() {
            Some(email) => Some(email.value.clone()),
            None => EmailAddress::parse(person.user_name.as_str()).ok(),
        };
        let named = |user: &User| {
            let name = user.user_name.as_ref();
            name.is_some_and(|name| name.key() == person.user_name.key())
        };
        let right = match answer {
            Ok(after) => {
                let followed = after.enabled == person.active
                    && Some(&after.email) == address.as_ref()
                    && after.directory.as_deref() == Some(&person.profile)
                    && named(after);
                followed && self.was_as_answered(after, since)
            }
            Err(R::UnknownUser) => of.is_some_and(|user| self.was_gone(user)),
            Err(R::Taken("emails")) => self.anybody_was(since, |one| {
                address
                    .as_ref()
                    .is_some_and(|at| one.email.normalised() == at.normalised())
            }),
            Err(R::Taken("userName")) => self.anybody_was(since, named),
            // Nobody names a version or an external id here, and no edit fails.
            Err(R::Stale | R::Change(_) | R::Taken(_)) => false,
            Err(R::Invalid(_)) => match &address {
                None => true,
                Some(at) => self.settings_were(since, |one| !allows(one, at)),
            },
            Err(R::Unavailable(_)) => true,
        };
        self.judge_answer(right, "following the directory", answer);
    }

    /// Settings were saved, or not.
    pub(super) fn judge_settings(
        &mut self,
        expected: Option<Version>,
        answer: &Result<SettingsView, ChangeSettingsRefused>,
    ) {
        let since = self.since();
        let right = match answer {
            Ok(view) => self.settings.iter().any(|(at, one)| {
                let next = expected.is_none_or(|expected| one.version == expected.next());
                at.0 > since && *one == view.current && next
            }),
            Err(ChangeSettingsRefused::Stale { .. }) => {
                let first = self.settings.iter().rposition(|(at, _)| at.0 <= since);
                let mut held = self.settings.iter().skip(first.unwrap_or(0));
                expected.is_some_and(|expected| held.any(|(_, one)| one.version != expected))
            }
            Err(ChangeSettingsRefused::Invalid(_)) => false,
            Err(ChangeSettingsRefused::Unavailable(_)) => true,
        };
        let answer = answer.as_ref().map(|view| view.current.version);
        self.judge_answer(right, "saving the settings", &answer);
    }

    /// A user was deleted, or not.
    pub(super) fn judge_deleted(&mut self, user: UserId, answer: &Result<(), DeleteUserRefused>) {
        let right = match answer {
            Ok(()) | Err(DeleteUserRefused::UnknownUser) => self.was_gone(user),
            Err(DeleteUserRefused::Unavailable(_)) => true,
        };
        self.judge_answer(right, "deleting a user", answer);
    }

    /// Somebody said "this was not me". A token that is not for that must not be taken for it.
    pub(super) fn judge_declined(
        &mut self,
        (user, issue, genuine): (UserId, IssueNumber, bool),
        invitation: &Invitation,
        answer: Declined,
    ) {
        let (since, now) = (self.since(), self.now);
        let unreadable = self.spoilt.contains(&crate::store::keys::user(user));
        let other = |one: &User| {
            let now_there = one.invitation.as_ref();
            now_there.is_none_or(|one| one.issue != issue || one.nonce != invitation.nonce)
        };
        let right = match answer {
            Declined::Declined => {
                genuine
                    && self.was(user, since, |one| {
                        let state = one.invitation.as_ref().map(|one| (one.issue, one.state));
                        state == Some((issue, S::Declined))
                    })
            }
            Declined::EndedBefore => {
                genuine && self.was(user, since, |one| !is_live(state_of(one, now)))
            }
            Declined::DoesNotFit => {
                !genuine || unreadable || self.was_gone(user) || self.was(user, since, other)
            }
        };
        self.judge_answer(right, "declining", &answer);
    }

    /// A secret was handed over, or not. It must be the one that opens, and only where one may.
    pub(super) fn judge_handed_over(
        &mut self,
        user: UserId,
        keys: &MemoryKeys,
        answer: &Result<HandedOver, HandOverRefused>,
    ) {
        use HandOverRefused as R;
        let since = self.since();
        let right = match answer {
            Ok(handed) => {
                let after = &handed.user;
                let secret = after.invitation.as_ref().is_some_and(|one| {
                    let ring = keys.ring();
                    let Some(key) = ring.get(&one.key) else {
                        return false;
                    };
                    let (issue, nonce) = (one.issue, &one.nonce);
                    match &handed.content.secret {
                        ContentSecret::Pin(pin) => {
                            let right = Pin::derive(key, user, issue, nonce, one.pin);
                            pin.expose() == right.expose() && one.tries_left > 0
                        }
                        ContentSecret::Link(token) => {
                            let purpose = TokenPurpose::Redeem;
                            let right = Token::derive(key, purpose, user, issue, nonce);
                            token.expose() == right.expose()
                        }
                        ContentSecret::None | ContentSecret::Masked { .. } => false,
                    }
                });
                let told = handed.told == after.address_mark.is_none();
                secret && told && after.enabled && self.was_as_answered(after, since)
            }
            Err(R::UnknownUser) => self.was_gone(user),
            Err(R::Disabled) => self.was(user, since, |one| !one.enabled),
            Err(R::DomainNotAllowed) => self.was_foreign(user, since),
            Err(R::NothingToHandOver) => {
                let password = |method| method == Method::Password;
                self.settings_were(since, |one| password(one.registration.method))
                    || self.was(user, since, |one| {
                        let invitation = one.invitation.as_ref();
                        invitation.is_some_and(|one| password(one.method))
                    })
            }
            Err(R::Invalid(_) | R::Unavailable(_)) => true,
        };
        let refused = answer.as_ref().map(|handed| handed.issued);
        self.judge_answer(right, "handing over", &refused);
    }

    /// An address is tried again, or not: the mail service must have forgotten it before.
    pub(super) fn judge_tried(
        &mut self,
        user: UserId,
        answer: &Result<User, TryAddressAgainRefused>,
    ) {
        use TryAddressAgainRefused as R;
        let since = self.since();
        let right = match answer {
            Ok(after) => {
                let cleared = self.cleared.get(after.email.as_str());
                let forgotten = cleared.is_some_and(|at| *at > since);
                let free = after.address_mark.is_none();
                free && forgotten && self.was_as_answered(after, since)
            }
            Err(R::UnknownUser) => self.was_gone(user),
            Err(R::NotMarked) => self.was(user, since, |one| one.address_mark.is_none()),
            Err(R::Unavailable(_)) => true,
        };
        self.judge_answer(right, "trying an address again", answer);
    }
}
