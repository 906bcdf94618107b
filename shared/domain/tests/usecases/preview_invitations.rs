//! The invitation preview, and that a batch does what it showed.

use std::collections::{BTreeMap, BTreeSet};

use beckon_domain::model::batch::{RecipientResult, SkipReason};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::MailKind;
use beckon_domain::model::ownership::{OwnerSwitch, Ownership, OwnershipChoice};
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::settings::{Distribution, Settings};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::rules::confirmation::NoConfirmation;
use beckon_domain::rules::issuing::{Eligibility, SAME_AGAIN};
use beckon_domain::usecases::preview_invitations::{Preview, PreviewOrder, PreviewedRecipient};
use beckon_domain::usecases::send_invitations::{SendRefused, SendRequest};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::UserId;
use beckon_domain::values::locale::Locale;
use beckon_domain::values::method::Method;
use beckon_domain::values::names::GroupName;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation, settings};
use beckon_testkit::composer::{MASK, fact};
use beckon_testkit::world::play;
use jiff::SignedDuration;
use proptest::prelude::*;

fn order(selection: Selection) -> PreviewOrder {
    PreviewOrder {
        locale: None,
        selection,
        choice: OwnerSwitch::Off,
        settings: None,
        position: None,
        who: an_administrator(),
    }
}

fn of(users: &[&User]) -> PreviewOrder {
    order(Selection::Users(users.iter().map(|user| user.id).collect()))
}

async fn show(world: &World, order: &PreviewOrder) -> Result<Preview, SendRefused> {
    world.preview().run(order).await
}

/// Every page of a preview.
async fn leaf_through(world: &World, mut order: PreviewOrder) -> Vec<Preview> {
    let mut pages = Vec::new();
    loop {
        let page = show(world, &order).await.unwrap();
        order.position.clone_from(&page.next);
        order.settings = Some(page.settings);
        pages.push(page);
        if order.position.is_none() {
            return pages;
        }
    }
}

fn any_user() -> impl Strategy<Value = User> {
    let mark = prop_oneof![
        6 => Just(None),
        1 => Just(Some(AddressSuppression::HardBounced)),
        1 => Just(Some(AddressSuppression::Complained)),
    ];
    let state = proptest::sample::select(InvitationState::ALL.to_vec());
    let domain = prop_oneof![4 => Just("example.com"), 1 => Just("other.example")];
    let groups = proptest::collection::btree_set("[ab]", 0..3);
    let locale = proptest::option::of(prop_oneof![Just("de"), Just("ar"), Just("pt-BR")]);
    let overdue = prop_oneof![3 => Just(false), 1 => Just(true)];
    (mark, state, domain, groups, locale, any::<bool>(), overdue).prop_map(
        |(mark, state, domain, groups, locale, enabled, overdue)| {
            let mut user = a_user();
            if state != InvitationState::None {
                let mut invitation = an_invitation().in_state(state);
                if overdue {
                    let end = beckon_testkit::builders::monday_morning();
                    invitation = invitation.until(end - SignedDuration::from_hours(1));
                }
                user = user.with(invitation);
            }
            let mut user = user.build();
            let address = user.email.as_str().replace("example.com", domain);
            user.email = EmailAddress::parse(&address).unwrap();
            user.groups = groups
                .iter()
                .map(|g| GroupName::parse(g).unwrap())
                .collect();
            user.locale = locale.map(|tag| Locale::parse(tag).unwrap());
            user.address_mark = mark;
            user.enabled = enabled;
            user
        },
    )
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let method = proptest::sample::select(vec![
        Method::Pin,
        Method::PasswordAndPin,
        Method::Password,
        Method::QrCode,
    ]);
    let distribution = prop_oneof![
        Just(Distribution::Everyone),
        proptest::collection::btree_set("[ab]", 1..3).prop_map(|groups| Distribution::Groups(
            groups
                .iter()
                .map(|g| GroupName::parse(g).unwrap())
                .collect()
        )),
    ];
    (method, distribution, any::<bool>(), any::<bool>()).prop_map(
        |(method, distribution, enabled, both_domains)| {
            let mut settings = settings().method(method);
            if both_domains {
                settings = settings.inviting("other.example");
            }
            let mut settings = settings.build();
            settings.confirmation.enabled = enabled;
            settings.confirmation.distribution = distribution;
            settings
        },
    )
}

/// What the preview and the batch each say of everybody, in the same words.
type Said = BTreeMap<UserId, (Result<How, SkipReason>, bool)>;

/// How somebody is invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Anew,
    InPlaceOfAnother,
    Again,
}

fn said_by_preview(pages: &[Preview]) -> Said {
    let recipients = pages.iter().flat_map(|page| &page.recipients);
    recipients
        .map(|recipient| {
            let outcome = match recipient.eligibility {
                Eligibility::Send => Ok(How::Anew),
                Eligibility::Replace => Ok(How::InPlaceOfAnother),
                Eligibility::Again => Ok(How::Again),
                Eligibility::Skip(reason) => Err(reason),
            };
            let user = recipient.user.as_ref().unwrap();
            (user.id, (outcome, recipient.confirmation.is_ok()))
        })
        .collect()
}

fn said_by_batch(world: &World, batch: beckon_domain::values::ids::BatchId) -> Said {
    let pages = world.store.pages(batch);
    let recipients = pages.iter().flat_map(|page| &page.recipients);
    recipients
        .map(|recipient| {
            let outcome = match recipient.result {
                RecipientResult::Skipped { reason } => Err(reason),
                RecipientResult::Issued { mail } => match world.store.mail(mail).kind {
                    MailKind::Invitation { again: true, .. } => Ok(How::Again),
                    MailKind::Invitation { replaces: true, .. } => Ok(How::InPlaceOfAnother),
                    MailKind::Invitation { .. } => Ok(How::Anew),
                    other => panic!("{other:?}"),
                },
            };
            (recipient.user, (outcome, recipient.confirmation))
        })
        .collect()
}

async fn compare(users: Vec<User>, settings: Settings, choice: bool, by_filter: Option<bool>) {
    let world = World::under(&settings);
    for user in &users {
        world.store.put_user(user);
    }
    world.store.let_pages_read(4);
    let pin = settings.registration.method.uses_pin();
    let choice = OwnerSwitch::from((choice && pin).then_some(OwnershipChoice::CompanyOwned));
    let selection = match by_filter {
        None => Selection::Users(users.iter().map(|user| user.id).collect()),
        Some(completed) => Selection::Filter {
            filter: UserFilter {
                states: if completed {
                    [InvitationState::Completed, InvitationState::Pending].into()
                } else {
                    BTreeSet::new()
                },
                ..UserFilter::default()
            },
            except: users.iter().take(1).map(|user| user.id).collect(),
        },
    };
    let shown = PreviewOrder {
        choice,
        ..order(selection.clone())
    };

    let pages = leaf_through(&world, shown).await;
    let sent = SendRequest {
        selection,
        choice,
        settings: Some(pages[0].settings),
        who: an_administrator(),
    };
    let batch = world.send().run(&sent, None).await.unwrap().batch;
    world.expand_all(batch.id).await.unwrap();
    world.post().await;

    let said = said_by_preview(&pages);
    assert_eq!(said, said_by_batch(&world, batch.id));
    // The first page counts all of them, as long as they are few enough.
    assert!(pages[0].counts.exact);
    let will_send = pages[0].counts.will_send;
    assert_eq!(world.service.taken().len() as u64, will_send);
    for recipient in pages.iter().flat_map(|page| &page.recipients) {
        compare_mail(&world, recipient);
    }
    for page in pages.iter().filter(|page| page.mail.is_some()) {
        assert!(page.counts.will_send > 0);
        assert_eq!(page.ownership, Ownership::from(choice.choice(None, None)));
    }
}

fn compare_mail(world: &World, recipient: &PreviewedRecipient) {
    let user = recipient.user.as_ref().unwrap();
    let mails = world.service.taken_for(&user.email);
    if matches!(recipient.eligibility, Eligibility::Skip(_)) {
        assert!(mails.is_empty());
        return;
    }
    assert_eq!(mails.len(), 1);
    let message = &mails[0].message;
    assert_eq!(message.locale, recipient.locale);
    let ownership = format!("{:?}", recipient.ownership);
    assert_eq!(fact(message, "ownership"), Some(ownership));
    assert_eq!(world.invitation_of(user).ownership, recipient.ownership);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn preview_and_send_agree_on_everybody(
        users in proptest::collection::vec(any_user(), 1..12),
        settings in any_settings(),
        choice: bool,
        by_filter: Option<bool>,
    ) {
        play(compare(users, settings, choice, by_filter));
    }
}

#[tokio::test]
async fn the_mail_that_is_shown_is_the_mail_that_is_sent_but_for_its_secret() {
    for method in [Method::Pin, Method::QrCode, Method::Password] {
        let world = World::under(&settings().method(method).build());
        let user = world.with(
            a_user()
                .called("Ann")
                .speaking("de")
                .living_in("Europe/Berlin"),
        );
        world.invite(&[&user]).await;
        world.clock.advance(SAME_AGAIN);

        let preview = show(&world, &of(&[&user])).await.unwrap();
        world.invite(&[&user]).await;
        world.post().await;

        let shown = preview.mail.unwrap();
        let sent = world.service.taken_for(&user.email).pop().unwrap().message;
        let without_secret = |text: &str| -> Vec<String> {
            let secret = |line: &&str| {
                ["pin: ", "link: ", "secret: ", "decline: "]
                    .iter()
                    .any(|name| line.starts_with(name))
            };
            text.lines()
                .filter(|line| !secret(line))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(without_secret(&shown.text), without_secret(&sent.text));
        assert_eq!(fact(&sent, "replaces").unwrap(), "true");
        let masked = fact(&shown, "secret");
        assert_eq!(
            masked.as_deref(),
            (method != Method::Password).then_some(MASK)
        );
        assert_eq!((fact(&shown, "pin"), fact(&shown, "link")), (None, None));
    }
}

/// There are no words in Arabic here: whoever asks for them reads the settings' language.
#[tokio::test]
async fn the_language_that_is_shown_is_the_one_the_mail_will_be_written_in() {
    let world = World::new();
    let mut settings = settings().build();
    settings.locale = Locale::parse("de").unwrap();
    world.store.put_settings(&settings);
    let arabic = world.with(a_user().speaking("ar"));
    let english = world.with(a_user().speaking("en-GB"));

    let named = show(&world, &of(&[&arabic, &english])).await.unwrap();
    let order = PreviewOrder {
        selection: Selection::Filter {
            filter: UserFilter::default(),
            except: BTreeSet::new(),
        },
        ..of(&[])
    };
    let found = show(&world, &order).await.unwrap();
    world.invite(&[&arabic, &english]).await;
    world.post().await;

    for preview in [named, found] {
        for recipient in &preview.recipients {
            compare_mail(&world, recipient);
        }
        let locales = preview.recipients.iter().map(|one| one.locale.as_str());
        let locales: BTreeSet<&str> = locales.collect();
        assert_eq!(locales, BTreeSet::from(["de", "en"]));
    }
}

#[tokio::test]
async fn a_preview_changes_nothing() {
    let world = World::new();
    let user = world.with(a_user());

    show(&world, &of(&[&user])).await.unwrap();

    assert_eq!(world.store.all_users(), [user]);
    assert!(world.store.all_batches().is_empty() && world.store.all_mails().is_empty());
}

#[tokio::test]
async fn it_says_who_will_get_a_confirmation_and_why_not() {
    let off = World::new();
    let on = World::under(&settings().confirming("staff").build());
    let confirmation = async |world: &World| {
        let staff = world.with(a_user().in_group("staff"));
        let guest = world.with(a_user());
        let preview = show(world, &of(&[&staff, &guest])).await.unwrap();
        let said = preview.recipients.into_iter();
        said.map(|recipient| recipient.confirmation)
            .collect::<Vec<_>>()
    };

    let switched_off = confirmation(&off).await;
    let switched_on = confirmation(&on).await;

    assert_eq!(switched_off, [Err(NoConfirmation::SwitchedOff); 2]);
    assert_eq!(
        switched_on,
        [Ok(()), Err(NoConfirmation::NotInDistribution)]
    );
}

#[tokio::test]
async fn a_choice_that_reaches_nobody_is_refused_as_send_would() {
    let world = World::under(&settings().method(Method::Password).build());
    let user = world.with(a_user());
    let chosen = PreviewOrder {
        choice: OwnerSwitch::On(OwnershipChoice::UserOwned),
        ..of(&[&user])
    };

    let result = show(&world, &chosen).await;

    let Err(SendRefused::Invalid(problems)) = result else {
        panic!("it was not refused");
    };
    assert_eq!(
        (problems[0].field.as_str(), problems[0].code),
        ("ownership", "doesNotApply")
    );
}

#[tokio::test]
async fn an_unknown_user_is_refused_among_a_hundred_and_skipped_among_more() {
    let world = World::new();
    let users: Vec<User> = (0..100).map(|_| world.with(a_user())).collect();
    let unknown = a_user().build();
    let few: Vec<&User> = users.iter().take(99).chain([&unknown]).collect();
    let many: Vec<&User> = users.iter().chain([&unknown]).collect();

    let refused = show(&world, &of(&few)).await;
    let pages = leaf_through(&world, of(&many)).await;

    assert!(matches!(refused, Err(SendRefused::UnknownUsers(problems)) if problems.len() == 1));
    assert_eq!(pages.len(), 2);
    let last = &pages[1].recipients[0];
    assert_eq!(last.user.as_ref().unwrap_err(), &unknown.id);
    assert_eq!(last.eligibility, Eligibility::Skip(SkipReason::UnknownUser));
    assert_eq!(pages[0].counts.selected, 101);
}

#[tokio::test]
async fn the_first_page_counts_everybody_unless_they_are_very_many() {
    for (many, exact) in [(2_000, true), (2_001, false)] {
        let world = World::new();
        let users: Vec<User> = (0..many)
            .map(|n| {
                let user = a_user().at(&format!("p{n:04}@example.com"));
                world.with(if n % 4 == 0 { user.disabled() } else { user })
            })
            .collect();
        let everyone = Selection::Filter {
            filter: UserFilter::default(),
            except: users.iter().take(1).map(|user| user.id).collect(),
        };
        let named = Selection::Users(users.iter().map(|user| user.id).collect());

        for (selection, less) in [(everyone, 1), (named, 0)] {
            let by_filter = less == 1;
            let first = show(&world, &order(selection.clone())).await.unwrap();
            let second = PreviewOrder {
                position: first.next.clone(),
                ..order(selection)
            };
            let second = show(&world, &second).await.unwrap();

            let counts = first.counts;
            assert_eq!(counts.exact, exact, "{many} {by_filter}");
            assert!(!second.counts.exact && second.counts.will_send == 75);
            if exact {
                let skipped = 500 - less;
                assert_eq!((counts.selected, counts.skipped), (2_000 - less, skipped));
                assert_eq!(counts.will_send, 1_500);
            } else {
                assert!(counts.will_send <= 100);
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_is_none_of_this_preview_is_refused() {
    let world = World::new();
    let user = world.with(a_user());
    let elsewhere = PreviewOrder {
        position: Some("elsewhere".to_owned()),
        ..of(&[&user])
    };

    let result = show(&world, &elsewhere).await;

    assert!(matches!(result, Err(SendRefused::Invalid(_))));
}

#[tokio::test]
async fn a_table_or_a_composer_that_fails_shows_no_preview() {
    let world = World::new();
    let user = world.with(a_user());

    world.store.fail_next(1);
    let without_table = show(&world, &of(&[&user])).await;
    world.composer.be_speechless(true);
    let without_words = show(&world, &of(&[&user])).await;

    assert!(matches!(without_table, Err(SendRefused::Unavailable(_))));
    assert!(matches!(without_words, Err(SendRefused::Unavailable(_))));
}

#[tokio::test]
async fn the_mail_is_shown_in_the_language_that_is_asked_for_and_sent_in_the_recipients() {
    let world = World::new();
    let user = world.with(a_user());
    let own = show(&world, &of(&[&user])).await.unwrap();
    let asked = PreviewOrder {
        locale: Some(Locale::parse("de").unwrap()),
        ..of(&[&user])
    };

    let shown = show(&world, &asked).await.unwrap();

    assert_eq!(shown.mail.unwrap().locale.to_string(), "de");
    assert_ne!(own.mail.unwrap().locale.to_string(), "de");
    assert_eq!(shown.recipients[0].locale, own.recipients[0].locale);
}
