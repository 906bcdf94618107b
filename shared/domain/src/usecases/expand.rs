//! Expanding a batch: one page of selected users becomes invitations and mails.
//!
//! Every step may be repeated. A user who was invited by this batch before is found to be so by
//! the mail's id; a page that was finished before is found to be so by the cursor's version.

mod selecting;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::model::batch::{Batch, Cursor, Page, Recipient, RecipientResult, SkipReason};
use crate::model::change::{ChangeOutcome, UserChange};
use crate::model::invitation::Invitation;
use crate::model::settings::VersionedSettings;
use crate::model::stored::Unreadable;
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::counters::Counters;
use crate::ports::delivery::Delivery;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::keys::Keys;
use crate::ports::mails::Mails;
use crate::ports::reads::Loaded;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::confirmation;
use crate::rules::issuing::{
    Eligibility, IssueSecrets, IssueSpec, Reached, ResendSpec, SAME_AGAIN, eligibility, issue,
    mail_again, mail_of,
};
use crate::usecases::send_invitations::CURSOR_TIMEOUT;
use crate::values::ids::{BatchId, EventId, MailId, UserId};
use crate::values::keys::KeyId;

/// What a page of expansion came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expanded {
    /// A page was finished; there are more.
    More,
    /// The last page was finished, or the batch was done before.
    Done,
    /// Another run finished the page first.
    Overtaken,
    /// There is no such batch.
    Unknown,
    /// It needs a row that cannot be read; it goes on when somebody releases it.
    SetAside,
}

/// Expands one page.
#[derive(Debug, Clone)]
pub struct ExpandPage<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> ExpandPage<E>
where
    E: Env<Store: Counters + Users + Batches + Mails + Delivery + SettingsStore> + WithKeys,
{
    /// Expands the next page of a batch.
    pub async fn run(&self, id: BatchId) -> Result<Expanded, Unavailable> {
        match self.next_page(id).await {
            Err(error) => {
                let row = error.unreadable().cloned().ok_or(error)?;
                self.env.store().set_cursor_aside(id, &row).await?;
                Ok(Expanded::SetAside)
            }
            expanded => expanded,
        }
    }

    async fn next_page(&self, id: BatchId) -> Result<Expanded, Unavailable> {
        let Some((batch, cursor)) = self.env.store().load_batch(id).await? else {
            return Ok(Expanded::Unknown);
        };
        if cursor.done {
            return Ok(Expanded::Done);
        }
        let now = self.env.clock().now();
        let settings = self
            .env
            .store()
            .settings_at(batch.settings)
            .await?
            .ok_or_else(|| Unavailable::new("the settings", "the version a batch pins is gone"))?;
        let (wanted, read, reached, next) = self.selected(&batch, &cursor, now).await?;
        if batch.stopped_at.is_some() {
            // Nobody more is invited; but the page may have been cut short before the batch was
            // stopped, and whom it had invited by then belongs on it.
            let before = self.invited_before(&batch, &read.found).await?;
            let recipients = read
                .found
                .iter()
                .filter(|user| before.contains(&user.id))
                .map(|user| issued_to(user, &batch, &settings))
                .collect();
            return self.finish(&batch, cursor, recipients, None, now).await;
        }
        let key = self.env.keys().key_ring().await?.current().clone();
        let mut recipients = self
            .invite(&batch, cursor.page, &settings, &key, read, reached)
            .await?;
        let recipients = wanted.iter().map(|id| outcome_of(*id, &mut recipients));
        self.finish(&batch, cursor, recipients.collect(), next, now)
            .await
    }

    /// Invites everyone on the page, and says what became of each.
    async fn invite(
        &self,
        batch: &Batch,
        page: u32,
        settings: &VersionedSettings,
        key: &KeyId,
        read: Loaded<User, UserId>,
        reached: Reached,
    ) -> Result<HashMap<UserId, Recipient>, Unavailable> {
        let mut results: HashMap<UserId, Recipient> = HashMap::new();
        self.note_unreadable(batch, read.unreadable, &mut results)
            .await?;
        let sheets = self.shared_sheets(batch).await?;
        // Whoever still conflicts after that makes the page fail, and it is repeated as a whole.
        let mut turns = Turns::new(&self.env, "inviting the users of a page");
        let mut open = read.found;
        while !open.is_empty() {
            let before = self.invited_before(batch, &open).await?;
            let mut changes = Vec::new();
            for user in &open {
                let now = self.env.clock().now();
                if before.contains(&user.id) {
                    results.insert(user.id, issued_to(user, batch, settings));
                    continue;
                }
                match eligibility(user, settings, batch.choice, reached, now) {
                    Eligibility::Skip(reason) => {
                        let skipped = RecipientResult::Skipped { reason };
                        results.insert(user.id, recipient(user, skipped, settings));
                    }
                    eligibility @ (Eligibility::Send
                    | Eligibility::Replace
                    | Eligibility::Again) => {
                        let mut change = match (eligibility, &user.invitation) {
                            (Eligibility::Again, Some(invitation)) => {
                                self.mailed_again(user, invitation, batch, settings, now)
                            }
                            _ => self.issued(user, batch, settings, key, now),
                        };
                        for mail in &mut change.mails {
                            mail.page = Some(page);
                            mail.shared_sheets = sheets;
                            mail.groups = user.all_groups();
                        }
                        changes.push(change.for_request(batch.request_id.as_ref()));
                        results.insert(user.id, issued_to(user, batch, settings));
                    }
                }
            }
            let outcomes = self.env.store().save_users(&changes).await?;
            let again: Vec<UserId> = changes
                .iter()
                .zip(outcomes)
                .filter(|(_, outcome)| *outcome == ChangeOutcome::Conflict)
                .map(|(change, _)| change.user.id)
                .collect();
            for id in &again {
                results.remove(id);
            }
            open = if again.is_empty() {
                Vec::new()
            } else {
                turns.another().await?;
                let read = self.env.store().read_users(&again).await?;
                self.note_unreadable(batch, read.unreadable, &mut results)
                    .await?;
                read.found
            };
        }
        Ok(results)
    }

    /// What becomes of those who cannot be read: this batch may have invited them before, when its page
    /// was cut short; their mail says so.
    async fn note_unreadable(
        &self,
        batch: &Batch,
        unreadable: Vec<(UserId, Unreadable)>,
        results: &mut HashMap<UserId, Recipient>,
    ) -> Result<(), Unavailable> {
        if unreadable.is_empty() {
            return Ok(());
        }
        let mails: Vec<MailId> = unreadable
            .iter()
            .map(|(user, _)| mail_of(batch, *user))
            .collect();
        let read = self.env.store().read_mails(&mails).await?;
        for (user, _) in unreadable {
            let mail = mail_of(batch, user);
            let exists = read.found.iter().any(|found| found.id == mail)
                || read.why_unreadable(&mail).is_some();
            let outcome = if exists {
                Recipient {
                    user,
                    result: RecipientResult::Issued { mail },
                    confirmation: false,
                }
            } else {
                left_out(user, SkipReason::Unreadable)
            };
            results.insert(user, outcome);
        }
        Ok(())
    }

    /// Whom of these this batch invited before, when its page was cut short. Whoever was invited
    /// by somebody else since is known by the mail that is still there.
    async fn invited_before(
        &self,
        batch: &Batch,
        users: &[User],
    ) -> Result<HashSet<UserId>, Unavailable> {
        let mut before = HashSet::new();
        let mut ask = HashMap::new();
        for user in users {
            match &user.invitation {
                Some(invitation) if invitation.batch == Some(batch.id) => {
                    before.insert(user.id);
                }
                _ if may_be_invited_by(batch, user) => {
                    ask.insert(mail_of(batch, user.id), user.id);
                }
                Some(_) | None => {}
            }
        }
        if !ask.is_empty() {
            let mails: Vec<_> = ask.keys().copied().collect();
            let read = self.env.store().read_mails(&mails).await?;
            let found = read.found.iter().map(|mail| mail.id);
            // One that cannot be read was written all the same.
            let written = found.chain(read.unreadable.iter().map(|(mail, _)| *mail));
            before.extend(written.filter_map(|mail| ask.get(&mail).copied()));
        }
        Ok(before)
    }

    fn issued(
        &self,
        user: &User,
        batch: &Batch,
        settings: &VersionedSettings,
        key: &KeyId,
        now: Timestamp,
    ) -> UserChange {
        let secrets = IssueSecrets {
            nonce: self.env.entropy().nonce(),
            key: key.clone(),
            event: EventId::new(self.env.entropy().ulid()),
        };
        issue(
            user,
            IssueSpec::of(batch, user, settings),
            settings,
            secrets,
            now,
        )
    }

    fn mailed_again(
        &self,
        user: &User,
        invitation: &Invitation,
        batch: &Batch,
        settings: &VersionedSettings,
        now: Timestamp,
    ) -> UserChange {
        let resend = ResendSpec {
            who: batch.who.clone(),
            batch: Some(batch.id),
            mail: mail_of(batch, user.id),
            event: EventId::new(self.env.entropy().ulid()),
            class: batch.class,
            settings: settings.version,
        };
        mail_again(user, invitation, resend, now)
    }

    /// Which sheets the fates of a small batch's people stand on: those of all that are invited until sums
    /// are added to next, so that they are some hundred people.
    async fn shared_sheets(&self, batch: &Batch) -> Result<Option<u64>, Unavailable> {
        if !batch.is_without_sums() {
            return Ok(None);
        }
        let (additions, _) = self.env.store().counts(&[]).await?;
        Ok(Some(additions))
    }

    async fn finish(
        &self,
        batch: &Batch,
        cursor: Cursor,
        recipients: Vec<Recipient>,
        next: Option<String>,
        now: Timestamp,
    ) -> Result<Expanded, Unavailable> {
        let page = Page {
            batch: batch.id,
            number: cursor.page,
            recipients,
            without_sums: batch.is_without_sums(),
        };
        let done = next.is_none();
        let moved = Cursor {
            batch: batch.id,
            version: cursor.version.next(),
            page: cursor.page + 1,
            position: next.filter(|position| !position.is_empty()),
            done,
            done_at: done.then_some(now),
            due_at: now.saturating_add(CURSOR_TIMEOUT).unwrap_or(now),
            carried: cursor.carried,
            request_id: cursor.request_id.clone(),
        };
        match self.env.store().finish_page(&page, &moved).await {
            Ok(()) if done => Ok(Expanded::Done),
            Ok(()) => Ok(Expanded::More),
            Err(SaveError::Conflict) => Ok(Expanded::Overtaken),
            Err(SaveError::Unavailable(error)) => Err(error),
        }
    }
}

/// Whether a batch may have invited somebody, by their row: their issue is not older than the batch, or
/// is a little older, and the batch mailed it again.
fn may_be_invited_by(batch: &Batch, user: &User) -> bool {
    let invitation = user.invitation.as_ref();
    invitation.is_some_and(|one| batch.created_at.duration_since(one.issued_at) <= SAME_AGAIN)
}

/// Whom the batch invited.
fn issued_to(user: &User, batch: &Batch, settings: &VersionedSettings) -> Recipient {
    let mail = mail_of(batch, user.id);
    recipient(user, RecipientResult::Issued { mail }, settings)
}

/// What became of somebody named; who was not found is nobody known.
fn outcome_of(id: UserId, results: &mut HashMap<UserId, Recipient>) -> Recipient {
    let result = results.remove(&id);
    result.unwrap_or_else(|| left_out(id, SkipReason::UnknownUser))
}

/// Somebody named of whom nothing is known.
const fn left_out(user: UserId, reason: SkipReason) -> Recipient {
    Recipient {
        user,
        result: RecipientResult::Skipped { reason },
        confirmation: false,
    }
}

fn recipient(user: &User, result: RecipientResult, settings: &VersionedSettings) -> Recipient {
    Recipient {
        user: user.id,
        result,
        confirmation: confirmation::check_recipient(&settings.settings.confirmation, user).is_ok(),
    }
}
