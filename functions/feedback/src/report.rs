//! The `detail` of an SES event.

use beckon_domain::model::mail::{MailEvent, MailReason};
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::ids::MailId;
use jiff::Timestamp;
use serde_json::Value;

/// What an event is to us.
#[derive(Debug)]
pub enum Read {
    /// A report of one of our mails.
    Report(Feedback),
    /// Nothing that concerns us: a mail without our tag, an open, a click.
    OfNoInterest,
    /// Ours, and not to be understood.
    Unreadable(&'static str),
}

/// Reads an event's detail.
#[must_use]
pub fn parse(detail: &Value) -> Read {
    let text = |path: &str| detail.pointer(path).and_then(Value::as_str);
    let Some(tag) = text("/mail/tags/beckon-mail/0") else {
        return Read::OfNoInterest;
    };
    let Ok(mail) = tag.parse::<MailId>() else {
        return Read::Unreadable("its beckon-mail tag is no id of a mail");
    };
    let Some(kind) = text("/eventType") else {
        return Read::Unreadable("it has no eventType");
    };
    let (event, reason, at) = match kind {
        "Send" => (MailEvent::Accept, None, text("/mail/timestamp")),
        "Delivery" => (MailEvent::Deliver, None, text("/delivery/timestamp")),
        "DeliveryDelay" => (
            MailEvent::Delay,
            Some(reason("delayed", text("/deliveryDelay/delayType"))),
            text("/deliveryDelay/timestamp"),
        ),
        "Bounce" => {
            let event = if text("/bounce/bounceType") == Some("Permanent") {
                MailEvent::HardBounce
            } else {
                MailEvent::SoftBounce
            };
            (
                event,
                Some(MailReason::new(
                    "bounced",
                    &cause_of_bounce(
                        text("/bounce/bounceSubType"),
                        text("/bounce/bouncedRecipients/0/status"),
                    ),
                )),
                text("/bounce/timestamp"),
            )
        }
        "Complaint" => (
            MailEvent::Complain,
            Some(reason(
                "complained",
                text("/complaint/complaintFeedbackType"),
            )),
            text("/complaint/timestamp"),
        ),
        "Reject" => (
            MailEvent::Reject,
            Some(reason("rejected", text("/reject/reason"))),
            text("/mail/timestamp"),
        ),
        "Rendering Failure" => (
            MailEvent::Reject,
            Some(reason("renderingFailed", None)),
            text("/mail/timestamp"),
        ),
        "Open" | "Click" | "Subscription" => return Read::OfNoInterest,
        _ => return Read::Unreadable("its eventType is not known"),
    };
    let Some(at) = at.and_then(|at| at.parse::<Timestamp>().ok()) else {
        return Read::Unreadable("it does not say when");
    };
    Read::Report(Feedback {
        mail,
        service_id: text("/mail/messageId").map(str::to_owned),
        event,
        reason,
        at,
    })
}

/// The longest word that is taken for SES's own.
const MAX_CAUSE_LENGTH: usize = 64;

/// SES's own word for a cause; diagnostic texts are left out, since they quote addresses. The word
/// for a complaint comes from the recipient's server, so what looks like more than a word is too.
fn reason(code: &str, cause: Option<&str>) -> MailReason {
    MailReason::new(code, cause.filter(is_word).unwrap_or("no cause was given"))
}

fn is_word(cause: &&str) -> bool {
    cause.len() <= MAX_CAUSE_LENGTH
        && cause
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-'))
}

/// Why a mail came back, for somebody who wants to know what to do about it; then SES's own word
/// and the status by which the recipient's server refused it (RFC 3463), for somebody who looks it
/// up.
fn cause_of_bounce(subtype: Option<&str>, status: Option<&str>) -> String {
    let subtype = subtype.filter(is_word);
    let status = status.filter(|status| {
        status.len() <= MAX_CAUSE_LENGTH
            && status.contains('.')
            && status
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    let kind = status
        .and_then(|status| status.split_once('.'))
        .map(|(_, kind)| kind);
    let cause = match (subtype, kind) {
        (Some("OnAccountSuppressionList"), _) => {
            "the address is on the account's suppression list of SES, which trying it again clears"
        }
        (Some("Suppressed"), _) => "SES keeps the address on a list of those that bounce",
        (Some("MailboxFull"), _) | (_, Some("2.2")) => "the mailbox is full",
        (Some("MessageTooLarge"), _) | (_, Some("2.3" | "3.4")) => {
            "the mail is larger than the recipient's server takes"
        }
        (_, Some("1.1" | "1.2" | "1.3" | "1.6" | "1.10")) => "there is no such mailbox",
        (Some("ContentRejected" | "AttachmentRejected"), _) => {
            "the recipient's server refused what the mail holds"
        }
        (_, Some(kind)) if kind.starts_with("7.") => {
            "the recipient's server refuses such mails; its administrator can allow the sender"
        }
        (_, Some(kind)) if kind.starts_with("4.") => "the recipient's server was not reached",
        _ => "the recipient's server returned it",
    };
    let exactly: Vec<&str> = subtype.into_iter().chain(status).collect();
    if exactly.is_empty() {
        return cause.to_owned();
    }
    format!("{cause} ({})", exactly.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, (name, body): (&str, Value)) -> Value {
        json!({
            "eventType": kind,
            "mail": {
                "timestamp": "2026-01-31T09:30:00.000Z", "messageId": "m-1",
                "tags": { "beckon-mail": ["01KG4JZ3M0000000000000000A"] },
            },
            name: body,
        })
    }

    #[test]
    fn each_kind_of_event_is_read() {
        let at = "2026-01-31T09:30:05.000Z";
        for (kind, body, expected) in [
            ("Send", ("send", json!({})), MailEvent::Accept),
            (
                "Delivery",
                ("delivery", json!({ "timestamp": at })),
                MailEvent::Deliver,
            ),
            (
                "DeliveryDelay",
                (
                    "deliveryDelay",
                    json!({ "timestamp": at, "delayType": "MailboxFull" }),
                ),
                MailEvent::Delay,
            ),
            (
                "Bounce",
                (
                    "bounce",
                    json!({ "timestamp": at, "bounceType": "Permanent", "bounceSubType": "General" }),
                ),
                MailEvent::HardBounce,
            ),
            (
                "Bounce",
                (
                    "bounce",
                    json!({ "timestamp": at, "bounceType": "Transient", "bounceSubType": "MailboxFull" }),
                ),
                MailEvent::SoftBounce,
            ),
            (
                "Complaint",
                ("complaint", json!({ "timestamp": at })),
                MailEvent::Complain,
            ),
            (
                "Reject",
                ("reject", json!({ "reason": "Bad content" })),
                MailEvent::Reject,
            ),
        ] {
            match parse(&event(kind, body)) {
                Read::Report(feedback) => assert_eq!(feedback.event, expected, "{kind}"),
                other => panic!("{kind}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_another_server_says_in_place_of_a_cause_is_left_out() {
        let at = "2026-01-31T09:30:05.000Z";
        let kept_of = |cause: &str| {
            let complaint = json!({ "timestamp": at, "complaintFeedbackType": cause });
            match parse(&event("Complaint", ("complaint", complaint))) {
                Read::Report(feedback) => feedback.reason.unwrap().detail,
                other => panic!("{cause}: {other:?}"),
            }
        };

        for cause in ["abuse", "auth-failure", "not-spam"] {
            assert_eq!(kept_of(cause), cause);
        }
        for other in ["abuse by ada@example.com", "<b>", &"a".repeat(65)] {
            assert_eq!(kept_of(other), "no cause was given");
        }
    }

    #[test]
    fn what_is_not_ours_is_let_be_and_what_cannot_be_read_is_said() {
        assert!(matches!(
            parse(&json!({ "eventType": "Send", "mail": {} })),
            Read::OfNoInterest
        ));
        assert!(matches!(
            parse(&event("Open", ("open", json!({})))),
            Read::OfNoInterest
        ));
        assert!(matches!(
            parse(&event("Teleported", ("x", json!({})))),
            Read::Unreadable(_)
        ));
        assert!(matches!(
            parse(&event("Delivery", ("delivery", json!({})))),
            Read::Unreadable(_)
        ));
    }
}
