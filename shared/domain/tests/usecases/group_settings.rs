//! Settings of groups: the first entry that fits holds, in the preview, the batch and the mail.

use beckon_domain::model::ownership::{OwnerSwitch, Ownership, OwnershipChoice};
use beckon_domain::model::selection::Selection;
use beckon_domain::model::settings::{Settings, SettingsDraft};
use beckon_domain::usecases::preview_invitations::PreviewOrder;
use beckon_domain::usecases::send_invitations::{SendRefused, SendRequest};
use beckon_domain::values::method::Method;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator};

fn settings() -> Settings {
    let draft: SettingsDraft = serde_json::from_str(
        r#"{"sender":{"recipientDomains":["example.com"]},
            "groups":[{"group":"vip","registration":{"method":"qrCode","lifetimeHours":24}},
                      {"group":"field","ownership":"companyOwned","locale":"de","registration":{"pin":{"length":10}}}]}"#,
    )
    .unwrap();
    let from = beckon_domain::values::address::EmailAddress::parse("beckon@example.com").unwrap();
    draft.parse(&from).unwrap()
}

/// Administrators, spreadsheets and directories write one group in several ways.
#[tokio::test]
async fn settings_of_a_group_hold_for_its_members_however_the_group_is_written() {
    let draft: SettingsDraft = serde_json::from_str(
        r#"{"confirmation":{"enabled":true,"distribution":{"groups":["STAFF","staff"]}},
            "groups":[{"group":"Caf\u00E9","registration":{"method":"qrCode"}}]}"#,
    )
    .unwrap();
    let from = beckon_domain::values::address::EmailAddress::parse("beckon@example.com").unwrap();
    let settings = draft.parse(&from).unwrap();
    let staff = a_user().in_group("sTaff").build();
    let cafe = a_user().in_group("CAFE\u{301}").build();
    let other = a_user().in_group("Cafe").build();
    let told = |user| {
        beckon_domain::rules::confirmation::check_recipient(&settings.confirmation, user).is_ok()
    };

    assert_eq!([&staff, &cafe, &other].map(told), [true, false, false]);
    let method = |user| settings.for_user(user).registration.method;
    assert_eq!(method(&cafe), Method::QrCode);
    assert_eq!(method(&other), Method::Pin);
    let twice = r#"{"groups":[{"group":"Staff"},{"group":"staff "}]}"#;
    let twice: SettingsDraft = serde_json::from_str(twice).unwrap();
    let problems = twice.parse(&from).unwrap_err();
    assert_eq!(
        (problems[0].field.as_str(), problems[0].code),
        ("groups[1].group", "twice")
    );
    // They are shown as they were written first.
    let shown = serde_json::to_value(SettingsDraft::from(settings)).unwrap();
    assert_eq!(
        shown["confirmation"]["distribution"]["groups"],
        serde_json::json!(["STAFF"])
    );
}

#[tokio::test]
async fn everybody_is_invited_under_the_first_entry_that_fits() {
    let world = World::under(&settings());
    let both = world.with(
        a_user()
            .at("a@example.com")
            .in_group("field")
            .in_group("vip"),
    );
    let field = world.with(a_user().at("b@example.com").in_group("field"));
    let other = world.with(a_user().at("c@example.com").in_group("office"));
    let selection = Selection::Users(vec![both.id, field.id, other.id]);
    let preview = world
        .preview()
        .run(&PreviewOrder {
            locale: None,
            selection: selection.clone(),
            choice: OwnerSwitch::Preset,
            settings: None,
            position: None,
            who: an_administrator(),
        })
        .await
        .unwrap();

    world.invite(&[&both, &field, &other]).await;

    let shown: Vec<_> = preview
        .recipients
        .iter()
        .map(|r| (r.method, r.ownership, r.choice_applies, r.locale.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (Method::QrCode, Ownership::NotSet, false, "en"),
            (Method::Pin, Ownership::CompanyOwned, true, "de"),
            (Method::Pin, Ownership::NotSet, true, "en"),
        ]
    );
    let invited: Vec<_> = [&both, &field, &other]
        .map(|user| world.invitation_of(user))
        .iter()
        .map(|one| (one.method, one.ownership, one.pin.length))
        .collect();
    assert_eq!(
        invited,
        [
            (Method::QrCode, Ownership::NotSet, 8),
            (Method::Pin, Ownership::CompanyOwned, 10),
            (Method::Pin, Ownership::NotSet, 8),
        ]
    );
    let hours = world.invitation_of(&both);
    assert_eq!(
        hours.expires_at.duration_since(hours.issued_at).as_hours(),
        24
    );
}

#[tokio::test]
async fn the_switch_goes_before_the_preset_and_off_is_off() {
    for (switch, ownership) in [
        (OwnerSwitch::Preset, Ownership::CompanyOwned),
        (OwnerSwitch::Off, Ownership::NotSet),
        (
            OwnerSwitch::On(OwnershipChoice::UserOwned),
            Ownership::UserOwned,
        ),
    ] {
        let world = World::under(&settings());
        let field = world.with(a_user().in_group("field"));
        let order = SendRequest {
            choice: switch,
            ..world.order(&[field.id])
        };

        let sent = world.send().run(&order, None).await.unwrap();
        world.expand_all(sent.batch.id).await.unwrap();

        assert_eq!(world.invitation_of(&field).ownership, ownership);
    }
}

#[tokio::test]
async fn a_choice_that_reaches_nobody_selected_is_refused_and_one_that_reaches_some_is_taken() {
    let world = World::under(&settings());
    let vip = world.with(a_user().at("a@example.com").in_group("vip"));
    let other = world.with(a_user().at("b@example.com"));
    let chosen = |users: &[beckon_domain::values::ids::UserId]| SendRequest {
        choice: OwnerSwitch::On(OwnershipChoice::CompanyOwned),
        ..world.order(users)
    };

    let refused = world.send().run(&chosen(&[vip.id]), None).await;
    let taken = world.send().run(&chosen(&[vip.id, other.id]), None).await;

    let Err(SendRefused::Invalid(problems)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(problems[0].code, "doesNotApply");
    world.expand_all(taken.unwrap().batch.id).await.unwrap();
    assert_eq!(world.invitation_of(&vip).ownership, Ownership::NotSet);
    assert_eq!(
        world.invitation_of(&other).ownership,
        Ownership::CompanyOwned
    );
}
