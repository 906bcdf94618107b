//! Letters as plain facts, one a line, so that a test can read what a mail says without its
//! wording, its PIN included.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beckon_domain::model::letter::{
    ConfirmationLetter, HandOverLetter, InvitationLetter, LetterSecret, Letterhead, Message,
    NoticeAbout, NoticeLetter, Reader,
};
use beckon_domain::model::template::{Letter, TemplateKind, TemplateName, Variable, Wording};
use beckon_domain::ports::composer::{ComposeLetter, ComposeOwn, Uncomposable};
use beckon_domain::values::locale::Locale;
use beckon_domain::values::problem::FieldProblem;

/// Writes facts instead of letters. Clones are the same composer.
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

impl ComposeLetter for PlainComposer {
    fn compose_invitation(&self, letter: &InvitationLetter) -> Result<Message, Uncomposable> {
        self.find_words()?;
        let mut facts = Facts::of(&letter.head, &letter.reader);
        match &letter.secret {
            LetterSecret::Pin(pin) => facts.add("pin", pin.expose()),
            LetterSecret::Link(token) => {
                facts.add("link", format!("{}#{}", letter.page_url, token.expose()));
            }
            LetterSecret::None => {}
            LetterSecret::Masked => facts.add("secret", MASK),
        }
        facts.add("page", &letter.page_url);
        facts.add("method", format!("{:?}", letter.method));
        facts.add("occasion", format!("{:?}", letter.occasion));
        facts.add("ownership", format!("{:?}", letter.ownership));
        facts.add("issued", letter.issued_at.to_string());
        facts.add("expires", letter.expires_at.to_string());
        facts.add("replaces", letter.replaces_earlier.to_string());
        if let Some(who) = &letter.invited_by {
            facts.add("invited-by", who.as_str());
        }
        if let Some(url) = &letter.decline_url {
            facts.add("decline", url);
        }
        if let Some(agreement) = &letter.agreement {
            facts.add("agreement", agreement.text.replace('\n', " / "));
            if let Some(url) = &agreement.url {
                facts.add("agreement-url", url);
            }
        }
        Ok(facts.into_message("invitation", &letter.reader))
    }

    fn compose_confirmation(&self, letter: &ConfirmationLetter) -> Result<Message, Uncomposable> {
        self.find_words()?;
        let mut facts = Facts::of(&letter.head, &letter.reader);
        if let Some(name) = &letter.device_name {
            facts.add("device", name.as_str());
        }
        if let Some(platform) = &letter.platform {
            facts.add("platform", platform.as_str());
        }
        facts.add("ownership", format!("{:?}", letter.ownership));
        facts.add("rule", format!("{:?}", letter.rule));
        facts.add("registered", letter.registered_at.to_string());
        Ok(facts.into_message("confirmation", &letter.reader))
    }

    fn compose_hand_over(&self, letter: &HandOverLetter) -> Result<Message, Uncomposable> {
        self.find_words()?;
        let mut facts = Facts::of(&letter.head, &letter.reader);
        facts.add("method", format!("{:?}", letter.method));
        if let Some(who) = &letter.by {
            facts.add("by", who.as_str());
        }
        facts.add("reason", letter.reason.as_str());
        facts.add("at", letter.at.to_string());
        facts.add("expires", letter.expires_at.to_string());
        if let Some(url) = &letter.decline_url {
            facts.add("decline", url);
        }
        Ok(facts.into_message("hand-over", &letter.reader))
    }

    fn compose_notice(&self, letter: &NoticeLetter) -> Result<Message, Uncomposable> {
        self.find_words()?;
        let mut facts = Facts::of(&letter.head, &letter.reader);
        facts.add("person", letter.person.email.as_str());
        if let Some(name) = &letter.person.name {
            facts.add("person-name", name.as_str());
        }
        facts.add("at", letter.at.to_string());
        let subject = match &letter.about {
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
        Ok(facts.into_message(subject, &letter.reader))
    }
}

/// What a subject says that no letter fits.
pub const UNFIT: &str = "fits nothing";

/// Wordings are subjects alone: the letter below them stays the plain one.
impl ComposeOwn for PlainComposer {
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
        letter: &Letter,
    ) -> Result<Message, Uncomposable> {
        if wording.subject.contains(UNFIT) {
            return Err(Uncomposable("the test made it so".to_owned()));
        }
        let message = match letter {
            Letter::Invitation(letter) => self.compose_invitation(letter),
            Letter::Confirmation(letter) => self.compose_confirmation(letter),
            Letter::HandOver(letter) => self.compose_hand_over(letter),
            Letter::Notice(letter) => self.compose_notice(letter),
        }?;
        Ok(Message {
            subject: wording.subject.clone(),
            ..message
        })
    }
}

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
