//! What SES's refusals ask of us. The question for each: does it hold for every mail, or for this
//! one alone? One recipient must not hold up all others, and a fault of the account must not fail
//! mail after mail.

use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use beckon_domain::model::mail_content::OutgoingMail;
use beckon_domain::model::mail_service::SendAnswer;

/// Why a mail to an unverified address fails alone, and what to do about it.
const RECIPIENT_NOT_VERIFIED: &str = "the mail account is still in the SES sandbox, where mail goes to verified addresses only, and this address is not verified: ask AWS for production access, or verify the address in SES, then mail this person again";

/// The same where SES asks for a right to the recipient's own identity.
const RECIPIENT_NOT_PERMITTED: &str = "the mail account is still in the SES sandbox, where the role that sends needs a right to the recipient's identity too, and has none: ask AWS for production access, or permit ses:SendEmail on that identity, then mail this person again";

/// What an error of the call asks of us.
pub(super) fn meaning(
    error: &SdkError<SendEmailError, HttpResponse>,
    mail: &OutgoingMail,
) -> SendAnswer {
    match error {
        SdkError::ServiceError(service) => Refusal {
            code: service.err().code().unwrap_or_default(),
            message: service.err().message().unwrap_or_default(),
            status: service.raw().status().as_u16(),
        }
        .meaning(&mail.from, mail.to.as_str()),
        // Nothing left this machine.
        SdkError::ConstructionFailure(_) => could_not_be_put_together(),
        SdkError::DispatchFailure(failure) if failure.is_user() => could_not_be_put_together(),
        SdkError::TimeoutError(_) => no_answer("SES did not answer in time"),
        SdkError::DispatchFailure(_) => no_answer("the connection to SES broke"),
        SdkError::ResponseError(_) => no_answer("SES's answer could not be read"),
        _ => no_answer("something unexpected happened on the way to SES"),
    }
}

fn could_not_be_put_together() -> SendAnswer {
    SendAnswer::MailRefused {
        reason: "the request could not be put together".to_owned(),
    }
}

fn no_answer(reason: &str) -> SendAnswer {
    SendAnswer::NoAnswer {
        reason: reason.to_owned(),
    }
}

/// An answer of SES that takes no mail.
struct Refusal<'a> {
    code: &'a str,
    message: &'a str,
    status: u16,
}

impl Refusal<'_> {
    /// Rate and daily quota come under one name and are told apart by the text, as are senders
    /// and recipients that are not verified.
    fn meaning(&self, from: &str, to: &str) -> SendAnswer {
        let text = self.message.to_lowercase();
        let told = without_addresses(self.message);
        let account = || SendAnswer::AccountRefused {
            reason: told.clone(),
        };
        let this_mail = || SendAnswer::MailRefused {
            reason: told.clone(),
        };
        let named = Named::in_message(self.message, from, to);
        match self.code {
            "TooManyRequestsException" | "ThrottlingException" | "Throttling" => {
                if text.contains("daily") {
                    SendAnswer::QuotaUsedUp
                } else {
                    SendAnswer::TooFast
                }
            }
            "LimitExceededException" => SendAnswer::QuotaUsedUp,
            "MessageRejected" | "BadRequestException" if text.contains("not verified") => {
                match named {
                    Named::RecipientAlone => SendAnswer::RecipientNotVerified {
                        reason: RECIPIENT_NOT_VERIFIED.to_owned(),
                    },
                    Named::Sender | Named::Nobody => account(),
                }
            }
            // The older API's words for what has names of its own since.
            "MessageRejected" if is_about_the_account(&text) => account(),
            "MessageRejected" => this_mail(),
            // A malformed sender is in every mail, a malformed recipient in this one.
            "BadRequestException"
            | "InvalidParameterValue"
            | "InvalidParameterValueException"
            | "ValidationError"
            | "ValidationException"
            | "SerializationException" => match named {
                Named::Sender => account(),
                Named::RecipientAlone | Named::Nobody => this_mail(),
            },
            "AccessDeniedException" | "AccessDenied" if named == Named::RecipientAlone => {
                SendAnswer::RecipientNotVerified {
                    reason: RECIPIENT_NOT_PERMITTED.to_owned(),
                }
            }
            "AccountSuspendedException"
            | "SendingPausedException"
            | "MailFromDomainNotVerifiedException"
            | "NotFoundException" => account(),
            _ if self.status == 413 => this_mail(),
            _ if self.status >= 500 => no_answer("SES had an error of its own"),
            "" => SendAnswer::AccountRefused {
                reason: format!("unnamed refusal: {told}"),
            },
            code => SendAnswer::AccountRefused {
                reason: format!("{code}: {told}"),
            },
        }
    }
}

fn is_about_the_account(text: &str) -> bool {
    text.contains("account")
        && ["paused", "suspended", "shut down", "disabled", "restricted"]
            .iter()
            .any(|word| text.contains(word))
}

/// Whose identity a message of SES names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    /// The sender's, and perhaps the recipient's too: no mail goes while that is so.
    Sender,
    /// The recipient's and not the sender's.
    RecipientAlone,
    /// Neither, as far as can be told.
    Nobody,
}

impl Named {
    /// SES writes identities as addresses, with display names or without, as domains, or as ARNs.
    fn in_message(message: &str, from: &str, to: &str) -> Self {
        let sender = bare(from).to_lowercase();
        let recipient = to.to_lowercase();
        let identities: Vec<String> = message
            .split(|c: char| c.is_whitespace() || ",;:<>()[]\"".contains(c))
            .map(|word| {
                let word = word.trim_matches(['\'', '`', '.']).to_lowercase();
                match word.strip_prefix("identity/") {
                    Some(identity) => identity.to_owned(),
                    None => word,
                }
            })
            .filter(|word| word.contains('.'))
            .collect();
        let names = |address: &str| identities.iter().any(|identity| holds(identity, address));
        match (names(&sender), names(&recipient)) {
            (true, _) => Self::Sender,
            (false, true) => Self::RecipientAlone,
            (false, false) => Self::Nobody,
        }
    }
}

/// Whether this identity is the one of the address: the address itself, with or without a label
/// behind a plus sign, its domain, or a domain above that.
fn holds(identity: &str, address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    match identity.rsplit_once('@') {
        Some((its_local, its_domain)) => {
            let unlabelled = local.split_once('+').map_or(local, |(local, _)| local);
            its_domain == domain && (its_local == local || its_local == unlabelled)
        }
        None => {
            domain == identity
                || domain
                    .strip_suffix(identity)
                    .is_some_and(|above| above.ends_with('.'))
        }
    }
}

/// The address in `Name <address>`.
fn bare(typed: &str) -> &str {
    typed
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.trim_end().strip_suffix('>'))
        .unwrap_or(typed)
        .trim()
}

/// SES quotes addresses in its messages; reasons are stored and logged without. `'@domain'`, as it
/// writes of an address without one, is none.
fn without_addresses(message: &str) -> String {
    let is_address = |word: &str| {
        word.split_once('@')
            .is_some_and(|(local, _)| local.contains(char::is_alphanumeric))
    };
    message
        .split_whitespace()
        .map(|word| if is_address(word) { "(address)" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "\"Example Ltd, IT\" <Beckon@corp.example>";
    const TO: &str = "Ada.L@People.example";

    fn answer(code: &str, message: &str) -> SendAnswer {
        let refusal = Refusal {
            code,
            message,
            status: 400,
        };
        refusal.meaning(FROM, TO)
    }

    /// What a mail to [`TO`] comes to when these identities are not verified.
    fn unverified(identities: &str) -> SendAnswer {
        answer(
            "MessageRejected",
            &format!(
                "Email address is not verified. The following identities failed the check in region EU-WEST-1: {identities}"
            ),
        )
    }

    #[test]
    fn a_recipient_who_is_not_verified_fails_their_own_mail_however_they_are_named() {
        for identities in [
            "ada.l@people.example",
            "Ada.L@People.example.",
            "\"L, Ada\" <ada.l@people.example>",
            "=?utf-8?q?Ad=C3=A1?= <ada.l@people.example>",
            "arn:aws:ses:eu-west-1:123456789012:identity/ada.l@people.example",
            "people.example",
            "arn:aws:ses:eu-west-1:123456789012:identity/people.example",
            "somebody@else.example, ada.l@people.example",
        ] {
            let SendAnswer::RecipientNotVerified { reason } = unverified(identities) else {
                panic!("{identities}: {:?}", unverified(identities));
            };
            assert!(reason.contains("sandbox"), "{reason}");
            assert!(!reason.contains('@'), "{reason}");
        }
    }

    #[test]
    fn a_sender_who_is_not_verified_or_nobody_who_can_be_told_pauses_all() {
        for identities in [
            "beckon@corp.example",
            "\"Example Ltd, IT\" <Beckon@corp.example>",
            "corp.example",
            "ada.l@people.example, Example Ltd <beckon@corp.example>",
            "arn:aws:ses:eu-west-1:123456789012:identity/corp.example, ada.l@people.example",
            "",
            "ice@people.example",
            "ada.l@other-people.example",
            "le.example",
        ] {
            assert!(
                matches!(unverified(identities), SendAnswer::AccountRefused { .. }),
                "{identities}: {:?}",
                unverified(identities)
            );
        }
        assert!(matches!(
            answer("MessageRejected", "Email address is not verified."),
            SendAnswer::AccountRefused { .. }
        ));
    }

    #[test]
    fn a_domain_that_sender_and_recipient_share_is_the_senders() {
        let refusal = Refusal {
            code: "MessageRejected",
            message: "Email address is not verified. The following identities failed the check in region US-EAST-1: corp.example",
            status: 400,
        };

        let answer = refusal.meaning("beckon@corp.example", "ada@mail.corp.example");

        assert!(matches!(answer, SendAnswer::AccountRefused { .. }));
    }

    #[test]
    fn a_label_behind_a_plus_sign_makes_no_other_mailbox() {
        let refusal = Refusal {
            code: "MessageRejected",
            message: "Email address is not verified. The following identities failed the check in region US-EAST-1: ada@people.example",
            status: 400,
        };

        let answer = refusal.meaning(FROM, "ada+mdm@people.example");

        assert!(matches!(answer, SendAnswer::RecipientNotVerified { .. }));
    }

    #[test]
    fn in_the_sandbox_a_right_that_lacks_for_the_recipients_identity_fails_that_mail_alone() {
        let denied = |identity: &str| {
            answer(
                "AccessDeniedException",
                &format!(
                    "User: arn:aws:sts::000000000000:assumed-role/deliver/deliver is not authorized to perform: ses:SendEmail on resource: arn:aws:ses:us-east-1:000000000000:identity/{identity}"
                ),
            )
        };

        for recipients in ["ada.l@people.example", "people.example"] {
            assert!(matches!(
                denied(recipients),
                SendAnswer::RecipientNotVerified { .. }
            ));
        }
        for other in ["corp.example", "beckon@corp.example", "third.example"] {
            assert!(matches!(denied(other), SendAnswer::AccountRefused { .. }));
        }
    }

    #[test]
    fn what_is_wrong_with_one_address_fails_one_mail() {
        for (code, message) in [
            ("BadRequestException", "Missing final '@domain'"),
            (
                "BadRequestException",
                "Local address contains control or whitespace",
            ),
            (
                "BadRequestException",
                "Domain contains control or whitespace",
            ),
            ("BadRequestException", "Domain starts with dot"),
            ("BadRequestException", "Local address starts with dot"),
            (
                "BadRequestException",
                "Invalid email address: ada.l@people.example",
            ),
            ("InvalidParameterValue", "Illegal address"),
            ("ValidationException", "1 validation error detected"),
            ("MessageRejected", "Address blacklisted."),
            (
                "MessageRejected",
                "Email address is on the suppression list for your account.",
            ),
            (
                "BadRequestException",
                "Message length is more than 41943040 bytes long.",
            ),
        ] {
            let SendAnswer::MailRefused { reason } = answer(code, message) else {
                panic!("{message}: {:?}", answer(code, message));
            };
            assert!(!reason.contains("ada"), "{reason}");
        }
        assert_eq!(
            answer("BadRequestException", "Missing final '@domain'"),
            SendAnswer::MailRefused {
                reason: "Missing final '@domain'".to_owned()
            }
        );
    }

    #[test]
    fn a_mail_too_large_for_the_gateway_in_front_fails_alone() {
        let refusal = Refusal {
            code: "RequestEntityTooLargeException",
            message: "",
            status: 413,
        };

        assert!(matches!(
            refusal.meaning(FROM, TO),
            SendAnswer::MailRefused { .. }
        ));
    }

    #[test]
    fn what_is_wrong_with_sender_or_account_pauses_all() {
        for (code, message) in [
            (
                "BadRequestException",
                "Invalid email address: beckon@corp.example",
            ),
            (
                "MessageRejected",
                "Sending suspended for this account. For more information, please check the inbox of the email address associated with your AWS account.",
            ),
            ("MessageRejected", "Sending paused for this account."),
            ("SendingPausedException", "Sending paused for this account."),
            (
                "NotFoundException",
                "Configuration set <beckon> does not exist.",
            ),
            ("SignatureDoesNotMatch", "The request signature is wrong."),
            ("", ""),
        ] {
            assert!(
                matches!(answer(code, message), SendAnswer::AccountRefused { .. }),
                "{code} {message}"
            );
        }
    }

    #[test]
    fn rate_and_quota_are_told_apart_under_each_name() {
        for code in [
            "TooManyRequestsException",
            "ThrottlingException",
            "Throttling",
        ] {
            assert_eq!(
                answer(code, "Maximum sending rate exceeded."),
                SendAnswer::TooFast
            );
            assert_eq!(
                answer(code, "Daily message quota exceeded."),
                SendAnswer::QuotaUsedUp
            );
        }
    }
}
