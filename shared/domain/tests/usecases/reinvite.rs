//! Inviting again: what is young and the same is mailed once more, everything else is replaced.

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{MailKind, MailState};
use beckon_domain::model::ownership::{OwnerSwitch, Ownership, OwnershipChoice};
use beckon_domain::model::selection::Selection;
use beckon_domain::rules::issuing::SAME_AGAIN;
use beckon_domain::usecases::preview_invitations::PreviewOrder;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, settings};
use jiff::SignedDuration;

const A_SECOND: SignedDuration = SignedDuration::from_secs(1);

#[tokio::test]
async fn who_is_invited_twice_within_ten_minutes_gets_the_same_issue_again() {
    let world = World::new();
    let user = world.with(a_user());
    let first = world.invite(&[&user]).await;
    world.post().await;
    let pin = world.pin_of(&user);
    world.clock.advance(SAME_AGAIN - A_SECOND);

    let second = world.invite(&[&user]).await;
    world.post().await;

    let invitation = world.invitation_of(&user);
    assert_eq!((invitation.issue.get(), invitation.batch), (1, Some(first)));
    assert_eq!(world.pin_of(&user), pin);
    let mails = world.store.mails_of(user.id);
    assert_eq!(mails.len(), 2);
    let again = mails
        .iter()
        .find(|mail| matches!(mail.kind, MailKind::Invitation { again: true, .. }))
        .unwrap();
    assert_eq!((again.batch, again.state), (Some(second), MailState::Sent));
    world.count_all().await.unwrap();
    let report = world.report_batch().run(second).await.unwrap().unwrap();
    assert_eq!((report.counts.issued, report.counts.sent), (1, 1));
    assert!(world.show_pin(&user.email, &pin).await.is_ok());
}

#[tokio::test]
async fn a_page_that_is_expanded_twice_mails_again_once() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.clock.advance(A_SECOND);
    let order = world.order(&[user.id]);
    let sent = world.send().run(&order, None).await.unwrap();
    world
        .store
        .before_next(beckon_testkit::store::Call::FinishPage, |store| {
            store.fail_next(1);
        });

    assert!(world.expand().run(sent.batch.id).await.is_err());
    world.expand_all(sent.batch.id).await.unwrap();

    assert_eq!(world.store.mails_of(user.id).len(), 2);
}

#[tokio::test]
async fn after_ten_minutes_or_with_something_changed_the_old_secret_dies() {
    for change in ["time", "ownership", "method", "lifetime", "lock"] {
        let world = World::new();
        let user = world.with(a_user());
        world.invite(&[&user]).await;
        let old = world.pin_of(&user);
        let mut choice = None;
        match change {
            "time" => world.clock.advance(SAME_AGAIN),
            "ownership" => choice = Some(OwnershipChoice::CompanyOwned),
            "method" => {
                world.store.put_settings(
                    &settings()
                        .method(beckon_domain::values::method::Method::PasswordAndPin)
                        .build(),
                );
            }
            "lifetime" => {
                let mut changed = settings().build();
                changed.registration.lifetime_hours += 1;
                world.store.put_settings(&changed);
            }
            _ => world.store.change_user(user.id, |user| {
                let invitation = user.invitation.as_mut().unwrap();
                invitation.tries_left = 0;
                invitation.state = InvitationState::Locked;
            }),
        }

        world.invite_choosing(&[&user], choice).await;

        assert_eq!(world.invitation_of(&user).issue.get(), 2, "{change}");
        assert_ne!(world.pin_of(&user), old, "{change}");
    }
}

/// What was chosen for the earlier invitation is told, and kept where that is asked for.
#[tokio::test]
async fn whose_the_device_is_stays_as_the_earlier_invitation_had_it_if_that_is_asked_for() {
    let world = World::new();
    let (own, unset, new) = (
        world.with(a_user()),
        world.with(a_user()),
        world.with(a_user()),
    );
    world
        .invite_choosing(&[&own], OwnershipChoice::UserOwned)
        .await;
    world.invite(&[&unset]).await;
    world.clock.advance(SAME_AGAIN + A_SECOND);
    let all = [&own, &unset, &new];
    let previewed = async |choice: OwnerSwitch| {
        let order = PreviewOrder {
            locale: None,
            selection: Selection::Users(all.iter().map(|user| user.id).collect()),
            choice,
            settings: None,
            position: None,
            who: an_administrator(),
        };
        let shown = world.preview().run(&order).await.unwrap();
        let told = shown.recipients.into_iter();
        told.map(|one| (one.earlier_ownership, one.ownership))
            .collect::<Vec<_>>()
    };

    let off = previewed(OwnerSwitch::Off).await;
    let kept = previewed(OwnerSwitch::Kept).await;
    world.invite_switching(&all, OwnerSwitch::Kept).await;

    let before = Some(Ownership::UserOwned);
    let not_set = (None, Ownership::NotSet);
    assert_eq!(off, [(before, Ownership::NotSet), not_set, not_set]);
    assert_eq!(kept, [(before, Ownership::UserOwned), not_set, not_set]);
    let invited = all.map(|user| world.invitation_of(user).ownership);
    let [first, others @ ..] = invited;
    assert_eq!(first, Ownership::UserOwned);
    assert_eq!(others, [Ownership::NotSet; 2]);
}
