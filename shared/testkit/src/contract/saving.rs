//! Changes of users: each as a whole or not at all.

use beckon_domain::model::change::{ChangeOutcome, Identifier, UserChange};
use beckon_domain::model::mail::MailEvent;
use beckon_domain::model::user::User;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{ExternalId, IssueNumber, MailId, UserId};

use super::{Store, added, at_once, load, load_mail, mailed, next, save, saved, too_late};
use crate::builders::{
    a_mail, a_registration, a_row, a_session, a_user, an_invitation, monday_morning,
};
use crate::entropy::fresh_ulid;

/// A change that holds one of everything.
fn of_everything(user: &beckon_domain::model::user::User) -> UserChange {
    UserChange {
        mails: vec![a_mail(user.id).build()],
        history: vec![
            a_row(user.id, monday_morning()),
            a_row(user.id, monday_morning()),
        ],
        registration: Some(a_registration(user.id, "device-1")),
        session: Some(a_session(user.id)),
        ..next(user, |user| {
            user.devices = 1;
            user.latest_issue = IssueNumber::NONE.next();
            user.invitation = Some(an_invitation().build());
        })
    }
}

/// That nothing of a change was written.
async fn assert_unwritten(store: &impl Store, change: &UserChange) {
    let rows = store
        .history_of(change.user.id, None, 100)
        .await
        .unwrap()
        .items;
    for row in &change.history {
        assert!(!rows.contains(row), "a row of history was written");
    }
    if let Some(registration) = &change.registration {
        let found = store
            .load_registration(change.user.id, &registration.device.id)
            .await;
        assert_eq!(found.unwrap(), None);
    }
    if let Some(session) = &change.session {
        assert_eq!(store.load_session(&session.digest).await.unwrap(), None);
    }
}

/// Nothing is lost or changed on the way to the table and back.
pub async fn a_change_is_written_with_all_that_belongs_to_it<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let change = of_everything(&user);

    let outcome = save(&store, &change).await;

    assert_eq!(outcome, ChangeOutcome::Saved);
    let rows = store.history_of(user.id, None, 100).await.unwrap().items;
    let registration = change.registration.clone().unwrap();
    let session = change.session.clone().unwrap();
    let found = store
        .load_registration(user.id, &registration.device.id)
        .await;
    let by_address = store.user_by_address(&user.email.normalised()).await;
    assert_eq!(load(&store, user.id).await.as_ref(), Some(&change.user));
    assert_eq!(by_address.unwrap().as_ref(), Some(&change.user));
    assert_eq!(
        load_mail(&store, &change.mails[0]).await.as_ref(),
        change.mails.first()
    );
    assert_eq!(rows.len(), 3);
    assert!(change.history.iter().all(|row| rows.contains(row)));
    assert_eq!(found.unwrap(), Some(registration));
    assert_eq!(
        store.load_session(&session.digest).await.unwrap(),
        Some(session)
    );
}

/// Not an error, not a request that the table refuses.
pub async fn no_changes_have_no_outcomes<S: Store>(store: S) {
    assert_eq!(store.save_users(&[]).await.unwrap(), []);
}

/// Somebody else wrote first.
pub async fn a_change_from_an_older_version_conflicts_and_writes_nothing<S: Store>(store: S) {
    let read = added(&store, a_user().build()).await;
    let theirs = saved(&store, next(&read, |user| user.devices = 7)).await;
    let ours = of_everything(&read);

    let outcome = save(&store, &ours).await;

    assert_eq!(outcome, ChangeOutcome::Conflict);
    assert_eq!(load(&store, read.id).await, Some(theirs));
    assert_eq!(load_mail(&store, &ours.mails[0]).await, None);
    assert_unwritten(&store, &ours).await;
}

/// A version replaces the one before it and no other.
pub async fn a_change_that_skips_a_version_conflicts<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let mut change = next(&user, |user| user.devices = 7);
    change.user.version = change.user.version.next();

    let outcome = save(&store, &change).await;

    assert_eq!(outcome, ChangeOutcome::Conflict);
    assert_eq!(load(&store, user.id).await, Some(user));
}

/// Whoever was deleted meanwhile does not come back.
pub async fn a_change_of_nobody_conflicts<S: Store>(store: S) {
    let nobody = a_user().build();
    let change = of_everything(&nobody);

    let outcome = save(&store, &change).await;

    assert_eq!(outcome, ChangeOutcome::Conflict);
    assert_eq!(load(&store, nobody.id).await, None);
    assert_unwritten(&store, &change).await;
}

/// As when a page is expanded again: the user is at a later version, and the mail is there. That
/// says more than a conflict.
pub async fn a_change_whose_mail_exists_was_done_before_and_writes_nothing<S: Store>(store: S) {
    let before = added(&store, a_user().build()).await;
    let mail = a_mail(before.id).build();
    let after = mailed(&store, &before, std::slice::from_ref(&mail)).await;
    let claimed = mail.after(MailEvent::Claim).unwrap();
    store.claim_mail(&claimed, after.version).await.unwrap();

    for user in [&before, &after] {
        let again = UserChange {
            mails: vec![mail.clone()],
            ..of_everything(user)
        };
        assert_eq!(save(&store, &again).await, ChangeOutcome::DoneBefore);
        assert_unwritten(&store, &again).await;
    }

    assert_eq!(load(&store, before.id).await, Some(after));
    assert_eq!(load_mail(&store, &mail).await, Some(claimed));
}

/// As when a bounce marks the address.
pub async fn a_change_brings_a_mail_its_next_version<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let mail = a_mail(user.id).build();
    let user = mailed(&store, &user, std::slice::from_ref(&mail)).await;
    let bounced = mail.after(MailEvent::HardBounce).unwrap();

    let change = UserChange {
        mails: vec![bounced.clone()],
        ..next(&user, |_| {})
    };
    let outcome = save(&store, &change).await;

    assert_eq!(outcome, ChangeOutcome::Saved);
    assert_eq!(load_mail(&store, &mail).await, Some(bounced));
}

/// The user fits, the mail does not, or is not there at all.
pub async fn a_change_whose_mail_somebody_wrote_first_conflicts_and_writes_nothing<S: Store>(
    store: S,
) {
    let user = added(&store, a_user().build()).await;
    let mail = a_mail(user.id).build();
    let user = mailed(&store, &user, std::slice::from_ref(&mail)).await;
    let theirs = mail.after(MailEvent::Claim).unwrap();
    store.save_mail(&theirs, None).await.unwrap();

    let ours = mail.after(MailEvent::HardBounce).unwrap();
    let unheard_of = a_mail(user.id)
        .build()
        .after(MailEvent::HardBounce)
        .unwrap();
    for mail in [ours, unheard_of] {
        let change = UserChange {
            mails: vec![mail],
            ..of_everything(&user)
        };
        assert_eq!(save(&store, &change).await, ChangeOutcome::Conflict);
        assert_unwritten(&store, &change).await;
    }

    assert_eq!(load(&store, user.id).await, Some(user));
    assert_eq!(load_mail(&store, &mail).await, Some(theirs));
}

/// More than one transaction holds; the outcomes are in the order of the changes.
pub async fn one_that_conflicts_and_one_done_before_leave_sixty_eight_others_be<S: Store>(
    store: S,
) {
    let mut changes = Vec::new();
    for _ in 0..70 {
        let user = added(&store, a_user().build()).await;
        changes.push(of_everything(&user));
    }
    let conflicting = 17;
    let done_before = 42;
    let read = super::load(&store, changes[conflicting].user.id)
        .await
        .unwrap();
    saved(&store, next(&read, |user| user.devices = 9)).await;
    assert_eq!(
        save(&store, &changes[done_before]).await,
        ChangeOutcome::Saved
    );

    let outcomes = store.save_users(&changes).await.unwrap();

    let expected: Vec<ChangeOutcome> = (0..70)
        .map(|number| match number {
            n if n == conflicting => ChangeOutcome::Conflict,
            n if n == done_before => ChangeOutcome::DoneBefore,
            _ => ChangeOutcome::Saved,
        })
        .collect();
    assert_eq!(outcomes, expected);
    let ids: Vec<UserId> = changes.iter().map(|change| change.user.id).collect();
    let mails: Vec<MailId> = changes.iter().map(|change| change.mails[0].id).collect();
    let users = store.load_users(&ids).await.unwrap();
    let mails = store.load_mails(&mails).await.unwrap();
    assert_eq!(mails.len(), 69);
    for (number, change) in changes.iter().enumerate() {
        let written = users.contains(&change.user);
        assert_eq!(written, number != conflicting, "change {number}");
    }
    assert_unwritten(&store, &changes[conflicting]).await;
}

/// However far apart they are: whoever asks for that has decided on what will not hold.
pub async fn two_changes_of_one_user_in_one_call_are_refused_and_nothing_is_written<S: Store>(
    store: S,
) {
    let mut changes = Vec::new();
    for _ in 0..60 {
        let user = added(&store, a_user().build()).await;
        changes.push(next(&user, |user| user.devices = 1));
    }
    let near = [changes[0].clone(), changes[0].clone()];
    changes.push(next(&changes[0].user, |user| user.devices = 2));

    for twice in [near.as_slice(), changes.as_slice()] {
        let refused = store.save_users(twice).await;

        assert!(refused.is_err());
    }

    let ids: Vec<UserId> = changes.iter().map(|change| change.user.id).collect();
    let users = store.load_users(&ids).await.unwrap();
    assert!(users.iter().all(|user| user.devices == 0));
}

/// The others know that they must look again.
pub async fn of_many_changes_of_one_user_at_once_one_is_saved<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;

    let outcomes = at_once(8, |number| {
        let store = store.clone();
        let devices = u32::try_from(number).unwrap();
        let change = next(&user, |user| user.devices = devices);
        async move { (devices, save(&store, &change).await) }
    })
    .await;

    let saved: Vec<u32> = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == ChangeOutcome::Saved)
        .map(|(devices, _)| *devices)
        .collect();
    let others = outcomes.len() - saved.len();
    let conflicts = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == ChangeOutcome::Conflict);
    assert_eq!(saved.len(), 1, "{outcomes:?}");
    assert_eq!(conflicts.count(), others, "{outcomes:?}");
    assert_eq!(load(&store, user.id).await.unwrap().devices, saved[0]);
}

/// Read, decide, write; again on a conflict. Eight count one device each.
pub async fn who_repeats_after_a_conflict_loses_no_change_of_another<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;

    at_once(8, |_| {
        let (store, id) = (store.clone(), user.id);
        async move {
            loop {
                let read = load(&store, id).await.unwrap();
                let change = UserChange {
                    history: vec![a_row(id, monday_morning())],
                    ..next(&read, |user| user.devices += 1)
                };
                match save(&store, &change).await {
                    ChangeOutcome::Saved => break,
                    ChangeOutcome::Conflict => tokio::task::yield_now().await,
                    ChangeOutcome::DoneBefore => panic!("it holds no mail"),
                    ChangeOutcome::AddressTaken
                    | ChangeOutcome::ExternalIdTaken
                    | ChangeOutcome::UserNameTaken => {
                        panic!("it claims no name")
                    }
                }
            }
        }
    })
    .await;

    let after = load(&store, user.id).await.unwrap();
    let rows = store.history_of(user.id, None, 100).await.unwrap().items;
    assert_eq!(after.devices, 8);
    assert_eq!(too_late(after.version).get(), 8);
    // One for each, and the first of all.
    assert_eq!(rows.len(), 9);
}

fn fresh_address() -> EmailAddress {
    EmailAddress::parse(&format!("moved-{}@example.com", fresh_ulid())).unwrap()
}

fn fresh_external_id() -> ExternalId {
    ExternalId::parse(&format!("directory/{}", fresh_ulid())).unwrap()
}

/// A change by which the user is found by these from now on, and no longer by what they were.
fn renamed(user: &User, email: EmailAddress, external_id: Option<ExternalId>) -> UserChange {
    let change = next(user, |user| {
        user.email = email;
        user.external_id = external_id;
    });
    let (old, new) = (Identifier::all_of(user), Identifier::all_of(&change.user));
    UserChange {
        frees: old
            .iter()
            .filter(|name| !new.contains(name))
            .cloned()
            .collect(),
        claims: new
            .iter()
            .filter(|name| !old.contains(name))
            .cloned()
            .collect(),
        history: vec![a_row(user.id, monday_morning())],
        ..change
    }
}

async fn found_by(store: &impl Store, name: &Identifier) -> Option<User> {
    let found = match name {
        Identifier::Address(address) => store.user_by_address(address).await,
        Identifier::External(id) => store.user_by_external_id(id).await,
        Identifier::UserName(_) => {
            let found = store.users_by_names(std::slice::from_ref(name)).await;
            found.and_then(beckon_domain::ports::reads::Loaded::one)
        }
    };
    found.expect("the store can be reached")
}

/// As when an address is corrected: whoever asks for the old one finds nobody, and it is free.
pub async fn a_user_is_found_by_what_a_change_claims_and_not_by_what_it_frees<S: Store>(store: S) {
    let before = added(
        &store,
        a_user().known_as(fresh_external_id().as_str()).build(),
    )
    .await;
    let change = renamed(&before, fresh_address(), Some(fresh_external_id()));

    let after = saved(&store, change).await;
    let heir = a_user().at(before.email.as_str());
    let heir = added(
        &store,
        heir.known_as(before.external_id.as_ref().unwrap().as_str())
            .build(),
    )
    .await;

    for name in Identifier::all_of(&after) {
        assert_eq!(found_by(&store, &name).await.as_ref(), Some(&after));
    }
    for name in Identifier::all_of(&before) {
        assert_eq!(found_by(&store, &name).await.as_ref(), Some(&heir));
    }
    assert_eq!(load(&store, before.id).await, Some(after));
}

/// An external id comes and goes alone; the address stays what the user is found by.
pub async fn a_change_claims_an_external_id_and_frees_it_again<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let id = fresh_external_id();

    let named = saved(&store, renamed(&user, user.email.clone(), Some(id.clone()))).await;
    let found = found_by(&store, &Identifier::External(id.clone())).await;
    let unnamed = saved(&store, renamed(&named, user.email.clone(), None)).await;

    assert_eq!(found.as_ref(), Some(&named));
    assert_eq!(found_by(&store, &Identifier::External(id)).await, None);
    let address = Identifier::Address(user.email.normalised());
    assert_eq!(found_by(&store, &address).await, Some(unnamed));
}

/// Nothing of the change is written, and nobody is found by anything else than before.
pub async fn a_change_that_claims_what_another_has_is_told_so_and_writes_nothing<S: Store>(
    store: S,
) {
    let other = added(
        &store,
        a_user().known_as(fresh_external_id().as_str()).build(),
    )
    .await;
    let user = added(&store, a_user().build()).await;

    let address = renamed(&user, other.email.clone(), Some(fresh_external_id()));
    let external = renamed(&user, fresh_address(), other.external_id.clone());
    let both = renamed(&user, other.email.clone(), other.external_id.clone());
    for (change, expected) in [
        (address, ChangeOutcome::AddressTaken),
        (external, ChangeOutcome::ExternalIdTaken),
        (both, ChangeOutcome::AddressTaken),
    ] {
        assert_eq!(save(&store, &change).await, expected);
        assert_unwritten(&store, &change).await;
        for name in change.claims {
            let found = found_by(&store, &name).await;
            assert!(found.is_none_or(|found| found == other));
        }
    }

    for user in [&user, &other] {
        assert_eq!(load(&store, user.id).await.as_ref(), Some(user));
        for name in Identifier::all_of(user) {
            assert_eq!(found_by(&store, &name).await.as_ref(), Some(user));
        }
    }
}

/// Read again, decide again: it may not want the name any more.
pub async fn a_change_from_an_older_version_conflicts_whatever_it_claims<S: Store>(store: S) {
    let other = added(&store, a_user().build()).await;
    let read = added(&store, a_user().build()).await;
    saved(&store, next(&read, |user| user.devices = 7)).await;

    let taken = renamed(&read, other.email, None);
    let free = renamed(&read, fresh_address(), None);

    for change in [taken, free] {
        assert_eq!(save(&store, &change).await, ChangeOutcome::Conflict);
        assert_unwritten(&store, &change).await;
    }
    let address = Identifier::Address(read.email.normalised());
    assert_eq!(
        found_by(&store, &address).await.map(|user| user.devices),
        Some(7)
    );
}

/// As an import does: many at once, each with what they are found by; a taken one harms no other.
pub async fn first_versions_are_added_each_with_what_they_are_found_by<S: Store>(store: S) {
    let other = added(&store, a_user().build()).await;
    let fresh = |email: &EmailAddress| {
        let external = fresh_external_id();
        let user = a_user()
            .at(email.as_str())
            .known_as(external.as_str())
            .build();
        UserChange {
            claims: Identifier::all_of(&user),
            history: vec![a_row(user.id, monday_morning())],
            ..UserChange::of(user)
        }
    };
    let mut changes: Vec<UserChange> = (0..60).map(|_| fresh(&fresh_address())).collect();
    changes[30] = fresh(&other.email);

    let outcomes = store.save_users(&changes).await.unwrap();
    let again = store.save_users(&changes[..1]).await.unwrap();

    for (number, change) in changes.iter().enumerate() {
        let (outcome, found) = if number == 30 {
            (ChangeOutcome::AddressTaken, None)
        } else {
            (ChangeOutcome::Saved, Some(&change.user))
        };
        assert_eq!(outcomes[number], outcome, "{number}");
        let external = Identifier::External(change.user.external_id.clone().unwrap());
        assert_eq!(found_by(&store, &external).await.as_ref(), found);
        assert_eq!(load(&store, change.user.id).await.as_ref(), found);
    }
    assert_eq!(again, [ChangeOutcome::Conflict]);
}

/// However many want the same address, one gets it.
pub async fn of_many_who_claim_one_address_at_once_one_has_it<S: Store>(store: S) {
    let wanted = fresh_address();
    let mut users = Vec::new();
    for _ in 0..8 {
        users.push(added(&store, a_user().build()).await);
    }

    let outcomes = at_once(8, |number| {
        let store = store.clone();
        let change = renamed(&users[number], wanted.clone(), None);
        async move { (change.user.id, save(&store, &change).await) }
    })
    .await;

    let winners: Vec<UserId> = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == ChangeOutcome::Saved)
        .map(|(id, _)| *id)
        .collect();
    let others = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == ChangeOutcome::AddressTaken);
    assert_eq!((winners.len(), others.count()), (1, 7), "{outcomes:?}");
    let found = found_by(&store, &Identifier::Address(wanted.normalised())).await;
    assert_eq!(found.map(|user| user.id), winners.first().copied());
}
