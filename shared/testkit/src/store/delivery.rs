//! Delivery: what is due, the worker's lease, the pause and the rate of delivery, and the rows that were set aside.

use beckon_domain::model::delivery::Pause;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::stored::{RowKey, SetAside, Unreadable};
use beckon_domain::ports::delivery::Delivery;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::{ListPage, readable};
use beckon_domain::values::ids::{BatchId, MailId, RunId, UserId};
use jiff::Timestamp;

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl Delivery for MemoryStore {
    async fn due_mails(
        &self,
        class: MailClass,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<MailId>, Unavailable> {
        self.read_index(Call::DueMails, |rows| {
            let mails = rows.mails.values();
            let due = mails
                .filter(|mail| {
                    mail.class == class && mail.state.is_unsettled() && mail.due_at <= now
                })
                .filter(|mail| !rows.is_aside(&keys::mail(mail.id)))
                .map(|mail| (mail.due_at, mail.id));
            oldest_first(due, limit)
        })
        .await
    }

    async fn due_cursors(&self, now: Timestamp, limit: usize) -> Result<Vec<BatchId>, Unavailable> {
        self.read_index(Call::DueCursors, |rows| {
            let cursors = rows.cursors.values();
            let due = cursors
                .filter(|cursor| !cursor.done && cursor.due_at <= now)
                .filter(|cursor| !rows.is_aside(&keys::cursor(cursor.batch)))
                .map(|cursor| (cursor.due_at, cursor.batch));
            oldest_first(due, limit)
        })
        .await
    }

    async fn due_invitations(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        self.read_index(Call::DueInvitations, |rows| {
            let users = rows.users.values();
            let due = users.filter_map(|user| {
                let at = user.invitation.as_ref()?.due_at()?;
                let is_due = at <= now && !rows.is_aside(&keys::user(user.id));
                is_due.then_some((at, user.id))
            });
            oldest_first(due, limit)
        })
        .await
    }

    async fn due_by(
        &self,
        until: Timestamp,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<UserId>, Unavailable> {
        self.read_index(Call::DueBy, |rows| {
            let due = rows.users.values().filter_map(|user| {
                let at = user.invitation.as_ref()?.due_at()?;
                let is_due = at < until && !rows.is_aside(&keys::user(user.id));
                is_due.then(|| (format!("{at:.3}#{}", user.id), user.id))
            });
            let mut due: Vec<(String, UserId)> = due
                .filter(|(order, _)| position.is_none_or(|position| position < order.as_str()))
                .collect();
            due.sort_unstable();
            let more = due.len() > limit;
            due.truncate(limit);
            ListPage {
                next: due.last().filter(|_| more).map(|(order, _)| order.clone()),
                items: due.into_iter().map(|(_, user)| user).collect(),
                unreadable: 0,
            }
        })
        .await
    }

    async fn take_lease(
        &self,
        run: RunId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.write(Call::TakeLease, |rows| {
            let held_by_another = rows
                .lease
                .is_some_and(|(holder, end)| holder != run && end > now);
            if !held_by_another {
                rows.lease = Some((run, until));
            }
            Ok(!held_by_another)
        })
        .await
    }

    async fn give_lease_back(&self, run: RunId) -> Result<(), Unavailable> {
        self.write(Call::GiveLeaseBack, |rows| {
            rows.lease = rows.lease.filter(|(holder, _)| *holder != run);
            Ok(())
        })
        .await
    }

    async fn delivery_pause(&self) -> Result<Option<Pause>, Unavailable> {
        let read = self.read(Call::DeliveryPause, |rows| {
            one(rows, &keys::pause(), rows.pause.clone())
        });
        readable(self.one_row(read.await))
    }

    async fn set_delivery_pause(&self, pause: Option<&Pause>) -> Result<(), Unavailable> {
        self.write(Call::SetDeliveryPause, |rows| {
            rows.pause = pause.cloned();
            Ok(())
        })
        .await
    }

    async fn note_send_rate(&self, per_second: f64) -> Result<(), Unavailable> {
        self.write(Call::SendRate, |rows| {
            rows.pace = Some(per_second);
            Ok(())
        })
        .await
    }

    async fn pace(&self) -> Result<Option<f64>, Unavailable> {
        self.read(Call::Pace, |rows| rows.pace).await
    }

    async fn rows_aside(&self, limit: usize) -> Result<Vec<SetAside>, Unavailable> {
        self.read(Call::RowsAside, |rows| {
            let keys = rows.spoilt.keys();
            keys.filter_map(|key| rows.aside_of(key))
                .take(limit)
                .collect()
        })
        .await
    }

    async fn row_aside(&self, key: &RowKey) -> Result<Option<SetAside>, Unavailable> {
        self.read(Call::RowAside, |rows| rows.aside_of(key)).await
    }

    async fn note_reported(&self, key: &RowKey) -> Result<(), Unavailable> {
        self.write(Call::NoteReported, |rows| {
            if let Some(row) = rows.spoilt.get_mut(key).filter(|row| row.aside.is_some()) {
                row.reported = true;
            }
            Ok(())
        })
        .await
    }

    async fn set_cursor_aside(
        &self,
        batch: BatchId,
        because: &Unreadable,
    ) -> Result<(), Unavailable> {
        self.write(Call::SetCursorAside, |rows| {
            if rows.cursors.contains_key(&batch) {
                rows.put_by(&keys::cursor(batch), because);
            }
            Ok(())
        })
        .await
    }

    async fn release_row(&self, key: &RowKey) -> Result<bool, Unavailable> {
        self.write(Call::ReleaseRow, |rows| {
            let Some(row) = rows.spoilt.get_mut(key).filter(|row| row.aside.is_some()) else {
                return Ok(false);
            };
            (row.aside, row.reported) = (None, false);
            if row.readable {
                rows.spoilt.remove(key);
            }
            Ok(true)
        })
        .await
    }
}

fn oldest_first<I: Ord>(due: impl Iterator<Item = (Timestamp, I)>, limit: usize) -> Vec<I> {
    let mut due: Vec<_> = due.collect();
    due.sort_unstable();
    due.into_iter().take(limit).map(|(_, id)| id).collect()
}
