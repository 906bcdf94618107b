//! The ports that speak of mails, of what is due, and of the delivery worker's lease and pause.

use beckon_domain::model::delivery::Pause;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::mail::{Mail, MailClass};
use beckon_domain::ports::delivery::{DeliveryPause, FindDue, HoldLease};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::mails::{AddMail, ClaimMail, LoadMails, SaveMail};
use beckon_domain::ports::reads::{Loaded, readable};
use beckon_domain::values::ids::{BatchId, MailId, RunId, UserId, Version};
use jiff::Timestamp;

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl LoadMails for MemoryStore {
    async fn read_mails(&self, ids: &[MailId]) -> Result<Loaded<Mail, MailId>, Unavailable> {
        let read = self.read(Call::LoadMails, |rows| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids.dedup();
            let mails = ids.iter().filter_map(|id| rows.mails.get(id).cloned());
            let (unreadable, found): (Vec<Mail>, Vec<Mail>) = mails.partition(|mail| {
                rows.any_is_spoilt() && rows.why_unreadable(&keys::mail(mail.id)).is_some()
            });
            (found, unreadable)
        });
        let (found, unreadable) = read.await?;
        let unreadable = unreadable.into_iter();
        Ok(Loaded {
            found,
            unreadable: unreadable
                .map(|mail| (mail.id, self.met(&keys::mail(mail.id))))
                .collect(),
        })
    }
}

impl FindDue for MemoryStore {
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
}

fn oldest_first<I: Ord>(due: impl Iterator<Item = (Timestamp, I)>, limit: usize) -> Vec<I> {
    let mut due: Vec<_> = due.collect();
    due.sort_unstable();
    due.into_iter().take(limit).map(|(_, id)| id).collect()
}

impl ClaimMail for MemoryStore {
    async fn claim_mail(&self, claimed: &Mail, judged_by: Version) -> Result<(), SaveError> {
        self.save(Call::ClaimMail, |rows| rows.claim_mail(claimed, judged_by))
            .await
    }
}

impl SaveMail for MemoryStore {
    async fn save_mail(
        &self,
        mail: &Mail,
        history: Option<&HistoryEntry>,
    ) -> Result<(), SaveError> {
        self.save(Call::SaveMail, |rows| rows.save_mail(mail, history))
            .await
    }
}

impl AddMail for MemoryStore {
    async fn add_mail(
        &self,
        mail: &Mail,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        self.save(Call::AddMail, |rows| rows.add_mail(mail, answer))
            .await
    }
}

impl HoldLease for MemoryStore {
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
}

impl DeliveryPause for MemoryStore {
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
}
