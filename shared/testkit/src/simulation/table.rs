//! The table of a story: the table in memory behind the story's weather, with the ledger looking
//! on at each write, and with one of its rules broken where the story says so.

use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::change::{ChangeOutcome, UserChange};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{Mail, MailClass, MailKind};
use beckon_domain::model::user::User;
use beckon_domain::ports::batches::{FinishPage, PushCursor, SaveBatch, StartBatch};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::Loaded;
use beckon_domain::ports::users::{
    AddUserError, AddUserRow, FindUser, LoadUsers, SaveUsers, TakeTry,
};
use beckon_domain::values::address::NormalisedAddress;
use beckon_domain::values::ids::{ExternalId, IssueNumber, MailId, UserId, Version};
use jiff::Timestamp;

use super::breakage::Breakage;
use super::jobs::Job;
use super::ledger::{Ledger, Watch};
use super::stage::Weather;
use crate::{Call, MemoryStore};

/// The table. Clones share their rows.
#[derive(Debug, Clone)]
pub(super) struct Table {
    rows: MemoryStore,
    watch: Watch,
}

fn out_of_reach() -> Unavailable {
    Unavailable::new("the table", "the story has it so")
}

impl Table {
    pub(super) const fn new(rows: MemoryStore, watch: Watch) -> Self {
        Self { rows, watch }
    }

    pub(super) const fn rows(&self) -> &MemoryStore {
        &self.rows
    }

    pub(super) const fn watch(&self) -> &Watch {
        &self.watch
    }

    fn weather(&self, call: Call) -> Weather {
        self.watch.both(|stage, ledger| {
            let weather = stage.weather(call);
            ledger.called(weather);
            weather
        })
    }

    pub(super) fn broken(&self, rule: Breakage) -> bool {
        self.watch.stage(|stage| stage.broken(rule))
    }

    /// A read, and what the ledger makes of the answer.
    pub(super) async fn read<T>(
        &self,
        call: Call,
        read: impl Future<Output = Result<T, Unavailable>> + Send,
        seen: impl FnOnce(&mut Ledger, &T) + Send,
    ) -> Result<T, Unavailable> {
        if self.weather(call) != Weather::Fair {
            return Err(out_of_reach());
        }
        let answer = read.await?;
        self.watch.with(|ledger| seen(ledger, &answer));
        Ok(answer)
    }

    /// A write. The ledger sees it in the moment in which it is done, whether or not the answer
    /// comes through.
    pub(super) async fn write<T, E: From<Unavailable>>(
        &self,
        call: Call,
        write: impl Future<Output = Result<T, E>> + Send,
        seen: impl FnOnce(&mut Ledger, &T) + Send,
    ) -> Result<T, E> {
        let weather = self.weather(call);
        if weather == Weather::Refused {
            return Err(out_of_reach().into());
        }
        let answer = write.await?;
        self.watch.with(|ledger| seen(ledger, &answer));
        if weather == Weather::LosesAnswer {
            return Err(out_of_reach().into());
        }
        Ok(answer)
    }

    /// A write that somebody else may overtake.
    pub(super) async fn save<T>(
        &self,
        call: Call,
        write: impl Future<Output = Result<T, SaveError>> + Send,
        seen: impl FnOnce(&mut Ledger, &T) + Send,
    ) -> Result<T, SaveError> {
        let weather = self.weather(call);
        match weather {
            Weather::Refused => return Err(out_of_reach().into()),
            Weather::Outraced => return Err(SaveError::Conflict),
            Weather::Fair | Weather::LosesAnswer | Weather::CutShort => {}
        }
        let answer = write.await?;
        self.watch.with(|ledger| seen(ledger, &answer));
        if weather == Weather::Fair {
            Ok(answer)
        } else {
            Err(out_of_reach().into())
        }
    }

    pub(super) fn row_of(&self, id: UserId) -> Option<User> {
        self.rows.find_user(id)
    }
}

impl LoadUsers for Table {
    async fn read_users(&self, ids: &[UserId]) -> Result<Loaded<User, UserId>, Unavailable> {
        self.read(
            Call::LoadUsers,
            async {
                let mut read = self.rows.read_users(ids).await?;
                if self.broken(Breakage::UnreadableIsGone) {
                    read.unreadable.clear();
                }
                Ok(read)
            },
            |ledger, users| {
                for user in &users.found {
                    ledger.read_user(user.id);
                }
            },
        )
        .await
    }
}

impl FindUser for Table {
    async fn user_by_address(
        &self,
        address: &NormalisedAddress,
    ) -> Result<Option<User>, Unavailable> {
        let read = self.rows.user_by_address(address);
        self.read(Call::UserByAddress, read, |ledger, user| {
            if let Some(user) = user {
                ledger.read_user(user.id);
            }
        })
        .await
    }

    async fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<User>, Unavailable> {
        let read = self.rows.user_by_external_id(id);
        self.read(Call::UserByExternalId, read, |ledger, user| {
            if let Some(user) = user {
                ledger.read_user(user.id);
            }
        })
        .await
    }
}

impl AddUserRow for Table {
    async fn add_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), AddUserError> {
        let write = self.rows.add_user(user, history, batch, answer);
        self.write(Call::AddUser, write, |ledger, ()| {
            ledger.view().wrote.insert(user.id);
            ledger.happened(history);
            ledger.user_written(user.id);
            if let Some((batch, _)) = batch {
                ledger.batch_started(batch, answer);
            }
        })
        .await
    }
}

impl SaveUsers for Table {
    async fn save_users(&self, changes: &[UserChange]) -> Result<Vec<ChangeOutcome>, Unavailable> {
        let weather = self.weather(Call::SaveUsers);
        let written = match weather {
            Weather::Refused => return Err(out_of_reach()),
            Weather::Outraced => return Ok(vec![ChangeOutcome::Conflict; changes.len()]),
            Weather::CutShort => self
                .watch
                .stage(|stage| stage.dice.below(changes.len() + 1)),
            Weather::Fair | Weather::LosesAnswer => changes.len(),
        };
        if self
            .watch
            .both(|stage, ledger| stage.broken(Breakage::ReportsIgnored) && ledger.is_report())
        {
            tokio::task::yield_now().await;
            return Ok(vec![ChangeOutcome::Saved; changes.len()]);
        }
        let mut outcomes = Vec::with_capacity(changes.len());
        for change in &changes[..written] {
            let (change, outcome, written) = self.save_one(change).await?;
            if outcome == ChangeOutcome::Saved && written {
                self.watch.with(|ledger| ledger.saved(&change));
            }
            outcomes.push(outcome);
        }
        if weather == Weather::Fair {
            Ok(outcomes)
        } else {
            Err(out_of_reach())
        }
    }
}

impl Table {
    async fn save_one(
        &self,
        change: &UserChange,
    ) -> Result<(UserChange, ChangeOutcome, bool), Unavailable> {
        let mut change = change.clone();
        if self.broken(Breakage::MailLeftOut) {
            change.mails.clear();
        }
        if self.broken(Breakage::HandOverUntold) {
            change
                .mails
                .retain(|mail| !matches!(mail.kind, MailKind::HandOver { .. }));
        }
        let is_import = |ledger: &mut Ledger| matches!(ledger.view().job, Job::Import(_));
        if self.broken(Breakage::ImportRowLost) && self.watch.with(is_import) {
            return Ok((change, ChangeOutcome::Saved, false));
        }
        if self.broken(Breakage::ReminderNotNoted)
            && let Some(mail) = change.mails.first()
            && matches!(mail.kind, MailKind::Reminder { .. })
            && let Some(before) = self.row_of(change.user.id).and_then(|row| row.invitation)
            && let Some(invitation) = &mut change.user.invitation
        {
            invitation.reminders = before.reminders;
        }
        if let Some(registration) = &change.registration
            && self.broken(Breakage::EverythingConfirmed)
            && change.mails.is_empty()
        {
            let another = self.watch.stage(|stage| u128::from(stage.dice.draw()));
            change.mails.push(Mail::waiting(
                MailId::new(ulid::Ulid(another)),
                MailKind::Confirmation {
                    device: registration.device.id.clone(),
                },
                change.user.id,
                None,
                MailClass::Small,
                Version::FIRST,
                self.watch.stage(|stage| stage.now),
            ));
        }
        if self.broken(Breakage::HistoryLeftOut) && self.watch.stage(|s| s.dice.happens(100)) {
            change.history.pop();
        }
        loop {
            let outcome = self.rows.save_users(std::slice::from_ref(&change)).await?[0];
            if outcome == ChangeOutcome::Conflict && self.broken(Breakage::EverySaveFits) {
                let row = self.row_of(change.user.id).map(|user| user.version);
                change.user.version = row.unwrap_or_default().next();
                for mail in &mut change.mails {
                    let row = self
                        .rows
                        .all_mails()
                        .into_iter()
                        .find(|row| row.id == mail.id);
                    mail.version = row.map_or(Version::FIRST, |row| row.version.next());
                }
                continue;
            }
            if outcome == ChangeOutcome::DoneBefore && self.broken(Breakage::MailTwice) {
                let another = self.watch.stage(|stage| u128::from(stage.dice.draw()));
                for mail in &mut change.mails {
                    mail.id = MailId::new(ulid::Ulid(another));
                }
                if let Some(invitation) = &mut change.user.invitation {
                    invitation.mail = MailId::new(ulid::Ulid(another));
                    if let Some(row) = self.row_of(change.user.id) {
                        invitation.issue = row.latest_issue.next();
                        change.user.latest_issue = invitation.issue;
                        change.user.version = row.version.next();
                    }
                }
                continue;
            }
            return Ok((change, outcome, true));
        }
    }
}

impl TakeTry for Table {
    async fn take_try(
        &self,
        user: UserId,
        issue: IssueNumber,
        state: InvitationState,
        now: Timestamp,
    ) -> Result<Option<User>, Unavailable> {
        let write = async {
            if self.broken(Breakage::TryNotTaken) {
                return Ok(self.rows.load_users(&[user]).await?.pop());
            }
            self.rows.take_try(user, issue, state, now).await
        };
        self.write(Call::TakeTry, write, |ledger, taken| {
            if taken.is_some() {
                ledger.try_taken(user, issue);
            }
        })
        .await
    }
}

impl StartBatch for Table {
    async fn start_batch(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        named: &[Vec<UserId>],
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        let write = self.rows.start_batch(batch, cursor, named, answer);
        self.write(Call::StartBatch, write, |ledger, ()| {
            ledger.batch_started(batch, answer);
        })
        .await
    }
}

impl FinishPage for Table {
    async fn finish_page(&self, page: &Page, cursor: &Cursor) -> Result<(), SaveError> {
        if self.broken(Breakage::PageLost) && self.watch.stage(|s| s.dice.happens(300)) {
            self.rows.push_cursor(cursor).await?;
            return Err(out_of_reach().into());
        }
        let write = self.rows.finish_page(page, cursor);
        self.save(Call::FinishPage, write, |ledger, ()| {
            ledger.page_finished(page);
            ledger.cursor_moved(cursor);
        })
        .await
    }
}

impl PushCursor for Table {
    async fn push_cursor(&self, cursor: &Cursor) -> Result<(), SaveError> {
        if self.broken(Breakage::CursorForgotten) {
            return Err(SaveError::Conflict);
        }
        let write = self.rows.push_cursor(cursor);
        self.save(Call::PushCursor, write, |ledger, ()| {
            ledger.cursor_moved(cursor);
        })
        .await
    }
}

impl SaveBatch for Table {
    async fn save_batch(&self, batch: &Batch) -> Result<(), SaveError> {
        let write = self.rows.save_batch(batch);
        self.save(Call::SaveBatch, write, |ledger, ()| {
            ledger.batch_stopped(batch.id);
        })
        .await
    }
}
