//! Mails as their recipients see them.

use jiff::Timestamp;
use serde_json::Value;

/// A mail in the mailbox of the local mail service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// What the mail service calls it.
    pub id: String,
    /// What Beckon calls it; empty if it is none of Beckon's.
    pub beckon_id: String,
    /// To whom it went.
    pub to: String,
    /// When the mail service took it.
    pub sent_at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Its HTML part.
    pub html: String,
    /// What hangs on it, as the mailbox shows it.
    pub attachments: Vec<Value>,
}

impl Mail {
    pub(crate) fn read(item: &Value) -> Self {
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            beckon_id: item["tags"]["beckon-mail"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            to: text("to"),
            sent_at: text("sentAt").parse().unwrap(),
            subject: text("subject"),
            text: text("text"),
            html: text("html"),
            attachments: item["attachments"].as_array().cloned().unwrap_or_default(),
        }
    }

    /// The PIN as it stands in the text, grouped; `None` if the mail has none.
    #[must_use]
    pub fn pin(&self) -> Option<String> {
        self.text.lines().find_map(|line| {
            line.split_once("PIN: ")
                .map(|(_, pin)| pin.trim().to_owned())
        })
    }

    /// The link that redeems, as it stands in the text; `None` if the mail has none.
    #[must_use]
    pub fn link(&self) -> Option<String> {
        self.text
            .split_whitespace()
            .find(|word| word.contains("/enroll?") && word.contains("#t="))
            .map(str::to_owned)
    }

    /// The token of "this was not me".
    #[must_use]
    pub fn decline_token(&self) -> Option<String> {
        self.text
            .split_whitespace()
            .filter(|word| word.contains("/enroll?"))
            .find_map(|word| word.split_once("#decline="))
            .map(|(_, token)| token.to_owned())
    }

    /// The token in that link.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        self.link()
            .and_then(|link| link.split_once("#t=").map(|(_, token)| token.to_owned()))
    }
}
