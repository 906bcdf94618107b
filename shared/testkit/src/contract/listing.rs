//! Lists of users.

use std::collections::BTreeSet;

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{Mail, MailClass, MailKind, MailState};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::user::User;
use beckon_domain::ports::reads::ListOrder;
use beckon_domain::values::ids::{MailId, UserId, Version};
use beckon_domain::values::names::GroupName;
use jiff::{SignedDuration, Timestamp};

use super::{Store, added, every_page, invited, mailed};
use crate::builders::{a_user, an_invitation, monday_morning};
use crate::entropy::fresh_ulid;

/// Every page of a list, joined; pages are followed to the end, short and empty ones too.
async fn whole_list(
    store: &impl Store,
    filter: &UserFilter,
    limit: usize,
    now: Timestamp,
) -> Vec<User> {
    every_page(limit, |from| async move {
        store.list_users(filter, from.as_deref(), limit, now).await
    })
    .await
}

fn addresses(users: &[User]) -> Vec<String> {
    users
        .iter()
        .map(|user| user.email.normalised().as_str().to_owned())
        .collect()
}

fn everyone() -> UserFilter {
    UserFilter::default()
}

/// In their normal form: case does not matter, and a whole address comes before a longer one.
pub async fn users_are_listed_in_the_order_of_their_addresses<S: Store>(store: S) {
    for address in [
        "Zoe@example.com",
        "anna@example.com",
        "Anna.b@example.com",
        "0@example.com",
        "bert@example.com",
        "anna@example.co",
        "mia@other.example",
    ] {
        added(&store, a_user().at(address).build()).await;
    }

    let listed = whole_list(&store, &everyone(), 100, monday_morning()).await;

    assert_eq!(
        addresses(&listed),
        [
            "0@example.com",
            "anna.b@example.com",
            "anna@example.co",
            "anna@example.com",
            "bert@example.com",
            "mia@other.example",
            "zoe@example.com",
        ]
    );
}

/// The other way round it is the same list, page by page.
pub async fn users_are_listed_from_the_last_address_to_the_first<S: Store>(store: S) {
    for address in [
        "bert@example.com",
        "Anna@example.com",
        "zoe@example.com",
        "mia@other.example",
        "0@example.com",
    ] {
        added(&store, a_user().at(address).build()).await;
    }

    for limit in [1, 2, 5, 100] {
        let mut listed = Vec::new();
        let mut position: Option<String> = None;
        for _ in 0..100 {
            let page = store
                .list_users_in(
                    ListOrder::Descending,
                    &everyone(),
                    position.as_deref(),
                    limit,
                    monday_morning(),
                )
                .await
                .unwrap();
            assert!(page.items.len() <= limit, "{} of {limit}", page.items.len());
            listed.extend(addresses(&page.items));
            position = page.next;
            if position.is_none() {
                break;
            }
        }

        let expected = [
            "zoe@example.com",
            "mia@other.example",
            "bert@example.com",
            "anna@example.com",
            "0@example.com",
        ];
        assert_eq!(listed, expected, "{limit} a page");
    }
}

/// Whatever the limit, the pages joined are the same list.
pub async fn a_page_holds_no_more_than_its_limit_and_the_last_one_ends_the_list<S: Store>(
    store: S,
) {
    for _ in 0..12 {
        added(&store, a_user().build()).await;
    }

    let at_once = whole_list(&store, &everyone(), 100, monday_morning()).await;

    assert_eq!(at_once.len(), 12);
    for limit in [1, 4, 5, 12] {
        let listed = whole_list(&store, &everyone(), limit, monday_morning()).await;
        assert_eq!(listed, at_once, "{limit} a page");
    }
}

/// 350 users, a hundred a page; between any two pages some are added before, at and behind the
/// place.
pub async fn pages_neither_repeat_nor_skip_while_users_are_added<S: Store>(store: S) {
    let mut there_before = BTreeSet::new();
    for number in 0..350 {
        let address = format!("m{number:03}@example.com");
        added(&store, a_user().at(&address).build()).await;
        there_before.insert(address);
    }

    let mut seen = Vec::new();
    let mut position: Option<String> = None;
    for round in 0..1_000 {
        let page = store
            .list_users(&everyone(), position.as_deref(), 100, monday_morning())
            .await
            .unwrap();
        seen.extend(addresses(&page.items));
        position = page.next;
        if position.is_none() {
            break;
        }
        // Then it is enough: a list that grows as fast as it is read has no end.
        if round >= 20 {
            continue;
        }
        let here = seen.last().and_then(|last| last.split_once('@'));
        for address in [
            format!("a{round}@example.com"),
            format!("{}-{round}@example.com", here.map_or("m", |(name, _)| name)),
            format!("z{round}@example.com"),
        ] {
            added(&store, a_user().at(&address).build()).await;
        }
    }

    let once: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(position, None);
    assert_eq!(once.len(), seen.len(), "somebody was listed twice");
    assert!(there_before.is_subset(&once), "somebody was skipped");
}

/// All that the filter says must hold, of the state at the moment, any of the groups, and the
/// beginning of the address or of a name.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each filter")]
pub async fn a_filter_finds_by_state_group_and_beginning<S: Store>(store: S) {
    let now = monday_morning();
    let pending = || an_invitation().begun();
    let done = || an_invitation().in_state(InvitationState::Completed);
    for user in [
        a_user()
            .at("ann@example.com")
            .in_group("staff")
            .with(pending()),
        a_user()
            .at("bea@example.com")
            .in_group("guests")
            .with(done()),
        a_user()
            .at("cem@example.com")
            .called("Çem Ån-Nan Annan")
            .disabled(),
        a_user()
            .at("dan@example.com")
            .known_as("HR-4711")
            .in_group("staff")
            .in_group("it"),
    ] {
        added(&store, user.build()).await;
    }
    let group = |name: &str| GroupName::parse(name).unwrap();
    let states = |states: &[InvitationState]| UserFilter {
        states: states.iter().copied().collect(),
        ..everyone()
    };
    let groups = |names: &[&str]| UserFilter {
        groups: names.iter().map(|name| group(name)).collect(),
        ..everyone()
    };
    let text = |text: &str| UserFilter {
        text: text.to_owned(),
        ..everyone()
    };

    for (filter, expected) in [
        (everyone(), "ann bea cem dan"),
        (states(&[InvitationState::Pending]), "ann"),
        (states(&[InvitationState::None]), "cem dan"),
        (
            states(&[InvitationState::Pending, InvitationState::Completed]),
            "ann bea",
        ),
        (
            UserFilter {
                enabled: Some(false),
                ..everyone()
            },
            "cem",
        ),
        (
            UserFilter {
                enabled: Some(true),
                ..states(&[InvitationState::None])
            },
            "dan",
        ),
        (
            UserFilter {
                begun: true,
                ..everyone()
            },
            "ann",
        ),
        (
            UserFilter {
                begun: true,
                ..states(&[InvitationState::None])
            },
            "ann cem dan",
        ),
        (groups(&["staff"]), "ann dan"),
        (groups(&["guests", "it"]), "bea dan"),
        (groups(&["nobody"]), ""),
        (groups(&["STAFF"]), "ann dan"),
        (groups(&["Guests", "IT", "it"]), "bea dan"),
        (text("ANN"), "ann cem"),
        (text("bea@example.com"), "bea"),
        (text("hr-47"), "dan"),
        (text("4711"), ""),
        (text("cem"), "cem"),
        (text("ÇEM ann"), "cem"),
        (text("annan  cem"), "cem"),
        (text("nan c"), "cem"),
        (text("cem bea"), ""),
        (text("\u{200B}dan hr\u{FEFF}"), "dan"),
        (text(" \u{3164}"), "ann bea cem dan"),
        (text("example"), ""),
        (
            UserFilter {
                states: states(&[InvitationState::None]).states,
                deliveries: BTreeSet::new(),
                groups: groups(&["staff"]).groups,
                text: "da".to_owned(),
                ..everyone()
            },
            "dan",
        ),
    ] {
        for limit in [100, 1] {
            let listed = whole_list(&store, &filter, limit, now).await;
            let found = addresses(&listed).join(" ").replace("@example.com", "");
            assert_eq!(found, expected, "{filter:?}, {limit} a page");
        }
    }
}

/// The mail of their invitation: not another of theirs, and none of those without one.
pub async fn users_are_found_by_where_the_mail_of_their_invitation_stands<S: Store>(store: S) {
    let mut bounced = Vec::new();
    for (n, state) in [
        MailState::HardBounced,
        MailState::Delivered,
        MailState::HardBounced,
        MailState::Waiting,
    ]
    .into_iter()
    .enumerate()
    {
        let user = invited(&store, an_invitation()).await;
        let own = user.invitation.as_ref().unwrap().mail;
        let of_invitation = a_mail(&user, own, state);
        let other = a_mail(&user, MailId::new(fresh_ulid()), MailState::Failed);
        let user = mailed(&store, &user, &[of_invitation, other]).await;
        if state == MailState::HardBounced {
            bounced.push((n, user.id));
        }
    }
    invited(&store, an_invitation()).await;
    added(&store, a_user().build()).await;
    let standing = |states: &[MailState]| UserFilter {
        deliveries: states.iter().copied().collect(),
        ..everyone()
    };

    for limit in [100, 1] {
        let found = whole_list(
            &store,
            &standing(&[MailState::HardBounced]),
            limit,
            monday_morning(),
        )
        .await;
        let ids: BTreeSet<_> = found.iter().map(|user| user.id).collect();
        assert_eq!(ids, bounced.iter().map(|(_, id)| *id).collect());
        let nobody = whole_list(
            &store,
            &standing(&[MailState::Failed]),
            limit,
            monday_morning(),
        )
        .await;
        assert_eq!(nobody, []);
        let three = [MailState::HardBounced, MailState::Delivered];
        let three = whole_list(&store, &standing(&three), limit, monday_morning()).await;
        assert_eq!(three.len(), 3);
    }
}

fn a_mail(user: &User, id: MailId, state: MailState) -> Mail {
    let kind = MailKind::Invitation {
        issue: user.latest_issue,
        replaces: false,
        again: false,
        after: None,
    };
    Mail {
        state,
        ..Mail::waiting(
            id,
            kind,
            user.id,
            None,
            MailClass::Small,
            Version::FIRST,
            monday_morning(),
        )
    }
}

/// Whether or not maintenance has come by to write that down.
pub async fn an_invitation_whose_time_ran_out_is_listed_as_expired<S: Store>(store: S) {
    let end = monday_morning() + SignedDuration::from_hours(1);
    let user = invited(&store, an_invitation().until(end)).await;
    let in_state = |state| UserFilter {
        states: [state].into(),
        ..everyone()
    };

    for (now, state) in [
        (monday_morning(), InvitationState::Pending),
        (end, InvitationState::Expired),
    ] {
        for asked in [InvitationState::Pending, InvitationState::Expired] {
            let listed = whole_list(&store, &in_state(asked), 100, now).await;
            let found = listed.iter().any(|listed| listed.id == user.id);
            assert_eq!(found, asked == state, "{asked:?} at {now}");
        }
    }
}

/// Also where the next thing to happen is a reminder; an invitation that has ended ends no more.
pub async fn users_are_found_by_when_their_open_invitation_ends<S: Store>(store: S) {
    let now = monday_morning();
    let after = |hours| now + SignedDuration::from_hours(hours);
    let mut ends = Vec::new();
    for hours in [5, 30, 29, 1, 24, 60] {
        let reminded = an_invitation()
            .until(after(hours))
            .reminded_at(after(hours / 2));
        let user = invited(&store, reminded).await;
        ends.push((hours, user.id));
    }
    for ended in [InvitationState::Completed, InvitationState::Cancelled] {
        invited(&store, an_invitation().until(after(26)).in_state(ended)).await;
    }
    added(&store, a_user().build()).await;

    for (from, before, expected) in [
        (None, Some(24), vec![1, 5]),
        (Some(24), Some(30), vec![24, 29]),
        (Some(30), None, vec![30, 60]),
        (Some(25), Some(26), vec![]),
        (None, Some(1000), vec![1, 5, 24, 29, 30, 60]),
    ] {
        let filter = UserFilter {
            expires_from: from.map(after),
            expires_before: before.map(after),
            ..everyone()
        };
        for limit in [100, 1] {
            for (moment, gone) in [(now, 0), (after(5), 5)] {
                let listed = whole_list(&store, &filter, limit, moment).await;
                let mut found: Vec<i64> = listed
                    .iter()
                    .filter_map(|user| ends.iter().find(|(_, id)| *id == user.id))
                    .map(|(hours, _)| *hours)
                    .collect();
                found.sort_unstable();
                let left: Vec<i64> = expected.iter().copied().filter(|at| *at > gone).collect();
                assert_eq!(
                    (found, listed.len()),
                    (left.clone(), left.len()),
                    "{filter:?}"
                );
                let mut sorted = listed.clone();
                sorted.sort_by_key(|user| user.email.normalised().as_str().to_owned());
                assert_eq!(sorted, listed);
            }
        }
    }
}

/// A page is shown without a request for each row.
pub async fn everyone_on_the_list_comes_with_their_invitation<S: Store>(store: S) {
    let user = invited(&store, an_invitation()).await;

    let listed = whole_list(&store, &everyone(), 100, monday_morning()).await;

    assert_eq!(listed, [user]);
}

/// Even where many rows are looked at in vain.
pub async fn a_filter_that_finds_nobody_comes_to_an_end<S: Store>(store: S) {
    for _ in 0..120 {
        added(&store, a_user().build()).await;
    }
    let filter = UserFilter {
        text: "nobody is called so".to_owned(),
        ..everyone()
    };

    let listed = whole_list(&store, &filter, 10, monday_morning()).await;

    assert_eq!(listed, []);
}

/// The same people in the same order, and no row is read for it.
pub async fn ids_are_listed_in_the_order_of_users_page_by_page<S: Store>(store: S) {
    for _ in 0..23 {
        added(&store, a_user().build()).await;
    }
    let filter = UserFilter::default();
    let users = whole_list(&store, &filter, 100, monday_morning()).await;
    let users: Vec<UserId> = users.iter().map(|user| user.id).collect();

    let ids = every_page(5, |position| {
        let store = store.clone();
        async move { store.list_user_ids(position.as_deref(), 5).await }
    })
    .await;

    assert_eq!((ids.len(), ids), (23, users));
}
