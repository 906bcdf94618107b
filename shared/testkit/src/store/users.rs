//! Users: their rows, what they are found by, and their tries.

use beckon_domain::model::batch::{Batch, Cursor};
use beckon_domain::model::change::{ChangeOutcome, Identifier, UserChange, of_different_users};
use beckon_domain::model::directory::DirectoryNews;
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::group::{Group, GroupIdentifier};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::{Invitation, InvitationState};
use beckon_domain::model::selection::{UserFilter, each_once};
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListOrder, ListPage, Loaded};
use beckon_domain::ports::users::{AddUserError, SaveGroupError, Users};
use beckon_domain::rules::counting::touched_by_user;
use beckon_domain::values::address::NormalisedAddress;
use beckon_domain::values::ids::{ExternalId, GroupId, IssueNumber, UserId};
use jiff::Timestamp;

use super::gate::Admission;
use super::rows::Rows;
use super::spoilt::{keys, one};
use super::{Call, MemoryStore, out_of_reach};

impl Users for MemoryStore {
    async fn read_users(&self, ids: &[UserId]) -> Result<Loaded<User, UserId>, Unavailable> {
        let wanted = |rows: &Rows| {
            let users = each_once(ids).into_iter();
            users.filter_map(|id| rows.user(id)).collect()
        };
        self.several(Call::LoadUsers, wanted, |user: &User| user.id, keys::user)
            .await
    }

    async fn user_by_address(
        &self,
        address: &NormalisedAddress,
    ) -> Result<Option<User>, Unavailable> {
        let read = self.read(Call::UserByAddress, |rows| {
            let user = rows.addresses.get(address).and_then(|id| rows.user(*id));
            readable_user(rows, user)
        });
        self.one_row(read.await)
    }

    async fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<User>, Unavailable> {
        let read = self.read(Call::UserByExternalId, |rows| {
            let user = rows.external_ids.get(id).and_then(|id| rows.user(*id));
            readable_user(rows, user)
        });
        self.one_row(read.await)
    }

    async fn users_by_names(
        &self,
        names: &[Identifier],
    ) -> Result<Loaded<User, Identifier>, Unavailable> {
        let read = self.read(Call::UsersByNames, |rows| {
            let held = names
                .iter()
                .filter_map(|name| Some((name.clone(), rows.holder(name)?)));
            let (unreadable, held): (Vec<_>, Vec<_>) =
                held.partition(|(_, id)| rows.why_unreadable(&keys::user(*id)).is_some());
            let ids: Vec<UserId> = held.into_iter().map(|(_, id)| id).collect();
            let ids = each_once(&ids).into_iter();
            let found: Vec<User> = ids.filter_map(|id| rows.user(id)).collect();
            (found, unreadable)
        });
        let (found, unreadable) = read.await?;
        let unreadable = unreadable.into_iter();
        Ok(Loaded {
            found,
            unreadable: unreadable
                .map(|(name, id)| (name, self.met(&keys::user(id))))
                .collect(),
        })
    }

    async fn list_users_in(
        &self,
        order: ListOrder,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage<User>, Unavailable> {
        let most = self.lock().page_reads;
        let read = self.read_index(Call::ListUsers, |rows| {
            page_of_users(rows, (order, filter), position, limit, most, now)
        });
        let (page, met) = read.await?;
        for id in met {
            self.met(&keys::user(id));
        }
        Ok(page)
    }

    async fn list_user_ids(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<UserId>, Unavailable> {
        self.read_index(Call::ListUserIds, |rows| {
            let listed = rows.addresses.iter();
            let mut listed =
                listed.skip_while(|(address, _)| position.is_some_and(|at| address.as_str() <= at));
            let some: Vec<_> = listed.by_ref().take(limit).collect();
            let more = listed.next().is_some();
            let last = some.last().filter(|_| more);
            let next = last.map(|(address, _)| address.as_str().to_owned());
            page_of(some.into_iter().map(|(_, id)| *id).collect(), next, 0)
        })
        .await
    }

    async fn add_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), AddUserError> {
        self.write(Call::AddUser, |rows| {
            rows.add_user(user, history, batch, answer)
        })
        .await
    }

    async fn save_users(&self, changes: &[UserChange]) -> Result<Vec<ChangeOutcome>, Unavailable> {
        if !of_different_users(changes) {
            return Err(Unavailable::new("the table", "one user is changed twice"));
        }
        let admission = self.admit(Call::SaveUsers).await;
        let written = match admission {
            Admission::Pass | Admission::LoseAnswer => changes.len(),
            Admission::CutShort(after) => after.min(changes.len()),
            Admission::Refuse | Admission::Outraced => 0,
        };
        let outcomes = changes[..written]
            .iter()
            .map(|change| self.lock().change(|rows| rows.save_user(change)))
            .collect();
        match admission {
            Admission::Pass => Ok(outcomes),
            Admission::Outraced => Ok(vec![ChangeOutcome::Conflict; changes.len()]),
            Admission::Refuse | Admission::LoseAnswer | Admission::CutShort(_) => {
                Err(out_of_reach())
            }
        }
    }

    async fn remove_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
    ) -> Result<(), SaveError> {
        self.save(Call::RemoveUser, |rows| rows.bury_user(user, history, left))
            .await
    }

    async fn users_to_erase(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        self.read_index(Call::UsersToErase, |rows| rows.users_to_erase(by, limit))
            .await
    }

    async fn tombstones(&self, by: Timestamp, limit: usize) -> Result<Vec<UserId>, Unavailable> {
        self.read_index(Call::Tombstones, |rows| rows.tombstones_over(by, limit))
            .await
    }

    async fn take_try(
        &self,
        user: UserId,
        issue: IssueNumber,
        state: InvitationState,
        now: Timestamp,
    ) -> Result<Option<User>, Unavailable> {
        self.write(Call::TakeTry, |rows| {
            Ok(take_try(rows, user, issue, state, now))
        })
        .await
    }

    async fn read_groups(&self, ids: &[GroupId]) -> Result<Loaded<Group, GroupId>, Unavailable> {
        let wanted = |rows: &Rows| {
            let groups = ids.iter().filter_map(|id| rows.groups.get(id).cloned());
            groups.collect()
        };
        self.several(
            Call::ReadGroups,
            wanted,
            |group: &Group| group.id,
            keys::group,
        )
        .await
    }

    async fn find_group(&self, by: &GroupIdentifier) -> Result<Option<Group>, Unavailable> {
        let read = self.read(Call::FindGroup, |rows| {
            let group = rows.group_found_by(by).cloned();
            let key = group.as_ref().map(|group| keys::group(group.id));
            key.map_or(Ok(None), |key| one(rows, &key, group))
        });
        self.one_row(read.await)
    }

    async fn list_groups(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<Group>, Unavailable> {
        let read = self.read_index(Call::ListGroups, |rows| {
            page_of_groups(rows, position, limit)
        });
        let (page, met) = read.await?;
        for id in met {
            self.met(&keys::group(id));
        }
        Ok(page)
    }

    async fn save_group(
        &self,
        group: &Group,
        before: Option<&Group>,
    ) -> Result<(), SaveGroupError> {
        debug_assert!(before.is_none_or(|before| before.id == group.id));
        self.write(Call::SaveGroup, |rows| rows.save_group(group))
            .await
    }

    async fn remove_group(&self, group: &Group) -> Result<(), SaveError> {
        self.save(Call::RemoveGroup, |rows| {
            if rows.groups.get(&group.id).map(|row| row.version) != Some(group.version) {
                return Err(SaveError::Conflict);
            }
            rows.groups.remove(&group.id);
            Ok(())
        })
        .await
    }

    async fn members_of(
        &self,
        group: GroupId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        self.read(Call::MembersOf, |rows| {
            let members = rows.members.iter().filter(|(of, _)| *of == group);
            members
                .map(|(_, user)| *user)
                .filter(|user| after.is_none_or(|after| *user > after))
                .take(limit)
                .collect()
        })
        .await
    }

    async fn forget_members(&self, group: GroupId, limit: usize) -> Result<bool, Unavailable> {
        self.write(Call::ForgetMembers, |rows| {
            let members = rows.members.iter().filter(|(of, _)| *of == group);
            let some: Vec<_> = members.take(limit).copied().collect();
            for member in &some {
                rows.members.remove(member);
            }
            Ok(some.len() < limit)
        })
        .await
    }

    async fn directory_news(&self) -> Result<DirectoryNews, Unavailable> {
        self.read(Call::DirectoryNews, |rows| rows.directory_news.clone())
            .await
    }

    async fn note_directory(&self, news: &DirectoryNews) -> Result<(), Unavailable> {
        self.write(Call::NoteDirectory, |rows| {
            let before = std::mem::take(&mut rows.directory_news);
            rows.directory_news = DirectoryNews {
                last_request_at: news.last_request_at.or(before.last_request_at),
                last_refusal: news.last_refusal.clone().or(before.last_refusal),
            };
            Ok(())
        })
        .await
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
        self.read_index(Call::OpenInvitations, |rows| {
            let invitations = rows
                .users
                .values()
                .filter(|user| !rows.is_aside(&keys::user(user.id)))
                .filter_map(|user| user.invitation.as_ref());
            invitations.filter(|i| Invitation::is_open(i)).count() as u64
        })
        .await
    }
}

fn readable_user(rows: &Rows, user: Option<User>) -> Result<Option<User>, RowKey> {
    let key = user.as_ref().map(|user| keys::user(user.id));
    key.map_or(Ok(None), |key| one(rows, &key, user))
}

/// The position is the name after which the next page begins.
fn page_of_groups(
    rows: &Rows,
    position: Option<&str>,
    limit: usize,
) -> (ListPage<Group>, Vec<GroupId>) {
    let mut listed: Vec<&Group> = rows.groups.values().collect();
    listed.sort_by_key(|group| &group.name);
    listed.retain(|group| position.is_none_or(|after| group.name.comparison_key() > after));
    let more = listed.len() > limit;
    listed.truncate(limit);
    let next = listed.last().filter(|_| more);
    let next = next.map(|group| group.name.comparison_key().to_owned());
    let (unreadable, items): (Vec<&Group>, Vec<&Group>) = listed
        .into_iter()
        .partition(|group| rows.why_unreadable(&keys::group(group.id)).is_some());
    let met: Vec<GroupId> = unreadable.iter().map(|group| group.id).collect();
    let items = items.into_iter().cloned().collect();
    (page_of(items, next, met.len()), met)
}

/// The position is the address after which the next page begins.
fn page_of_users(
    rows: &Rows,
    (order, filter): (ListOrder, &UserFilter),
    position: Option<&str>,
    limit: usize,
    most: usize,
    now: Timestamp,
) -> (ListPage<User>, Vec<UserId>) {
    let mut items = Vec::new();
    let mut met = Vec::new();
    let mut next = None;
    let mut listed: Vec<_> = rows.addresses.iter().collect();
    if order == ListOrder::Descending {
        listed.reverse();
    }
    let seen = |address: &str, after: &str| match order {
        ListOrder::Ascending => address <= after,
        ListOrder::Descending => address >= after,
    };
    let listed = listed
        .into_iter()
        .skip_while(|(address, _)| position.is_some_and(|after| seen(address.as_str(), after)));
    for (looked_at, (address, id)) in listed.enumerate() {
        if items.len() == limit || looked_at == most {
            return (page_of(items, next, met.len()), met);
        }
        next = Some(address.as_str().to_owned());
        let Some(user) = rows.user(*id) else { continue };
        if rows.why_unreadable(&keys::user(*id)).is_some() {
            met.push(*id);
            continue;
        }
        let mail = user
            .invitation
            .as_ref()
            .and_then(|own| rows.mails.get(&own.mail))
            .filter(|mail| rows.why_unreadable(&keys::mail(mail.id)).is_none());
        if filter.finds(&user, now) && filter.finds_mail(mail) {
            items.push(user);
        }
    }
    (page_of(items, None, met.len()), met)
}

const fn page_of<T>(items: Vec<T>, next: Option<String>, unreadable: usize) -> ListPage<T> {
    ListPage {
        items,
        next,
        unreadable,
    }
}

fn take_try(
    rows: &mut Rows,
    user: UserId,
    issue: IssueNumber,
    state: InvitationState,
    now: Timestamp,
) -> Option<User> {
    let user = rows.users.get_mut(&user)?;
    let invitation = user.invitation.as_mut().filter(|invitation| {
        invitation.issue == issue
            && invitation.state == state
            && (state != InvitationState::Pending || now < invitation.expires_at)
            && invitation.tries_left > 0
    })?;
    invitation.tries_left -= 1;
    user.version = user.version.next();
    let id = user.id;
    let user = rows.user(id)?;
    rows.changed.extend(touched_by_user(&user));
    Some(user)
}
