//! Lists of twenty thousand users, ten times what one page looks at: what a page costs does not grow
//! with the table, and while users are added pages neither repeat nor skip.

use std::collections::BTreeSet;

use beckon_aws::table::create_table;
use beckon_aws::{Table, clients};
use beckon_domain::model::change::{ChangeOutcome, UserChange};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{Mail, MailClass, MailKind, MailState};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::settings::Settings;
use beckon_domain::model::user::User;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{MailId, UserId, Version};
use beckon_domain::values::names::GroupName;
use beckon_testkit::builders::{a_user, an_invitation, monday_morning};
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;

use crate::engine::Engine;

const USERS: usize = 20_000;

/// One in so many is of the rare kind.
const RARE: usize = 1_000;

/// What a page may cost in read units: two thousand users looked at, a unit each, with a mail
/// each where the filter asks for it, and the index behind them.
const MAX_UNITS: f64 = 5_000.0;

fn empty_table(engine: &Engine) -> impl Future<Output = Table> + use<> {
    let config = clients::in_process(engine.calls());
    async move {
        create_table(&config, Engine::TABLE)
            .await
            .expect("a new table");
        let sender = EmailAddress::parse("beckon@example.com").expect("an address");
        Table::new(&config, Engine::TABLE, Settings::default_from(sender))
    }
}

fn user_number(n: usize) -> UserChange {
    let mut user = a_user().at(&format!("user-{n:06}@example.com")).build();
    user.version = Version::FIRST;
    if !n.is_multiple_of(RARE) {
        return UserChange::of(user);
    }
    let invitation = an_invitation().build();
    let kind = MailKind::Invitation {
        issue: invitation.issue,
        replaces: false,
        again: false,
        after: None,
    };
    let mail: MailId = invitation.mail;
    let mail = Mail {
        state: MailState::HardBounced,
        ..Mail::waiting(
            mail,
            kind,
            user.id,
            None,
            MailClass::Bulk,
            Version::FIRST,
            monday_morning(),
        )
    };
    user.latest_issue = invitation.issue;
    user.invitation = Some(invitation);
    user.groups
        .insert(GroupName::parse("rare").expect("a group"));
    UserChange {
        mails: vec![mail],
        ..UserChange::of(user)
    }
}

async fn add(table: &Table, numbers: Vec<usize>) -> Vec<UserId> {
    let changes: Vec<UserChange> = numbers.into_iter().map(user_number).collect();
    let outcomes = table.save_users(&changes).await.expect("the table answers");
    assert!(outcomes.iter().all(|one| *one == ChangeOutcome::Saved));
    changes.iter().map(|change| change.user.id).collect()
}

/// Follows a list to its end, adding users between its pages, and gives whom it showed.
async fn follow(table: &Table, filter: &UserFilter, add_from: usize) -> Vec<User> {
    let mut shown = Vec::new();
    let mut position: Option<String> = None;
    let mut new = add_from;
    loop {
        let (_, before) = table.consumed_units();
        let page = table
            .list_users(filter, position.as_deref(), 100, monday_morning())
            .await
            .expect("the table answers");
        let (_, after) = table.consumed_units();
        assert!(after > before, "reads are counted");
        assert!(after - before <= MAX_UNITS, "{} read units", after - before);
        shown.extend(page.items);
        add(table, vec![new, new + RARE / 2]).await;
        new += RARE;
        position = page.next;
        if position.is_none() {
            return shown;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_twenty_thousand_users_takes_a_bounded_number_of_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(folder.path()).expect("an engine");
    let table = empty_table(&engine).await;
    let everyone: Vec<usize> = (0..USERS).collect();
    let rare: BTreeSet<UserId> =
        futures_util::stream::iter(everyone.chunks(2_000).map(<[_]>::to_vec))
            .map(|numbers| async {
                let rare: Vec<bool> = numbers.iter().map(|n| n.is_multiple_of(RARE)).collect();
                let ids = add(&table, numbers).await;
                Ok::<_, ()>(
                    ids.into_iter()
                        .zip(rare)
                        .filter_map(|(id, rare)| rare.then_some(id))
                        .collect::<Vec<_>>(),
                )
            })
            .buffer_unordered(2)
            .try_concat()
            .await
            .expect("everyone is added")
            .into_iter()
            .collect();

    let (_, before) = table.consumed_units();
    let first = table
        .list_users(&UserFilter::default(), None, 100, monday_morning())
        .await
        .expect("the table answers");
    let (_, after) = table.consumed_units();
    assert_eq!(first.items.len(), 100);
    assert!(after - before <= 500.0, "{} read units", after - before);

    let of_group = BTreeSet::from([GroupName::parse("rare").expect("a group")]);
    for (n, filter) in [
        UserFilter {
            states: [InvitationState::Pending].into(),
            ..UserFilter::default()
        },
        UserFilter {
            deliveries: [MailState::HardBounced].into(),
            ..UserFilter::default()
        },
        UserFilter {
            expires_before: Some(monday_morning() + SignedDuration::from_hours(200)),
            ..UserFilter::default()
        },
        UserFilter {
            groups: of_group,
            text: "user-".to_owned(),
            ..UserFilter::default()
        },
    ]
    .into_iter()
    .enumerate()
    {
        let shown = follow(&table, &filter, USERS + 200 * RARE * (n + 1)).await;

        let ids: BTreeSet<UserId> = shown.iter().map(|user| user.id).collect();
        assert_eq!(ids.len(), shown.len(), "somebody was shown twice");
        let missed: Vec<_> = rare.difference(&ids).collect();
        assert!(missed.is_empty(), "{} were skipped", missed.len());
    }
}
