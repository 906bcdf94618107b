//! What a mail says, before it has words: the data that templates are filled with, and the
//! finished message. Which words, in which language, is the composer's business
//! ([`crate::ports::composer::Composer`]).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::model::directory::DirectoryAttribute;
use crate::model::ownership::{Ownership, OwnershipRule};
use crate::model::settings::branding::Branding;
use crate::model::settings::help_desk::HelpDesk;
use crate::values::address::EmailAddress;
use crate::values::ids::MailId;
use crate::values::locale::{Locale, TimeZoneName};
use crate::values::method::Method;
use crate::values::names::{DisplayName, Label};
use crate::values::pin::Pin;
use crate::values::token::Token;

/// Who sends, and whom to ask: the same in every mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letterhead {
    /// The organisation whose devices are managed; `None` until somebody set it.
    pub organisation: Option<Label>,
    /// Whom to ask for help.
    pub help_desk: Option<HelpDesk>,
    /// How it looks.
    pub branding: Branding,
}

/// Whom a mail is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The name, if we know one.
    pub name: Option<DisplayName>,
    /// The languages to try in this order, before English.
    pub locales: Vec<Locale>,
    /// The zone in which times are told.
    pub time_zone: TimeZoneName,
    /// What else the directory says of them that mails may use.
    pub facts: BTreeMap<DirectoryAttribute, Label>,
}

/// The secret of an invitation mail, by method.
#[derive(Debug, Clone)]
pub enum ContentSecret {
    /// A PIN to type on the page.
    Pin(Pin),
    /// A link to open, as text and as a QR code. The token is in the URL's fragment.
    Link(Token),
    /// None: the registration itself completes the invitation.
    None,
    /// Something of the same shape that is no secret, for a preview: a PIN of so many symbols, or a link.
    Masked {
        /// How long PINs are under the settings.
        pin_length: u8,
    },
}

/// The first invitation to an issue, or one of its reminders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationOccasion {
    /// The invitation itself.
    First,
    /// The same issue, mailed again because somebody asked.
    Again,
    /// Printed, and given to the person by hand.
    Handout,
    /// A reminder.
    Reminder {
        /// No further one will come.
        last: bool,
    },
}

/// An invitation.
#[derive(Debug, Clone)]
pub struct InvitationContent {
    /// Who sends.
    pub head: Letterhead,
    /// Who reads.
    pub reader: Reader,
    /// The address that is invited, which a PIN is entered with; `None` in a sample.
    pub invited: Option<EmailAddress>,
    /// Why it is sent now.
    pub occasion: InvitationOccasion,
    /// Who invites, as the history knows them; a name or an address.
    pub invited_by: Option<Label>,
    /// How to register.
    pub method: Method,
    /// The secret.
    pub secret: ContentSecret,
    /// What the device will be, as far as the invitation decides.
    pub ownership: Ownership,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether an earlier invitation of the same person stops working with this one.
    pub replaces_earlier: bool,
    /// The enrolment page, without any secret: `https://…/enroll`.
    pub page_url: String,
    /// Where the device is managed, for somebody who has nothing to enter on the page; `None` if
    /// there is something, or if the settings name no place that fits.
    pub manage_url: Option<String>,
    /// Where to say "this was not me", with its own token; `None` where it is not offered.
    pub decline_url: Option<String>,
    /// What the organisation can see and erase on such a device; `None` where nobody worded it.
    pub agreement: Option<Agreement>,
}

/// What registering a device means for whoever does: what the organisation can see and erase, as
/// an administrator worded it for one ownership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Plain text, already cleaned; blank lines part its paragraphs.
    pub text: String,
    /// Where to read more: a web page.
    pub url: Option<String>,
}

/// What tells somebody that a secret of theirs was given out without a mail. It holds no secret.
#[derive(Debug, Clone)]
pub struct HandOverContent {
    /// Who sends.
    pub head: Letterhead,
    /// Who reads: the person in whose name the secret registers a device.
    pub reader: Reader,
    /// Who gave it out, as the history knows them.
    pub by: Option<Label>,
    /// Why, as they typed it.
    pub reason: Label,
    /// What was given out: a PIN, or a QR code with its link.
    pub method: Method,
    /// When it was given out.
    pub at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Where to say "this was not me", with its own token; `None` where it is not offered.
    pub decline_url: Option<String>,
}

/// What tells an administrator that something happened to somebody's invitation.
#[derive(Debug, Clone)]
pub struct NoticeContent {
    /// Who sends.
    pub head: Letterhead,
    /// Who reads: the administrator.
    pub reader: Reader,
    /// What happened.
    pub about: NoticeAbout,
    /// To whom.
    pub person: PersonName,
    /// When.
    pub at: Timestamp,
}

/// Whom a notice is about. Administrators know people by name and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName {
    /// The name, if we know one.
    pub name: Option<DisplayName>,
    /// The address.
    pub email: EmailAddress,
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeAbout {
    /// The invited person said "this was not me".
    Declined {
        /// When the invitation was issued.
        issued_at: Timestamp,
        /// Who had invited, as the history knows them.
        invited_by: Option<Label>,
    },
    /// A device was registered, and the invitation completed.
    Completed {
        /// The device's name or model, as the device management told it.
        device_name: Option<Label>,
        /// Its platform, as the device management told it.
        platform: Option<Label>,
        /// What was decided.
        ownership: Ownership,
        /// Which rule decided it.
        rule: OwnershipRule,
    },
}

/// What tells somebody that their device is registered.
#[derive(Debug, Clone)]
pub struct ConfirmationContent {
    /// Who sends.
    pub head: Letterhead,
    /// Who reads.
    pub reader: Reader,
    /// The device's name or model, as the device management told it.
    pub device_name: Option<Label>,
    /// Its platform, as the device management told it.
    pub platform: Option<Label>,
    /// What was decided.
    pub ownership: Ownership,
    /// Which rule decided it.
    pub rule: OwnershipRule,
    /// When it was registered.
    pub registered_at: Timestamp,
}

/// An image that a mail carries inside, so that it shows without being fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineImage {
    /// What `cid:` in the HTML refers to.
    pub content_id: String,
    /// The file name that mail clients show.
    pub file_name: String,
    /// The media type.
    pub content_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A finished mail, less who it goes to.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// What the HTML refers to by `cid:`.
    pub inline: Vec<InlineImage>,
    /// The language it is written in.
    pub locale: Locale,
}

impl Message {
    /// The HTML part with its pictures in it, to be shown where nothing is attached.
    #[must_use]
    pub fn html_with_images(&self) -> String {
        self.inline.iter().fold(self.html.clone(), |html, image| {
            let data = format!(
                "data:{};base64,{}",
                image.content_type,
                STANDARD.encode(&image.bytes)
            );
            html.replace(&format!("cid:{}", image.content_id), &data)
        })
    }
}

/// A message carries a secret; printing a structure must not show it.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("locale", &self.locale)
            .finish_non_exhaustive()
    }
}

/// A message with its envelope, ready for a mail service.
#[derive(Debug, Clone)]
pub struct OutgoingMail {
    /// Which mail it is: the tag by which the mail service's events name it.
    pub id: MailId,
    /// What it is for, as a word for tags and counts.
    pub kind: &'static str,
    /// The sender, `Name <address>` as it stands in the header, in ASCII.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<EmailAddress>,
    /// The recipient.
    pub to: EmailAddress,
    /// What it says.
    pub message: Message,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            subject: "Your PIN is 1234".to_owned(),
            text: "1234".to_owned(),
            html: r#"<img src="cid:logo"><img src="cid:code"><p>1234</p>"#.to_owned(),
            inline: [("logo", "image/png", [1]), ("code", "image/gif", [2])]
                .map(|(content_id, content_type, bytes)| InlineImage {
                    content_id: content_id.to_owned(),
                    file_name: format!("{content_id}.image"),
                    content_type: content_type.to_owned(),
                    bytes: bytes.to_vec(),
                })
                .into(),
            locale: Locale::english(),
        }
    }

    #[test]
    fn a_message_that_is_shown_holds_each_of_its_pictures() {
        assert_eq!(
            message().html_with_images(),
            r#"<img src="data:image/png;base64,AQ=="><img src="data:image/gif;base64,Ag=="><p>1234</p>"#
        );
    }

    #[test]
    fn debug_output_says_the_language_and_nothing_of_what_a_message_says() {
        let printed = format!("{:?}", message());

        assert!(printed.contains("en"), "{printed}");
        assert!(!printed.contains("1234"), "{printed}");
    }
}
