//! A batch: one request to invite, expanded page by page into invitations and mails.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::mail::MailClass;
use crate::model::ownership::OwnerSwitch;
use crate::model::selection::UserFilter;
use crate::model::stored::Carried;
use crate::values::ids::{BatchId, MailId, RequestId, UserId, Version};

/// The most users that one page of an expansion holds.
pub const PAGE_SIZE: usize = 1_000;

/// Whom a batch is for, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum BatchSelection {
    /// A few users, kept in the batch's own row.
    #[serde(rename_all = "camelCase")]
    Few {
        /// Which.
        users: Vec<UserId>,
    },
    /// Many users, kept in rows of [`PAGE_SIZE`] each.
    #[serde(rename_all = "camelCase")]
    Many {
        /// How many.
        count: u64,
    },
    /// Everyone a filter finds, less the exceptions.
    #[serde(rename_all = "camelCase")]
    Filter {
        /// Which.
        filter: UserFilter,
        /// But not these.
        except: BTreeSet<UserId>,
    },
}

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum BatchState {
    /// Being turned into invitations and mails.
    Expanding,
    /// Every selected user has an outcome; mails may still be on their way.
    Expanded,
    /// Stopped before it was done.
    Stopped,
}

/// One batch. Its row is written once and, if somebody stops it, once more; how far it has come
/// is told by its [`Cursor`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Which.
    pub id: BatchId,
    /// How often the row was written.
    pub version: Version,
    /// Who sent it.
    pub who: Actor,
    /// Whom it is for.
    pub selection: BatchSelection,
    /// What *Device owner settings* was switched to.
    #[serde(default)]
    pub choice: OwnerSwitch,
    /// The settings that its preview showed.
    pub settings: Version,
    /// Whether its mails may overtake others.
    pub class: MailClass,
    /// Whether it was stopped, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
    /// Who stopped it: the mail service, where too many of its mails came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<Actor>,
    /// Since when.
    pub created_at: Timestamp,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
    /// The request that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// Whether all that it does is counted as it happens: it is not of before counting began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
}

impl Batch {
    /// Whether no sums are kept of it: it is so small that whoever asks for its numbers has its people read.
    #[must_use]
    pub fn is_without_sums(&self) -> bool {
        self.users_without_sums().is_some()
    }

    /// The people of such a batch.
    #[must_use]
    pub fn users_without_sums(&self) -> Option<&[UserId]> {
        match &self.selection {
            BatchSelection::Few { users } if self.counted && self.class == MailClass::Small => {
                Some(users)
            }
            BatchSelection::Few { .. }
            | BatchSelection::Many { .. }
            | BatchSelection::Filter { .. } => None,
        }
    }
}

/// How far the expansion of a batch has come. Written anew with every page; its stream record
/// starts the next page, and maintenance looks after one that stands still.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// Of which batch.
    pub batch: BatchId,
    /// How often the row was written.
    pub version: Version,
    /// The page to expand next.
    pub page: u32,
    /// Where in the list of users that page begins, for a filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Whether every page is expanded.
    pub done: bool,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// When maintenance has to look after it.
    pub due_at: Timestamp,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
    /// The request that the batch was sent by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
}

/// A position in the list of users is somebody's address.
impl std::fmt::Debug for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cursor")
            .field("batch", &self.batch)
            .field("version", &self.version)
            .field("page", &self.page)
            .field("done", &self.done)
            .field("due_at", &self.due_at)
            .finish_non_exhaustive()
    }
}

/// Why a selected user was not invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum SkipReason {
    /// No user has this id.
    UnknownUser,
    /// The user is disabled.
    Disabled,
    /// The address is not of a domain that may be invited.
    DomainNotAllowed,
    /// Mail to this address came back for good; correct the address first.
    AddressBounced,
    /// The person called a mail of ours spam.
    AddressComplained,
    /// They have registered already, and the selection did not name them.
    AlreadyCompleted,
    /// They said that the invitation was not for them, and the filter did not ask for them.
    DeclinedBefore,
    /// Their record cannot be read by this version of Beckon.
    Unreadable,
}

/// What became of one selected user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum RecipientResult {
    /// Invited.
    #[serde(rename_all = "camelCase")]
    Issued {
        /// By this mail.
        mail: MailId,
    },
    /// Not invited.
    #[serde(rename_all = "camelCase")]
    Skipped {
        /// Why.
        reason: SkipReason,
    },
}

impl RecipientResult {
    /// The mail by which somebody was invited, if they were.
    #[must_use]
    pub const fn mail(&self) -> Option<MailId> {
        match self {
            Self::Issued { mail } => Some(*mail),
            Self::Skipped { .. } => None,
        }
    }
}

/// A selected user and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// Who.
    pub user: UserId,
    /// What.
    #[serde(flatten)]
    pub result: RecipientResult,
    /// Whether they will get a confirmation when they succeed.
    pub confirmation: bool,
}

/// The outcomes of one page: set once, never added to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Of which batch.
    pub batch: BatchId,
    /// Which page, from 0.
    pub number: u32,
    /// Everyone on it.
    pub recipients: Vec<Recipient>,
    /// Whether its batch has no sums of its own: it is so small that its people are read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_sums: bool,
}

/// What has become of a batch so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BatchCounts {
    /// How many were selected; for a filter, how many were found so far.
    pub selected: u64,
    /// How many were invited.
    pub issued: u64,
    /// How many were not.
    pub skipped: u64,
    /// Of the invited, those whose mail is still to go, or has gone and not been heard of yet. Once
    /// everyone has an outcome, `issued` is `waiting` + `sent` + `refused` + `dropped`.
    #[serde(default)]
    pub waiting: u64,
    /// Mails that the mail service has taken, whatever became of them afterwards.
    pub sent: u64,
    /// Mails that the recipient's server has taken. They are among `sent`.
    pub delivered: u64,
    /// Mails that came back, were refused, or were called spam. All but the refused are among
    /// `sent`; what was called spam is among `delivered`, too.
    pub failed: u64,
    /// Mails that the mail service would not take. They are among `failed`.
    #[serde(default)]
    pub refused: u64,
    /// Mails that were not sent any more: the batch was stopped, or the invitation was taken back,
    /// replaced or used before its mail went.
    #[serde(default)]
    pub dropped: u64,
}
