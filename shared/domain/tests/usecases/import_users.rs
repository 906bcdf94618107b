//! Importing files of users, and exporting them again.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use beckon_domain::model::batch::BatchSelection;
use beckon_domain::model::history::{HistoryEvent, Particular};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::user::User;
use beckon_domain::usecases::import_users::{
    ImportOrder, ImportRefused, ImportReport, MAX_BATCHES_OF_A_FILE, RowOutcome,
};
use beckon_domain::values::names::GroupName;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation, settings};
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

fn order(dry_run: bool, invite: bool) -> ImportOrder {
    ImportOrder {
        dry_run,
        invite,
        charset: None,
        who: an_administrator(),
    }
}

async fn import_with(world: &World, file: &str, order: &ImportOrder) -> ImportReport {
    world
        .import_users()
        .run(file.as_bytes(), order)
        .await
        .unwrap()
}

async fn import(world: &World, file: &str) -> ImportReport {
    import_with(world, file, &order(false, false)).await
}

fn outcomes(report: &ImportReport) -> Vec<(u64, RowOutcome)> {
    report
        .rows
        .iter()
        .map(|row| (row.line, row.outcome))
        .collect()
}

fn reasons(report: &ImportReport) -> Vec<(u64, &str, &str)> {
    report
        .rows
        .iter()
        .flat_map(|row| {
            let problems = row.problems.iter();
            problems.map(|problem| (row.line, problem.field.as_str(), problem.code))
        })
        .collect()
}

fn user_at(world: &World, address: &str) -> User {
    let users = world.store.all_users();
    let mut found = users
        .into_iter()
        .filter(|user| user.email.as_str() == address);
    found
        .next()
        .unwrap_or_else(|| panic!("nobody is at {address}"))
}

fn people(from: usize, to: usize) -> String {
    (from..to).fold("email,name\n".to_owned(), |mut file, number| {
        writeln!(file, "person{number}@example.com,Person {number}").unwrap();
        file
    })
}

#[tokio::test]
async fn rows_add_change_or_leave_whom_they_are_about() {
    let world = World::new();
    let file = "\
External ID;EMAIL;Name;Groups;Locale;Time Zone
x-1;ann@example.com;Ann;\"staff;Munich|a\";de;Europe/Berlin
;bob@example.com;Bob;;;
x-3;cid@example.com;;;;
";

    let first = import(&world, file).await;
    let before = world.store.all_users();
    let again = import(&world, file).await;
    let changed = import(
        &world,
        "email,externalId,name,groups\nann@example.com,,Ann B.,\nbob@example.com,x-2,,\n,x-3,Cid,\n",
    )
    .await;

    let all = |outcome| vec![(2, outcome), (3, outcome), (4, outcome)];
    assert_eq!(outcomes(&first), all(RowOutcome::Added));
    assert_eq!(outcomes(&again), all(RowOutcome::Unchanged));
    assert_eq!(outcomes(&changed), all(RowOutcome::Updated));
    assert!(first.complete && again.complete && changed.complete);
    let ids = |report: &ImportReport| report.rows.iter().map(|row| row.user).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&again));
    assert_eq!(ids(&first), ids(&changed));
    let original = before
        .iter()
        .find(|user| user.email.as_str() == "ann@example.com")
        .unwrap();
    let groups: Vec<&str> = original.groups.iter().map(GroupName::as_str).collect();
    assert_eq!(groups, ["a", "Munich", "staff"]);
    assert_eq!(original.locale.as_ref().unwrap().as_str(), "de");
    assert_eq!(
        original.time_zone.as_ref().unwrap().as_str(),
        "Europe/Berlin"
    );
    let ann = user_at(&world, "ann@example.com");
    assert_eq!(ann.display_name.as_ref().unwrap().as_str(), "Ann B.");
    assert_eq!(
        (&ann.groups, &ann.external_id),
        (&original.groups, &original.external_id)
    );
    let external = user_at(&world, "bob@example.com").external_id;
    assert_eq!(external.unwrap().as_str(), "x-2");
    let told: Vec<HistoryEvent> = world
        .store
        .history(ann.id)
        .into_iter()
        .map(|row| row.what)
        .collect();
    assert_eq!(
        told,
        [
            HistoryEvent::UserAdded,
            HistoryEvent::UserChanged {
                particulars: vec![Particular::Name]
            }
        ]
    );
    assert_eq!(world.store.all_batches(), []);
}

/// Leavers are marked in an export, in the spreadsheet of whatever language.
#[tokio::test]
async fn who_is_switched_off_or_on_in_a_file_is_disabled_or_enabled() {
    let world = World::new();
    import(
        &world,
        "email,enabled\nann@example.com,\nbob@example.com,FALSCH\n",
    )
    .await;
    let enabled = || {
        let of = |email| user_at(&world, email).enabled;
        (of("ann@example.com"), of("bob@example.com"))
    };
    assert_eq!(enabled(), (true, false));

    let turned = import(
        &world,
        "email,enabled\nann@example.com,false\nbob@example.com,WAHR\n",
    )
    .await;
    assert_eq!(
        outcomes(&turned),
        [(2, RowOutcome::Updated), (3, RowOutcome::Updated)]
    );
    assert_eq!(enabled(), (false, true));

    let unclear = import(
        &world,
        "email,enabled\nann@example.com,maybe\nbob@example.com,\n",
    )
    .await;
    assert_eq!(
        outcomes(&unclear),
        [(2, RowOutcome::Invalid), (3, RowOutcome::Unchanged)]
    );
    assert_eq!(unclear.rows[0].problems[0].field, "enabled");
    assert_eq!(enabled(), (false, true));
}

#[tokio::test]
async fn who_is_enabled_again_by_a_file_gets_the_mail_that_was_dropped_meanwhile() {
    let world = World::new();
    let ann = world.with(a_user().at("ann@example.com"));
    let bob = world.with(a_user().at("bob@example.com"));
    world.invite(&[&ann, &bob]).await;
    import(
        &world,
        "email,enabled\nann@example.com,false\nbob@example.com,false\n",
    )
    .await;
    world.post().await;
    assert!(world.service.taken().is_empty());

    import(&world, "email,enabled\nann@example.com,true\n").await;
    world.post().await;

    assert_eq!(world.service.taken_for(&ann.email).len(), 1);
    assert!(world.service.taken_for(&bob.email).is_empty());
    let shown = world.show_pin(&ann.email, &world.pin_of(&ann)).await;
    assert!(shown.is_ok());
}

#[tokio::test]
async fn a_row_that_is_wrong_is_named_with_every_reason_and_harms_no_other() {
    let world = World::new();
    world.with(a_user().at("taken@example.com").known_as("x-9"));
    world.with(a_user().at("other@example.com").known_as("x-8"));
    let file = "\
externalId,email,name,groups,locale,timeZone
,good@example.com,,,,
,nonsense,https://evil.example,,,
,,Nobody,,,
x-1,,Unknown,,,
,GOOD@example.com,,,,
,zone@example.com,,,klingon,Mars/Olympus
x-8,taken@example.com,,,,
x-7,other@example.com,,,,
,more@example.com,,,,,beyond
,split@example.com,\"A
b\",,,
,fine@example.com,,,,
";

    let report = import(&world, file).await;

    assert_eq!(
        reasons(&report),
        [
            (3, "email", "malformedAddress"),
            (3, "name", "link"),
            (4, "email", "missing"),
            (5, "email", "missing"),
            (6, "email", "duplicate"),
            (7, "locale", "malformedLocale"),
            (7, "timeZone", "unknownTimeZone"),
            (8, "email", "taken"),
            (9, "email", "taken"),
            (10, "", "tooManyCells"),
            (11, "", "lineBreak"),
        ]
    );
    let duplicate = &report.rows[4].problems[0].detail;
    assert!(duplicate.contains("line 2 "), "{duplicate}");
    let counts = report.counts();
    assert_eq!((counts.rows, counts.added, counts.invalid), (11, 2, 9));
    assert_eq!(world.store.all_users().len(), 4);
}

/// One row calls them by their external id, the other by their address.
#[tokio::test]
async fn of_two_rows_about_one_known_person_the_second_is_named_and_harms_no_other() {
    let world = World::new();
    let ann = world.with(a_user().at("ann@example.com").known_as("x-1"));
    let bob = world.with(a_user().at("bob@example.com"));
    let between = people(0, 300).replace("email,name\n", "");
    let between = between.replace("person", ",person");
    let file = format!(
        "externalId,email,name\nx-1,,Ann\n,ann@example.com,Anna\n,bob@example.com,Bob\n{between}x-1,other@example.com,Annie\n"
    );

    let first = import(&world, &file).await;
    let again = import(&world, &file).await;

    for report in [&first, &again] {
        assert!(report.complete);
        assert_eq!(
            reasons(report),
            [(3, "email", "duplicate"), (305, "externalId", "duplicate")]
        );
        let detail = &report.rows[1].problems[0].detail;
        assert!(detail.starts_with("line 2 is about the same"), "{detail}");
    }
    assert_eq!((first.counts().added, first.counts().updated), (300, 2));
    assert_eq!(again.counts().unchanged, 302);
    let name = |user: &User| world.now_of(user).display_name.unwrap();
    assert_eq!((name(&ann).as_str(), name(&bob).as_str()), ("Ann", "Bob"));
}

/// Were the first row done, the address in the second would be nobody's, and the same file again
/// would add somebody.
#[tokio::test]
async fn a_row_that_takes_the_address_by_which_another_means_the_same_person_is_refused_too() {
    let world = World::new();
    let ann = world.with(a_user().at("ann@example.com").known_as("x-1"));
    let file = "externalId,email,name\nx-1,new@example.com,\n,ANN@example.com,Ann\n";

    for _ in 0..2 {
        let report = import(&world, file).await;

        assert_eq!(
            reasons(&report),
            [(2, "externalId", "duplicate"), (3, "email", "duplicate")]
        );
    }

    assert_eq!(world.store.all_users(), [ann]);
}

#[tokio::test]
async fn a_trial_says_what_the_import_does_and_does_nothing() {
    let world = World::new();
    let known = world.with(a_user().at("ann@example.com").called("Ann"));
    world.with(a_user().at("bob@example.com").called("Bob"));
    let file = "email,name\nann@example.com,Ann B.\nbob@example.com,Bob\nnew@example.com,New\nbad,Bad\nfar@elsewhere.example,Far\n";

    let trial = import_with(&world, file, &order(true, true)).await;
    let untouched = world.store.all_users().len() == 2 && world.now_of(&known) == known;
    let batches = world.store.all_batches().len();
    let real = import_with(&world, file, &order(false, true)).await;

    assert!(untouched);
    assert_eq!(batches, 0);
    assert_eq!(outcomes(&trial), outcomes(&real));
    assert_eq!(reasons(&trial), reasons(&real));
    assert_eq!((trial.invited, real.invited), (3, 3));
    assert!(trial.batch.is_none() && trial.rows[2].user.is_none());
}

/// As by a patch: the secret in the old mailbox dies.
#[tokio::test]
async fn an_address_that_changes_is_corrected() {
    let world = World::new();
    let user = world.with(a_user().at("typo@example.com").known_as("x-1"));
    world.invite(&[&user]).await;
    let pin = world.pin_of(&user);

    let report = import(&world, "externalId,email\nx-1,right@example.com\n").await;
    let foreign = import(&world, "externalId,email\nx-1,right@elsewhere.example\n").await;
    world.post().await;

    assert_eq!(outcomes(&report), [(2, RowOutcome::Updated)]);
    assert_eq!(reasons(&foreign), [(2, "email", "domainNotAllowed")]);
    let after = world.now_of(&user);
    assert_eq!(world.service.taken_for(&after.email).len(), 1);
    assert!(world.show_pin(&after.email, &pin).await.is_err());
}

#[tokio::test]
async fn everyone_in_the_file_who_was_never_invited_is_invited_by_one_batch() {
    let world = World::new();
    let open = world.with(a_user().at("open@example.com").with(an_invitation()));
    let ended = an_invitation().in_state(InvitationState::Cancelled);
    let ended = world.with(a_user().at("ended@example.com").with(ended));
    let never = world.with(a_user().at("never@example.com"));
    let disabled = world.with(a_user().at("disabled@example.com").disabled());
    let file = "email\nopen@example.com\nended@example.com\nnever@example.com\ndisabled@example.com\nnew@example.com\n";

    let report = import_with(&world, file, &order(false, true)).await;

    let batch = report.batch.unwrap();
    let new = user_at(&world, "new@example.com");
    assert_eq!(
        batch.selection,
        BatchSelection::Few {
            users: vec![never.id, new.id]
        }
    );
    assert_eq!(report.invited, 2);
    world.expand_all(batch.id).await.unwrap();
    let issued: BTreeSet<_> = world
        .store
        .all_mails()
        .iter()
        .map(|mail| mail.user)
        .collect();
    assert_eq!(issued, BTreeSet::from([never.id, new.id]));
    for user in [open, ended, disabled] {
        assert_eq!(world.now_of(&user), user);
    }
}

/// Before the batch is expanded, nobody of it is invited yet; after it, nobody is to be.
#[tokio::test]
async fn a_repeated_import_invites_nobody_twice() {
    let world = World::new();
    let file = people(0, 130);

    let first = import_with(&world, &file, &order(false, true)).await;
    let at_once = import_with(&world, &file, &order(false, true)).await;
    let corrected = import_with(&world, &people(0, 131), &order(false, true)).await;
    for (batch, _) in world.store.all_batches() {
        world.expand_all(batch.id).await.unwrap();
    }
    let later = import_with(&world, &file, &order(false, true)).await;
    world.wait(SignedDuration::from_hours(48));
    let much_later = import_with(&world, &file, &order(false, true)).await;

    let id = first.batch.as_ref().unwrap().id;
    assert_eq!(first.invited, 130);
    for again in [&at_once, &later] {
        assert_eq!(again.batch.as_ref().unwrap().id, id);
        assert_eq!((again.invited, again.counts().unchanged), (0, 130));
    }
    assert_eq!((corrected.invited, corrected.counts().added), (1, 1));
    assert_eq!((much_later.invited, much_later.batch.is_none()), (0, true));
    assert_eq!(world.store.all_mails().len(), 131);
    assert_eq!(world.store.all_batches().len(), 2);
}

/// The list of batches is behind, and the answer of the import was lost.
#[tokio::test]
async fn a_repetition_that_does_not_see_the_batch_in_the_list_yet_starts_no_other() {
    let world = World::new();
    let file = people(0, 3);
    world.store.let_indexes_lag(50);

    let first = import_with(&world, &file, &order(false, true)).await;
    let again = import_with(&world, &file, &order(false, true)).await;

    assert_eq!(first.batch.unwrap().id, again.batch.unwrap().id);
    assert_eq!(world.store.all_batches().len(), 1);
}

/// Whoever was deleted and is added again by the same file is new.
#[tokio::test]
async fn who_is_added_anew_by_the_same_file_is_invited_by_another_batch() {
    let world = World::new();
    let file = people(0, 3);
    import_with(&world, &file, &order(false, true)).await;
    world
        .store
        .remove_user(user_at(&world, "person1@example.com").id);

    let again = import_with(&world, &file, &order(false, true)).await;

    let new = user_at(&world, "person1@example.com");
    assert_eq!(again.invited, 1);
    assert_eq!(
        again.batch.unwrap().selection,
        BatchSelection::Few {
            users: vec![new.id]
        }
    );
}

/// Each of them is looked up, one after the other.
#[tokio::test]
async fn a_file_that_has_invited_too_often_within_a_day_invites_nobody_more_until_it_is_over() {
    let world = World::new();
    let file = people(0, 1);
    for _ in 0..MAX_BATCHES_OF_A_FILE {
        import_with(&world, &file, &order(false, true)).await;
        let user = user_at(&world, "person0@example.com").id;
        world.store.remove_user(user);
    }
    let calls = world.store.calls();

    let one_more = import_with(&world, &file, &order(false, true)).await;

    let taken = world.store.calls() - calls;
    world.wait(SignedDuration::from_hours(25));
    let next_day = import_with(&world, &file, &order(false, true)).await;
    let warned: Vec<&str> = one_more.warnings.iter().map(|one| one.code).collect();
    assert_eq!((one_more.invited, &*warned), (0, &["tooManyBatches"][..]));
    assert_eq!(one_more.counts().added, 1);
    assert!(taken < 100, "{taken} calls");
    assert_eq!(next_day.warnings, []);
    assert_eq!(next_day.invited, 1);
}

#[tokio::test]
async fn an_import_that_runs_out_of_time_is_repeated_until_it_is_complete() {
    let world = World::new();
    let file = people(0, 1_000);
    let (mut runs, mut added) = (0, 0);

    let last = loop {
        let clock = world.clock.clone();
        world.store.before_next(Call::SaveUsers, move |_| {
            clock.advance(SignedDuration::from_secs(30));
        });
        let report = import_with(&world, &file, &order(false, true)).await;
        let counts = report.counts();
        runs += 1;
        added += counts.added;
        assert_eq!(counts.unchanged + counts.added + counts.not_reached, 1_000);
        assert_eq!(report.complete, counts.not_reached == 0);
        assert_eq!(report.batch.is_some(), report.complete);
        if report.complete {
            break report;
        }
        assert!(counts.added > 0);
    };

    assert_eq!((runs, added), (5, 1_000));
    assert_eq!(last.invited, 1_000);
    assert_eq!(world.store.all_users().len(), 1_000);
}

/// The process dies at any call; the file is imported again.
#[tokio::test]
async fn an_import_that_dies_anywhere_is_finished_by_its_repetition() {
    let file = people(0, 450);
    for alive_for in 0..12 {
        let world = World::new();
        world.store.go_down_after(alive_for);
        let died = world
            .import_users()
            .run(file.as_bytes(), &order(false, true))
            .await;
        world.store.come_back();

        let report = import_with(&world, &file, &order(false, true)).await;
        for (batch, _) in world.store.all_batches() {
            world.expand_all(batch.id).await.unwrap();
        }

        assert!(died.is_err() || alive_for > 8, "{alive_for}");
        assert!(report.complete);
        assert_eq!(world.store.all_users().len(), 450);
        assert_eq!(world.store.all_mails().len(), 450, "{alive_for}");
    }
}

#[tokio::test]
async fn who_was_changed_by_somebody_else_meanwhile_is_decided_anew_by_the_next_import() {
    let world = World::new();
    let ann = world.with(a_user().at("ann@example.com"));
    let id = ann.id;
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| user.devices = 7);
    });
    let file = "email,name\nann@example.com,Ann\nnew@example.com,New\n";

    let first = import(&world, file).await;
    let second = import(&world, file).await;

    assert_eq!(
        outcomes(&first),
        [(2, RowOutcome::NotReached), (3, RowOutcome::Added)]
    );
    assert!(!first.complete && second.complete);
    assert_eq!(
        outcomes(&second),
        [(2, RowOutcome::Updated), (3, RowOutcome::Unchanged)]
    );
    assert_eq!(world.now_of(&ann).devices, 7);
}

#[tokio::test]
async fn a_file_that_is_no_list_of_users_changes_nothing() {
    let world = World::new();

    let refused = world
        .import_users()
        .run(b"name,phone\nAnn,1\n", &order(false, true))
        .await;

    let Err(ImportRefused::Invalid(problems)) = refused else {
        panic!("it was not refused");
    };
    assert_eq!(
        (problems[0].field.as_str(), problems[0].code),
        ("email", "noColumn")
    );
    assert_eq!(world.store.all_users(), []);
}

async fn exported(world: &World, filter: &UserFilter) -> Vec<u8> {
    let (mut file, mut position) = (Vec::new(), None);
    loop {
        let page = world
            .export_users()
            .run(filter, position.as_deref())
            .await
            .unwrap();
        file.extend(page.file);
        position = page.next;
        if position.is_none() {
            return file;
        }
    }
}

#[tokio::test]
async fn an_export_has_everybody_with_their_invitation_and_is_imported_as_unchanged() {
    let world = World::under(&settings().build());
    let ann = world.with(
        a_user()
            .at("ann@example.com")
            .known_as("=HYPERLINK(1)")
            .called("+49 'Ann', \"B\"")
            .in_group("a|b")
            .in_group("c;d")
            .speaking("pt-BR")
            .living_in("Europe/Berlin"),
    );
    world.with(a_user().at("-bob@example.com").disabled());
    for number in 0..5 {
        world.with(a_user().at(&format!("crowd{number}@example.com")));
    }
    world.invite(&[&ann]).await;
    world.store.let_pages_read(2);
    let before = world.store.all_users();

    let file = exported(&world, &UserFilter::default()).await;
    let report = import(&world, std::str::from_utf8(&file).unwrap()).await;

    let text = String::from_utf8(file).unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\u{FEFF}').lines().collect();
    assert_eq!(
        lines[0],
        "externalId,email,name,groups,locale,timeZone,enabled,state,delivery,issuedAt,expiresAt,ownership,devices,addressMark,userId"
    );
    assert_eq!(
        lines[1],
        format!(
            ",'-bob@example.com,,,,,false,none,,,,,0,,{}",
            before.iter().find(|user| !user.enabled).unwrap().id
        )
    );
    assert_eq!(
        lines[2],
        format!(
            "'=HYPERLINK(1),ann@example.com,\"'+49 'Ann', \"\"B\"\"\",a\\|b|c\\;d,pt-BR,Europe/Berlin,true,pending,waiting,2026-03-02T09:00:00Z,2026-03-09T09:00:00Z,notSet,0,,{}",
            ann.id
        )
    );
    assert_eq!(lines.len(), 8);
    assert!(!text.contains(&world.pin_of(&ann)) && !text.contains(&world.token_of(&ann)));
    assert_eq!(report.counts().unchanged, 7);
    assert_eq!(world.store.all_users(), before);
    let filter = UserFilter {
        text: "ann".to_owned(),
        ..UserFilter::default()
    };
    let few = String::from_utf8(exported(&world, &filter).await).unwrap();
    assert_eq!(few.lines().count(), 2);
}
