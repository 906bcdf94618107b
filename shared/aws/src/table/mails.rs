//! Mails: loading, claiming, recording.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::mail::Mail;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::mails::Mails;
use beckon_domain::ports::reads::Loaded;
use beckon_domain::values::ids::{MailId, Version};

use super::rows::part;
use super::{Cancelled, Table, changes, foreign, keys, number, rows};

impl Mails for Table {
    async fn read_mails(&self, ids: &[MailId]) -> Result<Loaded<Mail, MailId>, Unavailable> {
        self.load(ids.iter().map(|id| keys::mail(*id)).collect())
            .await
    }

    async fn claim_mail(&self, claimed: &Mail, judged_by: Version) -> Result<(), SaveError> {
        let check = ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(keys::user(claimed.user).into_item()))
            .condition_expression("#version = :judged")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":judged", number(judged_by.get()))
            .build()
            .map_err(foreign)?;
        let items = vec![
            part(self.replace(rows::mail(claimed)?, claimed.version)?),
            TransactWriteItem::builder().condition_check(check).build(),
        ];
        saved(self.transact(items).await)
    }

    async fn save_mail(
        &self,
        mail: &Mail,
        history: Option<&HistoryEntry>,
    ) -> Result<(), SaveError> {
        let put = self.replace(rows::mail(mail)?, mail.version)?;
        match history {
            None => {
                if !self.put(put).await? {
                    return Err(SaveError::Conflict);
                }
            }
            Some(row) => saved(
                self.transact(vec![part(put), part(self.set(rows::history(row)?)?)])
                    .await,
            )?,
        }
        changes::of_mail(mail);
        Ok(())
    }

    async fn add_mail(
        &self,
        mail: &Mail,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        let mut items = vec![part(self.replace(rows::mail(mail)?, mail.version)?)];
        if let Some(answer) = answer {
            items.push(part(self.remember(answer)?));
        }
        saved(self.transact(items).await)?;
        changes::mail_added(mail);
        Ok(())
    }
}

/// What a transaction's end means where all its conditions are about versions.
pub(super) fn saved(outcome: Result<(), Cancelled>) -> Result<(), SaveError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(Cancelled::Because(_)) => Err(SaveError::Conflict),
        Err(Cancelled::Unavailable(error)) => Err(error.into()),
    }
}
