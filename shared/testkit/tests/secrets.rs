//! No structure that is printed shows a PIN, a token, the id of a session, a key or an address:
//! whatever is printed ends in a log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use std::fmt::Debug;

use beckon_domain::model::batch::Cursor;
use beckon_domain::model::change::UserChange;
use beckon_domain::model::mail_content::{ContentSecret, InvitationOccasion};
use beckon_domain::model::ownership::OwnerSwitch;
use beckon_domain::model::registration::{DeviceRegistered, Registrant};
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::settings::SettingsDraft;
use beckon_domain::model::settings::enrolment::{EnrolmentAddress, EnrolmentStep, EnrolmentUrl};
use beckon_domain::model::settings::help_desk::HelpDesk;
use beckon_domain::model::user::User;
use beckon_domain::ports::composer::Composer as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::rules::content::{Sealed, invitation_content};
use beckon_domain::usecases::add_user::{NewUser, UserAdded};
use beckon_domain::usecases::idempotency::RepeatableRequest;
use beckon_domain::usecases::preview_invitations::PreviewOrder;
use beckon_domain::usecases::redeem::Redeemed;
use beckon_domain::usecases::send_invitations::SendRequest;
use beckon_domain::values::pin::{Pin, group};
use beckon_domain::values::token::{Token, TokenClaim, TokenPurpose};
use beckon_testkit::World;
use beckon_testkit::builders::{a_device, a_user, an_administrator, monday_morning, settings};

const ADDRESS: &str = "very.secret.person@example.com";

/// What was printed, by the name of what it is.
#[derive(Default)]
struct Printed(Vec<(&'static str, String)>);

impl Printed {
    fn print(&mut self, name: &'static str, what: &impl Debug) {
        self.0.push((name, format!("{what:?} {what:#?}")));
    }

    fn assert_shows_none_of(&self, secrets: &[String]) {
        let shows_one = |text: &String| {
            let text = text.to_lowercase();
            secrets.iter().any(|one| text.contains(&one.to_lowercase()))
        };
        let leaks = self.0.iter().filter(|(_, text)| shows_one(text));
        let names: Vec<&str> = leaks.map(|(name, _)| *name).collect();
        assert!(names.is_empty(), "secrets are shown by {names:?}");
    }
}

fn request() -> RepeatableRequest {
    RepeatableRequest::new("admin", "route", "key", b"body")
}

fn new_user() -> NewUser {
    NewUser {
        email: ADDRESS.to_owned(),
        ..NewUser::default()
    }
}

/// Somebody who was invited by mail and has shown the PIN.
struct Scene {
    world: World,
    added: UserAdded,
    user: User,
    token: Token,
    redeemed: Redeemed,
}

impl Scene {
    async fn begin() -> Self {
        let mut under = settings().build();
        let url = "https://mdm.example.com/?s={registrationId}&e={email}";
        under.enrolment = vec![EnrolmentAddress {
            platform: None,
            ownership: None,
            group: None,
            token: None,
            step: EnrolmentStep::Url(EnrolmentUrl::parse(url).unwrap()),
        }];
        under.organisation.help_desk = Some(HelpDesk {
            name: None,
            email: Some(a_user().at(ADDRESS).build().email),
            phone: None,
        });
        let world = World::under(&under);
        let add_user = world.add_user();
        let (new, request) = (new_user(), request());
        let added = add_user.run(&new, an_administrator(), Some(&request));
        let added = added.await.unwrap();
        let batch = added.batch.as_ref().unwrap().id;
        world.expand_all(batch).await.unwrap();
        world.post().await;
        let pin = world.pin_of(&added.user);
        let redeemed = world.show_pin(&added.user.email, &pin).await.unwrap();
        let invitation = world.invitation_of(&added.user);
        let ring = world.keys.ring();
        let token = Token::derive(
            ring.get(&invitation.key).unwrap(),
            TokenPurpose::Redeem,
            added.user.id,
            invitation.issue,
            &invitation.nonce,
        );
        Self {
            user: world.now_of(&added.user),
            world,
            added,
            token,
            redeemed,
        }
    }

    fn secrets(&self) -> Vec<String> {
        let pin = self.world.pin_of(&self.user);
        let ring = self.world.keys.ring();
        let key = ring.get(ring.current()).unwrap();
        vec![
            group(&pin),
            pin,
            self.token.expose().to_owned(),
            self.redeemed.registration_id.expose().to_owned(),
            String::from_utf8(key.expose().to_vec()).unwrap(),
            ADDRESS.to_owned(),
            ADDRESS.replace('@', "%40"),
        ]
    }
}

#[tokio::test]
async fn no_row_of_the_table_shows_a_secret_when_it_is_printed() {
    let scene = Box::pin(Scene::begin()).await;
    let (world, user) = (&scene.world, &scene.user);
    let everyone = UserFilter::default();
    let page = world.store.list_users(&everyone, None, 1, monday_morning());
    let change = UserChange {
        session: world.store.all_sessions().pop(),
        mails: world.store.all_mails(),
        history: world.store.history(user.id),
        ..UserChange::of(user.clone())
    };
    let cursor = Cursor {
        position: Some(ADDRESS.to_owned()),
        ..world.store.all_batches()[0].1.clone()
    };
    let answer = request().remember(&scene.added, monday_morning()).unwrap();

    let mut printed = Printed::default();
    printed.print("EmailAddress", &user.email);
    printed.print("NormalisedAddress", &user.email.normalised());
    printed.print("User", user);
    printed.print("UserChange", &change);
    printed.print("ListPage", &page.await.unwrap());
    printed.print("Batch", &world.store.all_batches());
    printed.print("Cursor", &cursor);
    printed.print("Session", &world.store.all_sessions());
    printed.print("Settings", &world.store.settings());
    printed.print("IdempotencyRecord", &answer);

    printed.assert_shows_none_of(&scene.secrets());
}

#[tokio::test]
async fn no_key_secret_or_mail_content_shows_one_when_it_is_printed() {
    let scene = Box::pin(Scene::begin()).await;
    let (world, user) = (&scene.world, &scene.user);
    let invitation = world.invitation_of(user);
    let ring = world.keys.ring();
    let key = ring.get(&invitation.key).unwrap();
    let sealed = Sealed::derive(user, &invitation, key);
    let pin = sealed.secret.clone();
    let under = world.store.settings().settings;
    let content = invitation_content(
        user,
        &invitation,
        &under,
        &world.links,
        sealed,
        InvitationOccasion::First,
        false,
    );
    let message = world.composer.compose_invitation(&content).unwrap();

    let mut printed = Printed::default();
    printed.print("KeyRing", &ring);
    printed.print("SecretKey", &key);
    printed.print("Pin", &Pin::from_typed(&world.pin_of(user)));
    printed.print("Token", &scene.token);
    printed.print("ContentSecret::Pin", &pin);
    printed.print(
        "ContentSecret::Link",
        &ContentSecret::Link(scene.token.clone()),
    );
    printed.print("InvitationContent", &content);
    printed.print("Message", &message);
    printed.print("OutgoingMail", &world.service.taken());
    printed.print("RegistrationId", &scene.redeemed.registration_id);
    assert!(TokenClaim::parse(scene.token.expose()).is_some());

    printed.assert_shows_none_of(&scene.secrets());
}

#[tokio::test]
async fn no_request_and_no_answer_shows_a_secret_when_it_is_printed() {
    let scene = Box::pin(Scene::begin()).await;
    let (world, user) = (&scene.world, &scene.user);
    let filter = UserFilter {
        text: ADDRESS.to_owned(),
        ..UserFilter::default()
    };
    let order = SendRequest {
        selection: Selection::Filter {
            filter: filter.clone(),
            except: [].into(),
        },
        ..world.order(&[])
    };
    let named = PreviewOrder {
        locale: None,
        selection: Selection::Users(vec![user.id]),
        choice: OwnerSwitch::Off,
        settings: None,
        position: None,
        who: an_administrator(),
    };
    let elsewhere = PreviewOrder {
        position: Some(ADDRESS.to_owned()),
        ..named.clone()
    };
    let report = DeviceRegistered {
        registrants: vec![Registrant::Address(user.email.clone())],
        device: a_device("device-1"),
        registered_at: Some(monday_morning()),
    };
    let draft = SettingsDraft::from(world.store.settings().settings);

    let mut printed = Printed::default();
    printed.print("NewUser", &new_user());
    printed.print("UserAdded", &scene.added);
    printed.print("UserFilter", &filter);
    printed.print("SendRequest", &order);
    printed.print(
        "SendAccepted",
        &world.send().run(&order, None).await.unwrap(),
    );
    printed.print("PreviewOrder", &elsewhere);
    printed.print("Preview", &world.preview().run(&named).await.unwrap());
    printed.print("Redeemed", &scene.redeemed);
    printed.print("Registrant", &report.registrants);
    printed.print("DeviceRegistered", &report);
    printed.print("SettingsDraft", &draft);

    printed.assert_shows_none_of(&scene.secrets());
}

#[tokio::test]
async fn no_error_shows_a_secret_when_it_is_printed() {
    let scene = Box::pin(Scene::begin()).await;
    let (world, user) = (&scene.world, &scene.user);
    let (pin, wrong) = (world.pin_of(user), world.wrong_pin_of(user));
    let show = async |pin: &str| world.show_pin(&user.email, pin).await.err();
    let add = async |new: NewUser| {
        let add_user = world.add_user();
        add_user.run(&new, an_administrator(), None).await.err()
    };
    let malformed = NewUser {
        email: format!("{ADDRESS} <{ADDRESS}>"),
        ..NewUser::default()
    };

    let mut printed = Printed::default();
    printed.print("AddressTaken", &add(new_user()).await);
    printed.print("Invalid", &add(malformed).await);
    printed.print("DoesNotFit", &show(&wrong).await);
    show(&pin).await;
    show(&pin).await;
    printed.print("TooManySessions", &show(&pin).await);
    world.store.fail_next(1);
    printed.print("Unavailable", &show(&pin).await);
    assert!(printed.0.iter().all(|(_, text)| !text.starts_with("None")));

    let mut secrets = scene.secrets();
    secrets.push(wrong);
    printed.assert_shows_none_of(&secrets);
}
