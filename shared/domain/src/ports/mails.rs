//! Mails in the table.

use std::future::Future;

use crate::model::history::HistoryEntry;
use crate::model::idempotency::IdempotencyRecord;
use crate::model::mail::Mail;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::reads::Loaded;
use crate::values::ids::{MailId, Version};

/// Mails, and what became of them.
pub trait Mails: Sync {
    /// The mails with these ids, as last written, in any order; an unknown id is left out. A row
    /// that cannot be read says nothing of the others; it is set aside and told of once.
    fn read_mails(
        &self,
        ids: &[MailId],
    ) -> impl Future<Output = Result<Loaded<Mail, MailId>, Unavailable>> + Send;

    /// Those of them that can be read.
    fn load_mails(
        &self,
        ids: &[MailId],
    ) -> impl Future<Output = Result<Vec<Mail>, Unavailable>> + Send {
        async move { Ok(self.read_mails(ids).await?.found) }
    }

    /// One mail. A row that cannot be read is an error that says so.
    fn load_mail(
        &self,
        id: MailId,
    ) -> impl Future<Output = Result<Option<Mail>, Unavailable>> + Send {
        async move { self.read_mails(&[id]).await?.one() }
    }

    /// Claims the mail for the delivery worker: writes its next version if the user it was judged by is still at the version that
    /// was read, so that nothing goes out that was cancelled or replaced meanwhile.
    fn claim_mail(
        &self,
        claimed: &Mail,
        judged_by: Version,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Writes the mail's next version, and what happened, as one.
    fn save_mail(
        &self,
        mail: &Mail,
        history: Option<&HistoryEntry>,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Writes the first version of a mail that tells of no change, and what its request is answered with, as one.
    /// [`SaveError::Conflict`]: the idempotency key was used in the meantime.
    fn add_mail(
        &self,
        mail: &Mail,
        answer: Option<&IdempotencyRecord>,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}
