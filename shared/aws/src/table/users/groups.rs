//! Groups of the directory, and who is a member of them.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::TransactWriteItem;
use beckon_domain::model::group::{Group, GroupIdentifier, MembershipChange};
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Loaded};
use beckon_domain::ports::users::{SaveGroupError, Users as _};
use beckon_domain::values::ids::{GroupId, UserId, Version};
use beckon_domain::values::names::GroupName;
use serde::{Deserialize, Serialize};

use super::deleted;
use crate::table::history::MAX_WRITES_IN_A_BATCH;
use crate::table::keys::{ListKind, id_in};
use crate::table::mails::saved;
use crate::table::reading::{self, Row, rows};
use crate::table::rows::{self, Item, part};
use crate::table::{Cancelled, Table, changes, keys, number, text};

/// Which group has a name.
#[derive(Serialize, Deserialize)]
struct GroupPointer {
    group: GroupId,
}

rows!(GroupPointer);

fn pointer(by: &GroupIdentifier, group: GroupId) -> Item {
    let mut item = rows::fresh(keys::group_named(by));
    item.insert("group".to_owned(), text(group.to_string()));
    item
}

impl Table {
    /// Puts in what the groups are called that these users are members of.
    pub(super) async fn put_group_names(&self, users: &mut [User]) -> Result<(), Unavailable> {
        let ids: BTreeSet<GroupId> = users
            .iter()
            .flat_map(|user| user.memberships.ids())
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<GroupId> = ids.into_iter().collect();
        let Loaded { found, unreadable } = self.read_groups(&ids).await?;
        let mut names: HashMap<GroupId, Option<GroupName>> = found
            .into_iter()
            .map(|group| (group.id, Some(group.name)))
            .collect();
        names.extend(unreadable.into_iter().map(|(id, _)| (id, None)));
        for user in users {
            user.memberships.put_names(|id| names.get(&id).cloned());
        }
        Ok(())
    }

    /// The user of an item, with the names of their groups.
    pub(super) async fn one_user(&self, item: Option<Item>) -> Result<Option<User>, Unavailable> {
        let mut user: Option<User> = self.one(item).await?;
        self.put_group_names(user.as_mut_slice()).await?;
        Ok(user)
    }

    pub(super) async fn group_pointed_at(
        &self,
        by: &GroupIdentifier,
    ) -> Result<Option<Group>, Unavailable> {
        let item = self.get(keys::group_named(by)).await?;
        let Some(pointer) = self.one::<GroupPointer>(item).await? else {
            return Ok(None);
        };
        let group = self.read_groups(&[pointer.group]).await?.one()?;
        // Between the two reads the name may have become another group's.
        Ok(group.filter(|group| GroupIdentifier::all_of(group).contains(by)))
    }

    pub(super) async fn page_of_groups(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<Group>, Unavailable> {
        let slice = self
            .list_slice(ListKind::Groups, position, limit, true)
            .await?;
        let entries = slice.items.iter();
        let ids: Vec<GroupId> = entries
            .filter_map(|entry| id_in(&entry.pk).parse().ok())
            .collect();
        let Loaded { found, unreadable } = self.read_groups(&ids).await?;
        let mut groups: HashMap<GroupId, Group> =
            found.into_iter().map(|group| (group.id, group)).collect();
        Ok(ListPage {
            items: ids.iter().filter_map(|id| groups.remove(id)).collect(),
            next: slice.next,
            unreadable: unreadable.len(),
        })
    }

    pub(super) async fn write_group(
        &self,
        group: &Group,
        before: Option<&Group>,
    ) -> Result<(), SaveGroupError> {
        let had = before.map(GroupIdentifier::all_of).unwrap_or_default();
        let has = GroupIdentifier::all_of(group);
        let mut items = vec![part(self.replace(rows::group(group)?, group.version)?)];
        for freed in had.difference(&has) {
            items.push(self.group_freed(freed)?);
        }
        let mut claims = Vec::new();
        for claimed in has.difference(&had) {
            claims.push((items.len(), claimed));
            let pointer = pointer(claimed, group.id);
            items.push(part(self.replace(pointer, Version::FIRST)?));
        }
        let refused = match self.transact(items).await {
            Ok(()) => {
                let what = match before {
                    None => "groupAdded",
                    Some(_) => "groupChanged",
                };
                changes::of_group(what, group.id, group.version);
                return Ok(());
            }
            Err(Cancelled::Unavailable(error)) => return Err(error.into()),
            Err(Cancelled::Because(places)) => places,
        };
        // A name that is taken says something only of a group that is as it was read.
        if refused.contains(&0) {
            return Err(SaveGroupError::Conflict);
        }
        let mut taken = claims
            .into_iter()
            .filter(|(place, _)| refused.contains(place));
        Err(match taken.next() {
            Some((_, GroupIdentifier::Name(_))) => SaveGroupError::NameTaken,
            Some((_, GroupIdentifier::External(_))) => SaveGroupError::ExternalIdTaken,
            None => SaveGroupError::Conflict,
        })
    }

    /// Takes a group's pointer away. The group's own version says that it is the group's.
    fn group_freed(&self, by: &GroupIdentifier) -> Result<TransactWriteItem, Unavailable> {
        deleted(self.taking(keys::group_named(by).into_item()))
    }

    pub(super) async fn take_group_away(&self, group: &Group) -> Result<(), SaveError> {
        let as_read = self
            .taking(keys::group(group.id).into_item())
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(group.version.get()));
        let mut items = vec![deleted(as_read)?];
        for by in GroupIdentifier::all_of(group) {
            items.push(self.group_freed(&by)?);
        }
        saved(self.transact(items).await)?;
        changes::of_group("groupRemoved", group.id, group.version);
        Ok(())
    }

    /// The row that says that somebody is a member, written or taken away. The user's version guards it.
    pub(super) fn membership(
        &self,
        change: MembershipChange,
        user: UserId,
    ) -> Result<TransactWriteItem, Unavailable> {
        let key = keys::member(change.group, user);
        if change.is_member {
            Ok(part(self.set(rows::fresh(key))?))
        } else {
            deleted(self.taking(key.into_item()))
        }
    }

    pub(super) async fn members_in_order(
        &self,
        group: GroupId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        let rows = self.member_keys(group, after, limit).await?;
        let members = rows.iter().filter_map(|row| {
            let sk = reading::key_of(row).sk;
            sk.strip_prefix(keys::MEMBERS)?.parse().ok()
        });
        Ok(members.collect())
    }

    async fn member_keys(
        &self,
        group: GroupId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Item>, Unavailable> {
        let first = match after {
            // `!` comes before every letter of an id, and behind the id itself.
            Some(user) => format!("{}{user}!", keys::MEMBERS),
            None => keys::MEMBERS.to_owned(),
        };
        let query = self
            .client
            .query()
            // `$` follows `#`: behind every member.
            .key_condition_expression("pk = :group AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":group", text(keys::group_partition(group)))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text("member$"))
            .projection_expression("pk, sk")
            .consistent_read(true);
        Ok(self.query_rows(query, limit).await?.0)
    }

    pub(super) async fn take_members_away(
        &self,
        group: GroupId,
        limit: usize,
    ) -> Result<bool, Unavailable> {
        let rows = self.member_keys(group, None, limit).await?;
        for some in rows.chunks(MAX_WRITES_IN_A_BATCH) {
            self.delete_all(some).await?;
        }
        Ok(rows.len() < limit)
    }
}
