//! What tests of batches share: users to invite, a batch, and what became of each.

use beckon_domain::model::batch::{RecipientResult, SkipReason};
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::user::User;
use beckon_domain::usecases::send_invitations::{SendAccepted, SendRefused, SendRequest};
use beckon_domain::values::ids::{BatchId, IssueNumber, UserId};
use beckon_testkit::World;
use beckon_testkit::builders::a_user;

pub(crate) async fn send(world: &World, order: &SendRequest) -> Result<SendAccepted, SendRefused> {
    world.send().run(order, None).await
}

pub(crate) fn some_users(world: &World, count: usize) -> Vec<User> {
    (0..count).map(|_| world.with(a_user())).collect()
}

pub(crate) fn ids(users: &[User]) -> Vec<UserId> {
    users.iter().map(|user| user.id).collect()
}

/// Everyone on the pages of a batch, with what became of them.
pub(crate) fn outcomes(world: &World, batch: BatchId) -> Vec<(UserId, Option<SkipReason>)> {
    let pages = world.store.pages(batch);
    let recipients = pages.iter().flat_map(|page| &page.recipients);
    recipients
        .map(|recipient| match recipient.result {
            RecipientResult::Issued { mail } => {
                assert_eq!(world.store.mail(mail).user, recipient.user);
                (recipient.user, None)
            }
            RecipientResult::Skipped { reason } => (recipient.user, Some(reason)),
        })
        .collect()
}

pub(crate) fn times_issued(world: &World, user: &User) -> usize {
    let rows = world.store.history(user.id);
    rows.iter()
        .filter(|row| matches!(row.what, HistoryEvent::InvitationIssued { .. }))
        .count()
}

/// That each was invited once: one issue, one mail, one row of history.
pub(crate) fn assert_invited_once(world: &World, users: &[User]) {
    for user in users {
        let now = world.now_of(user);
        assert_eq!(now.latest_issue, IssueNumber::from_number(1));
        assert_eq!(
            now.invitation_state_at(now.added_at),
            InvitationState::Pending
        );
        assert_eq!(world.store.mails_of(user.id).len(), 1);
        assert_eq!(times_issued(world, user), 1);
        assert_eq!(
            now.invitation.unwrap().mail,
            world.store.mails_of(user.id)[0].id
        );
    }
}
