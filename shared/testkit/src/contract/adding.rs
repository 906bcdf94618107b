//! Adding users, and finding them again.

use beckon_domain::model::change::Identifier;
use beckon_domain::model::user::{AddressSuppression, Asked, User};
use beckon_domain::ports::users::AddUserError;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{ExternalId, UserId};
use beckon_domain::values::user_name::UserName;
use jiff::civil::Date;

use super::{Store, added, at_once, load};
use crate::builders::{a_batch, a_row, a_user, an_answer, an_invitation, monday_morning};
use crate::entropy::fresh_ulid;

/// Nothing is lost or changed on the way to the table and back, whatever the row holds.
pub async fn a_user_is_found_by_id_address_and_external_id_as_written<S: Store>(store: S) {
    let external = format!("directory/{}", fresh_ulid());
    let mut user = a_user()
        .called("Zoë Müller-Lüdenscheidt")
        .known_as(&external)
        .in_group("staff")
        .in_group("München 1")
        .speaking("pt-BR")
        .living_in("Europe/Berlin")
        .marked(AddressSuppression::Complained)
        .disabled()
        .with(an_invitation())
        .build();
    user.devices = 3;
    user.asked = Some(Asked {
        day: Date::constant(2026, 3, 2),
        mails: 4,
    });
    added(&store, user.clone()).await;

    let external = ExternalId::parse(&external).unwrap();
    let by_address = store.user_by_address(&user.email.normalised()).await;
    let by_external = store.user_by_external_id(&external).await;

    assert_eq!(load(&store, user.id).await.as_ref(), Some(&user));
    assert_eq!(by_address.unwrap().as_ref(), Some(&user));
    assert_eq!(by_external.unwrap().as_ref(), Some(&user));
}

/// The address stays as typed, and is found in its normal form.
pub async fn an_address_is_found_whatever_its_case<S: Store>(store: S) {
    let typed = format!("A.User+{}@Example.COM", fresh_ulid());
    let user = added(&store, a_user().at(&typed).build()).await;

    let asked = EmailAddress::parse(&typed.to_lowercase()).unwrap();
    let found = store.user_by_address(&asked.normalised()).await.unwrap();

    assert_eq!(found.map(|user| user.email), Some(user.email));
}

/// `ice@` is not `alice@`, nor the other way round.
pub async fn part_of_an_address_or_of_an_external_id_finds_nobody<S: Store>(store: S) {
    let id = fresh_ulid().to_string().to_lowercase();
    let user = a_user().at(&format!("alice{id}@example.com")).known_as(&id);
    added(&store, user.build()).await;

    for other in [
        format!("ice{id}@example.com"),
        format!("alice{id}@example.co"),
    ] {
        let other = EmailAddress::parse(&other).unwrap().normalised();
        assert_eq!(store.user_by_address(&other).await.unwrap(), None);
    }
    for other in [&id[1..], &id[..20], &id.to_uppercase()] {
        let other = ExternalId::parse(other).unwrap();
        assert_eq!(store.user_by_external_id(&other).await.unwrap(), None);
    }
}

/// More than one request of the table holds; whoever is meant twice comes once.
pub async fn many_are_found_by_address_or_external_id_each_once_without_the_unknown<S: Store>(
    store: S,
) {
    let mut users = Vec::new();
    for _ in 0..120 {
        let external = fresh_ulid().to_string();
        users.push(added(&store, a_user().known_as(&external).build()).await);
    }
    added(&store, a_user().build()).await;
    let strangers: Vec<User> = (0..3)
        .map(|_| a_user().known_as(&fresh_ulid().to_string()).build())
        .collect();

    let everything = users.iter().chain(&strangers);
    let mut names: Vec<Identifier> = everything.flat_map(Identifier::all_of).collect();
    // Of these only one name is asked for.
    names.retain(|name| *name != Identifier::Address(users[0].email.normalised()));
    names.retain(|name| *name != Identifier::External(users[1].external_id.clone().unwrap()));
    let mut found = store.users_by_names(&names).await.unwrap().found;

    found.sort_by_key(|user| user.id);
    users.sort_by_key(|user| user.id);
    assert_eq!(found, users);
    assert_eq!(store.users_by_names(&[]).await.unwrap().found, []);
}

/// Absence is an answer.
pub async fn what_nobody_has_is_absent_and_no_error<S: Store>(store: S) {
    let nobody = a_user().known_as(&fresh_ulid().to_string()).build();
    let address = nobody.email.normalised();
    let external = nobody.external_id.unwrap();

    assert_eq!(load(&store, nobody.id).await, None);
    assert_eq!(store.load_users(&[]).await.unwrap(), []);
    assert_eq!(store.user_by_address(&address).await.unwrap(), None);
    assert_eq!(store.user_by_external_id(&external).await.unwrap(), None);
}

/// More than one request of the table holds, in any order, some twice.
pub async fn two_hundred_and_fifty_ids_are_loaded_once_each_without_the_unknown<S: Store>(
    store: S,
) {
    let mut ids = Vec::new();
    for _ in 0..210 {
        ids.push(added(&store, a_user().build()).await.id);
    }
    let mut asked: Vec<UserId> = (0..20).map(|_| UserId::new(fresh_ulid())).collect();
    asked.extend(&ids);
    asked.extend(&ids[..20]);

    let mut found = store.load_users(&asked).await.unwrap();

    found.sort_by_key(|user| user.id);
    assert_eq!(asked.len(), 250);
    assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), ids);
}

/// Case makes no other address; what came with the refused user is not written either.
pub async fn a_taken_address_adds_nothing<S: Store>(store: S) {
    let first = added(&store, a_user().build()).await;
    let external = fresh_ulid().to_string();
    let second = a_user()
        .at(&first.email.as_str().to_uppercase())
        .known_as(&external)
        .build();
    let (batch, cursor) = a_batch().of(&[second.id]).build();
    let answer = an_answer();

    let row = a_row(second.id, monday_morning());
    let result = store
        .add_user(&second, &row, Some((&batch, &cursor)), Some(&answer))
        .await;

    assert!(
        matches!(result, Err(AddUserError::AddressTaken)),
        "{result:?}"
    );
    let external = ExternalId::parse(&external).unwrap();
    let holder = store
        .user_by_address(&first.email.normalised())
        .await
        .unwrap();
    let kept = store
        .recall_answer(&answer.key, monday_morning())
        .await
        .unwrap();
    assert_eq!(holder, Some(first));
    assert_eq!(load(&store, second.id).await, None);
    assert_eq!(store.user_by_external_id(&external).await.unwrap(), None);
    assert_eq!(store.load_batch(batch.id).await.unwrap(), None);
    assert_eq!(
        store.history_of(second.id, None, 10).await.unwrap().items,
        []
    );
    assert_eq!(kept, None);
}

/// The address of the refused user stays free.
pub async fn a_taken_external_id_adds_nothing<S: Store>(store: S) {
    let external = fresh_ulid().to_string();
    let first = added(&store, a_user().known_as(&external).build()).await;
    let second = a_user().known_as(&external).build();

    let row = a_row(second.id, monday_morning());
    let result = store.add_user(&second, &row, None, None).await;

    assert!(
        matches!(result, Err(AddUserError::ExternalIdTaken)),
        "{result:?}"
    );
    let external = ExternalId::parse(&external).unwrap();
    let holder = store.user_by_external_id(&external).await.unwrap();
    let by_address = store.user_by_address(&second.email.normalised()).await;
    assert_eq!(holder, Some(first));
    assert_eq!(load(&store, second.id).await, None);
    assert_eq!(by_address.unwrap(), None);
}

/// The others are told why.
pub async fn of_many_who_add_one_address_at_once_one_wins<S: Store>(store: S) {
    let address = format!("wanted-{}@example.com", fresh_ulid());

    let results = at_once(8, |_| {
        let (store, user) = (store.clone(), a_user().at(&address).build());
        async move {
            let row = a_row(user.id, monday_morning());
            let result = store.add_user(&user, &row, None, None).await;
            result.map(|()| user.id)
        }
    })
    .await;

    let (added, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let all_told = refused
        .iter()
        .all(|result| matches!(result, Err(AddUserError::AddressTaken)));
    assert_eq!(added.len(), 1);
    assert!(all_told, "{refused:?}");
    let address = EmailAddress::parse(&address).unwrap().normalised();
    let holder = store.user_by_address(&address).await.unwrap().unwrap();
    assert_eq!(Some(&holder.id), added[0].as_ref().ok());
}

/// The others are told why.
pub async fn of_many_who_add_one_external_id_at_once_one_wins<S: Store>(store: S) {
    let external = fresh_ulid().to_string();

    let results = at_once(8, |_| {
        let (store, user) = (store.clone(), a_user().known_as(&external).build());
        async move {
            let row = a_row(user.id, monday_morning());
            store.add_user(&user, &row, None, None).await
        }
    })
    .await;

    let added = results.iter().filter(|result| result.is_ok()).count();
    let told = results
        .iter()
        .filter(|result| matches!(result, Err(AddUserError::ExternalIdTaken)));
    assert_eq!((added, told.count()), (1, 7), "{results:?}");
}

/// In any case of its letters; the others are told why.
pub async fn of_many_who_add_one_user_name_at_once_one_wins<S: Store>(store: S) {
    let name = fresh_ulid().to_string();

    let results = at_once(8, |number| {
        let (store, mut user) = (store.clone(), a_user().build());
        let spelt = if number % 2 == 0 {
            name.to_lowercase()
        } else {
            name.clone()
        };
        user.user_name = UserName::parse(&spelt).ok();
        async move {
            let row = a_row(user.id, monday_morning());
            store.add_user(&user, &row, None, None).await
        }
    })
    .await;

    let added = results.iter().filter(|result| result.is_ok()).count();
    let told = results
        .iter()
        .filter(|result| matches!(result, Err(AddUserError::UserNameTaken)));
    assert_eq!((added, told.count()), (1, 7), "{results:?}");
    let key = UserName::parse(&name).unwrap().key();
    let found = store.users_by_names(&[Identifier::UserName(key)]).await;
    assert_eq!(found.unwrap().found.len(), 1);
}

/// One write: user, what happened, the batch, the answer.
pub async fn user_history_batch_and_answer_are_added_as_one<S: Store>(store: S) {
    let user = a_user().build();
    let row = a_row(user.id, monday_morning());
    let (batch, cursor) = a_batch().of(&[user.id]).build();
    let answer = an_answer();

    store
        .add_user(&user, &row, Some((&batch, &cursor)), Some(&answer))
        .await
        .unwrap();

    let kept = store
        .recall_answer(&answer.key, monday_morning())
        .await
        .unwrap();
    assert_eq!(
        store.history_of(user.id, None, 10).await.unwrap().items,
        [row]
    );
    assert_eq!(load(&store, user.id).await, Some(user));
    assert_eq!(
        store.load_batch(batch.id).await.unwrap(),
        Some((batch, cursor))
    );
    assert_eq!(kept, Some(answer));
}

/// Both are so: the key was used, and by that the address taken. Whoever repeats a request must
/// look its answer up, and not be told that somebody else was faster.
pub async fn a_repeated_request_is_told_so_before_its_own_address_is_taken<S: Store>(store: S) {
    let answer = an_answer();
    let user = a_user().build();
    let row = a_row(user.id, monday_morning());
    store
        .add_user(&user, &row, None, Some(&answer))
        .await
        .unwrap();

    let again = a_user().at(user.email.as_str()).build();
    let row = a_row(again.id, monday_morning());
    let result = store.add_user(&again, &row, None, Some(&answer)).await;

    assert!(matches!(result, Err(AddUserError::KeyTaken)), "{result:?}");
}
