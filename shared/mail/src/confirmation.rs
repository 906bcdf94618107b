//! What a confirmation says once a device is registered.

use beckon_domain::model::mail_content::ConfirmationContent;
use beckon_domain::model::ownership::OwnershipRule;
use beckon_domain::values::names::Label;
use serde::Serialize;

use crate::catalogue::{Catalogue, one_line};
use crate::moments::moment;
use crate::view::{Fact, Frame, Headline, Paragraph, greeting, ownership_name, with_organisation};

/// What fills the confirmation's templates.
#[derive(Serialize)]
pub(crate) struct ConfirmationView {
    pub(crate) frame: Frame,
    pub(crate) greeting: String,
    lead: String,
    facts: Vec<Fact>,
    unexpected: Paragraph,
}

/// Puts a confirmation into words.
pub(crate) fn view(language: &Catalogue, content: &ConfirmationContent) -> ConfirmationView {
    let words = &language.words.confirmation;
    let registered = moment(language, content.registered_at, &content.reader.time_zone);
    let headline = Headline {
        title: words.title,
        subject: with_organisation(
            language,
            &content.head,
            words.subject,
            words.subject_organisation,
        ),
        preheader: language.put_in(words.preheader, "moment", &registered),
    };
    let ask = content.head.help_desk.is_some();
    ConfirmationView {
        frame: Frame::new(language, &content.head, headline),
        greeting: greeting(language, &content.reader),
        lead: with_organisation(language, &content.head, words.lead, words.lead_organisation),
        facts: facts(language, content, registered),
        unexpected: Paragraph {
            text: if ask {
                words.unexpected_ask
            } else {
                words.unexpected
            }
            .to_owned(),
            link: None,
        },
    }
}

fn facts(language: &Catalogue, content: &ConfirmationContent, registered: String) -> Vec<Fact> {
    let words = &language.words.confirmation;
    let device = device(
        language,
        content.device_name.as_ref(),
        content.platform.as_ref(),
    );
    let device = device.map(|device| Fact {
        label: words.device,
        value: device,
        note: None,
    });
    device
        .into_iter()
        .chain([
            Fact {
                label: words.registered,
                value: registered,
                note: None,
            },
            Fact {
                label: language.words.common.ownership,
                value: ownership_name(language, content.ownership)
                    .unwrap_or(words.not_set)
                    .to_owned(),
                note: Some(why(language, content.rule).to_owned()),
            },
        ])
        .collect()
}

/// Why a device has its ownership.
pub(crate) fn why(language: &Catalogue, rule: OwnershipRule) -> &'static str {
    let words = &language.words.confirmation;
    match rule {
        OwnershipRule::Supervised => words.rule_supervised,
        OwnershipRule::UserEnrollment => words.rule_user_enrollment,
        OwnershipRule::Stated => words.rule_stated,
        OwnershipRule::Person => words.rule_person,
        OwnershipRule::Invitation => words.rule_invitation,
        OwnershipRule::NotSet => words.rule_not_set,
    }
}

/// What a device is called, as far as it was told.
pub(crate) fn device(
    language: &Catalogue,
    name: Option<&Label>,
    platform: Option<&Label>,
) -> Option<String> {
    let words = &language.words.confirmation;
    match (name, platform) {
        (Some(name), Some(platform)) => Some(language.fill(
            words.device_platform,
            &[("device", name.as_str()), ("platform", platform.as_str())],
        )),
        (Some(only), None) | (None, Some(only)) => Some(one_line(only.as_str())),
        (None, None) => None,
    }
}
