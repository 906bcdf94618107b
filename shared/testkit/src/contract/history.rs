//! Histories.

use beckon_domain::model::actor::Actor;
use beckon_domain::model::change::UserChange;
use beckon_domain::model::history::{Bounce, HistoryEntry, HistoryEvent, Particular};
use beckon_domain::model::mail::MailReason;
use beckon_domain::model::ownership::{Ownership, OwnershipChoice, OwnershipRule};
use beckon_domain::model::registration::{NotCompleted, RegistrationFlag, WhyNotCompleted};
use beckon_domain::model::user::AddressSuppression;
use beckon_domain::values::ids::{BatchId, DeviceId, EventId, IssueNumber, MailId, UserId};
use beckon_domain::values::method::Method;
use jiff::SignedDuration;

use super::{Store, added, every_page, next, saved};
use crate::builders::{a_row, a_user, monday_morning};
use crate::entropy::fresh_ulid;

async fn read(store: &impl Store, user: UserId, limit: usize) -> Vec<HistoryEntry> {
    every_page(limit, |from| async move {
        store.history_of(user, from.as_deref(), limit).await
    })
    .await
}

/// Whatever the length of a page.
pub async fn a_history_is_read_newest_first_page_by_page<S: Store>(store: S) {
    let mut user = added(&store, a_user().build()).await;
    let mut written = read(&store, user.id, 100).await;
    for number in 1..25 {
        let row = a_row(
            user.id,
            monday_morning() + SignedDuration::from_mins(number),
        );
        let change = UserChange {
            history: vec![row.clone()],
            ..next(&user, |_| {})
        };
        user = saved(&store, change).await;
        written.insert(0, row);
    }

    assert_eq!(written.len(), 25);
    for limit in [1, 10, 25, 100] {
        assert_eq!(
            read(&store, user.id, limit).await,
            written,
            "{limit} a page"
        );
    }
}

/// One row of every kind, by every kind of actor.
#[expect(
    clippy::too_many_lines,
    reason = "one entry a history event, and nothing else"
)]
pub async fn every_history_event_is_read_as_it_was_written<S: Store>(store: S) {
    let mut user = added(&store, a_user().build()).await;
    let issue = IssueNumber::from_number(3);
    let mail = MailId::new(fresh_ulid());
    let device = DeviceId::parse("device-1").unwrap();
    let mut written = read(&store, user.id, 100).await;
    for (who, what) in [
        (
            Actor::Caller("admin@example.com".to_owned()),
            HistoryEvent::InvitationIssued {
                issue,
                method: Method::PasswordAndPin,
                ownership: Ownership::UserOwned,
                batch: Some(BatchId::new(fresh_ulid())),
                replaced: true,
                mail: Some(mail),
            },
        ),
        (
            Actor::MailService,
            HistoryEvent::InvitationDelivered { issue, mail },
        ),
        (
            Actor::MailService,
            HistoryEvent::InvitationBounced {
                issue,
                mail,
                bounce: Some(Bounce::Hard),
                mark: Some(AddressSuppression::HardBounced),
            },
        ),
        (
            Actor::MailService,
            HistoryEvent::InvitationBounced {
                issue,
                mail,
                bounce: None,
                mark: None,
            },
        ),
        (
            Actor::MailService,
            HistoryEvent::InvitationMailFailed {
                issue,
                mail,
                reason: MailReason::new("refused", "Bad content"),
            },
        ),
        (
            Actor::MailService,
            HistoryEvent::AddressMarked {
                mail,
                mark: AddressSuppression::Complained,
            },
        ),
        (
            Actor::Caller("admin".to_owned()),
            HistoryEvent::InvitationMailedAgain { issue, mail },
        ),
        (
            Actor::Caller("admin".to_owned()),
            HistoryEvent::InvitationCancelled { issue },
        ),
        (
            Actor::Caller("admin".to_owned()),
            HistoryEvent::InvitationRestored { issue },
        ),
        (
            Actor::Clock,
            HistoryEvent::UserChanged {
                particulars: vec![Particular::Name, Particular::Disabled],
            },
        ),
        (
            Actor::Clock,
            HistoryEvent::UserDeleted { issue: Some(issue) },
        ),
        (
            Actor::Caller("admin".to_owned()),
            HistoryEvent::AddressCorrected { issue: None },
        ),
        (
            Actor::Caller("admin".to_owned()),
            HistoryEvent::AddressCorrected { issue: Some(issue) },
        ),
        (
            Actor::Invitee,
            HistoryEvent::InvitationRedeemed {
                issue,
                chosen: Some(OwnershipChoice::CompanyOwned),
            },
        ),
        (Actor::Invitee, HistoryEvent::InvitationLocked { issue }),
        (Actor::Clock, HistoryEvent::InvitationExpired { issue }),
        (
            Actor::DeviceManagement,
            HistoryEvent::InvitationCompleted {
                confirmation: None,
                issue,
                device: device.clone(),
            },
        ),
        (
            Actor::DeviceManagement,
            HistoryEvent::DeviceUnenrolled {
                device: device.clone(),
                at: monday_morning(),
            },
        ),
        (
            Actor::DeviceManagement,
            HistoryEvent::RegistrationConfirmed {
                device: device.clone(),
                ownership: Ownership::CompanyOwned,
                rule: OwnershipRule::Supervised,
                after_end: true,
                time_unknown: true,
                not_completed: Some(NotCompleted {
                    issue,
                    why: WhyNotCompleted::EarlierIssue,
                    session_issue: Some(IssueNumber::NONE),
                }),
                flags: vec![RegistrationFlag::UserDisabled],
            },
        ),
        (
            Actor::DeviceManagement,
            HistoryEvent::OwnershipDecidedAgain {
                device,
                before: Ownership::NotSet,
                ownership: Ownership::UserOwned,
                rule: OwnershipRule::UserEnrollment,
            },
        ),
    ] {
        let row = HistoryEntry {
            id: EventId::new(fresh_ulid()),
            user: user.id,
            at: monday_morning() + SignedDuration::from_millis(1),
            who,
            what,
        };
        let change = UserChange {
            history: vec![row.clone()],
            ..next(&user, |_| {})
        };
        user = saved(&store, change).await;
        written.insert(0, row);
    }

    assert_eq!(read(&store, user.id, 100).await, written);
}

/// Neither a neighbour's nor that of somebody unknown.
pub async fn nobody_else_s_history_is_read<S: Store>(store: S) {
    let first = added(&store, a_user().build()).await;
    let second = added(&store, a_user().build()).await;

    let rows = read(&store, first.id, 100).await;

    assert_eq!(rows.len(), 1);
    assert!(rows.iter().all(|row| row.user == first.id));
    assert_eq!(read(&store, second.id, 100).await.len(), 1);
    assert_eq!(read(&store, UserId::new(fresh_ulid()), 100).await, []);
}
