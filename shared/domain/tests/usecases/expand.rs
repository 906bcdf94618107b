//! The expansion of a batch: who is invited by it, however often and however badly it goes.

use std::collections::BTreeSet;

use beckon_domain::model::batch::{PAGE_SIZE, SkipReason};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::MailState;
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::rules::issuing::SAME_AGAIN;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::usecases::expand::Expanded;
use beckon_domain::usecases::send_invitations::SendRequest;
use beckon_domain::values::ids::BatchId;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation};
use beckon_testkit::{Call, Fault, World};
use jiff::SignedDuration;

use crate::batches::{assert_invited_once, ids, outcomes, send, some_users};

#[tokio::test]
async fn whoever_cannot_be_invited_gets_a_reason_and_the_others_their_mail() {
    let world = World::new();
    let users = [
        world.with(a_user()),
        world.with(a_user().disabled()),
        world.with(a_user().at("ann@other.example")),
        world.with(a_user().marked(AddressSuppression::HardBounced)),
        world.with(a_user().marked(AddressSuppression::Complained)),
        world.with(a_user().with(an_invitation().in_state(InvitationState::Completed))),
    ];

    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
    world.expand_all(sent.batch.id).await.unwrap();

    let reasons: Vec<_> = outcomes(&world, sent.batch.id)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        [
            None,
            Some(SkipReason::Disabled),
            Some(SkipReason::DomainNotAllowed),
            Some(SkipReason::AddressBounced),
            Some(SkipReason::AddressComplained),
            // Named, so meant.
            None,
        ]
    );
    let counts = sent.counts.unwrap();
    assert_eq!((counts.selected, counts.skipped), (6, 4));
    assert_eq!(world.store.all_mails().len(), 2);
}

#[tokio::test]
async fn a_filter_invites_whom_it_finds_less_the_exceptions_and_the_completed() {
    let world = World::new();
    let done = || an_invitation().in_state(InvitationState::Completed);
    let found = world.with(a_user().in_group("staff"));
    let except = world.with(a_user().in_group("staff"));
    let completed = world.with(a_user().in_group("staff").with(done()));
    let said_no = an_invitation().in_state(InvitationState::Declined);
    let declined = world.with(a_user().in_group("staff").with(said_no));
    world.with(a_user().in_group("guests"));
    let asking_for = |states: &[InvitationState]| SendRequest {
        selection: Selection::Filter {
            filter: UserFilter {
                deliveries: BTreeSet::new(),
                groups: found.groups.clone(),
                states: states.iter().copied().collect(),
                text: String::new(),
                ..UserFilter::default()
            },
            except: BTreeSet::from([except.id]),
        },
        ..world.order(&[])
    };

    let without = send(&world, &asking_for(&[])).await.unwrap();
    world.expand_all(without.batch.id).await.unwrap();
    let with = send(&world, &asking_for(&[InvitationState::Completed]))
        .await
        .unwrap();
    world.expand_all(with.batch.id).await.unwrap();
    let asked_again = send(&world, &asking_for(&[InvitationState::Declined]))
        .await
        .unwrap();
    world.expand_all(asked_again.batch.id).await.unwrap();

    let without: BTreeSet<_> = outcomes(&world, without.batch.id).into_iter().collect();
    let skipped = (completed.id, Some(SkipReason::AlreadyCompleted));
    let unasked = (declined.id, Some(SkipReason::DeclinedBefore));
    assert_eq!(
        without,
        BTreeSet::from([(found.id, None), skipped, unasked])
    );
    assert_eq!(
        outcomes(&world, asked_again.batch.id),
        [(declined.id, None)]
    );
    assert_eq!(outcomes(&world, with.batch.id), [(completed.id, None)]);
}

#[tokio::test]
async fn a_filter_reaches_everyone_once_however_short_the_pages_of_the_list_are() {
    let world = World::new();
    let users = some_users(&world, 23);
    world.store.let_pages_read(4);
    let order = SendRequest {
        selection: Selection::Filter {
            filter: UserFilter::default(),
            except: BTreeSet::new(),
        },
        ..world.order(&[])
    };

    let sent = send(&world, &order).await.unwrap();
    world.expand_all(sent.batch.id).await.unwrap();

    assert!(world.store.pages(sent.batch.id).len() > 5);
    assert_eq!(outcomes(&world, sent.batch.id).len(), 23);
    assert_invited_once(&world, &users);
}

/// The list is in the order of addresses: whoever gets a later one is listed again.
#[tokio::test]
async fn who_gets_another_address_while_a_batch_goes_through_the_list_stands_on_one_page() {
    for (crashed, reason) in [
        (false, None),
        (true, None),
        (false, Some(SkipReason::Disabled)),
    ] {
        let world = World::new();
        let users = some_users(&world, 12);
        let mut by_address = users.clone();
        by_address.sort_by_key(|user| user.email.normalised());
        let first = by_address[0].id;
        world
            .store
            .change_user(first, |user| user.enabled = reason.is_none());
        world.store.let_pages_read(4);
        let order = SendRequest {
            selection: Selection::Filter {
                filter: UserFilter::default(),
                except: BTreeSet::new(),
            },
            ..world.order(&[])
        };
        let sent = send(&world, &order).await.unwrap();

        if crashed {
            let calls = Call::FinishPage;
            world.store.before_next(calls, |store| store.fail_next(1));
            assert!(world.expand().run(sent.batch.id).await.is_err());
        } else {
            world.expand().run(sent.batch.id).await.unwrap();
        }
        world.wait(SignedDuration::from_secs(1));
        let patch = UserPatch {
            email: Some("zz@example.com".to_owned()),
            enabled: Some(true),
            ..UserPatch::default()
        };
        let (changing, who) = (world.change_user(), an_administrator());
        changing.run(first, &patch, &who).await.unwrap();
        world.expand_all(sent.batch.id).await.unwrap();

        let outcomes = outcomes(&world, sent.batch.id);
        assert_eq!(outcomes.len(), 12, "{outcomes:?}");
        let theirs: Vec<_> = outcomes.iter().filter(|(id, _)| *id == first).collect();
        assert_eq!(theirs, [&(first, reason)]);
    }
}

#[tokio::test]
async fn a_list_that_is_a_moment_old_overwrites_nobody() {
    let world = World::new();
    let user = world.with(a_user());
    world.store.let_indexes_lag(3);
    let order = SendRequest {
        selection: Selection::Filter {
            filter: UserFilter::default(),
            except: BTreeSet::new(),
        },
        ..world.order(&[])
    };
    let sent = send(&world, &order).await.unwrap();
    world.store.change_user(user.id, |user| user.devices = 7);

    world.expand_all(sent.batch.id).await.unwrap();

    assert_invited_once(&world, std::slice::from_ref(&user));
    assert_eq!(world.now_of(&user).devices, 7);
}

#[tokio::test]
async fn more_than_a_page_of_named_users_is_expanded_page_by_page() {
    let world = World::new();
    let users = some_users(&world, 2 * PAGE_SIZE + 1);

    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
    let mut ends = Vec::new();
    while ends.last() != Some(&Expanded::Done) {
        ends.push(world.expand().run(sent.batch.id).await.unwrap());
    }

    let sizes = world.store.pages(sent.batch.id);
    let sizes: Vec<usize> = sizes.iter().map(|page| page.recipients.len()).collect();
    assert_eq!(ends, [Expanded::More, Expanded::More, Expanded::Done]);
    assert_eq!(sizes, [PAGE_SIZE, PAGE_SIZE, 1]);
    assert_invited_once(&world, &users);
}

#[tokio::test]
async fn an_expansion_that_is_repeated_after_a_crash_at_any_call_changes_nothing_more() {
    let faults = [Fault::Refuse, Fault::LoseAnswer, Fault::CutShort(2)];
    for fault in faults {
        for call in 0..100 {
            let world = World::new();
            let users = some_users(&world, 5);
            let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
            world.store.plan(call, fault);

            let crashed = world.expand().run(sent.batch.id).await.is_err();
            world.store.come_back();
            world.expand_all(sent.batch.id).await.unwrap();
            let again = world.expand().run(sent.batch.id).await.unwrap();

            assert_eq!(again, Expanded::Done);
            assert_invited_once(&world, &users);
            assert_eq!(outcomes(&world, sent.batch.id).len(), 5);
            assert!(
                outcomes(&world, sent.batch.id)
                    .iter()
                    .all(|(_, why)| why.is_none())
            );
            if !crashed {
                assert!(call > 3, "the expansion makes more calls than that");
                break;
            }
        }
    }
}

#[tokio::test]
async fn whom_this_batch_invited_before_a_crash_keeps_what_came_since() {
    let world = World::new();
    let users = some_users(&world, 3);
    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
    world
        .store
        .before_next(Call::FinishPage, |store| store.fail_next(1));
    assert!(world.expand().run(sent.batch.id).await.is_err());

    // Meanwhile one is invited again, one registers, and one is disabled.
    world.clock.advance(SAME_AGAIN);
    let later = world.invite(&[&users[0]]).await;
    world.store.change_user(users[1].id, |user| {
        user.invitation.as_mut().unwrap().state = InvitationState::Completed;
    });
    world
        .store
        .change_user(users[2].id, |user| user.enabled = false);
    world.expand_all(sent.batch.id).await.unwrap();

    assert_eq!(world.invitation_of(&users[0]).batch, Some(later));
    assert_eq!(world.store.mails_of(users[0].id).len(), 2);
    let second = world.invitation_of(&users[1]);
    assert_eq!(second.state, InvitationState::Completed);
    let outcomes = outcomes(&world, sent.batch.id);
    assert!(
        outcomes.iter().all(|(_, why)| why.is_none()),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_page_on_which_somebody_is_changed_meanwhile_is_completed() {
    let world = World::new();
    let users = some_users(&world, 4);
    let busy = users[2].id;
    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
    for _ in 0..3 {
        world.store.before_next(Call::SaveUsers, move |store| {
            store.change_user(busy, |user| user.devices += 1);
        });
    }

    let end = world.expand().run(sent.batch.id).await.unwrap();

    assert_eq!(end, Expanded::Done);
    assert_invited_once(&world, &users);
    assert_eq!(world.store.user(busy).devices, 3);
}

#[tokio::test]
async fn who_is_disabled_or_deleted_while_the_page_is_expanded_gets_an_outcome() {
    let world = World::new();
    let users = some_users(&world, 3);
    let (disabled, deleted) = (users[0].id, users[1].id);
    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(disabled, |user| user.enabled = false);
        store.remove_user(deleted);
    });

    world.expand_all(sent.batch.id).await.unwrap();

    assert_eq!(
        outcomes(&world, sent.batch.id),
        [
            (disabled, Some(SkipReason::Disabled)),
            (deleted, Some(SkipReason::UnknownUser)),
            (users[2].id, None)
        ]
    );
    assert_eq!(world.store.all_mails().len(), 1);
}

#[tokio::test]
async fn a_page_on_which_somebody_never_stops_changing_fails_and_is_completed_later() {
    let world = World::new();
    let users = some_users(&world, 3);
    let busy = users[0].id;
    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
    for _ in 0..12 {
        world.store.before_next(Call::SaveUsers, move |store| {
            store.change_user(busy, |user| user.devices += 1);
        });
    }

    let failed = world.expand().run(sent.batch.id).await;
    let pages_then = world.store.pages(sent.batch.id).len();
    world.expand_all(sent.batch.id).await.unwrap();

    assert!(failed.is_err());
    assert_eq!(pages_then, 0);
    assert_invited_once(&world, &users);
}

#[tokio::test]
async fn two_runs_that_expand_the_same_page_write_each_mail_once() {
    let world = World::new();
    let users = some_users(&world, 5);
    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
    let (first, second) = (world.expand(), world.expand());

    let ends = tokio::join!(first.run(sent.batch.id), second.run(sent.batch.id));

    let mut ends = [ends.0.unwrap(), ends.1.unwrap()];
    ends.sort_by_key(|end| *end == Expanded::Overtaken);
    assert_eq!(ends, [Expanded::Done, Expanded::Overtaken]);
    assert_eq!(world.store.pages(sent.batch.id).len(), 1);
    assert_invited_once(&world, &users);
}

#[tokio::test]
async fn a_batch_that_was_stopped_invites_nobody_more() {
    let world = World::new();
    let users = some_users(&world, PAGE_SIZE + 5);
    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();
    world.expand().run(sent.batch.id).await.unwrap();
    let now = sent.batch.created_at;
    world
        .store
        .change_batch(sent.batch.id, |batch| batch.stopped_at = Some(now));

    let end = world.expand().run(sent.batch.id).await.unwrap();

    assert_eq!(end, Expanded::Done);
    assert_eq!(outcomes(&world, sent.batch.id).len(), PAGE_SIZE);
    assert_eq!(world.store.all_mails().len(), PAGE_SIZE);
    assert!(world.store.all_batches()[0].1.done);
}

/// The process dies between the invitations and the page's outcomes, and then somebody stops the
/// batch. Whoever was invited has a new secret, so the batch must go on saying so.
#[tokio::test]
async fn whom_a_page_invited_before_a_crash_stands_on_it_though_the_batch_was_stopped_since() {
    for by_filter in [false, true] {
        for invited in [0, 2, 5] {
            let world = World::new();
            let users = some_users(&world, 5);
            let selection = if by_filter {
                Selection::Filter {
                    filter: UserFilter {
                        states: BTreeSet::from([InvitationState::None]),
                        ..UserFilter::default()
                    },
                    except: BTreeSet::new(),
                }
            } else {
                Selection::Users(ids(&users))
            };
            let order = SendRequest {
                selection,
                ..world.order(&[])
            };
            let sent = send(&world, &order).await.unwrap();
            world.store.before_next(Call::SaveUsers, move |store| {
                store.plan(0, Fault::CutShort(invited));
            });
            assert!(world.expand().run(sent.batch.id).await.is_err());
            let (stopping, who) = (world.stop_batch(), an_administrator());
            stopping.run(sent.batch.id, &who).await.unwrap();

            let end = world.expand().run(sent.batch.id).await.unwrap();

            let has_issue = |user: &&User| world.now_of(user).invitation.is_some();
            let expected: BTreeSet<_> =
                users.iter().filter(has_issue).map(|user| user.id).collect();
            let outcomes = outcomes(&world, sent.batch.id);
            assert_eq!(end, Expanded::Done);
            assert_eq!(expected.len(), invited);
            assert_eq!(outcomes.len(), invited);
            assert!(
                outcomes
                    .iter()
                    .all(|(user, why)| why.is_none() && expected.contains(user)),
                "{outcomes:?}"
            );
            assert_eq!(world.store.all_mails().len(), invited);
        }
    }
}

#[tokio::test]
async fn a_batch_that_nobody_started_is_unknown_and_one_that_is_done_stays_done() {
    let world = World::new();
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    let before = world.store.all_batches();

    let unknown = BatchId::new(beckon_testkit::entropy::fresh_ulid());
    let of_unknown = world.expand().run(unknown).await.unwrap();
    let of_done = world.expand().run(batch).await.unwrap();

    assert_eq!((of_unknown, of_done), (Expanded::Unknown, Expanded::Done));
    assert_eq!(world.store.all_batches(), before);
}

#[tokio::test]
async fn keys_that_cannot_be_read_stop_the_expansion_and_new_issues_use_the_current_key() {
    let world = World::new();
    let user = world.with(a_user());
    let sent = send(&world, &world.order(&[user.id])).await.unwrap();
    world.keys.lose();

    let without_keys = world.expand().run(sent.batch.id).await;
    world.keys.rotate(&["k1", "k2"], "k2");
    world.expand_all(sent.batch.id).await.unwrap();

    assert!(without_keys.is_err());
    assert_eq!(world.invitation_of(&user).key.as_str(), "k2");
    assert_eq!(world.store.mails_of(user.id)[0].state, MailState::Waiting);
}
