//! Our own mails, as somebody would write them who begins from them: the same sentences with
//! variables in them, in the language asked for.

use beckon_domain::model::template::{TemplateKind, Wording};

use crate::catalogue::Catalogue;

/// Our wording.
pub(crate) fn wording(language: &Catalogue, kind: TemplateKind) -> Wording {
    match kind {
        TemplateKind::Invitation => {
            let words = &language.words.invitation;
            invitation(language, words.subject, words.subject_organisation)
        }
        TemplateKind::Reminder => {
            let words = &language.words.invitation;
            invitation(
                language,
                words.subject_reminder,
                words.subject_reminder_organisation,
            )
        }
        TemplateKind::Confirmation => {
            let words = &language.words.confirmation;
            let lead = by_organisation(words.lead, words.lead_organisation);
            Wording {
                subject: by_organisation(words.subject, words.subject_organisation),
                title: Some(words.title.to_owned()),
                html: Some(format!(
                    "<p>{{{{ greeting }}}}</p>\n<p>{}</p>\n{{{{ factsBlock }}}}\n{{{{ unexpectedBlock }}}}\n",
                    as_html(&lead)
                )),
                text: Some(format!(
                    "{{{{ greeting }}}}\n\n{lead}\n\n{{{{ factsBlock }}}}\n\n{{{{ unexpectedBlock }}}}\n"
                )),
            }
        }
    }
}

fn invitation(language: &Catalogue, subject: &str, subject_organisation: &str) -> Wording {
    let words = &language.words.invitation;
    let lead = by_organisation(words.lead, words.lead_organisation);
    let blocks = [
        "secretBlock",
        "validityBlock",
        "buttonBlock",
        "stepsBlock",
        "factsBlock",
        "agreementBlock",
        "unexpectedBlock",
    ]
    .map(|block| format!("{{{{ {block} }}}}"));
    // The steps say in a text where the button leads.
    let in_text = blocks.iter().filter(|block| !block.contains("button"));
    let in_text: Vec<&str> = in_text.map(String::as_str).collect();
    Wording {
        subject: by_organisation(subject, subject_organisation),
        title: Some(words.title.to_owned()),
        html: Some(format!(
            "<p>{{{{ greeting }}}}</p>\n{{% if occasion %}}<p><strong>{{{{ occasion }}}}</strong></p>{{% endif %}}\n<p>{}</p>\n<p>{}</p>\n{}\n",
            as_html(&lead),
            as_html(&with_variables(words.purpose)),
            blocks.join("\n"),
        )),
        text: Some(format!(
            "{{{{ greeting }}}}\n\n{{% if occasion %}}{{{{ occasion }}}}{{% endif %}}\n\n{lead}\n\n{}\n\n{}\n",
            with_variables(words.purpose),
            in_text.join("\n\n"),
        )),
    }
}

/// The sentence that names the organisation if there is one.
fn by_organisation(without: &str, with: &str) -> String {
    format!(
        "{{% if organisation %}}{}{{% else %}}{}{{% endif %}}",
        with_variables(with),
        with_variables(without)
    )
}

/// `{organisation}` of our words is `{{ organisation }}` of a wording.
fn with_variables(words: &str) -> String {
    words.replace('{', "{{ ").replace('}', " }}")
}

/// As it is written between tags; quotes may stay as they are, people edit this.
fn as_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
