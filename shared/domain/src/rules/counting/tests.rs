use super::*;
use crate::model::actor::Actor;
use crate::model::counting::Uncounted;
use crate::model::examples::{MONDAY, mail_to, somebody};
use crate::model::ownership::Ownership;
use crate::values::ids::{DeviceId, EventId};
use crate::values::method::Method;

fn batch() -> BatchId {
    BatchId::from_bytes([4; 16])
}

fn member() -> Member {
    Member {
        batch: batch(),
        user: somebody().id,
    }
}

fn invitation() -> MailKind {
    MailKind::Invitation {
        issue: IssueNumber::NONE.next(),
        replaces: false,
        again: false,
        after: None,
    }
}

fn confirmation() -> MailKind {
    MailKind::Confirmation {
        device: DeviceId::parse("device-1").unwrap(),
    }
}

fn standing_of(mail: Mail, state: MailState) -> Mail {
    Mail { state, ..mail }
}

#[test]
fn a_mail_may_still_arrive_for_three_days_if_it_counts_and_has_not_arrived() {
    let may = |kind: MailKind, state, hours: i64| {
        let mail = standing_of(mail_to(&somebody(), kind), state);
        may_still_arrive(&mail, MONDAY + SignedDuration::from_hours(hours))
    };
    let reminder = MailKind::Reminder {
        issue: IssueNumber::NONE.next(),
        last: false,
    };

    for kind in [invitation(), confirmation()] {
        assert!(may(kind.clone(), MailState::Sent, 71));
        assert!(may(kind.clone(), MailState::Delayed, 0));
        assert!(may(kind.clone(), MailState::Waiting, 0));
        assert!(!may(kind.clone(), MailState::Sent, 72));
        assert!(!may(kind, MailState::Delivered, 0));
    }
    assert!(!may(reminder, MailState::Sent, 0));
}

#[test]
fn the_mails_that_count_are_those_of_the_invitation_and_of_its_confirmation() {
    let mails = [1, 2, 3, 4].map(|byte| MailId::from_bytes([byte; 16]));
    let [reissued, again, confirming, reminder] = mails;
    let issue = IssueNumber::NONE.next();
    let issued = |batch, mail| HistoryEvent::InvitationIssued {
        issue,
        method: Method::Pin,
        ownership: Ownership::NotSet,
        batch,
        replaced: false,
        mail,
    };
    let rows = [
        issued(Some(batch()), None),
        issued(Some(batch()), Some(reissued)),
        issued(None, None),
        HistoryEvent::InvitationMailedAgain { issue, mail: again },
        HistoryEvent::ReminderWritten {
            issue,
            mail: reminder,
            number: 1,
            last: false,
        },
        HistoryEvent::InvitationCompleted {
            issue,
            device: DeviceId::parse("device-1").unwrap(),
            confirmation: Some(confirming),
        },
    ];
    let user = somebody().id;
    let history = rows.map(|what| HistoryEntry {
        id: EventId::from_bytes([9; 16]),
        user,
        at: MONDAY,
        who: Actor::Clock,
        what,
    });

    let counted = mails_that_count(user, &history);

    let own = mail_of_member(member());
    assert_eq!(counted, BTreeSet::from([own, reissued, again, confirming]));
}

#[test]
fn of_somebody_who_cannot_be_read_no_history_says_that_they_are_gone() {
    let known = |standing| {
        let known = Known {
            standing,
            redeemed: Some(Some(MONDAY)),
            registered: None,
            confirmation: None,
            later_mails: Vec::new(),
        };
        let taken = Known::of_unreadable(Some(known));
        assert_eq!(taken.redeemed, Some(Some(MONDAY)));
        taken.standing
    };

    assert_eq!(known(Standing::Gone), Standing::Pending);
    assert_eq!(known(Standing::Expired), Standing::Expired);
    assert_eq!(Known::of_unreadable(None).standing, Standing::Pending);
}

#[test]
fn of_somebody_erased_what_had_ended_stays_and_the_rest_is_gone() {
    let own = mail_to(&somebody(), invitation());
    let fate = |standing, steps| {
        let before = Fate {
            mail: MailState::Delivered,
            standing,
            again: false,
            steps,
        };
        fate_of(true, (&own, &[]), None, None, Some(&before)).standing
    };
    let none = [None; 4];
    let registered = [None, None, Some(None), None];

    assert_eq!(fate(Standing::Completed, none), Standing::Completed);
    assert_eq!(fate(Standing::Replaced, none), Standing::Replaced);
    assert_eq!(fate(Standing::Replaced, registered), Standing::Completed);
    assert_eq!(fate(Standing::Pending, none), Standing::Gone);
    assert_eq!(fate(Standing::Expired, none), Standing::Gone);
}

/// Numbers are counted again for few of the states that a mail goes through, or counting would cost twice as much.
#[test]
fn a_mail_touches_numbers_once_it_has_come_to_something() {
    let other = BatchId::from_bytes([5; 16]);
    let of = |batch| {
        Uncounted::Person(Member {
            batch,
            user: somebody().id,
        })
    };
    let touched = |mail: &Mail| touched_by_mail(&ChangedMail::from(mail)).collect::<Vec<_>>();
    let own = Mail {
        id: mail_of_member(member()),
        batch: Some(batch()),
        counts_for: vec![other],
        ..mail_to(&somebody(), invitation())
    };
    let confirming = Mail {
        counts_for: vec![batch()],
        ..mail_to(&somebody(), confirmation())
    };
    let none_of_its_mails = Mail {
        id: MailId::from_bytes([8; 16]),
        counts_for: Vec::new(),
        ..own.clone()
    };
    let is_passed_through = |state| matches!(state, MailState::Sending | MailState::Unknown);
    let has_been_there = |state: MailState| {
        matches!(
            state,
            MailState::Delivered
                | MailState::SoftBounced
                | MailState::HardBounced
                | MailState::Complained
        )
    };

    for state in MailState::ALL {
        let both = vec![of(batch()), of(other)];
        let expected = if is_passed_through(state) {
            vec![]
        } else {
            both
        };
        assert_eq!(
            touched(&standing_of(own.clone(), state)),
            expected,
            "{state:?}"
        );

        let arrived = if has_been_there(state) {
            vec![of(batch())]
        } else {
            vec![]
        };
        assert_eq!(
            touched(&standing_of(confirming.clone(), state)),
            arrived,
            "{state:?}"
        );

        let others = touched(&standing_of(none_of_its_mails.clone(), state));
        assert_eq!(others, [], "{state:?}");
    }
}

#[test]
fn the_mail_of_the_later_issue_followed_and_of_an_issue_the_one_that_says_it_again() {
    let first = Mail {
        id: MailId::from_bytes([9; 16]),
        ..mail_to(&somebody(), invitation())
    };
    let again = MailKind::Invitation {
        issue: IssueNumber::NONE.next(),
        replaces: false,
        again: true,
        after: Some(first.id),
    };
    let again = Mail {
        created_at: MONDAY - SignedDuration::from_millis(1),
        ..mail_to(&somebody(), again)
    };
    let of_a_later_issue = MailKind::Invitation {
        issue: IssueNumber::NONE.next().next(),
        replaces: true,
        again: false,
        after: None,
    };
    let later = Mail {
        id: MailId::from_bytes([0; 16]),
        ..mail_to(&somebody(), of_a_later_issue)
    };
    let followed = |own: &Mail| {
        let all = vec![first.clone(), again.clone(), later.clone()];
        let ids = followers(own, all).into_iter().map(|mail| mail.id);
        ids.collect::<Vec<_>>()
    };

    assert_eq!(followed(&first), [later.id, again.id]);
    assert_eq!(followed(&again), [later.id]);
    assert_eq!(followed(&later), []);
}

#[test]
fn the_latest_mail_counts_unless_it_waits_behind_one_that_arrived_or_was_dropped() {
    use MailState::{Delivered, Dropped, Sent, Waiting};
    let mailed = |issue: IssueNumber, again, state| {
        let kind = MailKind::Invitation {
            issue,
            replaces: false,
            again,
            after: None,
        };
        standing_of(mail_to(&somebody(), kind), state)
    };
    let (first, second) = (IssueNumber::NONE.next(), IssueNumber::NONE.next().next());
    let own = |state| mailed(first, false, state);
    let again = |state| mailed(first, true, state);
    let reissued = |state| mailed(second, false, state);

    for (own, later, counts) in [
        (own(Sent), vec![], (first, Sent)),
        (own(Delivered), vec![again(Sent)], (first, Sent)),
        (own(Delivered), vec![again(Waiting)], (first, Delivered)),
        (own(Sent), vec![again(Waiting)], (first, Waiting)),
        (own(Sent), vec![again(Dropped)], (first, Sent)),
        (own(Dropped), vec![again(Dropped)], (first, Dropped)),
        (own(Delivered), vec![reissued(Waiting)], (second, Waiting)),
        (own(Delivered), vec![reissued(Dropped)], (second, Dropped)),
        (
            own(Delivered),
            vec![again(Waiting), again(Dropped)],
            (first, Delivered),
        ),
    ] {
        let mail = mail_that_counts(&own, &later);
        let carried = mail.kind.carries().unwrap();
        assert_eq!((carried, mail.state), counts);
    }
}

#[test]
fn later_mails_are_those_of_the_newest_issue_that_counts_newest_first() {
    let mail = |number| MailId::from_bytes([number; 16]);
    let issue = |number| IssueNumber::from_number(number);
    let row = |number: u8, what| HistoryEntry {
        id: EventId::from_bytes([number; 16]),
        user: somebody().id,
        at: MONDAY,
        who: Actor::Clock,
        what,
    };
    let issued = |of, mail| HistoryEvent::InvitationIssued {
        issue: of,
        method: Method::Pin,
        ownership: Ownership::NotSet,
        batch: None,
        replaced: false,
        mail: Some(mail),
    };
    let again = |of, mail| HistoryEvent::InvitationMailedAgain { issue: of, mail };
    let history = [
        row(1, issued(issue(1), mail(1))),
        row(2, issued(issue(2), mail(2))),
        row(3, again(issue(2), mail(3))),
        row(4, issued(issue(3), mail(4))),
    ];

    let of = |most| later_mails_by_history(&history, |one| *one <= issue(most));

    assert_eq!(of(2), [mail(3), mail(2)]);
    assert_eq!(of(1), [mail(1)]);
    assert_eq!(of(0), []);
}
