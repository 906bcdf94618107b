//! What tells an administrator what became of an invitation, and what there is to do about it.

use beckon_domain::model::mail_content::{NoticeAbout, NoticeContent, PersonName};
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::values::names::Label;
use jiff::Timestamp;

use crate::catalogue::{Catalogue, one_line};
use crate::confirmation::device;
use crate::moments::moment;
use crate::view::{Fact, Frame, Headline, Paragraph, Report, greeting, ownership_name};

/// The words and facts in which the notices differ.
struct NoticeWords {
    title: &'static str,
    subject: &'static str,
    preheader: String,
    lead: &'static str,
    facts: Vec<Fact>,
    advice: Vec<&'static str>,
}

/// Puts a notice into words.
pub(crate) fn view(language: &Catalogue, content: &NoticeContent) -> Report {
    let told = match &content.about {
        NoticeAbout::Declined {
            issued_at,
            invited_by,
        } => declined(language, content, *issued_at, invited_by.as_ref()),
        NoticeAbout::Completed {
            device_name,
            platform,
            ownership,
            rule,
        } => {
            let device = device(language, device_name.as_ref(), platform.as_ref());
            completed(language, content, device, (*ownership, *rule))
        }
    };
    let named = |text| language.fill(text, &[("person", called(&content.person))]);
    let headline = Headline {
        title: told.title,
        subject: named(told.subject),
        preheader: told.preheader,
    };
    let advice = told.advice.into_iter().map(|text| Paragraph {
        text: text.to_owned(),
        link: None,
    });
    Report {
        frame: Frame::new(language, &content.head, headline),
        greeting: greeting(language, &content.reader),
        lead: named(told.lead),
        facts: told.facts,
        advice: advice.collect(),
    }
}

fn declined(
    language: &Catalogue,
    content: &NoticeContent,
    issued_at: Timestamp,
    invited_by: Option<&Label>,
) -> NoticeWords {
    let words = &language.words.declined;
    let zone = &content.reader.time_zone;
    let declined = moment(language, content.at, zone);
    let mut facts = vec![
        person(language, content),
        plain(words.declined, declined.clone()),
        plain(words.issued, moment(language, issued_at, zone)),
    ];
    facts.extend(invited_by.map(|inviter| {
        plain(
            language.words.invitation.invited_by,
            one_line(inviter.as_str()),
        )
    }));
    NoticeWords {
        title: words.title,
        subject: words.subject,
        preheader: language.put_in(words.preheader, "moment", &declined),
        lead: words.lead,
        facts,
        advice: vec![words.meant, words.wrong_person, words.unknown],
    }
}

fn completed(
    language: &Catalogue,
    content: &NoticeContent,
    device: Option<String>,
    (ownership, rule): (Ownership, OwnershipRule),
) -> NoticeWords {
    let words = &language.words.completed;
    let confirmation = &language.words.confirmation;
    let registered = moment(language, content.at, &content.reader.time_zone);
    let why = match rule {
        OwnershipRule::Supervised => confirmation.rule_supervised,
        OwnershipRule::UserEnrollment => confirmation.rule_user_enrollment,
        OwnershipRule::Stated => confirmation.rule_stated,
        OwnershipRule::Person => words.rule_person,
        OwnershipRule::Invitation => words.rule_invitation,
        OwnershipRule::NotSet => words.rule_not_set,
    };
    let mut facts = vec![person(language, content)];
    facts.extend(device.map(|device| plain(confirmation.device, device)));
    facts.push(plain(confirmation.registered, registered.clone()));
    facts.push(Fact {
        label: language.words.common.ownership,
        value: ownership_name(language, ownership)
            .unwrap_or(confirmation.not_set)
            .to_owned(),
        note: Some(why.to_owned()),
    });
    NoticeWords {
        title: words.title,
        subject: words.subject,
        preheader: language.put_in(confirmation.preheader, "moment", &registered),
        lead: words.lead,
        facts,
        advice: vec![words.settings],
    }
}

/// Who it is about; the address alone, where there is no name.
fn person(language: &Catalogue, content: &NoticeContent) -> Fact {
    let address = one_line(content.person.email.as_str());
    let name = content.person.name.as_ref();
    Fact {
        label: language.words.common.person,
        value: name.map_or_else(|| address.clone(), |name| one_line(name.as_str())),
        note: name.map(|_| address.clone()),
    }
}

fn called(person: &PersonName) -> &str {
    person
        .name
        .as_ref()
        .map_or_else(|| person.email.as_str(), |name| name.as_str())
}

fn plain(label: &'static str, value: String) -> Fact {
    Fact {
        label,
        value,
        note: None,
    }
}
