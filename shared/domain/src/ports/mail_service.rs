//! The service that sends mails.

use std::future::Future;

use crate::model::mail_content::OutgoingMail;
use crate::model::mail_service::{SendAnswer, SendingLimits};
use crate::ports::error::Unavailable;
use crate::values::address::EmailAddress;

/// The service that sends mails.
pub trait MailService {
    /// Hands over one mail, once: no retries of its own. Whatever happens is an answer.
    fn send_mail(&self, mail: &OutgoingMail) -> impl Future<Output = SendAnswer> + Send;

    /// How fast the service lets us send now.
    fn sending_limits(&self) -> impl Future<Output = Result<SendingLimits, Unavailable>> + Send;

    /// Takes the address off the service's list of those it sends nothing to. One that is not on
    /// it is no error.
    fn clear_suppression(
        &self,
        address: &EmailAddress,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
