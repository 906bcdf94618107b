//! What tells somebody that a secret of theirs was given out without a mail: by whom, when and
//! why, and what to do if they did not ask for it. The secret itself is not in it.

use beckon_domain::model::mail_content::HandOverContent;

use crate::catalogue::{Catalogue, one_line};
use crate::composer::ComposeError;
use crate::in_language;
use crate::moments::moment;
use crate::view::{Fact, Frame, Headline, Link, Paragraph, Report, greeting};

/// Puts a hand-over into words. A method without a secret has nothing to give out.
pub(crate) fn view(
    language: &Catalogue,
    content: &HandOverContent,
) -> Result<Report, ComposeError> {
    let words = &language.words.hand_over;
    let (title, lead, decline) = if content.method.uses_pin() {
        (
            words.title_pin,
            words.lead_pin,
            words.unexpected_decline_pin,
        )
    } else if content.method.uses_token() {
        (
            words.title_link,
            words.lead_link,
            words.unexpected_decline_link,
        )
    } else {
        return Err(ComposeError::SecretDoesNotFit(content.method));
    };
    let given_out = moment(language, content.at, &content.reader.time_zone);
    let headline = Headline {
        title,
        subject: title.to_owned(),
        preheader: language.put_in(words.preheader, "moment", &given_out),
    };
    let unexpected = match (&content.decline_url, &content.head.help_desk) {
        (Some(_), _) => decline,
        (None, Some(_)) => words.unexpected_ask,
        (None, None) => words.unexpected,
    };
    Ok(Report {
        frame: Frame::new(language, &content.head, headline),
        greeting: greeting(language, &content.reader),
        lead: lead.to_owned(),
        facts: facts(language, content, given_out),
        advice: vec![
            Paragraph {
                text: words.expected.to_owned(),
                link: None,
            },
            Paragraph {
                text: unexpected.to_owned(),
                link: content.decline_url.as_ref().map(|url| Link {
                    href: in_language(url, language.tag),
                    shown: language.words.invitation.decline.to_owned(),
                }),
            },
        ],
    })
}

fn facts(language: &Catalogue, content: &HandOverContent, given_out: String) -> Vec<Fact> {
    let words = &language.words.hand_over;
    let fact = |label, value| Fact {
        label,
        value,
        note: None,
    };
    let by = content
        .by
        .as_ref()
        .map(|by| fact(words.by, one_line(by.as_str())));
    let valid_until = moment(language, content.expires_at, &content.reader.time_zone);
    by.into_iter()
        .chain([
            fact(words.given_out, given_out),
            fact(words.reason, one_line(content.reason.as_str())),
            fact(language.words.invitation.valid_until, valid_until),
        ])
        .collect()
}
