//! Whom a batch is for: named users, or everyone a filter finds less some exceptions.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::invitation::InvitationState;
use crate::model::mail::{Mail, MailState};
use crate::model::user::User;
use crate::values::address::EmailAddress;
use crate::values::ids::UserId;
use crate::values::names::GroupName;
use crate::values::text::{begins_a_word, search_key};

/// The most users that can be named.
pub const MAX_IDS: usize = 10_000;

/// The most exceptions from a filter.
pub const MAX_EXCEPTIONS: usize = 1_000;

/// Up to this many named users are read before Send answers.
pub const MAX_READ_AT_ONCE: usize = 100;

/// Which users of the list are meant; what is empty leaves everyone in.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UserFilter {
    /// In one of these states.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub states: BTreeSet<InvitationState>,
    /// As if it were one more state: those whose secret was accepted and who have registered no
    /// device yet. They are in the states `pending` and `locked` too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub begun: bool,
    /// True: only those who are enabled; false: only those who are disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whose invitation's mail stands like one of these.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub deliveries: BTreeSet<MailState>,
    /// Whose open invitation ends at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub expires_from: Option<Timestamp>,
    /// Whose open invitation ends before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub expires_before: Option<Timestamp>,
    /// In one of these groups.
    #[serde(
        skip_serializing_if = "BTreeSet::is_empty",
        serialize_with = "crate::values::names::in_written_order"
    )]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub groups: BTreeSet<GroupName>,
    /// Words that somebody's address, name or external id begins with, or a word of the name; each
    /// must be found. Case and accents do not matter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What an address begins with is an address, often enough.
impl std::fmt::Debug for UserFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserFilter")
            .field("states", &self.states)
            .field("begun", &self.begun)
            .field("enabled", &self.enabled)
            .field("deliveries", &self.deliveries)
            .field("expires_from", &self.expires_from)
            .field("expires_before", &self.expires_before)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

impl UserFilter {
    /// Whether the mail of somebody's invitation stands as is wanted. `mail` is that mail, if
    /// there is one.
    #[must_use]
    pub fn finds_mail(&self, mail: Option<&Mail>) -> bool {
        self.deliveries.is_empty() || mail.is_some_and(|mail| self.deliveries.contains(&mail.state))
    }

    /// Whether a user is meant, at a moment, their mail aside.
    #[must_use]
    pub fn finds(&self, user: &User, now: Timestamp) -> bool {
        let begun = || {
            let invitation = user.invitation.as_ref();
            self.begun && invitation.is_some_and(|one| one.begun_at(now).is_some())
        };
        let state = (self.states.is_empty() && !self.begun)
            || self.states.contains(&user.invitation_state_at(now))
            || begun();
        let enabled = self.enabled.is_none_or(|wanted| wanted == user.enabled);
        let group = self.groups.is_empty() || self.groups.iter().any(|group| user.is_in(group));
        let in_time = self.finds_end(user, now);
        state && enabled && in_time && group && (self.text.is_empty() || is_found(user, &self.text))
    }
}

impl UserFilter {
    /// Whether somebody's invitation ends when it is wanted to. One that has ended, or whose time has
    /// run out, ends no more.
    fn finds_end(&self, user: &User, now: Timestamp) -> bool {
        if self.expires_from.is_none() && self.expires_before.is_none() {
            return true;
        }
        let open = user.invitation.as_ref().filter(|own| own.is_open());
        let ends = open.map(|open| open.expires_at).filter(|at| now < *at);
        ends.is_some_and(|at| {
            self.expires_from.is_none_or(|from| from <= at)
                && self.expires_before.is_none_or(|before| at < before)
        })
    }
}

/// Whether somebody is found by a text: by all of it, or by each word of it.
fn is_found(user: &User, text: &str) -> bool {
    let wanted = search_key(text);
    let address = user.email.normalised();
    let external_id = user.external_id.as_ref().map(|id| search_key(id.as_str()));
    let name = user
        .display_name
        .as_ref()
        .map(|name| search_key(name.as_str()));
    let begins = |word: &str| {
        address.as_str().starts_with(word)
            || external_id.as_ref().is_some_and(|id| id.starts_with(word))
            || name.as_ref().is_some_and(|name| begins_a_word(name, word))
    };
    begins(&wanted) || wanted.split(' ').all(begins) || is_address(user, text)
}

/// A domain in other letters than ASCII's is kept in another form than it is searched in.
fn is_address(user: &User, text: &str) -> bool {
    !text.is_ascii()
        && text.contains('@')
        && EmailAddress::parse(text)
            .is_ok_and(|address| address.normalised() == user.email.normalised())
}

/// Whom a batch is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These users, each once, completed ones included.
    Users(Vec<UserId>),
    /// Everyone the filter finds, less the exceptions; without completed ones unless it names
    /// that state.
    Filter {
        /// Which.
        filter: UserFilter,
        /// But not these.
        except: BTreeSet<UserId>,
    },
}

/// Names each user once, in the order of first mention.
#[must_use]
pub fn each_once(users: &[UserId]) -> Vec<UserId> {
    let mut seen = BTreeSet::new();
    users
        .iter()
        .copied()
        .filter(|id| seen.insert(*id))
        .collect()
}
