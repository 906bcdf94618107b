//! What becomes of an accepted mail, told as SES tells it through `EventBridge`.
//!
//! Owns: the simulated outcomes and the shape of every event. Must not know who listens, or how the
//! mail was accepted.
//!
//! The `detail` of each event is the record of SES event publishing (developer guide, "Contents of
//! event data"); the `detail-type` names are those of the `EventBridge` reference for `aws.ses`.

use std::io;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{captured::Mail, ids, request::bare_address};

const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";

/// How events reach the listener: SES publishes on a best-effort basis and in no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EventMode {
    /// Each once, in order.
    Normal,
    /// Never.
    None,
    /// All of them, and then all of them again with the same ids.
    Twice,
    /// The last one first.
    Reversed,
}

/// What becomes of a mail to one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// It arrives.
    Delivered,
    /// `bounce@`: the mailbox does not exist.
    HardBounce,
    /// `softbounce@`: the mailbox is full.
    SoftBounce,
    /// `complaint@`: it arrives and is reported as spam.
    Complaint,
    /// `delay@`: the other server does not take it yet.
    Delayed,
    /// `reject@`: SES finds a virus in it.
    Rejected,
    /// `suppressed@`, or an address on the suppression list: SES does not try.
    Suppressed,
}

impl Outcome {
    /// The outcome that an address asks for by its local part, with or without a `+label`, after the
    /// manner of the SES mailbox simulator.
    pub(super) fn of(address: &str) -> Self {
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
        let name = local.split_once('+').map_or(local, |(name, _)| name);
        match name.to_ascii_lowercase().as_str() {
            "bounce" => Self::HardBounce,
            "softbounce" => Self::SoftBounce,
            "complaint" => Self::Complaint,
            "delay" => Self::Delayed,
            "reject" => Self::Rejected,
            "suppressed" => Self::Suppressed,
            _ => Self::Delivered,
        }
    }

    /// Whether SES puts the address on the account's suppression list.
    pub(super) fn suppresses(self) -> bool {
        match self {
            Self::HardBounce | Self::Complaint => true,
            Self::Delivered
            | Self::SoftBounce
            | Self::Delayed
            | Self::Rejected
            | Self::Suppressed => false,
        }
    }
}

/// The events of one mail, in the order in which they are to be handed over.
///
/// # Errors
///
/// When no random bytes can be had for their ids.
pub(super) fn published(
    mail: &Mail,
    outcomes: &[(String, Outcome)],
    mode: EventMode,
    now: Timestamp,
) -> io::Result<Vec<Value>> {
    // SES publishes nothing for mail without a configuration set.
    if mode == EventMode::None || mail.configuration_set.is_none() {
        return Ok(Vec::new());
    }
    let record = Record { mail, now };
    let mut events = vec![record.event("Email Sent", "Send", "send", json!({}))?];
    for (address, outcome) in outcomes {
        record.add(&mut events, address, *outcome)?;
    }
    match mode {
        EventMode::None | EventMode::Normal => {}
        EventMode::Twice => events.extend(events.clone()),
        EventMode::Reversed => events.reverse(),
    }
    Ok(events)
}

struct Record<'a> {
    mail: &'a Mail,
    now: Timestamp,
}

impl Record<'_> {
    fn add(&self, events: &mut Vec<Value>, address: &str, outcome: Outcome) -> io::Result<()> {
        match outcome {
            Outcome::Delivered => events.push(self.delivery(address)?),
            Outcome::HardBounce => events.push(self.bounce(
                address,
                [
                    "Permanent",
                    "General",
                    "5.1.1",
                    "smtp; 550 5.1.1 user unknown",
                ],
            )?),
            Outcome::SoftBounce => events.push(self.bounce(
                address,
                [
                    "Transient",
                    "MailboxFull",
                    "4.2.2",
                    "smtp; 452 4.2.2 mailbox full",
                ],
            )?),
            Outcome::Suppressed => events.push(self.bounce(
                address,
                [
                    "Permanent",
                    "OnAccountSuppressionList",
                    "5.1.1",
                    "not sent: the address is on the account's suppression list",
                ],
            )?),
            Outcome::Complaint => {
                events.push(self.delivery(address)?);
                events.push(self.complaint(address)?);
            }
            Outcome::Delayed => events.push(self.delay(address)?),
            Outcome::Rejected => events.push(self.event(
                "Email Rejected",
                "Reject",
                "reject",
                json!({ "reason": "Bad content" }),
            )?),
        }
        Ok(())
    }

    fn delivery(&self, address: &str) -> io::Result<Value> {
        self.event(
            "Email Delivered",
            "Delivery",
            "delivery",
            json!({
                "timestamp": self.moment(),
                "processingTimeMillis": 1,
                "recipients": [address],
                "smtpResponse": "250 2.6.0 Message received",
                "reportingMTA": "local.smtp-out.example.com",
            }),
        )
    }

    fn bounce(
        &self,
        address: &str,
        [kind, sub_kind, status, diagnostic]: [&str; 4],
    ) -> io::Result<Value> {
        self.event(
            "Email Bounced",
            "Bounce",
            "bounce",
            json!({
                "feedbackId": ids::message_id(self.now)?,
                "bounceType": kind,
                "bounceSubType": sub_kind,
                "bouncedRecipients": [{
                    "emailAddress": address,
                    "action": "failed",
                    "status": status,
                    "diagnosticCode": diagnostic,
                }],
                "timestamp": self.moment(),
                "reportingMTA": "dns; local.smtp-out.example.com",
            }),
        )
    }

    fn complaint(&self, address: &str) -> io::Result<Value> {
        self.event(
            "Email Complaint Received",
            "Complaint",
            "complaint",
            json!({
                "feedbackId": ids::message_id(self.now)?,
                "complaintSubType": null,
                "complainedRecipients": [{ "emailAddress": address }],
                "timestamp": self.moment(),
                "userAgent": "Beckon's local SES",
                "complaintFeedbackType": "abuse",
                "arrivalDate": self.moment(),
            }),
        )
    }

    fn delay(&self, address: &str) -> io::Result<Value> {
        // SES tries for up to 14 hours by default.
        let expires = self
            .now
            .saturating_add(SignedDuration::from_hours(14))
            .unwrap_or(self.now);
        self.event(
            "Email Delivery Delayed",
            "DeliveryDelay",
            "deliveryDelay",
            json!({
                "timestamp": self.moment(),
                "delayType": "TransientCommunicationFailure",
                "expirationTime": format!("{expires:.3}"),
                "delayedRecipients": [{
                    "emailAddress": address,
                    "status": "4.4.1",
                    "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host",
                }],
            }),
        )
    }

    fn event(
        &self,
        detail_type: &str,
        event_type: &str,
        field: &str,
        value: Value,
    ) -> io::Result<Value> {
        let mut detail = Map::new();
        detail.insert("eventType".to_owned(), json!(event_type));
        detail.insert("mail".to_owned(), self.described());
        detail.insert(field.to_owned(), value);
        let resources: Vec<String> = self
            .mail
            .configuration_set
            .iter()
            .map(|name| format!("arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{name}"))
            .collect();
        Ok(json!({
            "version": "0",
            "id": ids::uuid()?,
            "detail-type": detail_type,
            "source": "aws.ses",
            "account": ACCOUNT,
            "time": format!("{:.0}", self.now),
            "region": REGION,
            "resources": resources,
            "detail": detail,
        }))
    }

    /// The `mail` object that every record carries.
    fn described(&self) -> Value {
        let mail = self.mail;
        let from_domain = bare_address(&mail.from)
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain);

        let mut headers = vec![
            json!({ "name": "From", "value": mail.from }),
            json!({ "name": "To", "value": mail.to_addresses.join(", ") }),
            json!({ "name": "Subject", "value": mail.subject }),
            json!({ "name": "MIME-Version", "value": "1.0" }),
        ];
        headers.extend(mail.headers.iter().map(|header| json!(header)));

        let mut tags = Map::new();
        tags.insert("ses:operation".to_owned(), json!(["SendEmail"]));
        tags.insert("ses:source-ip".to_owned(), json!(["127.0.0.1"]));
        tags.insert("ses:from-domain".to_owned(), json!([from_domain]));
        tags.insert("ses:caller-identity".to_owned(), json!(["deliver"]));
        if let Some(name) = &mail.configuration_set {
            tags.insert("ses:configuration-set".to_owned(), json!([name]));
        }
        for (name, value) in &mail.tags {
            tags.insert(name.clone(), json!([value]));
        }

        json!({
            "timestamp": format!("{:.3}", mail.sent_at),
            "source": mail.from,
            "sourceArn": format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/{from_domain}"),
            "sendingAccountId": ACCOUNT,
            "messageId": mail.id,
            "destination": mail.destination,
            "headersTruncated": false,
            "headers": headers,
            "commonHeaders": {
                "from": [mail.from],
                "replyTo": mail.reply_to,
                "to": mail.to_addresses,
                "messageId": mail.id,
                "subject": mail.subject,
            },
            "tags": tags,
        })
    }

    fn moment(&self) -> String {
        format!("{:.3}", self.now)
    }
}
