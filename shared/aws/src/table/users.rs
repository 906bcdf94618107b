//! Users: their rows, what they are found by, and their tries. What takes more than a few lines is in a file of its own.

mod adding;
mod groups;
mod listing;
mod removing;
mod saving;

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::ReturnValue;
use beckon_domain::model::batch::{Batch, Cursor};
use beckon_domain::model::change::{ChangeOutcome, Identifier, UserChange};
use beckon_domain::model::directory::DirectoryNews;
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::group::{Group, GroupIdentifier};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListOrder, ListPage, Loaded};
use beckon_domain::ports::users::{AddUserError, SaveGroupError, Users};
use beckon_domain::values::address::NormalisedAddress;
use beckon_domain::values::ids::{ExternalId, GroupId, IssueNumber, UserId};
use jiff::Timestamp;

use super::keys::{self, DueKind, ListKind};
pub(super) use removing::deleted;
pub(super) use saving::Prepared;

use super::reading::{self, KNOWN_SCHEMA, Row, known_schema, rows};
use super::rows::{self, Item};
use super::{Table, number, text};

impl Users for Table {
    async fn read_users(&self, ids: &[UserId]) -> Result<Loaded<User, UserId>, Unavailable> {
        let keys = ids.iter().map(|id| keys::user(*id)).collect();
        let mut read: Loaded<User, UserId> = self.load(keys).await?;
        self.put_group_names(&mut read.found).await?;
        Ok(read)
    }

    async fn user_by_address(
        &self,
        address: &NormalisedAddress,
    ) -> Result<Option<User>, Unavailable> {
        self.pointed_at(&Identifier::Address(address.clone())).await
    }

    async fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<User>, Unavailable> {
        self.pointed_at(&Identifier::External(id.clone())).await
    }

    async fn users_by_names(
        &self,
        names: &[Identifier],
    ) -> Result<Loaded<User, Identifier>, Unavailable> {
        let wanted: HashMap<RowKey, &Identifier> = names
            .iter()
            .map(|name| (reading::key_of(&key_of(name).into_item()), name))
            .collect();
        let mut unreadable = Vec::new();
        let mut holders: HashMap<UserId, Vec<&Identifier>> = HashMap::new();
        for item in self.get_many(names.iter().map(key_of).collect()).await? {
            let Some(name) = wanted.get(&reading::key_of(&item)).copied() else {
                continue;
            };
            match Pointer::from_row(&item) {
                Ok(pointer) => holders.entry(pointer.user).or_default().push(name),
                Err(reason) => {
                    unreadable.push((name.clone(), self.put_aside(&item, reason).await));
                }
            }
        }
        let ids: Vec<UserId> = holders.keys().copied().collect();
        let read = self.read_users(&ids).await?;
        for (id, row) in &read.unreadable {
            let names = holders.get(id).into_iter().flatten();
            unreadable.extend(names.map(|name| ((*name).clone(), row.clone())));
        }
        let mut found = read.found;
        // Between the two reads a name may have become somebody else's.
        let wanted: HashSet<&Identifier> = names.iter().collect();
        found.retain(|user| {
            Identifier::all_of(user)
                .iter()
                .any(|name| wanted.contains(name))
        });
        Ok(Loaded { found, unreadable })
    }

    async fn list_users_in(
        &self,
        order: ListOrder,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage<User>, Unavailable> {
        self.page_of_users(order, filter, position, limit, now)
            .await
    }

    async fn list_user_ids(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<UserId>, Unavailable> {
        self.ids_in(ListKind::Users, position, limit, true).await
    }

    async fn add_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), AddUserError> {
        self.write_new_user(user, history, batch, answer).await
    }

    async fn save_users(&self, changes: &[UserChange]) -> Result<Vec<ChangeOutcome>, Unavailable> {
        self.write_changes(changes).await
    }

    async fn remove_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
    ) -> Result<(), SaveError> {
        self.take_user_away(user, history, left).await
    }

    async fn users_to_erase(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        self.due(DueKind::Over, by, limit).await
    }

    async fn tombstones(&self, by: Timestamp, limit: usize) -> Result<Vec<UserId>, Unavailable> {
        self.due(DueKind::Tombstone, by, limit).await
    }

    async fn take_try(
        &self,
        user: UserId,
        issue: IssueNumber,
        state: InvitationState,
        now: Timestamp,
    ) -> Result<Option<User>, Unavailable> {
        let (in_time, now) = if state == InvitationState::Pending {
            (" AND openUntil > :now", Some(text(keys::moment(now))))
        } else {
            ("", None)
        };
        let mut values = HashMap::from([
            (":state".to_owned(), text(state.name())),
            (":issue".to_owned(), number(issue.get())),
            (":none".to_owned(), number(0)),
            (":one".to_owned(), number(1)),
            (":schema".to_owned(), known_schema()),
        ]);
        values.extend(now.map(|now| (":now".to_owned(), now)));
        let update = self
            .update(keys::user(user))
            .condition_expression(format!(
                "invitation.#state = :state AND invitation.issue = :issue \
                 AND invitation.triesLeft > :none{in_time} AND {KNOWN_SCHEMA}"
            ))
            .update_expression(
                "SET invitation.triesLeft = invitation.triesLeft - :one, #version = #version + :one",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#schema", keys::SCHEMA)
            .set_expression_attribute_values(Some(values))
            .return_values(ReturnValue::AllNew);
        match self.updated(update).await? {
            Some(answer) => self.one_user(answer.attributes).await,
            None => Ok(None),
        }
    }

    async fn read_groups(&self, ids: &[GroupId]) -> Result<Loaded<Group, GroupId>, Unavailable> {
        self.load(ids.iter().map(|id| keys::group(*id)).collect())
            .await
    }

    async fn find_group(&self, by: &GroupIdentifier) -> Result<Option<Group>, Unavailable> {
        self.group_pointed_at(by).await
    }

    async fn list_groups(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<Group>, Unavailable> {
        self.page_of_groups(position, limit).await
    }

    async fn save_group(
        &self,
        group: &Group,
        before: Option<&Group>,
    ) -> Result<(), SaveGroupError> {
        self.write_group(group, before).await
    }

    async fn remove_group(&self, group: &Group) -> Result<(), SaveError> {
        self.take_group_away(group).await
    }

    async fn members_of(
        &self,
        group: GroupId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        self.members_in_order(group, after, limit).await
    }

    async fn forget_members(&self, group: GroupId, limit: usize) -> Result<bool, Unavailable> {
        self.take_members_away(group, limit).await
    }

    async fn directory_news(&self) -> Result<DirectoryNews, Unavailable> {
        let item = self.get(keys::directory_news()).await?;
        Ok(self.one(item).await?.unwrap_or_default())
    }

    async fn note_directory(&self, news: &DirectoryNews) -> Result<(), Unavailable> {
        let key = keys::directory_news();
        self.write_over(key.clone(), rows::row(key, news)?).await
    }

    async fn erase_history(&self, user: UserId, limit: usize) -> Result<bool, Unavailable> {
        self.erase_events(user, limit).await
    }

    async fn history_of(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<HistoryEntry>, Unavailable> {
        self.page_of_history(user, position, limit).await
    }

    async fn open_invitations(&self) -> Result<u64, Unavailable> {
        self.count_open_invitations().await
    }
}

/// Whose name it is.
#[derive(serde::Serialize, serde::Deserialize)]
struct Pointer {
    user: UserId,
}

rows!(Pointer);

fn key_of(name: &Identifier) -> keys::Key {
    match name {
        Identifier::Address(address) => keys::address(address),
        Identifier::External(id) => keys::external(id),
        Identifier::UserName(name) => keys::user_name(name),
    }
}

fn pointer(key: keys::Key, user: UserId) -> Item {
    let mut item = rows::fresh(key);
    item.insert("user".to_owned(), text(user.to_string()));
    item
}

impl Table {
    async fn pointed_at(&self, name: &Identifier) -> Result<Option<User>, Unavailable> {
        let item = self.get(key_of(name)).await?;
        let Some(pointer) = self.one::<Pointer>(item).await? else {
            return Ok(None);
        };
        let user = self.get(keys::user(pointer.user)).await?;
        let user = self.one_user(user).await?;
        // Between the two reads the name may have become somebody else's.
        Ok(user.filter(|user| Identifier::all_of(user).contains(name)))
    }
}
