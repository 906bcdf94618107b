//! Pages of users, in the order of their addresses.

use std::collections::HashMap;

use beckon_domain::model::mail::Mail;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::user::User;
use beckon_domain::ports::delivery::Delivery as _;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mails::Mails as _;
use beckon_domain::ports::reads::{ListOrder, ListPage};
use beckon_domain::ports::users::Users;
use beckon_domain::values::ids::{MailId, UserId};
use jiff::Timestamp;

use crate::table::Table;
use crate::table::keys::{ListKind, id_in};
use crate::table::list::Entry;
use crate::table::rows;

/// The most users that one page of a filtered list looks at: what a rare match costs is bounded,
/// and the page may come out short.
const LOOKED_AT: usize = 2_000;

impl Table {
    pub(super) async fn page_of_users(
        &self,
        order: ListOrder,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage<User>, Unavailable> {
        if let Some(page) = self
            .page_of_ending(order, filter, position, limit, now)
            .await?
        {
            return Ok(page);
        }
        let ascending = order == ListOrder::Ascending;
        let everyone = *filter == UserFilter::default();
        let mut items = Vec::new();
        let mut unreadable = 0;
        let mut next = position.map(str::to_owned);
        let mut looked_at = 0;
        loop {
            let wanted = if everyone { limit - items.len() } else { limit };
            let slice = self
                .list_slice(ListKind::Users, next.as_deref(), wanted, ascending)
                .await?;
            looked_at += slice.items.len();
            let entries = slice.items.iter();
            let entries: Vec<(&Entry, UserId)> = entries
                .filter_map(|entry| Some((entry, id_in(&entry.pk).parse().ok()?)))
                .collect();
            let ids: Vec<UserId> = entries.iter().map(|(_, id)| *id).collect();
            let read = self.read_users(&ids).await?;
            let (mut found, mut unread) = (read.found, read.unreadable);
            let nobody_s = slice.items.len() - entries.len();
            unreadable += nobody_s;
            found.retain(|user| filter.finds(user, now));
            if !filter.deliveries.is_empty() {
                self.retain_by_mail(&mut found, filter).await?;
            }
            let mut found: HashMap<UserId, User> =
                found.into_iter().map(|user| (user.id, user)).collect();
            let mut full_at = None;
            for (entry, id) in entries {
                let before = unread.len();
                unread.retain(|(of, _)| *of != id);
                unreadable += before - unread.len();
                if let Some(user) = found.remove(&id) {
                    items.push(user);
                    if items.len() == limit {
                        full_at = Some(entry.order.clone());
                        break;
                    }
                }
            }
            let slice_end = slice.items.last().map(|entry| entry.order.clone());
            if let Some(order) = full_at {
                let more = slice.next.is_some() || slice_end.as_ref() != Some(&order);
                return Ok(ListPage {
                    items,
                    next: more.then_some(order),
                    unreadable,
                });
            }
            next = slice.next;
            if next.is_none() || looked_at >= LOOKED_AT {
                return Ok(ListPage {
                    items,
                    next,
                    unreadable,
                });
            }
        }
    }

    /// A page of those whose invitation ends before a moment, if few do: they are found by when they are due, and no
    /// other row is read. Who is due before then ends then or later, never sooner.
    async fn page_of_ending(
        &self,
        order: ListOrder,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<ListPage<User>>, Unavailable> {
        let Some(before) = filter.expires_before else {
            return Ok(None);
        };
        let mut due: Vec<UserId> = Vec::new();
        let mut from = None;
        loop {
            let most = LOOKED_AT + 1 - due.len();
            let page = self.due_by(before, from.as_deref(), most).await?;
            due.extend(page.items);
            if due.len() > LOOKED_AT {
                return Ok(None);
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let read = self.read_users(&due).await?;
        let mut found = read.found;
        found.retain(|user| filter.finds(user, now));
        if !filter.deliveries.is_empty() {
            self.retain_by_mail(&mut found, filter).await?;
        }
        let mut found: Vec<(String, User)> = found
            .into_iter()
            .map(|user| (rows::list_order(&user), user))
            .filter(|(own, _)| {
                position.is_none_or(|position| match order {
                    ListOrder::Ascending => position < own.as_str(),
                    ListOrder::Descending => own.as_str() < position,
                })
            })
            .collect();
        found.sort_by(|(one, _), (other, _)| match order {
            ListOrder::Ascending => one.cmp(other),
            ListOrder::Descending => other.cmp(one),
        });
        let more = found.len() > limit;
        found.truncate(limit);
        Ok(Some(ListPage {
            next: found.last().filter(|_| more).map(|(own, _)| own.clone()),
            items: found.into_iter().map(|(_, user)| user).collect(),
            // Each page reads all of them; what cannot be read is counted with the first.
            unreadable: if position.is_none() {
                read.unreadable.len()
            } else {
                0
            },
        }))
    }

    /// Keeps those whose invitation's mail stands as the filter wants.
    async fn retain_by_mail(
        &self,
        users: &mut Vec<User>,
        filter: &UserFilter,
    ) -> Result<(), Unavailable> {
        let mail_of = |user: &User| user.invitation.as_ref().map(|own| own.mail);
        let ids: Vec<MailId> = users.iter().filter_map(mail_of).collect();
        let mails: HashMap<MailId, Mail> = self
            .load_mails(&ids)
            .await?
            .into_iter()
            .map(|mail| (mail.id, mail))
            .collect();
        users.retain(|user| filter.finds_mail(mail_of(user).and_then(|id| mails.get(&id))));
        Ok(())
    }
}
