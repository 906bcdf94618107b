//! What is due, the lease, the pause, the rate, and what was set aside.

use beckon_domain::model::delivery::Pause;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::stored::{RowKey, SetAside, Unreadable};
use beckon_domain::ports::delivery::Delivery;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::ListPage;
use beckon_domain::values::ids::{BatchId, MailId, RunId, UserId};
use jiff::Timestamp;

use super::{Table, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;

impl Delivery for Table {
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

    async fn due_by(
        &self,
        until: Timestamp,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<UserId>, Unavailable> {
        let read = self.rows().due_by(until, position, limit);
        self.read(Call::DueBy, read, unseen).await
    }

    async fn take_lease(
        &self,
        run: RunId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Unavailable> {
        let write = async {
            let granted = self.rows().take_lease(run, now, until).await?;
            if !granted && self.broken(Breakage::LeaseForAll) {
                self.rows().steal_lease(run, until);
                return Ok(true);
            }
            Ok(granted)
        };
        self.write(Call::TakeLease, write, |ledger, granted| {
            ledger.lease_asked(run, *granted);
        })
        .await
    }

    async fn give_lease_back(&self, run: RunId) -> Result<(), Unavailable> {
        let write = self.rows().give_lease_back(run);
        self.write(Call::GiveLeaseBack, write, |ledger, ()| {
            ledger.lease_given_back(run);
        })
        .await
    }

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
