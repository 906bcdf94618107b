//! Whom a page of a batch is about.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::{ExpandPage, may_be_invited_by};
use crate::model::batch::{Batch, BatchSelection, Cursor, PAGE_SIZE};
use crate::model::mail::Mail;
use crate::model::selection::UserFilter;
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::counters::Counters;
use crate::ports::delivery::Delivery;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::reads::{Loaded, readable};
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::issuing::Reached;
use crate::values::ids::{MailId, UserId};

impl<E> ExpandPage<E>
where
    E: Env<Store: Counters + Users + Batches + Mails + Delivery + SettingsStore> + WithKeys,
{
    /// The users of this page, and where the next one begins, if there is one.
    pub(super) async fn selected(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        now: Timestamp,
    ) -> Result<(Vec<UserId>, Loaded<User, UserId>, Reached, Option<String>), Unavailable> {
        match &batch.selection {
            BatchSelection::Few { users } => {
                let found = self.env.store().read_users(users).await?;
                Ok((users.clone(), found, Reached::ByName, None))
            }
            BatchSelection::Many { count } => {
                let named = self.env.store().named_users(batch.id, cursor.page).await?;
                let found = self.env.store().read_users(&named).await?;
                let covered = (u64::from(cursor.page) + 1) * PAGE_SIZE as u64;
                Ok((
                    named,
                    found,
                    Reached::ByName,
                    (covered < *count).then(String::new),
                ))
            }
            BatchSelection::Filter { filter, except } => {
                let reached = Reached::by(filter);
                // Whom this very page invited before it was cut short must still be found, whatever
                // changed with that or since: so the list gives everyone, and the filter is asked here.
                let everyone = UserFilter::default();
                let page = self
                    .env
                    .store()
                    .list_users(&everyone, cursor.position.as_deref(), PAGE_SIZE, now)
                    .await?;
                // The list may be a moment old: it says who may be meant, their rows say who is.
                let any_state = UserFilter {
                    states: BTreeSet::new(),
                    begun: false,
                    expires_from: None,
                    expires_before: None,
                    ..filter.clone()
                };
                let listed: Vec<UserId> = page
                    .items
                    .iter()
                    .filter(|user| any_state.finds(user, now) || may_be_invited_by(batch, user))
                    .map(|user| user.id)
                    .filter(|id| !except.contains(id))
                    .collect();
                let mut users = self.env.store().load_users(&listed).await?;
                let before = self.invited_before(batch, &users).await?;
                let mails = self.mails_of(filter, &users).await?;
                users.retain(|user| {
                    let mail = user
                        .invitation
                        .as_ref()
                        .and_then(|own| mails.get(&own.mail));
                    (filter.finds(user, now) && filter.finds_mail(mail))
                        || before.contains(&user.id)
                });
                self.leave_to_earlier_pages(batch, cursor, &mut users)
                    .await?;
                let wanted = users.iter().map(|user| user.id).collect();
                // Whom the filter means among those who cannot be read, nobody can say.
                let read = Loaded {
                    found: users,
                    unreadable: Vec::new(),
                };
                Ok((wanted, read, reached, page.next))
            }
        }
    }

    /// The mails of these users' invitations, where the filter asks how they stand.
    async fn mails_of(
        &self,
        filter: &UserFilter,
        users: &[User],
    ) -> Result<HashMap<MailId, Mail>, Unavailable> {
        if filter.deliveries.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<MailId> = users
            .iter()
            .filter_map(|user| user.invitation.as_ref())
            .map(|invitation| invitation.mail)
            .collect();
        let mails = self.env.store().load_mails(&ids).await?;
        Ok(mails.into_iter().map(|mail| (mail.id, mail)).collect())
    }

    /// Leaves out who stands on an earlier page, and was listed again under another address.
    async fn leave_to_earlier_pages(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        users: &mut Vec<User>,
    ) -> Result<(), Unavailable> {
        let mut moved: HashSet<UserId> = users
            .iter()
            .filter(|user| user.may_be_met_twice(batch.created_at))
            .map(|user| user.id)
            .collect();
        for number in 0..cursor.page {
            if moved.is_empty() {
                break;
            }
            let page = readable(self.env.store().load_page(batch.id, number).await)?;
            for recipient in page.into_iter().flat_map(|page| page.recipients) {
                if moved.remove(&recipient.user) {
                    users.retain(|user| user.id != recipient.user);
                }
            }
        }
        Ok(())
    }
}
