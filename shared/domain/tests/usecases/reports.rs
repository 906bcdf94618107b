//! What tests of reported devices share: an invited user, a report, and what is recorded and mailed.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::mail::MailKind;
use beckon_domain::model::ownership::OwnershipChoice;
use beckon_domain::model::registration::{DeviceFacts, Registrant, Registration};
use beckon_domain::model::user::User;
use beckon_domain::usecases::confirm_registration::Confirmed;
use beckon_testkit::World;
use beckon_testkit::builders::{a_device, a_user, settings};
use jiff::SignedDuration;

pub(crate) async fn invited(choice: Option<OwnershipChoice>) -> (World, User) {
    let world = World::under(&settings().confirming_everyone().build());
    let user = world.with(a_user());
    world.invite_choosing(&[&user], choice).await;
    world.wait(SignedDuration::from_hours(1));
    (world, user)
}

/// Somebody who was invited into this world, an hour ago.
pub(crate) async fn invited_in(world: &World) -> User {
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.wait(SignedDuration::from_hours(1));
    user
}

pub(crate) async fn report(world: &World, user: &User, device: DeviceFacts) -> Confirmed {
    let reported = world.report(Registrant::User(user.id), device).await;
    reported.expect("the user is known")
}

pub(crate) fn supervised(id: &str, supervised: bool) -> DeviceFacts {
    DeviceFacts {
        supervised: Some(supervised),
        ..a_device(id)
    }
}

pub(crate) fn registration(world: &World) -> Registration {
    let mut all = world.store.all_registrations();
    assert_eq!(all.len(), 1);
    all.pop().unwrap()
}

pub(crate) fn happened(world: &World, user: &User) -> Vec<HistoryEvent> {
    let rows = world.store.history(user.id);
    rows.into_iter().map(|row| row.what).collect()
}

pub(crate) fn confirmations(world: &World, user: &User) -> usize {
    let mails = world.store.mails_of(user.id);
    let confirmation = |kind: &MailKind| matches!(kind, MailKind::Confirmation { .. });
    mails.iter().filter(|mail| confirmation(&mail.kind)).count()
}
