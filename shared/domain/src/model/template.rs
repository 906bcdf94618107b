//! Own wordings: what an administrator has mails say instead of our words, by kind and language.
//! Here is what a wording is, when it can be kept, and which one a reader gets. What may stand in
//! one, and how it is filled, is the composer's business ([`crate::ports::composer::Composer`]).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::mail_content::{
    ConfirmationContent, HandOverContent, InvitationContent, InvitationOccasion, NoticeContent,
    Reader,
};
use crate::model::stored::Carried;
use crate::values::ids::Version;
use crate::values::locale::Locale;
use crate::values::names::is_plain;
use crate::values::problem::{FieldProblem, Problems};

/// The most bytes that one wording may have: subject, heading, HTML and text together.
pub const MAX_WORDING_BYTES: usize = 64 * 1024;
/// The most characters of a subject or a heading.
const MAX_LINE_LENGTH: usize = 300;

/// Which mails a wording is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum TemplateKind {
    /// An invitation, and the same one mailed again.
    Invitation,
    /// A reminder of an invitation.
    Reminder,
    /// The news that a device is registered.
    Confirmation,
}

impl TemplateKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Invitation, Self::Reminder, Self::Confirmation];

    /// Its name in addresses and rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reminder => "reminder",
            Self::Confirmation => "confirmation",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which wording: of what, in which language.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateName {
    /// Of what.
    pub kind: TemplateKind,
    /// In which language.
    pub locale: Locale,
}

impl fmt::Display for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.name(), self.locale)
    }
}

/// What a mail says in somebody's own words, with variables to be filled. Where `html` and `text`
/// are absent, the letter is ours under an own subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wording {
    /// The subject: one line.
    pub subject: String,
    /// The heading above the letter; ours if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The letter as HTML, without what stands around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The letter as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A wording as an administrator writes it: nothing is checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WordingDraft {
    /// The subject: one line, at most 300 characters.
    pub subject: String,
    /// The heading above the letter; ours if absent.
    pub title: Option<String>,
    /// The letter as HTML, without what stands around it. Together with `text`, or not at all.
    pub html: Option<String>,
    /// The letter as text, for those whose mail program shows no HTML.
    pub text: Option<String>,
}

impl WordingDraft {
    /// Checks the shape; what stands in it, the composer checks.
    pub fn parse(self) -> Result<Wording, Vec<FieldProblem>> {
        let mut problems = Problems::default();
        let written =
            |text: Option<String>| text.filter(|text| !crate::values::text::is_blank(text));
        let subject = one_line("subject", &self.subject, &mut problems);
        let title = written(self.title).map(|title| one_line("title", &title, &mut problems));
        let (html, text) = (written(self.html), written(self.text));
        for (has, lacks, field) in [(&html, &text, "text"), (&text, &html, "html")] {
            problems.ensure(has.is_none() || lacks.is_some(), || {
                FieldProblem::new(
                    field,
                    "missing",
                    "is missing: give the letter as html and as text, so that everybody reads the same; or leave both out and keep our letter",
                )
            });
        }
        let wording = Wording {
            subject,
            title,
            html,
            text,
        };
        problems.ensure(wording.bytes() <= MAX_WORDING_BYTES, || {
            FieldProblem::new(
                "",
                "tooLarge",
                format!(
                    "has {} bytes in all; {MAX_WORDING_BYTES} are the most",
                    wording.bytes()
                ),
            )
            .with("most", MAX_WORDING_BYTES)
        });
        if problems.is_empty() {
            Ok(wording)
        } else {
            Err(problems.into_vec())
        }
    }
}

impl From<Wording> for WordingDraft {
    fn from(wording: Wording) -> Self {
        Self {
            subject: wording.subject,
            title: wording.title,
            html: wording.html,
            text: wording.text,
        }
    }
}

/// A line that ends up in a header or a heading cannot be more than one.
fn one_line(field: &'static str, text: &str, problems: &mut Problems) -> String {
    let text = crate::values::text::normalised(text);
    problems.ensure(!text.is_empty(), || {
        FieldProblem::new(field, "empty", "must not be empty")
    });
    problems.ensure(text.chars().count() <= MAX_LINE_LENGTH, || {
        FieldProblem::new(
            field,
            "tooLong",
            format!("must be at most {MAX_LINE_LENGTH} characters long"),
        )
        .with("most", MAX_LINE_LENGTH)
    });
    problems.ensure(text.chars().all(is_plain), || {
        FieldProblem::new(
            field,
            "controlCharacter",
            "must be one line, without control or text-direction characters",
        )
    });
    text
}

impl Wording {
    fn bytes(&self) -> usize {
        let parts = [&self.title, &self.html, &self.text];
        let parts = parts.into_iter().flatten().map(String::len);
        self.subject.len() + parts.sum::<usize>()
    }
}

/// A wording as stored. One that was taken back keeps its row, so that its versions go on and
/// nobody's old copy passes for a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Which.
    #[serde(flatten)]
    pub name: TemplateName,
    /// How often it was written.
    pub version: Version,
    /// What mails say; `None` since our words were taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<Wording>,
    /// Who wrote it last.
    pub changed_by: Actor,
    /// When.
    pub changed_at: Timestamp,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

/// Something that may stand in a wording, to be filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// As it is written: `{{ name }}`.
    pub name: &'static str,
    /// What it becomes.
    pub description: &'static str,
    /// What it becomes for somebody, for instance.
    pub example: String,
}

/// What a mail is about, whatever words it gets.
#[derive(Debug, Clone)]
pub enum MailContent {
    /// An invitation, or a reminder of one.
    Invitation(InvitationContent),
    /// A confirmation.
    Confirmation(ConfirmationContent),
    /// The news that a secret was given out.
    HandOver(HandOverContent),
    /// What an administrator is told.
    Notice(NoticeContent),
}

impl MailContent {
    /// Which wordings are for it; `None` where there are only ours.
    #[must_use]
    pub const fn kind(&self) -> Option<TemplateKind> {
        match self {
            Self::Invitation(content) => match content.occasion {
                InvitationOccasion::First | InvitationOccasion::Again => {
                    Some(TemplateKind::Invitation)
                }
                InvitationOccasion::Reminder { .. } => Some(TemplateKind::Reminder),
                InvitationOccasion::Handout => None,
            },
            Self::Confirmation(_) => Some(TemplateKind::Confirmation),
            Self::HandOver(_) | Self::Notice(_) => None,
        }
    }

    /// Who reads it.
    #[must_use]
    pub const fn reader(&self) -> &Reader {
        match self {
            Self::Invitation(content) => &content.reader,
            Self::Confirmation(content) => &content.reader,
            Self::HandOver(content) => &content.reader,
            Self::Notice(content) => &content.reader,
        }
    }
}

/// The own wordings that hold now.
#[derive(Debug, Clone, Default)]
pub struct OwnWordings(Vec<(TemplateName, Wording)>);

impl OwnWordings {
    /// What these rows say, less what was taken back.
    #[must_use]
    pub fn of(templates: Vec<Template>) -> Self {
        let kept = |template: Template| Some((template.name, template.wording?));
        Self(templates.into_iter().filter_map(kept).collect())
    }

    /// The wording of this name.
    #[must_use]
    pub fn named(&self, kind: TemplateKind, locale: &Locale) -> Option<&Wording> {
        self.0
            .iter()
            .find(|(name, _)| name.kind == kind && name.locale == *locale)
            .map(|(_, wording)| wording)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(draft: WordingDraft) -> Vec<(String, &'static str)> {
        let problems = draft.parse().unwrap_err();
        problems.into_iter().map(|p| (p.field, p.code)).collect()
    }

    #[test]
    fn a_wording_needs_a_subject_of_one_line_and_its_letter_in_both_parts_or_in_none() {
        let draft = |subject: &str, html: Option<&str>, text: Option<&str>| WordingDraft {
            subject: subject.to_owned(),
            title: None,
            html: html.map(str::to_owned),
            text: text.map(str::to_owned),
        };

        assert!(draft("Welcome", None, Some(" ")).parse().is_ok());
        assert!(
            draft("Welcome", Some("<p>x</p>"), Some("x"))
                .parse()
                .is_ok()
        );
        assert_eq!(
            codes(draft("a\r\nBcc: b@example.com", Some("x"), None)),
            [
                ("subject".to_owned(), "controlCharacter"),
                ("text".to_owned(), "missing")
            ]
        );
        assert_eq!(
            codes(draft(" ", None, Some("x"))),
            [
                ("subject".to_owned(), "empty"),
                ("html".to_owned(), "missing")
            ]
        );
        assert_eq!(
            codes(draft(&"x".repeat(301), None, None)),
            [("subject".to_owned(), "tooLong")]
        );
        let large = "x".repeat(MAX_WORDING_BYTES / 2);
        assert_eq!(
            codes(draft("s", Some(&large), Some(&large))),
            [(String::new(), "tooLarge")]
        );
    }
}
