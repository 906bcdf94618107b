//! What became of each recipient of a batch, page by page, all or those of one outcome.

use std::collections::HashMap;

use jiff::Timestamp;

use super::ReportBatch;
use crate::model::batch::{Page, Recipient};
use crate::model::counting::{Fate, Member, Standing, Step};
use crate::model::mail::{Mail, MailState};
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::users::Users;
use crate::usecases::count_changes::assessing::{Found, find};
use crate::values::ids::{BatchId, UserId};

/// How many recipients are looked at for one page of those of an outcome: what a rare one costs is
/// bounded, and the page may come out short.
const MAX_LOOKED_AT: usize = 1_000;

/// How many of them are read at a time.
const AT_ONCE: usize = 250;

/// A recipient and where their mail and their invitation stand.
#[derive(Debug, Clone)]
pub struct ReportedRecipient {
    /// Who, and what became of them.
    pub recipient: Recipient,
    /// The latest mail that their invitation was put into.
    pub mail: Option<Mail>,
    /// They themselves; `None` if they were deleted.
    pub user: Option<User>,
    /// What became of their invitation; `None` if there is none.
    pub fate: Option<Fate>,
    /// When its secret was accepted first, if that is known.
    pub redeemed_at: Option<Timestamp>,
    /// When it was completed, if that is known.
    pub registered_at: Option<Timestamp>,
}

/// A page of recipients.
#[derive(Debug, Clone)]
pub struct RecipientsPage {
    /// In the order of the selection.
    pub recipients: Vec<ReportedRecipient>,
    /// Where the next one begins.
    pub next: Option<String>,
}

/// What can have become of a recipient, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientOutcome {
    /// Invited.
    Issued,
    /// Not invited.
    Skipped,
    /// Invited, and the mail is still to go, or nothing was heard of it yet.
    Waiting,
    /// The mail service took the mail, whatever became of it afterwards.
    Sent,
    /// The mail came back.
    Bounced,
    /// The mail service would not take the mail.
    Refused,
    /// The mail was not sent any more.
    Dropped,
    /// They came so far, or further where that implies it.
    Reached(Step),
    /// Invited, and no device was registered.
    Unregistered,
    /// The invitation waits for them.
    Open,
    /// The invitation stands so.
    Standing(Standing),
}

impl RecipientOutcome {
    /// The names in requests.
    pub const NAMES: [&str; 18] = [
        "issued",
        "skipped",
        "waiting",
        "sent",
        "delivered",
        "bounced",
        "refused",
        "dropped",
        "redeemed",
        "registered",
        "confirmed",
        "unregistered",
        "open",
        "locked",
        "expired",
        "declined",
        "cancelled",
        "replaced",
    ];

    /// The outcome of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "issued" => Self::Issued,
            "skipped" => Self::Skipped,
            "waiting" => Self::Waiting,
            "sent" => Self::Sent,
            "delivered" => Self::Reached(Step::Delivered),
            "bounced" => Self::Bounced,
            "refused" => Self::Refused,
            "dropped" => Self::Dropped,
            "redeemed" => Self::Reached(Step::Redeemed),
            "registered" => Self::Reached(Step::Registered),
            "confirmed" => Self::Reached(Step::Confirmed),
            "unregistered" => Self::Unregistered,
            "open" => Self::Open,
            "locked" => Self::Standing(Standing::Locked),
            "expired" => Self::Standing(Standing::Expired),
            "declined" => Self::Standing(Standing::Declined),
            "cancelled" => Self::Standing(Standing::Cancelled),
            "replaced" => Self::Standing(Standing::Replaced),
            _ => return None,
        })
    }

    /// Whether it is what became of this recipient.
    #[must_use]
    pub fn is_of(self, reported: &ReportedRecipient) -> bool {
        let issued = reported.recipient.result.mail().is_some();
        let Some(fate) = &reported.fate else {
            return match self {
                Self::Issued => issued,
                Self::Skipped => !issued,
                _ => false,
            };
        };
        match self {
            Self::Issued => true,
            Self::Skipped => false,
            Self::Waiting => fate.mail.is_unsettled(),
            Self::Sent => fate.mail.was_sent(),
            Self::Bounced => {
                matches!(fate.mail, MailState::SoftBounced | MailState::HardBounced)
            }
            Self::Refused => fate.mail == MailState::Failed,
            Self::Dropped => fate.mail == MailState::Dropped,
            Self::Reached(step) => fate.step(step).is_some(),
            Self::Unregistered => fate.step(Step::Registered).is_none(),
            Self::Open => fate.standing.is_open(),
            Self::Standing(standing) => fate.standing == standing,
        }
    }
}

impl<E: Env<Store: Users + Batches + Mails>> ReportBatch<E> {
    /// A page of at most `limit` of a batch's recipients, of those of one outcome if one is asked for;
    /// `None` if there is no such batch. Of an outcome a page may be short, even empty, and still have
    /// a next one.
    pub async fn recipients(
        &self,
        id: BatchId,
        outcome: Option<RecipientOutcome>,
        position: Option<&str>,
        limit: usize,
    ) -> Result<Option<RecipientsPage>, Unavailable> {
        let store = self.env.store();
        if store.load_batch(id).await?.is_none() {
            return Ok(None);
        }
        let (number, first) = position.and_then(place).unwrap_or((0, 0));
        let Some(page) = store.batch_pages(id, number, 1).await?.items.pop() else {
            return Ok(Some(RecipientsPage {
                recipients: Vec::new(),
                next: None,
            }));
        };
        // The page that was asked for cannot be read, and this is one behind it.
        let first = if page.number == number { first } else { 0 };
        let at_once = if outcome.is_some() { AT_ONCE } else { limit };
        let (mut recipients, mut end) = (Vec::new(), first);
        while recipients.len() < limit && end < page.recipients.len() {
            let some: Vec<Recipient> = page
                .recipients
                .iter()
                .skip(end)
                .take(at_once)
                .cloned()
                .collect();
            for reported in self.reported(id, some).await? {
                if recipients.len() == limit {
                    break;
                }
                end += 1;
                if outcome.is_none_or(|outcome| outcome.is_of(&reported)) {
                    recipients.push(reported);
                }
            }
            if end - first >= MAX_LOOKED_AT {
                break;
            }
        }
        let next = self.next_place(&page, end).await?;
        Ok(Some(RecipientsPage { recipients, next }))
    }

    async fn next_place(&self, page: &Page, end: usize) -> Result<Option<String>, Unavailable> {
        if end < page.recipients.len() {
            return Ok(Some(format!("{}.{end}", page.number)));
        }
        let store = self.env.store();
        let after = store.batch_pages(page.batch, page.number + 1, 1).await?;
        Ok(after.items.first().map(|page| format!("{}.0", page.number)))
    }

    async fn reported(
        &self,
        batch: BatchId,
        recipients: Vec<Recipient>,
    ) -> Result<Vec<ReportedRecipient>, Unavailable> {
        let store = self.env.store();
        let (issued, skipped): (Vec<&Recipient>, Vec<&Recipient>) = recipients
            .iter()
            .partition(|recipient| recipient.result.mail().is_some());
        let members: Vec<Member> = issued
            .iter()
            .map(|recipient| Member {
                batch,
                user: recipient.user,
            })
            .collect();
        let found = find(store, &members).await?;
        let mut found: HashMap<UserId, Found> = found
            .into_iter()
            .map(|one| (one.member.user, one))
            .collect();
        let others: Vec<UserId> = skipped
            .iter()
            .map(|recipient| recipient.user)
            .chain(
                issued
                    .iter()
                    .map(|one| one.user)
                    .filter(|id| !found.contains_key(id)),
            )
            .collect();
        let users = if others.is_empty() {
            Vec::new()
        } else {
            store.load_users(&others).await?
        };
        let mut users: HashMap<UserId, User> =
            users.into_iter().map(|user| (user.id, user)).collect();
        let reported = recipients.into_iter().map(|recipient| {
            let one = found.remove(&recipient.user);
            let known = one.as_ref().and_then(|one| one.known.clone());
            ReportedRecipient {
                fate: one.as_ref().map(|one| one.fate(None)),
                redeemed_at: known.as_ref().and_then(|known| known.redeemed.flatten()),
                registered_at: known.and_then(|known| known.registered.flatten()),
                mail: one.as_ref().map(|one| one.mail_that_counts().clone()),
                user: one
                    .and_then(|one| one.user)
                    .or_else(|| users.remove(&recipient.user)),
                recipient,
            }
        });
        Ok(reported.collect())
    }
}

/// What a position says: on which page, and behind how many of it.
fn place(position: &str) -> Option<(u32, usize)> {
    let (page, offset) = position.split_once('.')?;
    Some((page.parse().ok()?, offset.parse().ok()?))
}
