//! Mails in an administrator's own words.
//!
//! A wording is a template, and whoever writes it is not to be trusted with more than words: not
//! with a secret, which it might send elsewhere, nor with somebody's name as markup. So the
//! template is never filled with values. It is filled with placeholders, one character each, and
//! with a few facts to choose by. What comes out is judged: its markup, where placeholders stand,
//! whether what people need is there. Only then do values, escaped, take the placeholders' place.
//! Saving a wording does the same with samples, so what cannot be sent is not kept.

mod attributes;
mod characters;
mod colours;
mod engine;
mod essentials;
mod looks;
#[cfg(test)]
mod looks_tests;
mod markup;
mod places;
mod sight;
mod starting;
mod syntax;
mod touching;

use std::collections::BTreeMap;

use beckon_domain::model::mail_content::Message;
use beckon_domain::model::template::{MailContent, TemplateKind, TemplateName, Wording};
use beckon_domain::values::locale::Locale;
use beckon_domain::values::problem::FieldProblem;
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::composer::{CONFIRMATION, ComposeError, Composer, INVITATION, only_web_addresses};
use crate::view::Frame;
use crate::{confirmation, invitation};
use engine::{filled, refused_by_engine, sandbox};
use markup::Placed;
use places::{Filling, Holds};

pub(crate) use places::variables;
pub(crate) use starting::wording as our_wording;

/// Filled by an own mail.
const OWN: (&str, &str) = ("own.html", "own.txt");
/// The most characters of a subject.
const MAX_SUBJECT_LENGTH: usize = 250;

/// A part of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Subject,
    Title,
    Html,
    Text,
}

impl Part {
    /// As the field is called. The engine escapes what is filled into a name in `.html`.
    const fn field(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Title => "title",
            Self::Html => "html",
            Self::Text => "text",
        }
    }

    fn problem(self, code: &'static str, detail: impl Into<String>) -> FieldProblem {
        FieldProblem::new(self.field(), code, detail)
    }

    fn refused(self, offence: syntax::Offence) -> FieldProblem {
        self.problem(offence.code, offence.detail)
    }
}

/// What fills the templates around an own mail.
#[derive(Serialize)]
struct OwnView<'a> {
    frame: &'a Frame,
    html: String,
    text: String,
}

/// Why an own wording does not fit a mail. It holds no value.
pub(crate) struct Unfit(pub(crate) FieldProblem);

impl From<FieldProblem> for Unfit {
    fn from(problem: FieldProblem) -> Self {
        Self(problem)
    }
}

impl From<ComposeError> for Unfit {
    fn from(error: ComposeError) -> Self {
        Self(FieldProblem::new("", "notComposed", error.to_string()))
    }
}

fn field_of(problem: &FieldProblem) -> &'static str {
    [Part::Subject, Part::Title, Part::Html, Part::Text]
        .into_iter()
        .map(Part::field)
        .find(|field| *field == problem.field)
        .unwrap_or_default()
}

/// The first problem of each part that there is.
fn of_parts(
    wording: &Wording,
    check: impl Fn(Part, &str) -> Result<(), FieldProblem>,
) -> Vec<FieldProblem> {
    [
        (Part::Subject, Some(&wording.subject)),
        (Part::Title, wording.title.as_ref()),
        (Part::Html, wording.html.as_ref()),
        (Part::Text, wording.text.as_ref()),
    ]
    .into_iter()
    .filter_map(|(part, source)| check(part, source?).err())
    .collect()
}

/// What can be said of a source before it is filled, with the lines that its author sees.
fn static_check(part: Part, source: &str, kind: TemplateKind) -> Result<(), FieldProblem> {
    if source.chars().any(places::is_placeholder) {
        return Err(part.problem(
            "notAllowed",
            "contains a character of Unicode's private use area; take it out",
        ));
    }
    characters::check(source).map_err(|offence| part.refused(offence))?;
    syntax::check(source).map_err(|offence| part.refused(offence))?;
    let engine = sandbox();
    let template = engine
        .template_from_named_str(part.field(), source)
        .map_err(|error| refused_by_engine(part, &error))?;
    let known = places::names(kind);
    let mut unknown: Vec<String> = template
        .undeclared_variables(false)
        .into_iter()
        .filter(|name| name != "loop" && !known.contains(&name.as_str()))
        .collect();
    unknown.sort();
    if let Some(name) = unknown.first() {
        return Err(part.problem(
            "unknownVariable",
            format!(
                "there is no variable {name}; there are {}",
                known.join(", ")
            ),
        ));
    }
    if part == Part::Html {
        let branches = syntax::all_branches(source, |name| places::placeholder(kind, name));
        markup::check(&branches, &|c| places::placed(kind, c), false)
            .map_err(|offence| part.refused(offence))?;
    }
    Ok(())
}

impl Composer {
    /// Everything that is wrong with a wording, by part.
    pub(crate) fn problems_of(&self, name: &TemplateName, wording: &Wording) -> Vec<FieldProblem> {
        let problems = of_parts(wording, |part, source| {
            static_check(part, source, name.kind)
        });
        if !problems.is_empty() {
            return problems;
        }
        let mut problems: BTreeMap<&'static str, FieldProblem> = BTreeMap::new();
        for content in places::samples(name) {
            if let Err(Unfit(problem)) = self.own(&name.locale, wording, &content) {
                problems.entry(field_of(&problem)).or_insert(problem);
            }
        }
        problems.into_values().collect()
    }

    pub(crate) fn own(
        &self,
        locale: &Locale,
        wording: &Wording,
        content: &MailContent,
    ) -> Result<Message, Unfit> {
        let language = Catalogue::for_chain(std::slice::from_ref(locale));
        match content {
            MailContent::Invitation(content) => {
                only_web_addresses(content)?;
                let (mut view, inline) = invitation::view(language, content)?;
                let filling = Filling::of_invitation(self, language, content, &view)?;
                let lines = Lines::of(wording, &filling)?;
                lines.put_into(&mut view.frame);
                let Some((mut html, mut text)) = bodies(wording, &filling)? else {
                    return Ok(self.message(language, INVITATION, &view.frame, &view, inline)?);
                };
                for body in [&mut html, &mut text] {
                    // Whoever registers agrees to it, so it is in every mail that invites.
                    body.ensure("agreementBlock");
                    // Whoever it was not meant for must be able to say so.
                    if !body.holds("declineUrl") {
                        body.ensure("unexpectedBlock");
                    }
                }
                // An image that the content does not show would hang on it as a file.
                let inline = if html.holds("qr") || html.holds("secretBlock") {
                    inline
                } else {
                    Vec::new()
                };
                essentials::check(content.method, &html, &text)?;
                self.around(language, &view.frame, &html, &text, inline)
            }
            MailContent::Confirmation(content) => {
                let mut view = confirmation::view(language, content);
                let filling = Filling::of_confirmation(self, language, content, &view)?;
                let lines = Lines::of(wording, &filling)?;
                lines.put_into(&mut view.frame);
                let Some((html, text)) = bodies(wording, &filling)? else {
                    let (frame, none) = (&view.frame, Vec::new());
                    return Ok(self.message(language, CONFIRMATION, frame, &view, none)?);
                };
                self.around(language, &view.frame, &html, &text, Vec::new())
            }
            MailContent::HandOver(_) | MailContent::Notice(_) => Err(Unfit(FieldProblem::new(
                "",
                "onlyOurs",
                "there are no own wordings of this mail",
            ))),
        }
    }

    /// Our layout around an own mail.
    fn around(
        &self,
        language: &Catalogue,
        frame: &Frame,
        html: &Body<'_>,
        text: &Body<'_>,
        inline: Vec<beckon_domain::model::mail_content::InlineImage>,
    ) -> Result<Message, Unfit> {
        let view = OwnView {
            frame,
            html: html.with_values(),
            text: text.with_values(),
        };
        Ok(self.message(language, OWN, frame, &view, inline)?)
    }
}

/// A filled part, in which everything can be seen: a text in quotes may have stood for any character.
fn filled_visibly(part: Part, source: &str, filling: &Filling) -> Result<String, FieldProblem> {
    let filled = filled(part, source, filling.facts())?;
    characters::check(&filled).map_err(|offence| part.refused(offence))?;
    Ok(filled)
}

/// The parts of a mail that are one line each.
struct Lines {
    subject: String,
    title: Option<String>,
}

impl Lines {
    fn of(wording: &Wording, filling: &Filling) -> Result<Self, FieldProblem> {
        let line = |part: Part, source: &str| {
            let filled = filled_visibly(part, source, filling)?;
            // A subject shows on lock screens, and both parts show it.
            if let Some(name) = places::first_in(&filled, |holds| {
                !matches!(holds, Holds::Words | Holds::Moment)
            }) {
                return Err(part.problem(
                    "notAllowed",
                    format!("{{{{ {name} }}}} may not stand in the {}", part.field()),
                ));
            }
            // Its own text and each value are lines; isolates around values must stay.
            let line = filling.in_text(&filled).trim().to_owned();
            if line.is_empty() || line.chars().any(char::is_control) {
                return Err(part.problem("empty", "is not one line of text once it is filled"));
            }
            Ok(shortened(line))
        };
        Ok(Self {
            subject: line(Part::Subject, &wording.subject)?,
            title: wording
                .title
                .as_ref()
                .map(|title| line(Part::Title, title))
                .transpose()?,
        })
    }

    fn put_into(self, frame: &mut Frame) {
        frame.subject = self.subject;
        if let Some(title) = self.title {
            frame.title = title;
        }
    }
}

fn shortened(line: String) -> String {
    if line.chars().count() <= MAX_SUBJECT_LENGTH {
        return line;
    }
    let mut short: String = line.chars().take(MAX_SUBJECT_LENGTH - 1).collect();
    short.push('…');
    short
}

/// A filled part, with placeholders still in it.
struct Body<'a> {
    part: Part,
    source: String,
    filling: &'a Filling,
}

impl Body<'_> {
    fn holds(&self, name: &str) -> bool {
        places::is_in(name, &self.source)
    }

    /// Puts a variable at the end, unless it stands somewhere.
    fn ensure(&mut self, name: &str) {
        if !self.holds(name) {
            self.source.push_str("\n\n");
            self.source.extend(places::any_placeholder(name));
        }
    }

    fn with_values(&self) -> String {
        if self.part == Part::Html {
            self.filling.in_html(&self.source)
        } else {
            self.filling.in_text(&self.source)
        }
    }
}

fn touching_kind(c: char) -> touching::Kind {
    match places::holds(c) {
        None => touching::Kind::Plain,
        Some(Holds::Secret) => touching::Kind::Secret,
        Some(Holds::Address) => touching::Kind::Address,
        Some(Holds::Words | Holds::Moment | Holds::Block) => touching::Kind::Shown,
    }
}

/// Both parts of the content, judged; `None` where it is ours.
fn bodies<'a>(
    wording: &Wording,
    filling: &'a Filling,
) -> Result<Option<(Body<'a>, Body<'a>)>, FieldProblem> {
    let (Some(html), Some(text)) = (&wording.html, &wording.text) else {
        return Ok(None);
    };
    let body = |part: Part, source: &str| -> Result<Body<'a>, FieldProblem> {
        Ok(Body {
            part,
            source: filled_visibly(part, source, filling)?,
            filling,
        })
    };
    let (html, text) = (body(Part::Html, html)?, body(Part::Text, text)?);
    let placed = |c| {
        places::holds(c).map(|holds| match holds {
            Holds::Address => Placed::Address,
            Holds::Block => Placed::Piece,
            Holds::Words | Holds::Secret | Holds::Moment => Placed::Other,
        })
    };
    let shown = markup::check(&html.source, &placed, true)
        .map_err(|offence| Part::Html.refused(offence))?;
    // A piece of ours is a box, or lines, of its own.
    let is_block = |c| places::holds(c) == Some(Holds::Block);
    for (part, shown) in [(Part::Html, &shown), (Part::Text, &text.source)] {
        let shown = shown.replace(is_block, " ");
        touching::check(&shown, part == Part::Text, touching_kind, places::name_of)
            .map_err(|offence| part.refused(offence))?;
    }
    Ok(Some((html, text)))
}
