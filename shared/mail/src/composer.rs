//! Fills the templates. The HTML template escapes every value; the text template is plain, and
//! its values have been made harmless before.

use beckon_domain::model::mail_content::{
    ConfirmationContent, HandOverContent, InlineImage, InvitationContent, Message, NoticeContent,
};
use beckon_domain::values::method::Method;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use crate::catalogue::{Catalogue, TAGS};
use crate::view::Frame;
use crate::{confirmation, hand_over, invitation, notice, qr, text_part};

pub(crate) const INVITATION: (&str, &str) = ("invitation.html", "invitation.txt");
pub(crate) const CONFIRMATION: (&str, &str) = ("confirmation.html", "confirmation.txt");
/// Of every mail that tells what happened, with its facts and what to do about it.
const REPORT: (&str, &str) = ("report.html", "report.txt");

/// Every template with its name; the engine escapes those that end in `.html`.
const TEMPLATES: [(&str, &str); 9] = [
    (
        INVITATION.0,
        include_str!(concat!(env!("OUT_DIR"), "/invitation.html")),
    ),
    (INVITATION.1, include_str!("../templates/invitation.txt")),
    (
        CONFIRMATION.0,
        include_str!(concat!(env!("OUT_DIR"), "/confirmation.html")),
    ),
    (
        CONFIRMATION.1,
        include_str!("../templates/confirmation.txt"),
    ),
    (
        REPORT.0,
        include_str!(concat!(env!("OUT_DIR"), "/report.html")),
    ),
    (REPORT.1, include_str!("../templates/report.txt")),
    (
        "own.html",
        include_str!(concat!(env!("OUT_DIR"), "/own.html")),
    ),
    ("own.txt", include_str!("../templates/own.txt")),
    ("foot.txt", include_str!("../templates/foot.txt")),
];

/// A piece of a mail that an own wording may show, in both parts.
struct Block {
    name: &'static str,
    html: (&'static str, &'static str),
    text: (&'static str, &'static str),
}

macro_rules! blocks {
    ($($name:literal),*) => {
        [$(Block {
            name: $name,
            html: (
                concat!("blocks/", $name, ".html"),
                include_str!(concat!("../templates/blocks/", $name, ".html")),
            ),
            text: (
                concat!("blocks/", $name, ".txt"),
                include_str!(concat!("../templates/blocks/", $name, ".txt")),
            ),
        }),*]
    };
}

const BLOCKS: [Block; 9] = blocks![
    "pin",
    "qr",
    "secretBlock",
    "validityBlock",
    "buttonBlock",
    "stepsBlock",
    "factsBlock",
    "agreementBlock",
    "unexpectedBlock"
];

/// Writes mails. Make one and keep it: it holds the compiled templates.
#[derive(Debug, Clone)]
pub struct Composer {
    templates: Environment<'static>,
}

/// Why there is no mail. No variant holds a secret, an address or a name, nor a source that
/// would: the template engine's own errors can quote what they were filled with.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The secret is not what the method needs.
    #[error("the letter's secret does not fit its method {0:?}")]
    SecretDoesNotFit(Method),
    /// A link would lead to something that is no web page.
    #[error("a link of the letter is not an http or https address")]
    NotAWebAddress,
    /// A template does not go together with its data: a mistake in this crate.
    #[error("the template {template} cannot be filled: {kind} (line {line})")]
    Template {
        /// Which.
        template: &'static str,
        /// What is wrong.
        kind: ErrorKind,
        /// Where; 0 if it is nowhere in particular.
        line: usize,
    },
    /// The QR code could not be drawn.
    #[error("the QR code cannot be drawn")]
    Qr(#[from] qr::QrError),
}

impl Composer {
    /// Compiles the templates.
    ///
    /// # Errors
    ///
    /// Only if a template is malformed, which this crate's tests would have shown.
    pub fn new() -> Result<Self, ComposeError> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        templates.set_syntax(syntax.map_err(|error| template_error("any", &error))?);
        let blocks = BLOCKS.iter().flat_map(|block| [block.html, block.text]);
        for (name, source) in TEMPLATES.into_iter().chain(blocks) {
            templates
                .add_template(name, source)
                .map_err(|error| template_error(name, &error))?;
        }
        Ok(Self { templates })
    }

    /// Writes an invitation, in the first language of the reader's chain that there is.
    ///
    /// # Errors
    ///
    /// If the secret does not fit the method, a link is no web address, or the link is too long
    /// for a QR code.
    pub fn invitation(&self, content: &InvitationContent) -> Result<Message, ComposeError> {
        only_web_addresses(content)?;
        let language = Catalogue::for_chain(&content.reader.locales);
        let (view, inline) = invitation::view(language, content)?;
        self.message(language, INVITATION, &view.frame, &view, inline)
    }

    /// Writes a confirmation, in the first language of the reader's chain that there is.
    ///
    /// # Errors
    ///
    /// Only if a template does not go together with its data.
    pub fn confirmation(&self, content: &ConfirmationContent) -> Result<Message, ComposeError> {
        let language = Catalogue::for_chain(&content.reader.locales);
        let view = confirmation::view(language, content);
        self.message(language, CONFIRMATION, &view.frame, &view, Vec::new())
    }

    /// Writes what tells of a secret given out without a mail, in the first language of the
    /// reader's chain that there is.
    ///
    /// # Errors
    ///
    /// If the method has no secret that could have been given out, or a link is no web address.
    pub fn hand_over(&self, content: &HandOverContent) -> Result<Message, ComposeError> {
        web_addresses([content.decline_url.as_ref()])?;
        let language = Catalogue::for_chain(&content.reader.locales);
        let view = hand_over::view(language, content)?;
        self.message(language, REPORT, &view.frame, &view, Vec::new())
    }

    /// Writes a notice to an administrator, in the first language of the reader's chain that
    /// there is.
    ///
    /// # Errors
    ///
    /// Only if a template does not go together with its data.
    pub fn notice(&self, content: &NoticeContent) -> Result<Message, ComposeError> {
        let language = Catalogue::for_chain(&content.reader.locales);
        let view = notice::view(language, content);
        self.message(language, REPORT, &view.frame, &view, Vec::new())
    }

    /// The languages that mails can be written in.
    #[must_use]
    pub const fn locales() -> &'static [&'static str] {
        TAGS
    }

    pub(crate) fn message(
        &self,
        language: &Catalogue,
        (html, text): (&'static str, &'static str),
        frame: &Frame,
        view: &impl Serialize,
        mut inline: Vec<InlineImage>,
    ) -> Result<Message, ComposeError> {
        inline.extend(frame.logo.as_ref().map(|logo| logo.image.clone()));
        Ok(Message {
            subject: frame.subject.clone(),
            text: text_part::shaped(&self.filled(text, view)?),
            html: self.filled(html, view)?,
            inline,
            locale: language.locale(),
        })
    }

    /// A piece of a mail, as HTML and as text.
    pub(crate) fn block(
        &self,
        name: &str,
        view: &impl Serialize,
    ) -> Result<(String, String), ComposeError> {
        match BLOCKS.iter().find(|block| block.name == name) {
            None => Ok(Default::default()),
            Some(block) => Ok((
                self.filled(block.html.0, view)?,
                self.filled(block.text.0, view)?,
            )),
        }
    }

    pub(crate) fn filled(
        &self,
        name: &'static str,
        view: &impl Serialize,
    ) -> Result<String, ComposeError> {
        self.templates
            .get_template(name)
            .and_then(|template| template.render(Serde(view)))
            .map_err(|error| template_error(name, &error))
    }
}

fn template_error(template: &'static str, error: &minijinja::Error) -> ComposeError {
    ComposeError::Template {
        template,
        kind: error.kind(),
        line: error.line().unwrap_or_default(),
    }
}

/// Links come from configuration; this keeps a mistake there from becoming a script in a mail.
pub(crate) fn only_web_addresses(content: &InvitationContent) -> Result<(), ComposeError> {
    web_addresses([
        Some(&content.page_url),
        content.manage_url.as_ref(),
        content.decline_url.as_ref(),
        content
            .agreement
            .as_ref()
            .and_then(|agreement| agreement.url.as_ref()),
    ])
}

fn web_addresses<const N: usize>(links: [Option<&String>; N]) -> Result<(), ComposeError> {
    let is_web_address =
        |link: &String| link.starts_with("https://") || link.starts_with("http://");
    if links.into_iter().flatten().all(is_web_address) {
        Ok(())
    } else {
        Err(ComposeError::NotAWebAddress)
    }
}
