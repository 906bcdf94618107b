//! The ports of the table that the ledger need not look at: reads, and writes of no consequence.

use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::session::Session;
use beckon_domain::model::settings::{SavedSettings, Settings, SettingsStamp, VersionedSettings};
use beckon_domain::model::stored::{RowKey, SetAside, Unreadable};
use beckon_domain::model::template::{Template, TemplateName};
use beckon_domain::model::user::User;
use beckon_domain::ports::batches::{ListBatches, LoadBatch, NoteBounce};
use beckon_domain::ports::delivery::{DeliveryPause, FindDue, SendRate};
use beckon_domain::ports::devices::{LoadRegistration, LoadSession};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::idempotency::RecallAnswer;
use beckon_domain::ports::rate_counter::RateCounter;
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::ports::rows_aside::KeepAside;
use beckon_domain::ports::settings::{ListSettings, ReadSettings, SaveSettings};
use beckon_domain::ports::templates::{LoadTemplates, SaveTemplate};
use beckon_domain::ports::users::{CountOpenInvitations, ListUsers};
use beckon_domain::values::ids::{BatchId, DeviceId, MailId, UserId, Version};
use beckon_domain::values::session_ids::SessionDigest;
use jiff::Timestamp;

use super::breakage::Breakage;
use super::jobs::Job;
use super::ledger::Ledger;
use super::table::Table;
use crate::Call;

const fn unseen<T>(_: &mut Ledger, _: &T) {}

impl KeepAside for Table {
    async fn rows_aside(&self, limit: usize) -> Result<Vec<SetAside>, Unavailable> {
        self.read(Call::RowsAside, self.rows().rows_aside(limit), unseen)
            .await
    }

    async fn row_aside(&self, key: &RowKey) -> Result<Option<SetAside>, Unavailable> {
        self.read(Call::RowAside, self.rows().row_aside(key), unseen)
            .await
    }

    async fn note_reported(&self, key: &RowKey) -> Result<(), Unavailable> {
        self.write(Call::NoteReported, self.rows().note_reported(key), unseen)
            .await
    }

    async fn set_cursor_aside(
        &self,
        batch: BatchId,
        because: &Unreadable,
    ) -> Result<(), Unavailable> {
        let write = self.rows().set_cursor_aside(batch, because);
        self.write(Call::SetCursorAside, write, unseen).await
    }

    async fn release_row(&self, key: &RowKey) -> Result<bool, Unavailable> {
        self.write(Call::ReleaseRow, self.rows().release_row(key), unseen)
            .await
    }
}

impl ListUsers for Table {
    async fn list_users(
        &self,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage<User>, Unavailable> {
        let read = self.rows().list_users(filter, position, limit, now);
        self.read(Call::ListUsers, read, unseen).await
    }
}

impl LoadSession for Table {
    async fn load_session(&self, digest: &SessionDigest) -> Result<Option<Session>, Unavailable> {
        let session = self
            .read(Call::LoadSession, self.rows().load_session(digest), unseen)
            .await?;
        let moves_on = self.broken(Breakage::SessionMovesOn);
        Ok(session.map(|session| Session {
            issue: self
                .row_of(session.user)
                .filter(|_| moves_on)
                .map_or(session.issue, |user| user.latest_issue),
            ..session
        }))
    }
}

impl LoadRegistration for Table {
    async fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> Result<Option<Registration>, Unavailable> {
        let read = self.rows().load_registration(user, device);
        let known = self.read(Call::LoadRegistration, read, unseen).await?;
        Ok(known.filter(|_| !self.broken(Breakage::DeviceForgotten)))
    }
}

impl ReadSettings for Table {
    async fn current_settings(&self) -> Result<VersionedSettings, Unavailable> {
        let read = self.rows().current_settings();
        let settings = self.read(Call::CurrentSettings, read, |ledger, settings| {
            ledger.read_settings(settings);
        });
        let mut settings = settings.await?;
        let kept = &mut settings.settings.retention.erase_after_days;
        let is_erasure = |ledger: &mut Ledger| matches!(ledger.view().job, Job::Erase);
        if self.broken(Breakage::ErasedTooEarly) && self.watch().with(is_erasure) {
            *kept = kept.map(|_| 0);
        }
        Ok(settings)
    }

    async fn settings_at(
        &self,
        version: Version,
    ) -> Result<Option<VersionedSettings>, Unavailable> {
        self.read(Call::SettingsAt, self.rows().settings_at(version), unseen)
            .await
    }
}

impl LoadTemplates for Table {
    async fn templates(&self) -> Result<Vec<Template>, Unavailable> {
        self.read(Call::Templates, self.rows().templates(), unseen)
            .await
    }

    async fn template(&self, name: &TemplateName) -> Result<Option<Template>, Unavailable> {
        self.read(Call::Template, self.rows().template(name), unseen)
            .await
    }
}

impl SaveTemplate for Table {
    async fn save_template(&self, template: &Template) -> Result<(), SaveError> {
        let write = self.rows().save_template(template);
        self.save(Call::SaveTemplate, write, |ledger, ()| {
            ledger.wording_kept(template);
        })
        .await
    }
}

impl SaveSettings for Table {
    async fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
        stamp: &SettingsStamp,
    ) -> Result<VersionedSettings, SaveError> {
        let write = self.rows().save_settings(settings, expected, stamp);
        self.save(Call::SaveSettings, write, Ledger::settings_saved)
            .await
    }
}

impl ListSettings for Table {
    async fn list_settings(
        &self,
        below: Option<Version>,
        limit: usize,
    ) -> Result<Vec<SavedSettings>, Unavailable> {
        let read = self.rows().list_settings(below, limit);
        self.read(Call::ListSettings, read, unseen).await
    }
}

impl CountOpenInvitations for Table {
    async fn open_invitations(&self) -> Result<u64, Unavailable> {
        self.read(
            Call::OpenInvitations,
            self.rows().open_invitations(),
            unseen,
        )
        .await
    }
}

impl RecallAnswer for Table {
    async fn recall_answer(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Unavailable> {
        self.read(
            Call::RecallAnswer,
            self.rows().recall_answer(key, now),
            unseen,
        )
        .await
    }
}

impl ListBatches for Table {
    async fn list_batches(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<BatchId>, Unavailable> {
        let read = self.rows().list_batches(position, limit);
        self.read(Call::ListBatches, read, unseen).await
    }
}

impl LoadBatch for Table {
    async fn load_batch(&self, id: BatchId) -> Result<Option<(Batch, Cursor)>, Unavailable> {
        self.read(
            Call::LoadBatch,
            self.rows().load_batch(id),
            |ledger, found| {
                if let Some((_, cursor)) = found {
                    ledger.batch_read(cursor);
                }
            },
        )
        .await
    }

    async fn named_users(&self, id: BatchId, page: u32) -> Result<Vec<UserId>, Unavailable> {
        self.read(Call::NamedUsers, self.rows().named_users(id, page), unseen)
            .await
    }

    async fn batch_pages(
        &self,
        id: BatchId,
        first: u32,
        limit: usize,
    ) -> Result<Readable<Page>, Unavailable> {
        self.read(
            Call::BatchPages,
            self.rows().batch_pages(id, first, limit),
            unseen,
        )
        .await
    }
}

impl FindDue for Table {
    async fn due_mails(
        &self,
        class: MailClass,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<MailId>, Unavailable> {
        self.read(
            Call::DueMails,
            self.rows().due_mails(class, now, limit),
            unseen,
        )
        .await
    }

    async fn due_cursors(&self, now: Timestamp, limit: usize) -> Result<Vec<BatchId>, Unavailable> {
        self.read(
            Call::DueCursors,
            self.rows().due_cursors(now, limit),
            unseen,
        )
        .await
    }

    async fn due_invitations(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        let due = self
            .read(
                Call::DueInvitations,
                self.rows().due_invitations(now, limit),
                unseen,
            )
            .await?;
        if self
            .watch()
            .stage(|stage| stage.broken(Breakage::ExpiryForgotten))
        {
            return Ok(Vec::new());
        }
        if self.broken(Breakage::RemindersForgotten) {
            let ends = |user: &UserId| {
                let row = self.row_of(*user).and_then(|row| row.invitation);
                row.is_some_and(|one| one.expires_at <= now)
            };
            return Ok(due.into_iter().filter(ends).collect());
        }
        Ok(due)
    }
}

impl DeliveryPause for Table {
    async fn delivery_pause(&self) -> Result<Option<Pause>, Unavailable> {
        self.read(Call::DeliveryPause, self.rows().delivery_pause(), unseen)
            .await
    }

    async fn set_delivery_pause(&self, pause: Option<&Pause>) -> Result<(), Unavailable> {
        let write = self.rows().set_delivery_pause(pause);
        self.write(Call::SetDeliveryPause, write, |ledger, ()| {
            if let Some(pause) = pause {
                let said = ledger.view().pausing;
                ledger.must(said, || {
                    format!(
                        "everybody's mail stops for {}, which nobody said",
                        pause.code
                    )
                });
            }
        })
        .await
    }
}

impl RateCounter for Table {
    async fn tally(&self, name: &str, now: Timestamp) -> Result<u64, Unavailable> {
        self.read(Call::Tally, self.rows().tally(name, now), unseen)
            .await
    }

    async fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        self.write(
            Call::AddToTally,
            self.rows().add_to_tally(name, now, until),
            unseen,
        )
        .await
    }
}

impl NoteBounce for Table {
    async fn note_bounce(&self, batch: BatchId, mail: MailId) -> Result<u64, Unavailable> {
        self.write(
            Call::NoteBounce,
            self.rows().note_bounce(batch, mail),
            unseen,
        )
        .await
    }
}

impl SendRate for Table {
    async fn note_send_rate(&self, per_second: f64) -> Result<(), Unavailable> {
        self.write(
            Call::SendRate,
            self.rows().note_send_rate(per_second),
            unseen,
        )
        .await
    }

    async fn pace(&self) -> Result<Option<f64>, Unavailable> {
        self.read(Call::Pace, self.rows().pace(), unseen).await
    }
}
