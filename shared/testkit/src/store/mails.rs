//! Mails, and what became of them.

use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::mail::Mail;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::mails::Mails;
use beckon_domain::ports::reads::Loaded;
use beckon_domain::values::ids::{MailId, Version};

use super::rows::Rows;
use super::spoilt::keys;
use super::{Call, MemoryStore};

impl Mails for MemoryStore {
    async fn read_mails(&self, ids: &[MailId]) -> Result<Loaded<Mail, MailId>, Unavailable> {
        let wanted = |rows: &Rows| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids.dedup();
            let mails = ids.iter().filter_map(|id| rows.mails.get(id).cloned());
            mails.collect()
        };
        self.several(Call::LoadMails, wanted, |mail: &Mail| mail.id, keys::mail)
            .await
    }

    async fn claim_mail(&self, claimed: &Mail, judged_by: Version) -> Result<(), SaveError> {
        self.save(Call::ClaimMail, |rows| rows.claim_mail(claimed, judged_by))
            .await
    }

    async fn save_mail(
        &self,
        mail: &Mail,
        history: Option<&HistoryEntry>,
    ) -> Result<(), SaveError> {
        self.save(Call::SaveMail, |rows| rows.save_mail(mail, history))
            .await
    }

    async fn add_mail(
        &self,
        mail: &Mail,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        self.save(Call::AddMail, |rows| rows.add_mail(mail, answer))
            .await
    }
}
