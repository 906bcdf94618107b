//! Mails.

use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::mail::{Mail, MailState};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::mails::Mails;
use beckon_domain::ports::reads::Loaded;
use beckon_domain::values::ids::{MailId, Version};

use super::Table;
use crate::Call;
use crate::simulation::breakage::Breakage;

impl Mails for Table {
    async fn read_mails(&self, ids: &[MailId]) -> Result<Loaded<Mail, MailId>, Unavailable> {
        self.read(
            Call::LoadMails,
            self.rows().read_mails(ids),
            |ledger, mails| {
                for mail in &mails.found {
                    ledger.read_mail(mail.id);
                }
            },
        )
        .await
    }

    async fn claim_mail(&self, claimed: &Mail, judged_by: Version) -> Result<(), SaveError> {
        let write = async {
            let first = self.rows().claim_mail(claimed, judged_by).await;
            if first.is_err() && self.broken(Breakage::ClaimIgnoresUser) {
                let version = self.row_of(claimed.user).map(|user| user.version);
                return self
                    .rows()
                    .claim_mail(claimed, version.unwrap_or_default())
                    .await;
            }
            first
        };
        let done = self
            .save(Call::ClaimMail, write, |ledger, ()| ledger.claimed(claimed))
            .await;
        self.watch().with(|ledger| ledger.let_go(claimed.id));
        done
    }

    async fn save_mail(
        &self,
        mail: &Mail,
        history: Option<&HistoryEntry>,
    ) -> Result<(), SaveError> {
        if self
            .watch()
            .both(|stage, ledger| stage.broken(Breakage::ReportsIgnored) && ledger.is_report())
        {
            tokio::task::yield_now().await;
            return Ok(());
        }
        let write = async {
            let first = self.rows().save_mail(mail, history).await;
            if first.is_err() && self.broken(Breakage::EveryMailFits) {
                let version = self.rows().mail(mail.id).version.next();
                return self
                    .rows()
                    .save_mail(
                        &Mail {
                            version,
                            ..mail.clone()
                        },
                        history,
                    )
                    .await;
            }
            first
        };
        self.save(Call::SaveMail, write, |ledger, ()| {
            if let Some(row) = history {
                ledger.happened(row);
            }
            // A mail of nobody is claimed by writing it.
            let before = ledger.mails.get(&mail.id).map(|story| story.row.state);
            if mail.state == MailState::Sending && before != Some(MailState::Sending) {
                ledger.claimed(mail);
            } else {
                ledger.mail_written(mail.id);
            }
        })
        .await
    }

    async fn add_mail(
        &self,
        mail: &Mail,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        let write = self.rows().add_mail(mail, answer);
        self.save(Call::AddMail, write, |ledger, ()| {
            ledger.mail_written(mail.id);
        })
        .await
    }
}
