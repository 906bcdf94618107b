//! The clock comes by every minute: it pushes what stands still, ends what has run out of time,
//! and wakes the postman if anything is due.

use jiff::SignedDuration;

use crate::batch::Cursor;
use crate::ids::EventId;
use crate::issuing::expire;
use crate::mail::MailClass;
use crate::ports::{
    Chance, ChangeOutcome, Clock, FindDue, LoadBatch, LoadMails, LoadUsers, PauseOutbox,
    PushCursor, SaveError, SaveUsers, Unavailable, WakePostman,
};
use crate::usecases::send::CURSOR_PATIENCE;

/// What a round of the clock did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Cursors pushed.
    pub pushed: u64,
    /// Invitations ended.
    pub expired: u64,
    /// Whether the postman was woken.
    pub woke: bool,
    /// Whether the outbox stands still.
    pub paused: bool,
    /// How long the mail that waits longest has been due.
    pub oldest_due: SignedDuration,
}

/// How much of each kind one round takes on. What is left is due a minute later.
const AT_ONCE: usize = 1_000;

/// How many invitations are ended in one call of the store.
const IN_ONE_CALL: usize = 100;

/// Goes round.
#[derive(Debug, Clone)]
pub struct Tick<S, W, C, R> {
    /// The table.
    pub store: S,
    /// How to wake the postman.
    pub postman: W,
    /// Time.
    pub clock: C,
    /// Ids.
    pub chance: R,
}

impl<S, W, C, R> Tick<S, W, C, R>
where
    S: FindDue + LoadBatch + LoadMails + PauseOutbox + PushCursor + LoadUsers + SaveUsers + Sync,
    W: WakePostman + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    /// One round.
    pub async fn run(&self) -> Result<Ticked, Unavailable> {
        let now = self.clock.now();
        let mut ticked = Ticked::default();
        for batch in self.store.due_cursors(now, AT_ONCE).await? {
            let Some((_, cursor)) = self.store.load_batch(batch).await? else {
                continue;
            };
            if cursor.done || cursor.due_at > now {
                continue;
            }
            let pushed = Cursor {
                version: cursor.version.next(),
                due_at: now.saturating_add(CURSOR_PATIENCE).unwrap_or(now),
                ..cursor
            };
            match self.store.push_cursor(&pushed).await {
                Ok(()) => ticked.pushed += 1,
                // It moved by itself.
                Err(SaveError::Conflict) => {}
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
        let over = self.store.due_expiries(now, AT_ONCE).await?;
        for ids in over.chunks(IN_ONE_CALL) {
            let users = self.store.load_users(ids).await?;
            let changes: Vec<_> = users
                .iter()
                .filter_map(|user| expire(user, EventId::new(self.chance.ulid()), now))
                .collect();
            // Whoever changed meanwhile is due again at the next round, if at all.
            let outcomes = self.store.save_users(&changes).await?;
            let saved = outcomes
                .iter()
                .filter(|outcome| **outcome == ChangeOutcome::Saved);
            ticked.expired += saved.count() as u64;
        }
        ticked.paused = self
            .store
            .outbox_pause()
            .await?
            .is_some_and(|pause| now < pause.until);
        let mut due = Vec::new();
        for class in [MailClass::Small, MailClass::Bulk] {
            due.extend(self.store.due_mails(class, now, 1).await?);
        }
        if !due.is_empty() {
            let mails = self.store.load_mails(&due).await?;
            let waited = mails.iter().filter(|mail| mail.state.is_unsettled());
            ticked.oldest_due = waited
                .map(|mail| now.duration_since(mail.due_at))
                .fold(SignedDuration::ZERO, SignedDuration::max);
            // Last: a postman who cannot be woken keeps nothing else from being done.
            self.postman.wake_postman().await?;
            ticked.woke = true;
        }
        Ok(ticked)
    }
}
