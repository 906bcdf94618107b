//! Whose a device is where somebody else than the administrator says it: the person who redeems, or the device
//! management.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::ownership::{
    Classification, Ownership, OwnershipChoice, OwnershipRule, StatedOwnership,
};
use beckon_domain::model::registration::DeviceFacts;
use beckon_domain::model::settings::SettingsDraft;
use beckon_domain::model::user::User;
use beckon_domain::usecases::confirm_registration::Confirmed;
use beckon_domain::usecases::redeem::{RedeemRefused, Redeemed, Redemption};
use beckon_domain::values::address::EmailAddress;
use beckon_testkit::World;
use beckon_testkit::builders::{a_device, a_user};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::reports::{happened, registration, report, supervised};

const USER_OWNED: OwnershipChoice = OwnershipChoice::UserOwned;
const COMPANY_OWNED: OwnershipChoice = OwnershipChoice::CompanyOwned;

fn under(settings: &Value) -> World {
    let draft: SettingsDraft = serde_json::from_value(settings.clone()).unwrap();
    let from = EmailAddress::parse("beckon@example.com").unwrap();
    World::under(&draft.parse(&from).unwrap())
}

fn letting_choose() -> World {
    under(&json!({
        "registration": { "personMayChoose": true },
        "enrolment": { "addresses": [
            { "ownership": "companyOwned", "url": "https://mdm.example.com/company/{reference}" },
            { "url": "https://mdm.example.com/own/{reference}" },
        ] },
    }))
}

async fn invited(world: &World, choice: Option<OwnershipChoice>) -> User {
    let user = world.with(a_user());
    world.invite_choosing(&[&user], choice).await;
    world.wait(SignedDuration::from_hours(1));
    user
}

async fn choose(
    world: &World,
    user: &User,
    ownership: Option<OwnershipChoice>,
) -> Result<Redeemed, RedeemRefused> {
    let redemption = Redemption {
        email: Some(user.email.as_str().to_owned()),
        pin: Some(world.pin_of(&world.now_of(user))),
        ownership,
        ..Redemption::default()
    };
    world.redeem().run(&redemption, None).await
}

fn decided(ownership: Ownership, rule: OwnershipRule) -> Classification {
    Classification { ownership, rule }
}

#[tokio::test]
async fn whoever_may_choose_decides_whose_the_device_is_and_is_led_there() {
    let world = letting_choose();
    let user = invited(&world, Some(USER_OWNED)).await;
    let first = choose(&world, &user, None).await.unwrap();
    assert!(first.may_choose_ownership);
    assert_eq!(first.ownership, Ownership::UserOwned);

    let second = choose(&world, &user, Some(COMPANY_OWNED)).await.unwrap();

    assert_eq!(second.ownership, Ownership::CompanyOwned);
    let step = format!("{:?}", second.next_step);
    assert!(step.contains("/company/"), "{step}");
    let invitation = world.invitation_of(&user);
    assert_eq!(invitation.ownership, Ownership::UserOwned);
    assert_eq!(invitation.chosen, Some(COMPANY_OWNED));
    let confirmed = report(&world, &user, a_device("device-1")).await;
    let by_person = decided(Ownership::CompanyOwned, OwnershipRule::Person);
    assert_eq!(confirmed, Confirmed::Recorded(by_person));
    assert!(registration(&world).chosen_by_person);
    let said = happened(&world, &user).into_iter().filter(|what| {
        matches!(what, HistoryEvent::InvitationRedeemed { chosen, .. } if *chosen == Some(COMPANY_OWNED))
    });
    assert_eq!(said.count(), 1);
}

#[tokio::test]
async fn a_choice_can_be_changed_until_a_device_is_registered_and_stays_when_nothing_is_said() {
    let world = letting_choose();
    let user = invited(&world, Some(USER_OWNED)).await;
    choose(&world, &user, Some(COMPANY_OWNED)).await.unwrap();
    let again = choose(&world, &user, None).await.unwrap();
    assert_eq!(again.ownership, Ownership::CompanyOwned);

    choose(&world, &user, Some(USER_OWNED)).await.unwrap();

    let confirmed = report(&world, &user, a_device("device-1")).await;
    let by_person = decided(Ownership::UserOwned, OwnershipRule::Person);
    assert_eq!(confirmed, Confirmed::Recorded(by_person));
}

#[tokio::test]
async fn what_is_not_theirs_to_choose_is_refused_and_costs_no_try() {
    let world = letting_choose();
    for given in [Some(COMPANY_OWNED), None] {
        let user = world.with(a_user());
        world.invite_choosing(&[&user], given).await;
        let before = world.invitation_of(&user);

        let refused = choose(&world, &user, Some(USER_OWNED)).await;

        let Err(RedeemRefused::Invalid(problems)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            (problems[0].field.as_str(), problems[0].code),
            ("ownership", "notYours")
        );
        let after = world.invitation_of(&user);
        assert_eq!(after.tries_left, before.tries_left);
        assert_eq!(after.chosen, None);
        assert!(after.sessions.is_empty());
        let redeemed = choose(&world, &user, None).await.unwrap();
        assert!(!redeemed.may_choose_ownership);
    }
}

#[tokio::test]
async fn nobody_chooses_where_the_settings_do_not_let_them() {
    let world = under(&json!({}));
    let user = invited(&world, Some(USER_OWNED)).await;

    let refused = choose(&world, &user, Some(COMPANY_OWNED)).await;

    assert!(matches!(refused, Err(RedeemRefused::Invalid(_))));
}

#[tokio::test]
async fn a_wrong_pin_with_a_choice_is_refused_as_any_wrong_pin() {
    let world = letting_choose();
    let user = invited(&world, Some(COMPANY_OWNED)).await;
    let redemption = Redemption {
        email: Some(user.email.as_str().to_owned()),
        pin: Some(world.wrong_pin_of(&user)),
        ownership: Some(USER_OWNED),
        ..Redemption::default()
    };

    let refused = world.redeem().run(&redemption, None).await;

    assert!(matches!(refused, Err(RedeemRefused::DoesNotFit)));
}

fn stating(ownership: StatedOwnership) -> DeviceFacts {
    DeviceFacts {
        ownership: Some(ownership),
        ..a_device("device-1")
    }
}

#[tokio::test]
async fn what_the_device_management_says_decides_before_the_invitation_where_the_settings_let_it() {
    use OwnershipRule::{Invitation, Stated};
    let company = Ownership::CompanyOwned;
    for (counts, expected) in [
        (true, decided(Ownership::UserOwned, Stated)),
        (false, decided(company, Invitation)),
    ] {
        let world = under(&json!({ "registration": { "useStatedOwnership": counts } }));
        let user = invited(&world, Some(COMPANY_OWNED)).await;

        let confirmed = report(&world, &user, stating(StatedOwnership::Personal)).await;

        assert_eq!(confirmed, Confirmed::Recorded(expected), "{counts}");
    }
}

#[tokio::test]
async fn a_statement_that_comes_later_decides_again_and_supervision_after_it_once_more() {
    let world = under(&json!({ "registration": { "useStatedOwnership": true } }));
    let user = invited(&world, None).await;
    report(&world, &user, a_device("device-1")).await;

    let stated = report(&world, &user, stating(StatedOwnership::Personal)).await;
    let supervised = report(&world, &user, supervised("device-1", true)).await;

    let personal = decided(Ownership::UserOwned, OwnershipRule::Stated);
    assert_eq!(stated, Confirmed::DecidedAgain(personal));
    let company = decided(Ownership::CompanyOwned, OwnershipRule::Supervised);
    assert_eq!(supervised, Confirmed::DecidedAgain(company));
}
