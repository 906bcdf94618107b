//! Mail contents as plain facts, one a line, so that a test can read what a mail says without its
//! wording, its PIN included.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beckon_domain::model::mail_content::{
    ConfirmationContent, ContentSecret, HandOverContent, InvitationContent, Letterhead, Message,
    NoticeAbout, NoticeContent, Reader,
};
use beckon_domain::model::template::{MailContent, TemplateKind, TemplateName, Variable, Wording};
use beckon_domain::ports::composer::{Composer, Uncomposable};
use beckon_domain::values::locale::Locale;
use beckon_domain::values::problem::FieldProblem;

/// Writes facts instead of mail contents. Clones are the same composer.
#[derive(Debug, Clone, Default)]
pub struct PlainComposer {
    speechless: Arc<AtomicBool>,
}

impl PlainComposer {
    /// Whether it finds no words from now on.
    pub fn be_speechless(&self, speechless: bool) {
        self.speechless.store(speechless, Ordering::SeqCst);
    }

    fn find_words(&self) -> Result<(), Uncomposable> {
        if self.speechless.load(Ordering::SeqCst) {
            return Err(Uncomposable("the test took the words away".to_owned()));
        }
        Ok(())
    }
}

/// What stands in place of a secret in a preview.
pub const MASK: &str = "********";

impl Composer for PlainComposer {
    fn compose_invitation(&self, content: &InvitationContent) -> Result<Message, Uncomposable> {
        self.find_words()?;
        let mut facts = Facts::of(&content.head, &content.reader);
        match &content.secret {
            ContentSecret::Pin(pin) => facts.add("pin", pin.expose()),
            ContentSecret::Link(token) => {
                facts.add("link", format!("{}#{}", content.page_url, token.expose()));
            }
            ContentSecret::None => {}
            ContentSecret::Masked { .. } => facts.add("secret", MASK),
        }
        facts.add("page", &content.page_url);
        facts.add("method", format!("{:?}", content.method));
        facts.add("occasion", format!("{:?}", content.occasion));
        facts.add("ownership", format!("{:?}", content.ownership));
        facts.add("issued", content.issued_at.to_string());
        facts.add("expires", content.expires_at.to_string());
        facts.add("replaces", content.replaces_earlier.to_string());
        if let Some(who) = &content.invited_by {
            facts.add("invited-by", who.as_str());
        }
        if let Some(url) = &content.decline_url {
            facts.add("decline", url);
        }
        if let Some(agreement) = &content.agreement {
            facts.add("agreement", agreement.text.replace('\n', " / "));
            if let Some(url) = &agreement.url {
                facts.add("agreement-url", url);
            }
        }
        Ok(facts.into_message("invitation", &content.reader))
    }

    fn compose_confirmation(&self, content: &ConfirmationContent) -> Result<Message, Uncomposable> {
        self.find_words()?;
        let mut facts = Facts::of(&content.head, &content.reader);
        if let Some(name) = &content.device_name {
            facts.add("device", name.as_str());
        }
        if let Some(platform) = &content.platform {
            facts.add("platform", platform.as_str());
        }
        facts.add("ownership", format!("{:?}", content.ownership));
        facts.add("rule", format!("{:?}", content.rule));
        facts.add("registered", content.registered_at.to_string());
        Ok(facts.into_message("confirmation", &content.reader))
    }

    fn compose_hand_over(&self, content: &HandOverContent) -> Result<Message, Uncomposable> {
        self.find_words()?;
        let mut facts = Facts::of(&content.head, &content.reader);
        facts.add("method", format!("{:?}", content.method));
        if let Some(who) = &content.by {
            facts.add("by", who.as_str());
        }
        facts.add("reason", content.reason.as_str());
        facts.add("at", content.at.to_string());
        facts.add("expires", content.expires_at.to_string());
        if let Some(url) = &content.decline_url {
            facts.add("decline", url);
        }
        Ok(facts.into_message("hand-over", &content.reader))
    }

    fn compose_notice(&self, content: &NoticeContent) -> Result<Message, Uncomposable> {
        self.find_words()?;
        let mut facts = Facts::of(&content.head, &content.reader);
        facts.add("person", content.person.email.as_str());
        if let Some(name) = &content.person.name {
            facts.add("person-name", name.as_str());
        }
        facts.add("at", content.at.to_string());
        let subject = match &content.about {
            NoticeAbout::Declined {
                issued_at,
                invited_by,
            } => {
                facts.add("issued", issued_at.to_string());
                if let Some(who) = invited_by {
                    facts.add("invited-by", who.as_str());
                }
                "notice-declined"
            }
            NoticeAbout::Completed {
                device_name,
                platform,
                ownership,
                rule,
            } => {
                if let Some(name) = device_name {
                    facts.add("device", name.as_str());
                }
                if let Some(platform) = platform {
                    facts.add("platform", platform.as_str());
                }
                facts.add("ownership", format!("{ownership:?}"));
                facts.add("rule", format!("{rule:?}"));
                "notice-completed"
            }
        };
        Ok(facts.into_message(subject, &content.reader))
    }

    fn locales(&self) -> Vec<Locale> {
        ["de", "en"]
            .into_iter()
            .filter_map(|tag| Locale::parse(tag).ok())
            .collect()
    }

    fn language_of(&self, reader: &Reader) -> Locale {
        let spoken = self.locales();
        let mut chain = reader.locales.iter();
        chain
            .find_map(|locale| {
                let same = |one: &&Locale| one.language() == locale.language();
                spoken.iter().find(same).cloned()
            })
            .unwrap_or_else(Locale::english)
    }

    fn variables(&self, _: TemplateKind) -> Vec<Variable> {
        Vec::new()
    }

    fn our_wording(&self, name: &TemplateName) -> Wording {
        Wording {
            subject: format!("our {name}"),
            title: None,
            html: None,
            text: None,
        }
    }

    fn check_wording(&self, _: &TemplateName, wording: &Wording) -> Vec<FieldProblem> {
        let scripted = wording
            .html
            .as_ref()
            .filter(|html| html.contains("<script>"));
        scripted
            .map(|_| FieldProblem::new("html", "notAllowed", "<script> may not stand in a mail"))
            .into_iter()
            .collect()
    }

    fn compose_own(
        &self,
        _: &Locale,
        wording: &Wording,
        content: &MailContent,
    ) -> Result<Message, Uncomposable> {
        if wording.subject.contains(UNFIT) {
            return Err(Uncomposable("the test made it so".to_owned()));
        }
        let message = match content {
            MailContent::Invitation(content) => self.compose_invitation(content),
            MailContent::Confirmation(content) => self.compose_confirmation(content),
            MailContent::HandOver(content) => self.compose_hand_over(content),
            MailContent::Notice(content) => self.compose_notice(content),
        }?;
        Ok(Message {
            subject: wording.subject.clone(),
            ..message
        })
    }
}

/// What a subject says that no content fits.
pub const UNFIT: &str = "fits nothing";

struct Facts(String);

impl Facts {
    fn of(head: &Letterhead, reader: &Reader) -> Self {
        let mut facts = Self(String::new());
        if let Some(name) = &reader.name {
            facts.add("name", name.as_str());
        }
        facts.add("zone", reader.time_zone.as_str());
        if let Some(organisation) = &head.organisation {
            facts.add("organisation", organisation.as_str());
        }
        facts
    }

    fn add(&mut self, name: &str, fact: impl AsRef<str>) {
        writeln!(self.0, "{name}: {}", fact.as_ref()).expect("a text takes every line");
    }

    fn into_message(self, subject: &str, reader: &Reader) -> Message {
        Message {
            subject: subject.to_owned(),
            html: format!("<pre>{}</pre>", self.0),
            text: self.0,
            inline: Vec::new(),
            locale: PlainComposer::default().language_of(reader),
        }
    }
}

/// A fact that a message of the [`PlainComposer`] states.
pub fn fact(message: &Message, name: &str) -> Option<String> {
    let mut facts = message
        .text
        .lines()
        .filter_map(|line| line.split_once(": "));
    facts
        .find(|(stated, _)| *stated == name)
        .map(|(_, fact)| fact.to_owned())
}

/// The PIN that a message tells.
pub fn pin_in(message: &Message) -> Option<String> {
    fact(message, "pin")
}

/// The token in the link of a message.
pub fn token_in(message: &Message) -> Option<String> {
    let link = fact(message, "link")?;
    link.split_once('#').map(|(_, token)| token.to_owned())
}
