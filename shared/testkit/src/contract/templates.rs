//! Own wordings: a row each, versioned, read alone and all at once.

use beckon_domain::model::actor::Actor;
use beckon_domain::model::stored::Carried;
use beckon_domain::model::template::{
    MAX_WORDING_BYTES, Template, TemplateKind, TemplateName, Wording,
};
use beckon_domain::ports::error::SaveError;
use beckon_domain::values::ids::Version;
use beckon_domain::values::locale::Locale;

use super::{Store, at_once};
use crate::builders::monday_morning;

fn name(kind: TemplateKind, tag: &str) -> TemplateName {
    TemplateName {
        kind,
        locale: Locale::parse(tag).unwrap(),
    }
}

/// The first version of a wording.
fn a_template(name: TemplateName, subject: &str) -> Template {
    Template {
        name,
        version: Version::FIRST,
        wording: Some(Wording {
            subject: subject.to_owned(),
            title: Some("A heading".to_owned()),
            html: Some("<p>{{ name }}</p>".to_owned()),
            text: Some("{{ name }}\n".to_owned()),
        }),
        changed_by: Actor::Caller("an administrator".to_owned()),
        changed_at: monday_morning(),
        carried: Carried::default(),
    }
}

fn in_german(subject: &str) -> Template {
    a_template(name(TemplateKind::Invitation, "de"), subject)
}

/// In the order of kinds and languages, those that were taken back with them.
pub async fn a_wording_is_read_as_it_was_written_alone_and_among_all<S: Store>(store: S) {
    let first = in_german("first");
    let other = a_template(name(TemplateKind::Confirmation, "zh-Hant"), "other");
    let taken_back = Template {
        version: Version::FIRST.next(),
        wording: None,
        ..first.clone()
    };

    store.save_template(&other).await.unwrap();
    store.save_template(&first).await.unwrap();
    let kept = store.template(&first.name).await.unwrap();
    store.save_template(&taken_back).await.unwrap();

    assert_eq!(kept, Some(first.clone()));
    let now = store.template(&first.name).await.unwrap();
    assert_eq!(now, Some(taken_back.clone()));
    assert_eq!(store.templates().await.unwrap(), [taken_back, other]);
}

/// Neither another language of its kind nor another kind of its language stands in for it.
pub async fn a_wording_that_was_never_kept_is_absent<S: Store>(store: S) {
    assert_eq!(store.templates().await.unwrap(), []);
    store.save_template(&in_german("kept")).await.unwrap();

    for absent in [
        name(TemplateKind::Invitation, "en"),
        name(TemplateKind::Reminder, "de"),
    ] {
        assert_eq!(store.template(&absent).await.unwrap(), None, "{absent}");
    }
}

/// Nor one that was never kept, by a second version.
pub async fn a_wording_that_somebody_wrote_first_is_not_replaced<S: Store>(store: S) {
    let kept = in_german("kept");
    let never_kept = Template {
        name: name(TemplateKind::Reminder, "de"),
        version: Version::FIRST.next(),
        ..kept.clone()
    };
    store.save_template(&kept).await.unwrap();

    let too_far = Version::FIRST.next().next();
    let skipping = Template {
        version: too_far,
        ..in_german("skipping")
    };
    for stale in [in_german("late"), skipping, never_kept] {
        let result = store.save_template(&stale).await;
        assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    }
    assert_eq!(store.templates().await.unwrap(), [kept]);
}

/// The others are told, and what holds is what the one wrote.
pub async fn of_many_who_keep_a_wording_at_once_one_does<S: Store>(store: S) {
    let results = at_once(8, |number| {
        let store = store.clone();
        async move {
            let template = in_german(&number.to_string());
            store.save_template(&template).await.map(|()| template)
        }
    })
    .await;

    let (mut saved, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let all_told = refused
        .iter()
        .all(|result| matches!(result, Err(SaveError::Conflict)));
    assert_eq!(saved.len(), 1);
    assert!(all_told, "{refused:?}");
    let kept = saved.remove(0).unwrap();
    assert_eq!(store.templates().await.unwrap(), [kept]);
}

/// More than one request of the table gives.
pub async fn as_many_and_as_large_wordings_as_there_can_be_are_all_read<S: Store>(store: S) {
    let mut written = Vec::new();
    for kind in TemplateKind::ALL {
        for tag in [
            "ar", "de", "en", "es", "fi", "fr", "it", "ja", "ko", "pt-BR", "zh-Hans", "zh-Hant",
        ] {
            let mut template = a_template(name(kind, tag), tag);
            if let Some(wording) = &mut template.wording {
                wording.html = Some("x".repeat(MAX_WORDING_BYTES - 100));
            }
            store.save_template(&template).await.unwrap();
            written.push(template);
        }
    }

    let found = store.templates().await.unwrap();

    assert_eq!(found.len(), 36);
    assert!(found == written, "each as it was written, in order");
}
