//! The table keeps the contract about rows that cannot be read, and what belongs to it alone: the mark
//! touches nothing else, and the reason tells nothing of what the row holds.

use aws_sdk_dynamodb::types::AttributeValue;
use beckon_aws::Table;
use beckon_domain::model::change::{Identifier, UserChange};
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::stored::RowKey;
use beckon_domain::ports::counters::Counters as _;
use beckon_domain::ports::delivery::Delivery as _;
use beckon_domain::ports::mails::Mails as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::ids::{RunId, UserId};
use beckon_testkit::builders::{a_mail, a_user, monday_morning};
use beckon_testkit::contract::unreadable::Spoil as _;
use beckon_testkit::store::keys;
use jiff::SignedDuration;

use crate::engine::Engine;
use crate::stored::Item;

async fn table_and_spoiler() -> (Table, Engine) {
    let engine = Engine::start().await;
    (engine.table.clone(), engine)
}

beckon_testkit::unreadable_rows_tests!(table_and_spoiler);

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

async fn add(
    engine: &Engine,
    user: beckon_domain::model::user::User,
) -> beckon_domain::model::user::User {
    let change = UserChange {
        claims: Identifier::all_of(&user),
        ..UserChange::of(user.clone())
    };
    assert!(engine.table.save_user(&change).await.unwrap().is_saved());
    user
}

/// Whoever wrote the row must find it as it was.
#[tokio::test]
async fn the_mark_touches_nothing_but_itself_and_the_index_of_what_is_due() {
    let engine = Engine::start().await;
    let user = add(&engine, a_user().build()).await;
    let mail = a_mail(user.id).build();
    let change = UserChange {
        mails: vec![mail.clone()],
        ..UserChange::of(beckon_domain::model::user::User {
            version: user.version.next(),
            ..user
        })
    };
    assert!(engine.table.save_user(&change).await.unwrap().is_saved());
    let key = keys::mail(mail.id);
    engine.spoil(&key).await;
    let before = engine.get(&key).await.unwrap();

    assert!(engine.table.load_mail(mail.id).await.is_err());
    let mut marked = engine.get(&key).await.unwrap();
    assert!(engine.table.release_row(&key).await.unwrap());

    assert_eq!(engine.get(&key).await.unwrap(), before);
    let mark = marked.remove("setAside").unwrap();
    assert!(matches!(mark, AttributeValue::M(_)), "{mark:?}");
    let index = |item: &mut Item| (item.remove("duePk"), item.remove("dueSk"));
    let mut before = before;
    assert_ne!(index(&mut marked), index(&mut before));
    assert_eq!(marked, before);
}

/// The reason names the place and what is wrong there, the key no address.
#[tokio::test]
async fn what_is_told_of_a_row_holds_no_address_and_no_name() {
    let engine = Engine::start().await;
    let user = add(&engine, a_user().at("ada@example.com").build()).await;
    let name = Identifier::Address(user.email.normalised());
    let pointer = RowKey {
        pk: "address#ada@example.com".to_owned(),
        sk: "address".to_owned(),
    };
    engine
        .set(&keys::user(user.id), "enabled", text("ada@example.com"))
        .await;
    let of_user = engine.table.load_user(user.id).await.unwrap_err();
    engine.set(&pointer, "user", text("ada@example.com")).await;
    let Identifier::Address(address) = &name else {
        unreachable!("it is an address")
    };
    let of_pointer = engine.table.user_by_address(address).await.unwrap_err();

    let (of_user, of_pointer) = (
        of_user.unreadable().unwrap(),
        of_pointer.unreadable().unwrap(),
    );
    assert!(of_user.reason.contains("enabled"), "{of_user}");
    assert!(
        of_pointer.row.starts_with("address#(digest "),
        "{of_pointer}"
    );
    for told in [of_user, of_pointer] {
        assert!(!told.to_string().contains("ada"), "{told}");
    }
    let listed = engine.table.rows_aside(10).await.unwrap();
    assert!(listed.iter().any(|row| row.key == pointer), "{listed:?}");
}

/// It would come back for ever, since nothing can be loaded by it.
#[tokio::test]
async fn a_due_entry_whose_key_holds_no_id_is_set_aside() {
    let engine = Engine::start().await;
    let key = RowKey {
        pk: "mail#monday".to_owned(),
        sk: "mail".to_owned(),
    };
    engine
        .put(Item::from([
            ("pk".to_owned(), text(&key.pk)),
            ("sk".to_owned(), text(&key.sk)),
            ("duePk".to_owned(), text("mail#small#3")),
            ("dueSk".to_owned(), text("2026-03-01T00:00:00.000Z#1")),
        ]))
        .await;

    let due = || {
        engine
            .table
            .due_mails(MailClass::Small, monday_morning(), 10)
    };
    assert_eq!(due().await.unwrap(), []);

    let aside = engine.table.rows_aside(10).await.unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0].key, key);
}

/// Hundreds at the head of the list keep nobody from the tail.
#[tokio::test]
async fn a_list_full_of_unreadable_users_comes_to_its_end() {
    let engine = Engine::start().await;
    let mut last = None;
    for number in 0..60 {
        let address = format!("user-{number:03}@example.com");
        let user = add(&engine, a_user().at(&address).build()).await;
        if number < 55 {
            engine.spoil(&keys::user(user.id)).await;
        }
        last = Some(user.id);
    }

    let (mut found, mut unreadable, mut position) = (Vec::<UserId>::new(), 0, None::<String>);
    loop {
        let page = engine
            .table
            .list_users(
                &UserFilter::default(),
                position.as_deref(),
                10,
                monday_morning(),
            )
            .await
            .unwrap();
        found.extend(page.items.iter().map(|user| user.id));
        unreadable += page.unreadable;
        position = page.next;
        if position.is_none() {
            break;
        }
    }

    assert_eq!((found.len(), unreadable), (5, 55));
    assert_eq!(found.last().copied(), last);
    assert_eq!(engine.table.rows_aside(100).await.unwrap().len(), 55);
}

/// A lease whose end nobody understands would hold up all mail for good.
#[tokio::test]
async fn a_lease_that_cannot_be_read_is_free() {
    let engine = Engine::start().await;
    let (now, run) = (monday_morning(), RunId::from_bytes([1; 16]));
    let until = now + SignedDuration::from_secs(30);
    let lease = RowKey {
        pk: "postman".to_owned(),
        sk: "lease".to_owned(),
    };
    assert!(engine.table.take_lease(run, now, until).await.unwrap());
    engine.set(&lease, "until", text("later")).await;

    let another = RunId::from_bytes([2; 16]);

    assert!(engine.table.take_lease(another, now, until).await.unwrap());
    assert!(!engine.table.take_lease(run, now, until).await.unwrap());
}

/// Guesses of its source would not be counted any more.
#[tokio::test]
async fn a_tally_that_cannot_be_read_is_begun_anew() {
    let engine = Engine::start().await;
    let now = monday_morning();
    let until = now + SignedDuration::from_hours(1);
    for (attribute, value) in [("until", text("later")), ("count", text("many"))] {
        let name = format!("source#{attribute}");
        let key = RowKey {
            pk: format!("tally#{name}"),
            sk: "tally".to_owned(),
        };
        engine.table.add_to_tally(&name, now, until).await.unwrap();
        engine.set(&key, attribute, value).await;

        assert_eq!(engine.table.tally(&name, now).await.unwrap(), 0);
        for _ in 0..2 {
            engine.table.add_to_tally(&name, now, until).await.unwrap();
        }

        assert_eq!(
            engine.table.tally(&name, now).await.unwrap(),
            2,
            "{attribute}"
        );
    }
}

/// It only tells when mail will be done.
#[tokio::test]
async fn a_pace_that_cannot_be_read_is_none_and_is_noted_anew() {
    let engine = Engine::start().await;
    let key = RowKey {
        pk: "postman".to_owned(),
        sk: "pace".to_owned(),
    };
    engine.table.note_send_rate(1.5).await.unwrap();
    engine
        .set(&key, "perSecond", AttributeValue::Bool(true))
        .await;

    assert_eq!(engine.table.pace().await.unwrap(), None);
    engine.table.note_send_rate(2.5).await.unwrap();

    assert_eq!(engine.table.pace().await.unwrap(), Some(2.5));
}
