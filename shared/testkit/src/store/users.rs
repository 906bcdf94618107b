//! Users: their rows, what they are found by, and their tries.

use beckon_domain::model::batch::{Batch, Cursor};
use beckon_domain::model::change::{ChangeOutcome, Identifier, UserChange, of_different_users};
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::{Invitation, InvitationState};
use beckon_domain::model::selection::{UserFilter, each_once};
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListOrder, ListPage, Loaded};
use beckon_domain::ports::users::{AddUserError, Users};
use beckon_domain::rules::counting::touched_by_user;
use beckon_domain::values::address::NormalisedAddress;
use beckon_domain::values::ids::{ExternalId, IssueNumber, UserId};
use jiff::Timestamp;

use super::gate::Admission;
use super::rows::Rows;
use super::spoilt::{keys, one};
use super::{Call, MemoryStore, out_of_reach};

impl Users for MemoryStore {
    async fn read_users(&self, ids: &[UserId]) -> Result<Loaded<User, UserId>, Unavailable> {
        let read = self.read(Call::LoadUsers, |rows| {
            let users = each_once(ids).into_iter();
            let (unreadable, found): (Vec<User>, Vec<User>) = users
                .filter_map(|id| rows.users.get(&id).cloned())
                .partition(|user| {
                    rows.any_is_spoilt() && rows.why_unreadable(&keys::user(user.id)).is_some()
                });
            (found, unreadable)
        });
        let (found, unreadable) = read.await?;
        let unreadable = unreadable.into_iter();
        Ok(Loaded {
            found,
            unreadable: unreadable
                .map(|user| (user.id, self.met(&keys::user(user.id))))
                .collect(),
        })
    }

    async fn user_by_address(
        &self,
        address: &NormalisedAddress,
    ) -> Result<Option<User>, Unavailable> {
        let read = self.read(Call::UserByAddress, |rows| {
            let user = rows.addresses.get(address).map(|id| rows.users[id].clone());
            readable_user(rows, user)
        });
        self.one_row(read.await)
    }

    async fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<User>, Unavailable> {
        let read = self.read(Call::UserByExternalId, |rows| {
            let user = rows.external_ids.get(id).map(|id| rows.users[id].clone());
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
            let found: Vec<User> = ids.map(|id| rows.users[&id].clone()).collect();
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
        let user = &rows.users[id];
        if rows.why_unreadable(&keys::user(*id)).is_some() {
            met.push(*id);
            continue;
        }
        let mail = user
            .invitation
            .as_ref()
            .and_then(|own| rows.mails.get(&own.mail))
            .filter(|mail| rows.why_unreadable(&keys::mail(mail.id)).is_none());
        if filter.finds(user, now) && filter.finds_mail(mail) {
            items.push(user.clone());
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
    let user = user.clone();
    rows.changed.extend(touched_by_user(&user));
    Some(user)
}
