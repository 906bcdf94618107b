//! What has become of a batch: its state, its counts, and each recipient's outcome.

use std::collections::HashMap;

use crate::model::batch::{
    Batch, BatchCounts, BatchSelection, BatchState, Cursor, PAGE_SIZE, Page, Recipient,
    RecipientResult,
};
use crate::model::mail::{Mail, MailState};
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::confirmation::ConfirmationForecast;
use crate::values::ids::{BatchId, MailId, UserId};

/// What has become of a batch.
#[derive(Debug, Clone)]
pub struct BatchReport {
    /// Which.
    pub batch: Batch,
    /// Where it stands.
    pub state: BatchState,
    /// How many.
    pub counts: BatchCounts,
    /// Whether everyone was counted; otherwise there are more than was to be counted.
    pub counted: bool,
    /// About confirmations; without numbers until everyone is expanded.
    pub confirmation: ConfirmationForecast,
}

/// A recipient and where their mail stands.
#[derive(Debug, Clone)]
pub struct ReportedRecipient {
    /// Who, and what became of them.
    pub recipient: Recipient,
    /// Their mail.
    pub mail: Option<Mail>,
    /// They themselves; `None` if they were deleted.
    pub user: Option<User>,
}

/// A page of recipients.
#[derive(Debug, Clone)]
pub struct RecipientsPage {
    /// In the order of the selection.
    pub recipients: Vec<ReportedRecipient>,
    /// Where the next one begins.
    pub next: Option<String>,
}

/// Reports on batches.
#[derive(Debug, Clone)]
pub struct ReportBatch<E> {
    /// What it runs in.
    pub env: E,
}

/// How many pages of a batch are read at once.
const MAX_PAGES: usize = 10;

impl<E: Env<Store: Batches + Mails + SettingsStore>> ReportBatch<E> {
    /// The state and the counts of a batch; `None` if there is none.
    pub async fn run(&self, id: BatchId) -> Result<Option<BatchReport>, Unavailable> {
        self.within(id, u64::MAX).await
    }

    /// The same without counts if it has more recipients than `most`: counting reads each one's
    /// mail, and a list of large batches would read hundreds of thousands.
    pub async fn within(&self, id: BatchId, most: u64) -> Result<Option<BatchReport>, Unavailable> {
        let Some((batch, cursor)) = self.env.store().load_batch(id).await? else {
            return Ok(None);
        };
        let mut counts = BatchCounts::default();
        let mut receive = 0;
        let mut first = 0;
        let mut recipients = 0;
        let mut counted = true;
        let mut unreadable = 0;
        let at_once = if most < PAGE_SIZE as u64 {
            1
        } else {
            MAX_PAGES
        };
        loop {
            let read = self.env.store().batch_pages(id, first, at_once).await?;
            unreadable += read.unreadable;
            let pages = read.items;
            let Some(last) = pages.last().map(|page| page.number) else {
                break;
            };
            recipients += pages
                .iter()
                .map(|page| page.recipients.len() as u64)
                .sum::<u64>();
            if recipients > most {
                counted = false;
                break;
            }
            let mails = self.mails_of(&pages).await?;
            for recipient in pages.iter().flat_map(|page| &page.recipients) {
                count(recipient, &mails, &mut counts, &mut receive);
            }
            first = last + 1;
            if pages.len() < at_once {
                break;
            }
        }
        // Those on a page that cannot be read are missing in the counts.
        counted &= unreadable == 0;
        counts.selected = match &batch.selection {
            BatchSelection::Few { users } => users.len() as u64,
            BatchSelection::Many { count } => *count,
            BatchSelection::Filter { .. } => counts.issued + counts.skipped,
        };
        let settings = readable(self.env.store().settings_at(batch.settings).await)?;
        let confirmation_enabled = settings.is_some_and(|s| s.settings.confirmation.enabled);
        let state = state_of(&batch, &cursor);
        let known = counted && state == BatchState::Expanded;
        Ok(Some(BatchReport {
            confirmation: ConfirmationForecast {
                confirmation_enabled,
                will_receive: known.then_some(receive),
                will_not_receive: known.then(|| counts.issued.saturating_sub(receive)),
            },
            state,
            batch,
            counts,
            counted,
        }))
    }

    /// A page of at most `limit` of a batch's recipients; `None` if there is no such batch.
    pub async fn recipients(
        &self,
        id: BatchId,
        position: Option<&str>,
        limit: usize,
    ) -> Result<Option<RecipientsPage>, Unavailable>
    where
        E: Env<Store: Users>,
    {
        if self.env.store().load_batch(id).await?.is_none() {
            return Ok(None);
        }
        let (number, offset) = position
            .and_then(|text| text.split_once('.'))
            .and_then(|(page, offset)| {
                Some((page.parse::<u32>().ok()?, offset.parse::<usize>().ok()?))
            })
            .unwrap_or((0, 0));
        let Some(page) = self
            .env
            .store()
            .batch_pages(id, number, 1)
            .await?
            .items
            .pop()
        else {
            return Ok(Some(RecipientsPage {
                recipients: Vec::new(),
                next: None,
            }));
        };
        let shown: Vec<Recipient> = page
            .recipients
            .iter()
            .skip(offset)
            .take(limit)
            .cloned()
            .collect();
        let end = offset + shown.len();
        let next = if end < page.recipients.len() {
            Some(format!("{}.{end}", page.number))
        } else {
            let after = self.env.store().batch_pages(id, number + 1, 1).await?;
            after.items.first().map(|page| format!("{}.0", page.number))
        };
        let whole = Page {
            recipients: shown,
            ..page
        };
        let mut mails = self.mails_of(std::slice::from_ref(&whole)).await?;
        let ids: Vec<UserId> = whole.recipients.iter().map(|one| one.user).collect();
        let users = self.env.store().load_users(&ids).await?.into_iter();
        let mut users: HashMap<UserId, User> = users.map(|user| (user.id, user)).collect();
        Ok(Some(RecipientsPage {
            recipients: whole
                .recipients
                .into_iter()
                .map(|recipient| ReportedRecipient {
                    mail: mail_id(&recipient).and_then(|id| mails.remove(&id)),
                    user: users.remove(&recipient.user),
                    recipient,
                })
                .collect(),
            next,
        }))
    }

    async fn mails_of(&self, pages: &[Page]) -> Result<HashMap<MailId, Mail>, Unavailable> {
        let ids: Vec<MailId> = pages
            .iter()
            .flat_map(|page| &page.recipients)
            .filter_map(mail_id)
            .collect();
        Ok(self
            .env
            .store()
            .load_mails(&ids)
            .await?
            .into_iter()
            .map(|mail| (mail.id, mail))
            .collect())
    }
}

/// Where a batch stands.
#[must_use]
pub fn state_of(batch: &Batch, cursor: &Cursor) -> BatchState {
    if batch.stopped_at.is_some() {
        BatchState::Stopped
    } else if cursor.done {
        BatchState::Expanded
    } else {
        BatchState::Expanding
    }
}

fn mail_id(recipient: &Recipient) -> Option<MailId> {
    match recipient.result {
        RecipientResult::Issued { mail } => Some(mail),
        RecipientResult::Skipped { .. } => None,
    }
}

fn count(
    recipient: &Recipient,
    mails: &HashMap<MailId, Mail>,
    counts: &mut BatchCounts,
    receive: &mut u64,
) {
    let Some(id) = mail_id(recipient) else {
        counts.skipped += 1;
        return;
    };
    counts.issued += 1;
    *receive += u64::from(recipient.confirmation);
    let Some(mail) = mails.get(&id) else { return };
    counts.sent += u64::from(mail.state.was_sent());
    counts.waiting += u64::from(mail.state.is_unsettled());
    match mail.state {
        MailState::Delivered => counts.delivered += 1,
        MailState::SoftBounced | MailState::HardBounced => counts.failed += 1,
        MailState::Failed => {
            counts.failed += 1;
            counts.refused += 1;
        }
        MailState::Dropped => counts.dropped += 1,
        // Called spam, but it arrived.
        MailState::Complained => {
            counts.delivered += 1;
            counts.failed += 1;
        }
        MailState::Waiting
        | MailState::Sending
        | MailState::Unknown
        | MailState::Sent
        | MailState::Delayed => {}
    }
}
