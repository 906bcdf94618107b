//! Own wordings: kept, taken back, shown, tried, and what mails say because of them.

use beckon_domain::model::mail::{MailClass, MailEvent, MailKind, MailState};
use beckon_domain::model::template::{TemplateKind, TemplateName, WordingDraft};
use beckon_domain::usecases::change_template::{ChangeTemplateRefused, TemplateView};
use beckon_domain::usecases::deliver::RunEnd;
use beckon_domain::usecases::idempotency::RepeatableRequest;
use beckon_domain::usecases::preview_invitations::PreviewOrder;
use beckon_domain::usecases::preview_template::ShownWording;
use beckon_domain::usecases::record_feedback::{Feedback, FeedbackOutcome};
use beckon_domain::usecases::test_template::{TestOrder, TestTemplateRefused};
use beckon_domain::values::ids::Version;
use beckon_domain::values::locale::Locale;
use beckon_testkit::builders::{a_user, an_administrator, monday_morning};
use beckon_testkit::composer::{UNFIT, fact, pin_in};
use beckon_testkit::{Call, World};

const GERMAN: (&str, &str) = ("invitation", "de");

fn saying(subject: &str) -> WordingDraft {
    WordingDraft {
        subject: subject.to_owned(),
        ..WordingDraft::default()
    }
}

fn scripted() -> WordingDraft {
    WordingDraft {
        subject: "Hello".to_owned(),
        html: Some("<script>".to_owned()),
        text: Some("x".to_owned()),
        ..WordingDraft::default()
    }
}

async fn change(
    world: &World,
    draft: impl Into<Option<WordingDraft>>,
    expected: Option<u64>,
) -> Result<TemplateView, ChangeTemplateRefused> {
    let expected = expected.map(Version::from_number);
    let change = world.change_template();
    change
        .run(GERMAN, draft.into(), expected, an_administrator())
        .await
}

/// The subjects of the mails that were taken, in their order.
fn subjects(world: &World) -> Vec<String> {
    let taken = world.service.taken();
    taken.into_iter().map(|mail| mail.message.subject).collect()
}

fn stale(result: Result<TemplateView, ChangeTemplateRefused>) -> u64 {
    match result {
        Err(ChangeTemplateRefused::Stale { current }) => current.get(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn where_there_is_no_own_wording_ours_is_shown_to_begin_from() {
    let world = World::new();

    let view = world
        .change_template()
        .show("reminder", "en")
        .await
        .unwrap();

    assert!(!view.own);
    assert_eq!(view.version, Version::from_number(0));
    assert_eq!(view.wording.subject, "our reminder/en");
    let all = world.change_template().list().await.unwrap();
    assert_eq!(all.len(), TemplateKind::ALL.len() * 2);
    assert!(all.iter().all(|view| !view.own));
}

#[tokio::test]
async fn a_kind_or_a_language_that_there_is_not_is_unknown() {
    let world = World::new();

    for (kind, locale) in [("letter", "de"), ("invitation", "fr"), ("invitation", "??")] {
        let shown = world.change_template().show(kind, locale).await;
        assert!(
            matches!(shown, Err(ChangeTemplateRefused::Unknown)),
            "{kind} {locale}"
        );
    }
}

#[tokio::test]
async fn whoever_expects_another_version_is_told_so_and_one_taken_back_goes_on_counting() {
    let world = World::new();

    let kept = change(&world, saying("one"), Some(0)).await.unwrap();
    let late = change(&world, saying("two"), Some(0)).await;
    let back = change(&world, None, Some(1)).await.unwrap();
    let copy = change(&world, saying("three"), Some(1)).await;
    let again = change(&world, saying("three"), Some(2)).await.unwrap();

    assert_eq!((kept.version.get(), stale(late)), (1, 1));
    assert_eq!((back.own, back.version.get()), (false, 2));
    assert_eq!(back.wording.subject, "our invitation/de");
    assert_eq!(stale(copy), 2);
    assert_eq!((again.own, again.version.get()), (true, 3));
}

#[tokio::test]
async fn what_says_the_same_is_no_new_version_and_nothing_is_taken_back_twice() {
    let world = World::new();

    let nothing = change(&world, None, None).await.unwrap();
    let one = change(&world, saying("one"), None).await.unwrap();
    let same = change(&world, saying("one"), None).await.unwrap();

    assert_eq!(nothing.version.get(), 0);
    assert_eq!((one.version.get(), same.version.get()), (1, 1));
}

#[tokio::test]
async fn whoever_expects_no_version_wins_over_somebody_who_wrote_meanwhile() {
    let world = World::new();
    world.store.conflict_next(1);

    let kept = change(&world, saying("mine"), None).await.unwrap();

    assert_eq!(kept.wording.subject, "mine");
}

fn of_draft(draft: WordingDraft) -> ShownWording {
    ShownWording {
        draft: Some(draft),
        ..ShownWording::default()
    }
}

#[tokio::test]
async fn no_wording_is_shown_under_settings_that_could_not_be_saved() {
    let world = World::new();
    let settings = serde_json::json!({ "organisation": { "name": "https://example.com/" } });
    let order = ShownWording {
        settings: Some(serde_json::from_value(settings).unwrap()),
        ..of_draft(saying("mine"))
    };

    let refused = world.preview_template().run(GERMAN, order).await;

    let Err(ChangeTemplateRefused::Invalid(problems)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(problems[0].field, "settings.organisation.name");
}

#[tokio::test]
async fn a_wording_with_script_is_not_kept_shown_or_mailed() {
    let world = World::new();

    let kept = change(&world, scripted(), None).await;
    let shown = world
        .preview_template()
        .run(GERMAN, of_draft(scripted()))
        .await;
    let order = TestOrder {
        to: "a@example.com".to_owned(),
        draft: Some(scripted()),
    };
    let mailed = world.test_template().run(GERMAN, order, None).await;

    for refused in [kept.map(|_| ()), shown.map(|_| ())] {
        let Err(ChangeTemplateRefused::Invalid(problems)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(problems[0].field, "html");
    }
    let Err(TestTemplateRefused::Invalid(problems)) = mailed else {
        panic!("{mailed:?}");
    };
    assert_eq!(problems[0].field, "draft.html");
    assert!(
        !world
            .change_template()
            .show("invitation", "de")
            .await
            .unwrap()
            .own
    );
    assert!(world.store.all_mails().is_empty());
}

#[tokio::test]
async fn mails_say_the_own_wording_of_their_reader_s_language_until_it_is_taken_back() {
    let world = World::new();
    let german = world.with(a_user().speaking("de-AT"));
    let english = world.with(a_user());
    change(&world, saying("Willkommen"), None).await.unwrap();

    world.invite(&[&german, &english]).await;
    world.post().await;
    let first = subjects(&world);
    change(&world, None, None).await.unwrap();
    world.invite(&[&german]).await;
    world.post().await;

    let mut sorted = first.clone();
    sorted.sort();
    assert_eq!(sorted, ["Willkommen", "invitation"]);
    assert_eq!(subjects(&world)[2..], ["invitation"]);
    let own = world.service.taken_for(&german.email);
    assert_eq!(pin_in(&own[1].message).unwrap(), world.pin_of(&german));
}

#[tokio::test]
async fn the_preview_of_a_batch_shows_the_own_wording() {
    let world = World::new();
    let user = world.with(a_user().speaking("de-AT"));
    change(&world, saying("Willkommen"), None).await.unwrap();
    let order = PreviewOrder {
        locale: None,
        selection: world.order(&[user.id]).selection,
        choice: None.into(),
        settings: None,
        position: None,
        who: an_administrator(),
    };

    let preview = world.preview().run(&order).await.unwrap();

    let mail = preview.mail.unwrap();
    assert_eq!(mail.subject, "Willkommen");
    assert!(fact(&mail, "secret").is_some());
}

#[tokio::test]
async fn nobody_is_left_without_a_mail_by_an_own_wording_that_does_not_fit() {
    let world = World::new();
    let user = world.with(a_user().speaking("de-AT"));
    change(&world, saying(UNFIT), None).await.unwrap();

    world.invite(&[&user]).await;
    let run = world.post().await;

    assert_eq!(subjects(&world), ["invitation"]);
    let name = TemplateName {
        kind: TemplateKind::Invitation,
        locale: Locale::parse("de").unwrap(),
    };
    assert_eq!(run.unfit.into_iter().collect::<Vec<_>>(), [(name, 1)]);
    assert_eq!((run.sent, run.failed), (1, 0));
}

#[tokio::test]
async fn no_mail_goes_out_in_other_words_while_the_wordings_cannot_be_read() {
    let world = World::new();
    let user = world.with(a_user().speaking("de-AT"));
    change(&world, saying("Willkommen"), None).await.unwrap();
    world.invite(&[&user]).await;

    world
        .store
        .before_next(Call::Templates, |store| store.fail_next(1));
    world.deliver().run().await.unwrap_err();
    assert_eq!(subjects(&world), [] as [&str; 0]);
    world.post().await;

    assert_eq!(subjects(&world), ["Willkommen"]);
}

#[tokio::test]
async fn a_test_is_mailed_at_once_with_a_masked_secret_and_belongs_to_nobody() {
    let world = World::new();
    change(&world, saying("Willkommen"), None).await.unwrap();
    let kept = TestOrder {
        to: "somebody@example.com".to_owned(),
        draft: None,
    };
    let draft = TestOrder {
        draft: Some(saying("Entwurf")),
        ..kept.clone()
    };

    let first = world.test_template().run(GERMAN, kept, None).await.unwrap();
    let second = world
        .test_template()
        .run(GERMAN, draft, None)
        .await
        .unwrap();
    let waiting = world.store.mail(first.mail);
    let run = world.post().await;

    assert_eq!(
        (waiting.state, waiting.class),
        (MailState::Waiting, MailClass::Small)
    );
    assert!(matches!(waiting.kind, MailKind::Test(_)));
    assert_eq!((run.end, run.sent), (RunEnd::NothingDue, 2));
    assert_eq!(subjects(&world), ["[Test] Willkommen", "[Test] Entwurf"]);
    for mail in world.service.taken() {
        assert_eq!(mail.to.as_str(), "somebody@example.com");
        assert_eq!(mail.kind, "test");
        assert!(fact(&mail.message, "secret").is_some());
    }
    for id in [first.mail, second.mail] {
        assert_eq!(world.store.mail(id).state, MailState::Sent);
    }
}

#[tokio::test]
async fn a_test_goes_only_where_invitations_may_go() {
    let world = World::new();

    for (to, code) in [
        ("a@elsewhere.example", "domainNotAllowed"),
        ("nobody", "malformedAddress"),
    ] {
        let order = TestOrder {
            to: to.to_owned(),
            draft: None,
        };
        let refused = world.test_template().run(GERMAN, order, None).await;

        let Err(TestTemplateRefused::Invalid(problems)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((problems[0].field.as_str(), problems[0].code), ("to", code));
    }
    assert!(world.store.all_mails().is_empty());
}

#[tokio::test]
async fn a_repeated_test_is_one_mail_and_a_key_for_another_is_refused() {
    let world = World::new();
    let request = |body: &[u8]| RepeatableRequest::new("admin", "route", "key", body);
    let order = TestOrder {
        to: "a@example.com".to_owned(),
        draft: None,
    };
    let run = async |request: &RepeatableRequest| {
        let test = world.test_template();
        test.run(GERMAN, order.clone(), Some(request)).await
    };

    let first = run(&request(b"a")).await.unwrap();
    let again = run(&request(b"a")).await.unwrap();
    let other = run(&request(b"b")).await;

    assert_eq!(first, again);
    assert!(matches!(other, Err(TestTemplateRefused::KeyReused)));
    assert_eq!(world.store.all_mails().len(), 1);
}

#[tokio::test]
async fn a_test_whose_answer_is_lost_is_claimed_once_and_not_sent_at_once_again() {
    let world = World::new();
    let order = TestOrder {
        to: "a@example.com".to_owned(),
        draft: None,
    };
    let sent = world
        .test_template()
        .run(GERMAN, order, None)
        .await
        .unwrap();
    world
        .service
        .answer_next([beckon_domain::model::mail_service::SendAnswer::NoAnswer {
            reason: "silence".to_owned(),
        }]);

    let run = world.post().await;
    let idle = world.post().await;

    assert_eq!((run.unknown, idle.unknown), (1, 0));
    assert_eq!(world.service.times(sent.mail), 1);
}

#[tokio::test]
async fn a_test_that_bounces_is_recorded_and_marks_nobody() {
    let world = World::new();
    let namesake = world.with(a_user().at("a@example.com"));
    let order = TestOrder {
        to: "a@example.com".to_owned(),
        draft: None,
    };
    let sent = world.test_template().run(GERMAN, order, None).await;
    let mail = sent.unwrap().mail;
    world.post().await;

    let feedback = Feedback {
        mail,
        service_id: None,
        event: MailEvent::HardBounce,
        reason: None,
        at: monday_morning(),
    };
    let outcome = world.record_feedback().run(&feedback).await.unwrap();

    assert_eq!(outcome, FeedbackOutcome::Changed);
    assert_eq!(world.store.mail(mail).state, MailState::HardBounced);
    assert_eq!(world.now_of(&namesake), namesake);
}
