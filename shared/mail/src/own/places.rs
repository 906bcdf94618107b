//! What may stand in a wording, and what it becomes. The engine sees of most of it a placeholder;
//! the values come in when it is done.

use std::collections::BTreeMap;

use beckon_domain::model::mail_content::{
    Agreement, ConfirmationContent, InvitationContent, InvitationOccasion, Letterhead, Reader,
};
use beckon_domain::model::ownership::Ownership;
use beckon_domain::model::settings::branding::Branding;
use beckon_domain::model::settings::help_desk::HelpDesk;
use beckon_domain::model::template::{MailContent, TemplateKind, TemplateName, Variable};
use beckon_domain::rules::sample::Sample;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::locale::TimeZoneName;
use beckon_domain::values::method::Method;
use beckon_domain::values::names::{DisplayName, Label};
use jiff::{SignedDuration, Timestamp};
use minijinja::HtmlEscape;
use minijinja::value::Value;
use serde::Serialize;

use super::markup::Placed;
use crate::catalogue::{Catalogue, one_line};
use crate::composer::{ComposeError, Composer};
use crate::confirmation::{self, ConfirmationView};
use crate::invitation::InvitationView;
use crate::moments::{moment, span};
use crate::view::ownership_name;

/// What stands behind a placeholder, and so where it may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Words to show, some of them people's input.
    Words,
    /// A time.
    Moment,
    /// What opens the registration.
    Secret,
    /// A web address, which may hold a secret too.
    Address,
    /// A piece of our own mail, with its looks.
    Block,
}

/// A variable with a placeholder.
struct Place {
    name: &'static str,
    holds: Holds,
    of: &'static [TemplateKind],
    what: &'static str,
    example: &'static str,
}

const INVITING: &[TemplateKind] = &[TemplateKind::Invitation, TemplateKind::Reminder];
const CONFIRMING: &[TemplateKind] = &[TemplateKind::Confirmation];
const ANY: &[TemplateKind] = &TemplateKind::ALL;

macro_rules! places {
    ($($name:literal $holds:ident $of:ident $what:literal $example:literal;)*) => {
        [$(Place { name: $name, holds: Holds::$holds, of: $of, what: $what, example: $example }),*]
    };
}

/// Every place; its number is its placeholder's.
static PLACES: [Place; 32] = places! {
    "name" Words ANY "What the person is called; empty if that is not known." "Ada Lindqvist";
    "greeting" Words ANY "A line that greets the person, by name if it is known." "Hello Ada Lindqvist,";
    "organisation" Words ANY "The organisation of the settings; may be empty." "Nordlicht Werke";
    "helpDeskName" Words ANY "What the help desk is called; may be empty." "Service Desk";
    "helpDeskEmail" Words ANY "The help desk's mail address; may be empty." "service@example.com";
    "helpDeskPhone" Words ANY "The help desk's telephone number; may be empty." "+49 30 555 0100";
    "ownership" Words ANY "What the device is or will be, in the language of the mail; empty in an invitation that does not say." "Company owned";
    "ownershipMeans" Words INVITING "What that ownership means for the person; may be empty." "This is for a device that the company provides.";
    "invitedBy" Words INVITING "Who invites; may be empty." "Robin Example";
    "occasion" Words INVITING "A sentence that says why the mail comes again; empty the first time." "A reminder: your invitation is still open.";
    "span" Words INVITING "How long the invitation was made for." "7 days";
    "expires" Moment INVITING "Until when it is good, in the person's time zone and language." "Sunday, 29 November 2026, 14:30 (Europe/Berlin, UTC+1)";
    "pin" Secret INVITING "The PIN; empty where the registration method has none." "4815 0623";
    "qr" Secret INVITING "The QR code as an image; empty where the method has none, and in text." "(the image)";
    "link" Address INVITING "Where to go on; with the QR method it holds the secret. May be the whole of href." "https://beckon.example.com/enroll";
    "declineUrl" Address INVITING "Where to say \"this was not me\"; may be empty. May be the whole of href." "https://beckon.example.com/enroll#d=…";
    "secretBlock" Block INVITING "The PIN in its box, or the QR code in its frame; empty where there is neither." "(a box)";
    "validityBlock" Block INVITING "Until when the invitation is good, and how long that is." "(three lines)";
    "buttonBlock" Block INVITING "The button that leads on." "(a button)";
    "stepsBlock" Block INVITING "What to do, step by step, with the link." "(a list)";
    "unexpectedBlock" Block ANY "What to do if one did not expect the mail." "(a paragraph)";
    "factsBlock" Block ANY "What else there is to know: who invites, ownership, or the device that was registered." "(a list)";
    "agreementBlock" Block INVITING "What registering means, as the settings word it for the ownership; comes last if a wording does not place it." "(some paragraphs)";
    "device" Words CONFIRMING "The device, as the device management names it; may be empty." "Ada's phone";
    "platform" Words CONFIRMING "Its platform; may be empty." "iOS";
    "registered" Moment CONFIRMING "When it was registered, in the person's time zone and language." "Monday, 23 November 2026, 10:00 (Europe/Berlin, UTC+1)";
    "ownershipWhy" Words CONFIRMING "Why the device has that ownership." "Because your invitation said so.";
    "title" Words ANY "The title of the person's work, if the directory says it and the settings take it; may be empty." "Engineer";
    "department" Words ANY "The person's department, in the same way." "Engines";
    "division" Words ANY "The person's division, in the same way." "Research";
    "employeeNumber" Words ANY "The person's number as an employee, in the same way." "20815";
    "costCenter" Words ANY "The person's cost centre, in the same way." "4711";
};

/// Variables that the engine sees as they are: none of them is anybody's input.
const FACTS: [(&str, &[TemplateKind], &str, &str); 5] = [
    (
        "method",
        INVITING,
        "The registration method, to choose by: pin, passwordAndPin, password or qrCode.",
        "pin",
    ),
    (
        "again",
        INVITING,
        "Whether the same invitation was mailed before, to choose by.",
        "false",
    ),
    (
        "lastReminder",
        INVITING,
        "Whether no further reminder will come, to choose by.",
        "false",
    ),
    (
        "replacesEarlier",
        INVITING,
        "Whether an earlier invitation stops working with this one, to choose by.",
        "false",
    ),
    (
        "steps",
        INVITING,
        "The sentences of the steps, without links, to go through: {% for step in steps %}.",
        "(a list of sentences)",
    ),
];

/// The first character of Unicode's private use area: nobody's words hold one.
const FIRST: u32 = 0xE000;

/// Whether a character is kept for placeholders.
pub(super) fn is_placeholder(c: char) -> bool {
    ('\u{E000}'..='\u{F8FF}').contains(&c)
}

fn character(number: usize) -> Option<char> {
    char::from_u32(FIRST + u32::try_from(number).ok()?)
}

fn place_of(c: char) -> Option<&'static Place> {
    let number = u32::from(c).checked_sub(FIRST)?;
    PLACES.get(usize::try_from(number).ok()?)
}

fn number_of(name: &str) -> Option<usize> {
    PLACES.iter().position(|place| place.name == name)
}

/// The placeholder of a variable of this kind of mail.
pub(super) fn placeholder(kind: TemplateKind, name: &str) -> Option<char> {
    let number = number_of(name)?;
    let place = PLACES.get(number)?;
    place
        .of
        .contains(&kind)
        .then(|| character(number))
        .flatten()
}

/// What a placeholder stands for, where links are concerned.
pub(super) fn placed(kind: TemplateKind, c: char) -> Option<Placed> {
    let place = place_of(c).filter(|place| place.of.contains(&kind))?;
    Some(match place.holds {
        Holds::Address => Placed::Address,
        Holds::Block => Placed::Piece,
        Holds::Words | Holds::Moment | Holds::Secret => Placed::Other,
    })
}

/// The names of what may stand in a wording of this kind.
pub(super) fn names(kind: TemplateKind) -> Vec<&'static str> {
    variables(kind)
        .into_iter()
        .map(|known| known.name)
        .collect()
}

/// What may stand in a wording of this kind.
pub(crate) fn variables(kind: TemplateKind) -> Vec<Variable> {
    let variable = |name, description, example: &str| Variable {
        name,
        description,
        example: example.to_owned(),
    };
    let places = PLACES
        .iter()
        .filter(|place| place.of.contains(&kind))
        .map(|place| variable(place.name, place.what, place.example));
    let facts = FACTS
        .iter()
        .filter(|(_, of, _, _)| of.contains(&kind))
        .map(|(name, _, what, example)| variable(name, what, example));
    places.chain(facts).collect()
}

/// What the placeholders of one mail become, and what its engine sees.
pub(super) struct Filling {
    /// By place: as HTML, and as text.
    values: BTreeMap<usize, (String, String)>,
    facts: Value,
}

/// A filling in the making.
struct Fill<'a> {
    language: &'static Catalogue,
    composer: &'a Composer,
    values: BTreeMap<usize, (String, String)>,
}

impl Fill<'_> {
    fn put(&mut self, name: &str, html: String, text: String) {
        if let Some(number) = number_of(name)
            && !(html.is_empty() && text.is_empty())
        {
            self.values.insert(number, (html, text));
        }
    }

    /// Our own words.
    fn words(&mut self, name: &str, words: &str) {
        self.put(name, HtmlEscape(words).to_string(), words.to_owned());
    }

    /// Somebody's input: one line, kept apart from the direction of the text around it.
    fn input(&mut self, name: &str, input: Option<&str>) {
        let Some(input) = input.map(one_line).filter(|line| !line.is_empty()) else {
            return;
        };
        let html = format!("<bdi>{}</bdi>", HtmlEscape(&input));
        self.put(name, html, self.language.isolated(&input));
    }

    /// A piece of our own mail.
    fn block(&mut self, name: &str, view: &impl Serialize) -> Result<(), ComposeError> {
        let (html, text) = self.composer.block(name, view)?;
        let (html, text) = (html.trim(), text.trim());
        let is_block = number_of(name).is_some_and(|number| {
            PLACES
                .get(number)
                .is_some_and(|place| place.holds == Holds::Block)
        });
        // Dark mode changes the colours of what somebody wrote, and leaves a piece of ours be. Its
        // boxes have grounds of their own, on which a colour from around it could not be read.
        let html = if is_block && !html.is_empty() {
            format!("<div class=\"piece\" style=\"color:#1c2530;\">{html}</div>")
        } else {
            html.to_owned()
        };
        self.put(name, html, text.to_owned());
        Ok(())
    }

    fn frame(&mut self, head: &Letterhead) {
        let text = |label: &Option<Label>| label.as_ref().map(|label| label.as_str().to_owned());
        self.input("organisation", text(&head.organisation).as_deref());
        if let Some(HelpDesk { name, email, phone }) = &head.help_desk {
            self.input("helpDeskName", text(name).as_deref());
            self.input("helpDeskEmail", email.as_ref().map(EmailAddress::as_str));
            self.input("helpDeskPhone", text(phone).as_deref());
        }
    }

    /// What the directory says of whoever reads.
    fn said_of(&mut self, reader: &Reader) {
        for (attribute, said) in &reader.facts {
            self.input(attribute.name(), Some(said.as_str()));
        }
    }

    /// Every place of the kind has a variable, an empty one where there is no value.
    fn done(self, kind: TemplateKind, mut facts: BTreeMap<&'static str, Value>) -> Filling {
        for (number, place) in PLACES.iter().enumerate() {
            if place.of.contains(&kind) {
                let value = match character(number).filter(|_| self.values.contains_key(&number)) {
                    Some(placeholder) => Value::from(placeholder.to_string()),
                    None => Value::from(""),
                };
                facts.insert(place.name, value);
            }
        }
        Filling {
            values: self.values,
            facts: Value::from(facts),
        }
    }
}

impl Filling {
    pub(super) fn of_invitation(
        composer: &Composer,
        language: &'static Catalogue,
        content: &InvitationContent,
        view: &InvitationView,
    ) -> Result<Self, ComposeError> {
        let words = &language.words.invitation;
        let mut fill = Fill {
            language,
            composer,
            values: BTreeMap::new(),
        };
        fill.frame(&content.head);
        fill.input(
            "name",
            content.reader.name.as_ref().map(DisplayName::as_str),
        );
        fill.said_of(&content.reader);
        fill.words("greeting", &view.greeting);
        fill.words("occasion", view.occasion.unwrap_or_default());
        fill.input("invitedBy", content.invited_by.as_ref().map(Label::as_str));
        fill.words(
            "ownership",
            ownership_name(language, content.ownership).unwrap_or_default(),
        );
        fill.words(
            "ownershipMeans",
            match content.ownership {
                Ownership::NotSet => "",
                Ownership::UserOwned => words.user_owned_means,
                Ownership::CompanyOwned => words.company_owned_means,
            },
        );
        fill.words(
            "span",
            &span(language, content.issued_at, content.expires_at),
        );
        fill.words("expires", &view.validity.value);
        fill.words("link", &view.button.href);
        let unexpected = view.unexpected.as_ref();
        if let Some(link) = unexpected.and_then(|unexpected| unexpected.link.as_ref()) {
            fill.words("declineUrl", &link.href);
        }
        for block in [
            "pin",
            "qr",
            "secretBlock",
            "validityBlock",
            "buttonBlock",
            "stepsBlock",
            "factsBlock",
            "agreementBlock",
            "unexpectedBlock",
        ] {
            fill.block(block, view)?;
        }
        let (kind, last) = match content.occasion {
            InvitationOccasion::First | InvitationOccasion::Again | InvitationOccasion::Handout => {
                (TemplateKind::Invitation, false)
            }
            InvitationOccasion::Reminder { last } => (TemplateKind::Reminder, last),
        };
        let steps: Vec<Value> = view
            .steps
            .iter()
            .map(|step| Value::from(&*step.text))
            .collect();
        let facts = BTreeMap::from([
            ("method", Value::from(method_name(content.method))),
            (
                "again",
                Value::from(content.occasion == InvitationOccasion::Again),
            ),
            ("lastReminder", Value::from(last)),
            ("replacesEarlier", Value::from(content.replaces_earlier)),
            ("steps", Value::from(steps)),
        ]);
        Ok(fill.done(kind, facts))
    }

    pub(super) fn of_confirmation(
        composer: &Composer,
        language: &'static Catalogue,
        content: &ConfirmationContent,
        view: &ConfirmationView,
    ) -> Result<Self, ComposeError> {
        let mut fill = Fill {
            language,
            composer,
            values: BTreeMap::new(),
        };
        fill.frame(&content.head);
        fill.input(
            "name",
            content.reader.name.as_ref().map(DisplayName::as_str),
        );
        fill.said_of(&content.reader);
        fill.words("greeting", &view.greeting);
        fill.input("device", content.device_name.as_ref().map(Label::as_str));
        fill.input("platform", content.platform.as_ref().map(Label::as_str));
        fill.words(
            "registered",
            &moment(language, content.registered_at, &content.reader.time_zone),
        );
        fill.words(
            "ownership",
            ownership_name(language, content.ownership)
                .unwrap_or(language.words.confirmation.not_set),
        );
        fill.words("ownershipWhy", confirmation::why(language, content.rule));
        fill.block("factsBlock", view)?;
        fill.block("unexpectedBlock", view)?;
        Ok(fill.done(TemplateKind::Confirmation, BTreeMap::new()))
    }

    /// What the engine sees.
    pub(super) fn facts(&self) -> &Value {
        &self.facts
    }

    /// A filled part with the values in their places.
    pub(super) fn in_html(&self, filled: &str) -> String {
        let mut whole = String::with_capacity(filled.len() * 2);
        for c in filled.chars() {
            match self.value_of(c) {
                Some((html, _)) => whole.push_str(html),
                None if is_placeholder(c) => {}
                None => whole.push(c),
            }
        }
        whole
    }

    /// The same of a text, where a piece of our own mail has lines of its own.
    pub(super) fn in_text(&self, filled: &str) -> String {
        let mut whole = String::with_capacity(filled.len() * 2);
        let mut after_block = false;
        for c in filled.chars() {
            let is_block = holds(c) == Some(Holds::Block);
            let value = self.value_of(c).map(|(_, text)| text.as_str());
            let begins_something = value.is_some_and(|text| !text.is_empty())
                || !(is_placeholder(c) || c.is_whitespace());
            if begins_something {
                let parted = whole.is_empty() || whole.ends_with('\n');
                if (is_block || after_block) && !parted {
                    whole.push_str("\n\n");
                }
                after_block = is_block;
            }
            match value {
                Some(text) => whole.push_str(text),
                None if is_placeholder(c) => {}
                None => whole.push(c),
            }
        }
        whole
    }

    fn value_of(&self, c: char) -> Option<&(String, String)> {
        let number = u32::from(c).checked_sub(FIRST)?;
        self.values.get(&usize::try_from(number).ok()?)
    }
}

/// The placeholder of a variable, whatever mails it is for.
pub(super) fn any_placeholder(name: &str) -> Option<char> {
    number_of(name).and_then(character)
}

/// The variable of a placeholder.
pub(super) fn name_of(c: char) -> &'static str {
    place_of(c).map_or("", |place| place.name)
}

/// What a placeholder stands for.
pub(super) fn holds(c: char) -> Option<Holds> {
    place_of(c).map(|place| place.holds)
}

/// The first variable in a filled part that stands for such a thing.
pub(super) fn first_in(filled: &str, such: impl Fn(Holds) -> bool) -> Option<&'static str> {
    let mut places = filled.chars().filter_map(place_of);
    places
        .find(|place| such(place.holds))
        .map(|place| place.name)
}

/// Whether a variable stands in a filled part.
pub(super) fn is_in(name: &str, filled: &str) -> bool {
    let placeholder = number_of(name).and_then(character);
    placeholder.is_some_and(|placeholder| filled.contains(placeholder))
}

pub(super) const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Pin => "pin",
        Method::PasswordAndPin => "passwordAndPin",
        Method::Password => "password",
        Method::QrCode => "qrCode",
    }
}

/// Mail contents by which a wording is tried: with all that can be absent and without it, for each
/// method and occasion.
pub(super) fn samples(name: &TemplateName) -> Vec<MailContent> {
    let mut contents = Vec::new();
    for (method, ownership) in [
        (Method::Pin, Ownership::CompanyOwned),
        (Method::PasswordAndPin, Ownership::UserOwned),
        (Method::Password, Ownership::NotSet),
        (Method::QrCode, Ownership::CompanyOwned),
    ] {
        let sample = || Sample {
            head: full_head(),
            locale: name.locale.clone(),
            time_zone: TimeZoneName::utc(),
            method,
            ownership,
            pin_length: 8,
            lifetime: SignedDuration::from_hours(168),
            page_url: "https://beckon.example.com/enroll".to_owned(),
            now: Timestamp::UNIX_EPOCH,
        };
        match (sample().content(name.kind), sample().content(name.kind)) {
            (MailContent::Invitation(mut full), MailContent::Invitation(mut bare)) => {
                full.replaces_earlier = true;
                full.decline_url = Some("https://beckon.example.com/enroll#d=sample".to_owned());
                full.occasion = match name.kind {
                    TemplateKind::Reminder => InvitationOccasion::Reminder { last: true },
                    TemplateKind::Invitation | TemplateKind::Confirmation => {
                        InvitationOccasion::Again
                    }
                };
                full.agreement = Some(Agreement {
                    text: "We can see which apps for work are installed.".to_owned(),
                    url: Some("https://example.com/agreement".to_owned()),
                });
                bare.head = bare_head();
                bare.reader.name = None;
                bare.invited_by = None;
                bare.ownership = Ownership::NotSet;
                contents.extend([MailContent::Invitation(full), MailContent::Invitation(bare)]);
            }
            (full, MailContent::Confirmation(mut bare)) => {
                bare.head = bare_head();
                bare.reader.name = None;
                bare.device_name = None;
                bare.platform = None;
                contents.extend([full, MailContent::Confirmation(bare)]);
            }
            (full, bare) => contents.extend([full, bare]),
        }
    }
    contents
}

fn bare_head() -> Letterhead {
    Letterhead {
        organisation: None,
        help_desk: None,
        branding: Branding::default(),
    }
}

fn full_head() -> Letterhead {
    Letterhead {
        organisation: Label::parse("Nordlicht Werke").ok(),
        help_desk: Some(HelpDesk {
            name: Label::parse("Service Desk").ok(),
            email: EmailAddress::parse("service@example.com").ok(),
            phone: Label::parse("+49 30 555 0100").ok(),
        }),
        branding: Branding::default(),
    }
}
