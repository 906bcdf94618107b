//! Who a row of a file is about, what it changes, and what spreadsheets do to ids.

use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::user::User;
use beckon_domain::rules::importing::FieldChange;
use beckon_domain::usecases::import_users::{ImportOrder, ImportReport, RowOutcome};
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator};

async fn import_as(world: &World, file: &str, dry_run: bool) -> ImportReport {
    let order = ImportOrder {
        dry_run,
        invite: false,
        charset: None,
        who: an_administrator(),
    };
    world
        .import_users()
        .run(file.as_bytes(), &order)
        .await
        .unwrap()
}

async fn import(world: &World, file: &str) -> ImportReport {
    import_as(world, file, false).await
}

fn reasons(report: &ImportReport) -> Vec<(u64, &str, &str)> {
    let rows = report.rows.iter();
    rows.flat_map(|row| {
        let problems = row.problems.iter();
        problems.map(|problem| (row.line, problem.field.as_str(), problem.code))
    })
    .collect()
}

fn detail(report: &ImportReport, row: usize) -> &str {
    &report.rows[row].problems[0].detail
}

fn called(world: &World, user: &User) -> (String, Option<String>) {
    let now = world.now_of(user);
    let external = now.external_id.map(|id| id.as_str().to_owned());
    (now.email.as_str().to_owned(), external)
}

fn change(field: &'static str, from: Option<&str>, to: Option<&str>) -> FieldChange {
    FieldChange {
        field,
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_cell_that_a_spreadsheet_damaged_makes_nobody_of_its_row() {
    let world = World::new();
    let file = "\
externalId,email,name,groups
#N/A,a@example.com,A,
\"1,23457E+11\",b@example.com,B,
x-3,c@example.com,#NAME?,
x-4,########,D,
x-5,e@example.com,E,staff|#REF!
01.Mrz,f@example.com,F,
NULL,g@example.com,G,
x-8,h@example.com,Null,
";

    let report = import(&world, file).await;

    let all = [
        (2, "externalId"),
        (3, "externalId"),
        (4, "name"),
        (5, "email"),
        (6, "groups[1]"),
        (7, "externalId"),
        (8, "externalId"),
    ];
    let expected: Vec<_> = all
        .into_iter()
        .map(|(line, field)| (line, field, "damagedCell"))
        .collect();
    assert_eq!(reasons(&report), expected);
    assert!(detail(&report, 0).contains("#N/A, which a spreadsheet shows when a formula fails"));
    assert_eq!(world.store.all_users().len(), 1);
}

/// The person of one import would be the person of the next.
#[tokio::test]
async fn a_damaged_id_of_two_files_is_not_one_person() {
    let world = World::new();

    import(
        &world,
        "externalId,email,name\n1.23457E+11,a@example.com,Ann\n",
    )
    .await;
    import(
        &world,
        "externalId,email,name\n1.23457E+11,b@example.com,Bob\n",
    )
    .await;

    assert_eq!(world.store.all_users(), []);
}

#[tokio::test]
async fn the_user_id_of_an_export_identifies_its_row_whatever_else_changes() {
    let world = World::new();
    let ann = world.with(a_user().at("ann@example.com").known_as("x-1"));
    let bob = world.with(a_user().at("bob@example.com"));
    let file = format!(
        "userId,externalId,email\n{},y-1,ann.new@example.com\n{},,bob@example.com\n{},x-2,\n",
        ann.id.to_string().to_lowercase(),
        bob.id,
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    );

    let trial = import_as(&world, &file, true).await;
    let report = import(&world, &file).await;
    let again = import(&world, &file).await;

    let changes = [
        change("externalId", Some("x-1"), Some("y-1")),
        change(
            "email",
            Some("ann@example.com"),
            Some("ann.new@example.com"),
        ),
    ];
    for told in [&trial, &report] {
        assert_eq!(told.rows[0].outcome, RowOutcome::Updated);
        assert_eq!(told.rows[0].changes, changes);
        assert_eq!(told.rows[1].changes, []);
        assert_eq!(reasons(told), [(4, "userId", "unknownUser")]);
    }
    assert_eq!(again.rows[0].outcome, RowOutcome::Unchanged);
    assert_eq!(
        called(&world, &ann),
        ("ann.new@example.com".to_owned(), Some("y-1".to_owned()))
    );
    assert_eq!(world.store.all_users().len(), 2);
}

#[tokio::test]
async fn a_user_id_that_contradicts_the_row_or_another_row_is_refused() {
    let world = World::new();
    let ann = world.with(a_user().at("ann@example.com").known_as("x-1"));
    let bob = world.with(a_user().at("bob@example.com").known_as("x-2"));
    let before = world.store.all_users();
    let (a, b) = (ann.id, bob.id);
    for (rows, expected) in [
        (format!("{a},x-2,,"), vec![(2, "externalId", "taken")]),
        (
            format!("{a},,bob@example.com,"),
            vec![(2, "email", "taken")],
        ),
        (
            format!("{a},x-2,bob@example.com,"),
            vec![(2, "externalId", "taken")],
        ),
        (
            format!("{b},,,Bob\n{b},,,Rob"),
            vec![(3, "userId", "duplicate")],
        ),
        (
            format!("{b},,,\n,x-2,,Rob"),
            vec![(3, "externalId", "duplicate")],
        ),
        (
            "not an id,,c@example.com,".to_owned(),
            vec![(2, "userId", "malformedId")],
        ),
    ] {
        let file = format!("userId,externalId,email,name\n{rows}\n");

        let report = import_as(&world, &file, true).await;

        assert_eq!(reasons(&report), expected, "{rows}");
    }
    assert_eq!(world.store.all_users(), before);
}

#[tokio::test]
async fn a_row_that_changes_somebody_says_what_from_what_to_what() {
    let world = World::new();
    world.with(
        a_user()
            .at("ann@example.com")
            .called("Ann")
            .in_group("Staff")
            .in_group("Munich")
            .speaking("de"),
    );
    let file = "email,name,groups,locale,timeZone,enabled\nANN@example.com,Ann B.,staff|Berlin,deu,W. Europe Standard Time,no\n";

    let trial = import_as(&world, file, true).await;
    let real = import(&world, file).await;

    for report in [trial, real] {
        assert_eq!(
            report.rows[0].changes,
            [
                change("email", Some("ann@example.com"), Some("ANN@example.com")),
                change("name", Some("Ann"), Some("Ann B.")),
                change("groups", Some("Munich|Staff"), Some("Berlin|Staff")),
                change("timeZone", None, Some("Europe/Berlin")),
                change("enabled", Some("true"), Some("false")),
            ]
        );
    }
}

#[tokio::test]
async fn an_id_that_lost_its_zeros_is_explained_and_adds_nobody() {
    let world = World::new();
    world.with(a_user().at("ann@example.com").known_as("00012"));
    world.with(a_user().at("bob@example.com").known_as("77"));
    let file = "\
externalId,email,name
12,ann@example.com,Ann
00077,bob@example.com,Bob
13,new@example.com,New
";
    let unknown_address = "externalId,email\n12,ann.b@example.com\n";
    let no_address = "externalId,name\n12.0,Ann\n";

    let report = import(&world, file).await;
    let moved = import(&world, unknown_address).await;
    let bare = import(&world, no_address).await;

    assert_eq!(
        reasons(&report),
        [
            (2, "externalId", "zerosLost"),
            (3, "externalId", "zerosLost")
        ]
    );
    assert!(detail(&report, 0).contains("is 12, but the user with this address has 00012"));
    for other in [&moved, &bare] {
        assert_eq!(reasons(other), [(2, "externalId", "zerosLost")]);
        assert!(
            detail(other, 0).contains("somebody has 00012"),
            "{}",
            detail(other, 0)
        );
    }
    assert_eq!(world.store.all_users().len(), 3);
}

#[tokio::test]
async fn two_rows_that_swap_addresses_are_both_refused_in_either_order() {
    let world = World::new();
    let ann = world.with(a_user().at("ann@example.com").known_as("x-1"));
    let bob = world.with(a_user().at("bob@example.com").known_as("x-2"));
    let rows = ["x-1,bob@example.com\n", "x-2,ann@example.com\n"];
    for order in [[0, 1], [1, 0]] {
        let file = format!("externalId,email\n{}{}", rows[order[0]], rows[order[1]]);

        let report = import(&world, &file).await;

        assert_eq!(
            reasons(&report),
            [(2, "email", "taken"), (3, "email", "taken")]
        );
        assert!(
            detail(&report, 0).contains("in line 3"),
            "{}",
            detail(&report, 0)
        );
        assert!(
            detail(&report, 0).contains("cannot be swapped"),
            "{}",
            detail(&report, 0)
        );
        assert!(
            detail(&report, 1).contains("in line 2"),
            "{}",
            detail(&report, 1)
        );
    }
    assert_eq!(world.now_of(&ann), ann);
    assert_eq!(world.now_of(&bob), bob);
}

/// Bob's new address is nobody's; Ann's is his until then.
#[tokio::test]
async fn an_address_that_another_row_gives_up_is_taken_by_the_next_import() {
    for file in [
        "externalId,email\nx-1,bob@example.com\nx-2,rob@example.com\n",
        "externalId,email\nx-2,rob@example.com\nx-1,bob@example.com\n",
    ] {
        let world = World::new();
        let ann = world.with(a_user().at("ann@example.com").known_as("x-1"));
        world.with(a_user().at("bob@example.com").known_as("x-2"));

        let first = import(&world, file).await;
        let second = import(&world, file).await;

        let refused: Vec<&str> = first
            .rows
            .iter()
            .flat_map(|row| &row.problems)
            .map(|problem| problem.detail.as_str())
            .collect();
        assert_eq!(refused.len(), 1);
        assert!(
            refused[0].contains("import the file again"),
            "{}",
            refused[0]
        );
        assert_eq!(second.counts().invalid, 0);
        assert_eq!(called(&world, &ann).0, "bob@example.com");
    }
}

#[tokio::test]
async fn the_export_of_a_directory_is_imported_as_it_is() {
    let world = World::new();
    let file = "\
userPrincipalName,displayName,givenName,surname,mail,Employee ID,preferredLanguage,accountEnabled,jobTitle
ada@example.com,,Ada,Lovelace,Ada@example.com,00042,nl-NL,True,Countess
zoe@example.com,Zoë K.,Zoë,König,zoe.koenig@example.com,00043,de-DE,False,
ext_guest.example#EXT#@example.onmicrosoft.com,Guest,,,,,,True,
";

    let report = import(&world, file).await;

    assert_eq!(report.unknown_columns, ["jobTitle"]);
    assert_eq!(
        reasons(&report),
        [
            (3, "email", "columnsDisagree"),
            (4, "email", "guestAccount")
        ]
    );
    let users = world.store.all_users();
    assert_eq!(
        users[0].display_name.as_ref().unwrap().as_str(),
        "Ada Lovelace"
    );
    assert_eq!(users[0].external_id.as_ref().unwrap().as_str(), "00042");
    assert_eq!(report.warnings.len(), 1);
    assert!(
        report.warnings[0]
            .detail
            .starts_with("is nl-NL in line 2, a language")
    );
}

#[tokio::test]
async fn a_group_whose_name_has_a_comma_is_read_as_one_and_told_of_once() {
    let world = World::new();
    let file =
        "email,groups\nada@example.com,\"Sales, Field|staff\"\nbob@example.com,\"Sales, Field\"\n";

    let report = import(&world, file).await;

    let warned = report.warnings.iter();
    let warned: Vec<_> = warned.map(|one| (one.field.as_str(), one.code)).collect();
    assert_eq!(warned, [("groups", "commaInName")]);
    assert_eq!(report.warnings[0].parameters["group"], "Sales, Field");
    assert_eq!(report.warnings[0].parameters["line"], "2");
    assert_eq!(world.store.all_users()[1].groups.len(), 1);
}

/// Names were kept as they were typed, and languages by whichever code was given.
#[tokio::test]
async fn rows_of_the_version_before_come_back_unchanged_from_their_export() {
    let world = World::new();
    let mut user = a_user().at("ann@example.com").in_group("Staff").build();
    user.external_id = Some(serde_json::from_str(r#""e\u0301-1""#).unwrap());
    user.display_name = Some(serde_json::from_str(r#""Zoe\u0308\u200B""#).unwrap());
    user.locale = Some(serde_json::from_str(r#""deu""#).unwrap());
    user.groups = serde_json::from_str(r#"["Cafe\u0301", "Staff", "staff"]"#).unwrap();
    world.store.put_user(&user);
    let page = world
        .export_users()
        .run(&UserFilter::default(), None)
        .await
        .unwrap();
    let file = String::from_utf8(page.file).unwrap();

    for file in [&file, &file.replace("userId", "devices2")] {
        let report = import(&world, file).await;

        assert_eq!(
            report.rows[0].outcome,
            RowOutcome::Unchanged,
            "{:?}",
            report.rows[0]
        );
    }
    assert_eq!(world.now_of(&user), user);
}

#[tokio::test]
async fn an_export_is_found_unchanged_with_its_ids_and_again_without_them() {
    let world = World::new();
    world.with(
        a_user()
            .at("ann@example.com")
            .known_as("00012")
            .in_group("Sales, EMEA")
            .in_group("a|b"),
    );
    world.with(
        a_user()
            .at("bob@xn--bcher-kva.example")
            .called("Bob \"the\" B")
            .in_group("#1"),
    );
    let page = world
        .export_users()
        .run(&UserFilter::default(), None)
        .await
        .unwrap();
    let file = String::from_utf8(page.file).unwrap();
    let ids_hidden = file.replace("userId", "devices2");

    for (file, unknown) in [(&file, 0), (&ids_hidden, 1)] {
        let report = import(&world, file).await;

        assert_eq!((report.counts().rows, report.counts().unchanged), (2, 2));
        assert_eq!(report.unknown_columns.len(), unknown);
    }
}
