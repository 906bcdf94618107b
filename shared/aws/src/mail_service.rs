//! SES: hands over one mail at a time and gives each of its answers a meaning. The SDK's own
//! retries are off here: a repeated hand-over is a second mail.

mod refusals;

use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use aws_sdk_sesv2::operation::delete_suppressed_destination::DeleteSuppressedDestinationError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Attachment, AttachmentContentDisposition, AttachmentContentTransferEncoding, Body, Content,
    Destination, EmailContent, Message, MessageHeader, MessageTag,
};
use beckon_domain::model::mail_content::{InlineImage, OutgoingMail};
use beckon_domain::model::mail_service::{SendAnswer, SendingLimits};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mail_service::MailService;
use beckon_domain::values::address::EmailAddress;

use crate::sdk_calls::SdkCall as _;

/// The tag by which SES's events name one of our mails.
pub(crate) const MAIL_TAG: &str = "beckon-mail";

/// SES in one account and region.
#[derive(Debug, Clone)]
pub struct SesMailService {
    client: Client,
    configuration_set: Option<String>,
}

impl SesMailService {
    /// SES, sending with this configuration set, whose events come back to us.
    #[must_use]
    pub fn new(config: &aws_types::SdkConfig, configuration_set: Option<&str>) -> Self {
        let config = aws_sdk_sesv2::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            // Longer than SES ever takes: giving up early turns a sent mail into an unknown one.
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    .operation_timeout(Duration::from_secs(10))
                    .build(),
            )
            .build();
        Self {
            client: Client::from_conf(config),
            configuration_set: configuration_set.map(str::to_owned),
        }
    }
}

impl MailService for SesMailService {
    async fn send_mail(&self, mail: &OutgoingMail) -> SendAnswer {
        let content = match content(mail) {
            Ok(content) => content,
            Err(error) => {
                return SendAnswer::MailRefused {
                    reason: error.to_string(),
                };
            }
        };
        let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build();
        let (Ok(id_tag), Ok(kind_tag)) = (
            tag(MAIL_TAG, &mail.id.to_string()),
            tag("beckon-kind", mail.kind),
        ) else {
            return SendAnswer::MailRefused {
                reason: "its tags are not complete".to_owned(),
            };
        };
        let answer = self
            .client
            .send_email()
            .from_email_address(&mail.from)
            .destination(
                Destination::builder()
                    .to_addresses(mail.to.as_str())
                    .build(),
            )
            .set_reply_to_addresses(
                mail.reply_to
                    .as_ref()
                    .map(|address| vec![address.as_str().to_owned()]),
            )
            .content(content)
            .email_tags(id_tag)
            .email_tags(kind_tag)
            .set_configuration_set_name(self.configuration_set.clone())
            .call()
            .await;
        match answer {
            Ok(answer) => match answer.message_id {
                Some(service_id) => SendAnswer::Accepted { service_id },
                None => SendAnswer::NoAnswer {
                    reason: "SES answered without a message id".to_owned(),
                },
            },
            Err(error) => refusals::meaning(&error, mail),
        }
    }

    async fn sending_limits(&self) -> Result<SendingLimits, Unavailable> {
        let account = self.client.get_account().call().await.map_err(|error| {
            Unavailable::new("the mail service", DisplayErrorContext(error).to_string())
        })?;
        let per_second = account
            .send_quota
            .as_ref()
            .map(aws_sdk_sesv2::types::SendQuota::max_send_rate)
            .filter(|rate| *rate > 0.0)
            // An account's rate is at least one a second, in the sandbox too.
            .unwrap_or(1.0);
        Ok(SendingLimits {
            per_second,
            enabled: account.sending_enabled,
        })
    }

    async fn clear_suppression(&self, address: &EmailAddress) -> Result<(), Unavailable> {
        let answer = self
            .client
            .delete_suppressed_destination()
            .email_address(address.as_str())
            .call()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteSuppressedDestinationError::is_not_found_exception) =>
            {
                Ok(())
            }
            // Its text may name the address; the code says enough.
            Err(error) => Err(Unavailable::new(
                "the mail service",
                format!(
                    "it did not take the address off its suppression list: {}",
                    error.code().unwrap_or("no answer")
                ),
            )),
        }
    }
}

fn content(mail: &OutgoingMail) -> Result<EmailContent, aws_sdk_sesv2::error::BuildError> {
    let utf8 = |data: &str| Content::builder().data(data).charset("UTF-8").build();
    let header = |name: &str, value: &str| MessageHeader::builder().name(name).value(value).build();
    let attachments = mail
        .message
        .inline
        .iter()
        .map(attachment)
        .collect::<Result<Vec<_>, _>>()?;
    let message = Message::builder()
        .subject(utf8(&mail.message.subject)?)
        .body(
            Body::builder()
                .text(utf8(&mail.message.text)?)
                .html(utf8(&mail.message.html)?)
                .build(),
        )
        // RFC 3834 and Exchange's own (MS-OXCMAIL, 2.1.3.2.20): no answers to a machine. Reports of
        // delivery stay, since Beckon tells what became of a mail.
        .headers(header("Auto-Submitted", "auto-generated")?)
        .headers(header(
            "X-Auto-Response-Suppress",
            "RN, NRN, OOF, AutoReply",
        )?)
        .set_attachments((!attachments.is_empty()).then_some(attachments))
        .build();
    Ok(EmailContent::builder().simple(message).build())
}

fn attachment(image: &InlineImage) -> Result<Attachment, aws_sdk_sesv2::error::BuildError> {
    Attachment::builder()
        .raw_content(Blob::new(image.bytes.clone()))
        .content_disposition(AttachmentContentDisposition::Inline)
        .content_transfer_encoding(AttachmentContentTransferEncoding::Base64)
        .content_id(&image.content_id)
        .content_type(&image.content_type)
        .file_name(&image.file_name)
        .build()
}
