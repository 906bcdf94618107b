//! Users in the table: their rows, what they are found by, their tries, and their history.

use std::future::Future;

use jiff::Timestamp;

use crate::model::batch::{Batch, Cursor};
use crate::model::change::{ChangeOutcome, Identifier, UserChange};
use crate::model::directory::DirectoryNews;
use crate::model::erasure::Tombstone;
use crate::model::group::{Group, GroupIdentifier};
use crate::model::history::HistoryEntry;
use crate::model::idempotency::IdempotencyRecord;
use crate::model::invitation::InvitationState;
use crate::model::selection::UserFilter;
use crate::model::user::User;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::reads::{ListOrder, ListPage, Loaded};
use crate::values::address::NormalisedAddress;
use crate::values::ids::{ExternalId, GroupId, IssueNumber, UserId};

/// Why a user was not added. Nothing is written then.
#[derive(Debug, thiserror::Error)]
pub enum AddUserError {
    /// Another user has this address.
    #[error("the address is taken")]
    AddressTaken,
    /// Another user has this external id.
    #[error("the external id is taken")]
    ExternalIdTaken,
    /// Another user has this user name.
    #[error("the user name is taken")]
    UserNameTaken,
    /// The idempotency key was used in the meantime: look it up again.
    #[error("the request is being answered already")]
    KeyTaken,
    /// The store cannot be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a group was not saved. Nothing is written then.
#[derive(Debug, thiserror::Error)]
pub enum SaveGroupError {
    /// Somebody else wrote it first: read again, decide again.
    #[error("somebody else wrote first")]
    Conflict,
    /// Another group has this name.
    #[error("the name is taken")]
    NameTaken,
    /// Another group has this external id.
    #[error("the external id is taken")]
    ExternalIdTaken,
    /// The store cannot be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Users: their rows, what they are found by, their tries, what happened to them, and the directory's groups that they
/// are members of.
///
/// Whoever gives a user puts in what the groups of their memberships are called. A membership of a group that is no
/// more is left out, and is gone from the row with the next write.
pub trait Users: Sync {
    /// The users with these ids, as last written, in any order; an unknown id is left out. A row
    /// that cannot be read says nothing of the others; it is set aside and told of once.
    fn read_users(
        &self,
        ids: &[UserId],
    ) -> impl Future<Output = Result<Loaded<User, UserId>, Unavailable>> + Send;

    /// Those of them that can be read.
    fn load_users(
        &self,
        ids: &[UserId],
    ) -> impl Future<Output = Result<Vec<User>, Unavailable>> + Send {
        async move { Ok(self.read_users(ids).await?.found) }
    }

    /// One user. A row that cannot be read is an error that says so ([`Unavailable::unreadable`]).
    fn load_user(
        &self,
        id: UserId,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send {
        async move { self.read_users(&[id]).await?.one() }
    }

    /// The user with exactly this address. A row that cannot be read is an error that says so.
    fn user_by_address(
        &self,
        address: &NormalisedAddress,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// The user with exactly this external id. A row that cannot be read is an error that says so.
    fn user_by_external_id(
        &self,
        id: &ExternalId,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// Whoever has one of these names, as last written, each once, in any order. A name that is
    /// somebody's whom this version cannot read is named with the row.
    fn users_by_names(
        &self,
        names: &[Identifier],
    ) -> impl Future<Output = Result<Loaded<User, Identifier>, Unavailable>> + Send;

    /// The users that the filter finds, in the order of their addresses, from `position` on, at most `limit`. While users are added,
    /// pages neither repeat nor skip one that was there before. The list may be a moment old. A position belongs to the
    /// order in which it was given.
    fn list_users_in(
        &self,
        order: ListOrder,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<ListPage<User>, Unavailable>> + Send;

    /// The same, A before Z.
    fn list_users(
        &self,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<ListPage<User>, Unavailable>> + Send {
        self.list_users_in(ListOrder::Ascending, filter, position, limit, now)
    }

    /// The ids of all users, in the order of their addresses, from `position` on, at most `limit`: no user's row is
    /// read. The list may be a moment old.
    fn list_user_ids(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<UserId>, Unavailable>> + Send;

    /// Writes the user, what happened, and the batch that invites them, if they are invited, and
    /// what the request is answered with, as one. Addresses and external ids stay unique.
    fn add_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&IdempotencyRecord>,
    ) -> impl Future<Output = Result<(), AddUserError>> + Send;

    /// Writes each change as a whole or not at all; one that does not fit leaves the others be.
    /// Addresses and external ids stay unique: what a change frees is free with it, what it
    /// claims is the user's with it. The memberships that it tells of are those of the user's row, and stand with it
    /// among the members of their groups. The batch that invites them begins with it.
    /// The outcomes are in the order of the changes, each of which is of another user: two changes
    /// of one user in one call are refused as unavailable, and nothing of the call is written.
    fn save_users(
        &self,
        changes: &[UserChange],
    ) -> impl Future<Output = Result<Vec<ChangeOutcome>, Unavailable>> + Send;

    /// Writes one change.
    fn save_user(
        &self,
        change: &UserChange,
    ) -> impl Future<Output = Result<ChangeOutcome, Unavailable>> + Send {
        async move {
            let outcomes = self.save_users(std::slice::from_ref(change)).await?;
            Ok(outcomes.first().copied().unwrap_or(ChangeOutcome::Conflict))
        }
    }

    /// Takes a user away with what they are found by, their memberships, their devices and the sessions that their
    /// invitation holds, and writes what happened and what is left of them, as one.
    /// [`SaveError::Conflict`]: the user is not as they were read.
    fn remove_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Users who are over since this moment or longer ([`crate::model::erasure::over_since`]), the
    /// longest first, at most `limit`. The answer may be a moment old.
    fn users_to_erase(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;

    /// Deleted users of whom something is left, in the same way.
    fn tombstones(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;

    /// Takes one try if the invitation is still this issue, in this state, and has one left, and is
    /// not past `now` if it is pending; as one conditional write, so that however many guess at
    /// once, none gets a try too many. Gives the user as they are after it, or `None` if it did not fit.
    fn take_try(
        &self,
        user: UserId,
        issue: IssueNumber,
        state: InvitationState,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// The groups with these ids, as last written, in any order; an unknown id is left out.
    fn read_groups(
        &self,
        ids: &[GroupId],
    ) -> impl Future<Output = Result<Loaded<Group, GroupId>, Unavailable>> + Send;

    /// The group with exactly this name, in any case of its letters, or this external id. A row that cannot be read
    /// is an error that says so.
    fn find_group(
        &self,
        by: &GroupIdentifier,
    ) -> impl Future<Output = Result<Option<Group>, Unavailable>> + Send;

    /// Groups in the order of their names, from `position` on, at most `limit`. The list may be a moment old.
    fn list_groups(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<Group>, Unavailable>> + Send;

    /// Writes a group in the place of `before`, or a new one. Names and external ids stay unique. No member's row is
    /// written.
    fn save_group(
        &self,
        group: &Group,
        before: Option<&Group>,
    ) -> impl Future<Output = Result<(), SaveGroupError>> + Send;

    /// Takes a group away with what it is found by. From then on nobody is its member.
    /// [`SaveError::Conflict`]: the group is not as it was read.
    fn remove_group(&self, group: &Group) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// The members of a group in the order of their ids, those after `after`, at most `limit`.
    fn members_of(
        &self,
        group: GroupId,
        after: Option<UserId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;

    /// Takes at most `limit` rows away that say who is a member of a group, before the group goes. Gives whether none
    /// is left.
    fn forget_members(
        &self,
        group: GroupId,
        limit: usize,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// What is known of the directory's requests; nothing until one is noted.
    fn directory_news(&self) -> impl Future<Output = Result<DirectoryNews, Unavailable>> + Send;

    /// Writes down what is new of the directory's requests; a refusal that was noted before stays if there is no new one.
    fn note_directory(
        &self,
        news: &DirectoryNews,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Erases at most `limit` rows of a deleted user's history, and, with the last of them, what
    /// says that something is left. Gives whether nothing is.
    fn erase_history(
        &self,
        user: UserId,
        limit: usize,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// What happened to a user, newest first.
    fn history_of(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<HistoryEntry>, Unavailable>> + Send;

    /// How many invitations are pending or locked, a moment ago.
    fn open_invitations(&self) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}
