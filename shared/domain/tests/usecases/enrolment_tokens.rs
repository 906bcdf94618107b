//! Tokens of device managements in the address at which a person goes on: each is made once, kept while it is good, and
//! lost to nobody while its source fails.

use std::sync::{Arc, Mutex};

use beckon_domain::model::enrolment_token::{MAKING_TAKES, TOKEN_TTL};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::outgoing_call::{CallMethod, NoAnswer, OutgoingAnswer, OutgoingCall};
use beckon_domain::model::ownership::OwnershipChoice;
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::session::SESSION_TTL;
use beckon_domain::model::settings::device_sources::{
    Authentication, DeviceSource, SourceApi, SourceKind,
};
use beckon_domain::model::settings::enrolment::{
    EnrolmentAddress, EnrolmentStep, EnrolmentUrl, TokenIssuer,
};
use beckon_domain::model::user::User;
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::rules::enrolment::NextStep;
use beckon_domain::usecases::redeem::continuing::ContinueRefused;
use beckon_domain::values::service_url::ServiceUrl;
use beckon_domain::values::session_ids::{Reference, RegistrationId};
use beckon_domain::values::source_name::SourceName;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, settings};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::redemptions::{set_state, show_right};

const ADDRESS: &str = "https://androidmanagement.googleapis.com";
const SIGN_IN: &str = "https://oauth2.googleapis.com/token";

fn name() -> SourceName {
    SourceName::parse("android").unwrap()
}

/// A world in which people go on with a token of the Android Management API.
async fn world() -> (World, User) {
    let mut under = settings().build();
    under.device_sources = vec![DeviceSource {
        name: name(),
        kind: SourceKind::Android,
        authentication: Authentication::Query {
            parameter: "token".to_owned(),
        },
        mapping: None,
        api: Some(SourceApi {
            address: ServiceUrl::parse(ADDRESS).unwrap(),
            tenant: Some("LC012abc".to_owned()),
            client_id: None,
            space: None,
        }),
    }];
    let url = "https://enterprise.google.com/android/enroll?et={token}";
    under.enrolment = vec![EnrolmentAddress {
        platform: None,
        ownership: None,
        group: None,
        token: Some(TokenIssuer {
            source: name(),
            policy: Some("work".to_owned()),
        }),
        step: EnrolmentStep::Url(EnrolmentUrl::parse(url).unwrap()),
    }];
    let world = World::under(&under);
    let account = json!({
        "client_email": "tokens@beckon.iam.gserviceaccount.com", "private_key_id": "key-1",
        "private_key": "c29tZWJvZHk=", "token_uri": SIGN_IN,
    });
    world
        .keys
        .give_credentials(&name(), ADDRESS, &account.to_string());
    let user = world.with(a_user());
    world
        .invite_choosing(&[&user], OwnershipChoice::CompanyOwned)
        .await;
    (world, user)
}

fn answered(status: u16, body: &Value) -> OutgoingAnswer {
    OutgoingAnswer {
        status,
        body: body.to_string().into_bytes(),
        ..OutgoingAnswer::default()
    }
}

/// What the API says of the token with this number.
fn token(number: usize) -> Value {
    let name = format!("enterprises/LC012abc/enrollmentTokens/t{number}");
    json!({ "name": name, "value": format!("TOKEN{number}") })
}

fn is_making(call: &OutgoingCall) -> bool {
    call.method == CallMethod::Post && call.url.as_str().ends_with("/enrollmentTokens")
}

/// Answers as the API does: the tokens are numbered, and shown again by their names.
fn answer(world: &World) {
    let mut made = 0;
    world.outgoing.answer(move |call| {
        let url = call.url.as_str();
        if url == SIGN_IN {
            return Ok(answered(200, &json!({ "access_token": "the-access" })));
        }
        if is_making(call) {
            made += 1;
            return Ok(answered(200, &token(made)));
        }
        let (_, number) = url.rsplit_once("/t").unwrap();
        Ok(answered(200, &token(number.parse().unwrap())))
    });
}

/// The API fails like this when a token is to be made or shown.
fn fail(world: &World, how: Result<OutgoingAnswer, NoAnswer>) {
    world.outgoing.answer(move |call| {
        if call.url.as_str() == SIGN_IN {
            return Ok(answered(200, &json!({ "access_token": "the-access" })));
        }
        how.clone()
    });
}

fn made(world: &World) -> usize {
    let calls = world.outgoing.calls();
    calls.iter().filter(|call| is_making(call)).count()
}

async fn session(world: &World, user: &User) -> RegistrationId {
    let redeemed = show_right(world, user).await.unwrap();
    assert_eq!(redeemed.next_step, Some(NextStep::Ask));
    redeemed.registration_id
}

async fn goes_on(world: &World, id: &RegistrationId) -> Result<String, ContinueRefused> {
    match world.redeem().continue_at(id).await? {
        Some(NextStep::Open(url)) => Ok(url),
        other => panic!("no address: {other:?}"),
    }
}

async fn poll(world: &World) -> SourcePoll {
    let poll = world.store.load_source_poll(&name()).await;
    poll.unwrap().unwrap()
}

fn address_with(number: usize) -> String {
    format!("https://enterprise.google.com/android/enroll?et=TOKEN{number}")
}

#[tokio::test]
async fn the_token_is_made_when_the_person_goes_on_and_says_whom_and_what_it_is_for() {
    let (world, user) = world().await;
    answer(&world);
    let id = session(&world, &user).await;
    assert!(world.outgoing.calls().is_empty());

    assert_eq!(goes_on(&world, &id).await.unwrap(), address_with(1));

    let calls = world.outgoing.calls();
    let call = calls.iter().find(|call| is_making(call)).unwrap();
    let said: Value = serde_json::from_slice(&call.body).unwrap();
    let invitation = world.invitation_of(&user);
    let reference = Reference::of_issue(user.id, invitation.issue, &invitation.nonce);
    let data = json!({ "beckon": reference.as_str() }).to_string();
    assert_eq!(said["additionalData"], data);
    assert_eq!(said["policyName"], "enterprises/LC012abc/policies/work");
    assert_eq!(said["allowPersonalUsage"], "PERSONAL_USAGE_DISALLOWED");
    assert_eq!(
        (&said["duration"], &said["oneTimeOnly"]),
        (&json!("3600s"), &json!(true))
    );
    let access = ("authorization", "Bearer the-access".to_owned());
    assert!(call.headers.contains(&access));
    assert!(poll(&world).await.last_success_at.is_some());
    // The device comes back with the reference that the token carried.
    let found = world.store.load_session(&reference.digest()).await.unwrap();
    assert_eq!(found.unwrap().user, user.id);
}

#[tokio::test]
async fn who_goes_on_again_gets_the_same_token_until_it_ends_and_then_another_one() {
    let (world, user) = world().await;
    answer(&world);
    let id = session(&world, &user).await;

    goes_on(&world, &id).await.unwrap();
    assert_eq!(goes_on(&world, &id).await.unwrap(), address_with(1));
    // Another session of the same issue goes on with the same token, too.
    world.wait(SESSION_TTL);
    let id = session(&world, &user).await;
    assert_eq!(goes_on(&world, &id).await.unwrap(), address_with(1));
    assert_eq!(made(&world), 1);

    world.wait(TOKEN_TTL);
    let id = session(&world, &user).await;
    assert_eq!(goes_on(&world, &id).await.unwrap(), address_with(2));
    assert_eq!(world.invitation_of(&user).tokens.len(), 1);
}

#[tokio::test]
async fn a_token_that_the_system_no_longer_has_is_made_again() {
    let (world, user) = world().await;
    answer(&world);
    let id = session(&world, &user).await;
    goes_on(&world, &id).await.unwrap();
    world.outgoing.answer(|call| {
        Ok(match call.url.as_str() {
            SIGN_IN => answered(200, &json!({ "access_token": "the-access" })),
            _ if is_making(call) => answered(200, &token(7)),
            _ => answered(404, &json!({})),
        })
    });

    assert_eq!(goes_on(&world, &id).await.unwrap(), address_with(7));
}

#[tokio::test]
async fn while_the_system_fails_the_session_stays_open_the_state_says_why_and_a_new_try_succeeds() {
    let (world, user) = world().await;
    let id = session(&world, &user).await;
    for (how, said) in [
        (Ok(answered(500, &json!({}))), "status 500"),
        (
            Ok(answered(403, &json!({}))),
            "may not make enrolment tokens",
        ),
        (Ok(answered(429, &json!({}))), "less often"),
        (
            Ok(answered(200, &json!({ "name": "" }))),
            "no enrolment token",
        ),
        (Err(NoAnswer::TooLate), "in time"),
    ] {
        fail(&world, how);

        let refused = goes_on(&world, &id).await.unwrap_err();

        assert!(
            matches!(refused, ContinueRefused::NotIssued(_)),
            "{refused:?}"
        );
        let error = poll(&world).await.last_error.unwrap();
        assert!(error.contains(said), "{error}");
        assert!(world.invitation_of(&user).tokens.is_empty());
    }

    answer(&world);
    assert_eq!(goes_on(&world, &id).await.unwrap(), address_with(1));
    assert_eq!(poll(&world).await.last_error, None);
}

#[tokio::test]
async fn of_two_who_go_on_at_once_one_has_the_token_made_and_the_other_is_told_to_try_again() {
    let (world, user) = world().await;
    let id = session(&world, &user).await;
    let second = Arc::new(Mutex::new(None));
    let (other, told, same) = (world.clone(), Arc::clone(&second), id.clone());
    world.outgoing.answer(move |call| {
        if !is_making(call) {
            return Ok(answered(200, &json!({ "access_token": "the-access" })));
        }
        let (world, id) = (other.clone(), same.clone());
        let goes_on = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(goes_on(&world, &id))
        });
        *told.lock().unwrap() = Some(goes_on.join().unwrap());
        Ok(answered(200, &token(1)))
    });

    assert_eq!(goes_on(&world, &id).await.unwrap(), address_with(1));

    let second = second.lock().unwrap().take().unwrap();
    assert!(matches!(second, Err(ContinueRefused::BeingMade { .. })));
    assert_eq!(made(&world), 1);
}

#[tokio::test]
async fn a_token_whose_making_was_broken_off_is_made_by_whoever_tries_after_half_a_minute() {
    let (world, user) = world().await;
    answer(&world);
    let id = session(&world, &user).await;
    goes_on(&world, &id).await.unwrap();
    // As a function leaves it that was killed while the system made the token.
    let until = world.wait(SignedDuration::ZERO) + MAKING_TAKES;
    world.store.change_user(user.id, |user| {
        let token = user.invitation.as_mut().unwrap().tokens.first_mut();
        let token = token.unwrap();
        (token.name, token.until) = (None, until);
    });

    let told = goes_on(&world, &id).await;
    assert!(matches!(told, Err(ContinueRefused::BeingMade { .. })));
    world.wait(MAKING_TAKES);

    assert_eq!(goes_on(&world, &id).await.unwrap(), address_with(2));
}

#[tokio::test]
async fn a_session_that_ended_or_never_was_leads_nowhere_and_asks_nobody() {
    let (world, user) = world().await;
    answer(&world);
    let id = session(&world, &user).await;

    set_state(&world, &user, InvitationState::Cancelled);
    assert!(matches!(
        goes_on(&world, &id).await,
        Err(ContinueRefused::Ended)
    ));
    set_state(&world, &user, InvitationState::Pending);
    world.wait(SESSION_TTL + SignedDuration::from_secs(1));
    assert!(matches!(
        goes_on(&world, &id).await,
        Err(ContinueRefused::Ended)
    ));
    let nobodys = RegistrationId::parse("0123456789abcdef0123456789abcdef").unwrap();
    let unknown = goes_on(&world, &nobodys).await;
    assert!(matches!(unknown, Err(ContinueRefused::UnknownSession)));

    assert!(world.outgoing.calls().is_empty());
}
