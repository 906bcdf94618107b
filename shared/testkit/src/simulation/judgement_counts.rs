//! What is counted is what a plain count over all rows gives, whatever was told twice, in another
//! order, or counted beside others.

use std::collections::{BTreeMap, BTreeSet};

use beckon_domain::model::counting::{Counts, Figure, Scope, Standing, Step};
use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{Mail, MailKind, MailState};
use beckon_domain::rules::issuing::mail_of;
use beckon_domain::usecases::report_batch::ReportBatch;
use beckon_domain::usecases::report_overview::ReportOverview;
use beckon_domain::values::ids::{BatchId, IssueNumber, UserId};

use super::ledger::Ledger;
use super::tasks::finish;
use crate::World;

/// Judges the sums over everything, over each group, and over each batch.
pub(super) fn judge_sums(ledger: &mut Ledger) {
    let world = World {
        store: ledger.store.clone(),
        ..World::new()
    };
    let mut histories: BTreeMap<UserId, Vec<HistoryEntry>> = BTreeMap::new();
    for row in ledger.rows.values() {
        histories.entry(row.user).or_default().push(row.clone());
    }
    let mut plain: BTreeMap<Scope, BTreeMap<String, u64>> =
        BTreeMap::from([(Scope::Everything, BTreeMap::new())]);
    for (batch, _) in ledger.store.all_batches() {
        plain.entry(Scope::Batch(batch.id)).or_default();
        let mails = ledger.store.all_mails();
        let own = mails
            .iter()
            .filter(|mail| mail.id == mail_of(&batch, mail.user));
        for mail in own {
            let history = histories.get(&mail.user).cloned().unwrap_or_default();
            let figures = figures_of(ledger, batch.id, mail, &history);
            let again = matches!(mail.kind, MailKind::Invitation { again: true, .. });
            let mut scopes = vec![Scope::Batch(batch.id)];
            if !again {
                scopes.push(Scope::Everything);
                scopes.extend(mail.groups.iter().cloned().map(Scope::Group));
            }
            for scope in scopes {
                let sums = plain.entry(scope).or_default();
                for figure in &figures {
                    *sums.entry(figure.clone()).or_default() += 1;
                }
            }
        }
    }
    // The narrowest first: it says most.
    for (scope, plain) in plain.into_iter().rev() {
        let told = finish(reported(&world, &scope));
        let told = told.as_ref().map(shown);
        ledger.must(told.as_ref() == Some(&plain), || {
            format!("the sums over {scope:?} are {told:?}; a plain count gives {plain:?}")
        });
    }
}

async fn reported(world: &World, scope: &Scope) -> Option<Counts> {
    let env = world.clone();
    match scope {
        Scope::Everything => Some(ReportOverview { env }.run(None).await.ok()?.counts),
        Scope::Group(group) => Some(ReportOverview { env }.run(Some(group)).await.ok()?.counts),
        Scope::Batch(batch) => Some(ReportBatch { env }.run(*batch).await.ok()??.figures),
    }
}

/// What is compared: steps and ends. What mails and pages add is judged with the batches' own counts.
fn shown(counts: &Counts) -> BTreeMap<String, u64> {
    let figures = counts.iter().filter(|(figure, _)| {
        matches!(
            figure,
            Figure::Reached(_) | Figure::Standing(_) | Figure::Bounced | Figure::Refused
        )
    });
    let mut shown: BTreeMap<String, u64> = figures
        .map(|(figure, number)| (figure.name(), u64::try_from(number).unwrap_or(u64::MAX)))
        .collect();
    for step in Step::ALL {
        let timed = counts.timed(step);
        if timed > 0 {
            shown.insert(format!("timed.{}", step.name()), timed);
        }
    }
    shown
}

/// What somebody adds, in the words of rows and of everything that was ever written into histories.
fn figures_of(
    ledger: &Ledger,
    batch: BatchId,
    own: &Mail,
    history: &[HistoryEntry],
) -> Vec<String> {
    let issues = issues_of(batch, own, history);
    let mail = &latest_mail(ledger, own, &issues);
    let of_issue = |which: &dyn Fn(&HistoryEvent) -> bool| {
        history.iter().find(|row| which(&row.what)).cloned()
    };
    let redeemed = of_issue(
        &|what| matches!(what, HistoryEvent::InvitationRedeemed { issue, .. } if issues.contains(issue)),
    );
    let completed = of_issue(
        &|what| matches!(what, HistoryEvent::InvitationCompleted { issue, .. } if issues.contains(issue)),
    );
    let confirmation = completed.as_ref().and_then(|row| match row.what {
        HistoryEvent::InvitationCompleted { confirmation, .. } => confirmation,
        _ => None,
    });
    let confirmed = confirmation.is_some_and(|id| arrived(ledger.store.mail(id).state));
    let reached = [
        ("delivered", arrived(mail.state)),
        ("redeemed", redeemed.is_some()),
        ("registered", completed.is_some()),
        ("confirmed", confirmed),
    ];
    let mut figures = vec!["invited".to_owned()];
    for (step, _) in reached.into_iter().filter(|(_, reached)| *reached) {
        figures.push(step.to_owned());
        figures.push(format!("timed.{step}"));
    }
    let standing = if completed.is_some() {
        Standing::Completed
    } else {
        standing_of(ledger, mail, history, &issues)
    };
    figures.push(format!("is.{}", standing.name()));
    if standing.is_open() {
        match mail.state {
            MailState::SoftBounced | MailState::HardBounced => figures.push("bounced".to_owned()),
            MailState::Failed => figures.push("refused".to_owned()),
            _ => {}
        }
    }
    figures
}

fn standing_of(
    ledger: &Ledger,
    mail: &Mail,
    history: &[HistoryEntry],
    issues: &BTreeSet<IssueNumber>,
) -> Standing {
    let Some(user) = ledger.store.find_user(mail.user) else {
        let made = history.iter().filter_map(|row| match row.what {
            HistoryEvent::InvitationIssued { issue, .. } => Some(issue),
            _ => None,
        });
        let was_replaced = made.max().is_some_and(|last| !issues.contains(&last));
        return if was_replaced {
            Standing::Replaced
        } else {
            Standing::Gone
        };
    };
    let own = user.invitation.filter(|own| issues.contains(&own.issue));
    let Some(own) = own else {
        return Standing::Replaced;
    };
    match own.state {
        InvitationState::Pending if own.method.uses_pin() && own.tries_left == 0 => {
            Standing::Locked
        }
        InvitationState::Pending | InvitationState::None => Standing::Pending,
        InvitationState::Locked => Standing::Locked,
        InvitationState::Completed => Standing::Completed,
        InvitationState::Expired => Standing::Expired,
        InvitationState::Cancelled => Standing::Cancelled,
        InvitationState::Declined => Standing::Declined,
    }
}

fn arrived(state: MailState) -> bool {
    matches!(state, MailState::Delivered | MailState::Complained)
}

/// The latest mail that somebody was invited by for the latest of these issues. What was dropped is left out, and what
/// waits while the last that went arrived.
pub(super) fn latest_mail(ledger: &Ledger, own: &Mail, issues: &BTreeSet<IssueNumber>) -> Mail {
    let last_issue = issues.last().copied();
    let mut mails = ledger.store.all_mails();
    mails.retain(|mail| {
        let invites = matches!(mail.kind, MailKind::Invitation { .. });
        mail.user == own.user && invites && mail.kind.carries() == last_issue
    });
    let when = |mail: &Mail| {
        let again = matches!(mail.kind, MailKind::Invitation { again: true, .. });
        (mail.kind.carries(), again, mail.created_at, mail.id)
    };
    mails.retain(|mail| when(mail) >= when(own));
    mails.sort_by_key(|mail| std::cmp::Reverse(when(mail)));
    let was_dropped = |mail: &Mail| mail.state == MailState::Dropped;
    let Some(wanted) = mails.iter().find(|mail| !was_dropped(mail)) else {
        return mails.first().unwrap_or(own).clone();
    };
    let went = |mail: &Mail| !mail.state.is_unsettled() && !was_dropped(mail);
    match mails.iter().find(|mail| went(mail)) {
        Some(last) if wanted.state.is_unsettled() && arrived(last.state) => last.clone(),
        _ => wanted.clone(),
    }
}

/// The issue that the mail carries, and all that the batch that made it made for this person.
pub(super) fn issues_of(
    batch: BatchId,
    mail: &Mail,
    history: &[HistoryEntry],
) -> BTreeSet<IssueNumber> {
    let issued = |row: &HistoryEntry| match row.what {
        HistoryEvent::InvitationIssued { issue, batch, .. } => Some((issue, batch)),
        _ => None,
    };
    let own = mail.kind.carries();
    let made_by = history
        .iter()
        .filter_map(issued)
        .find(|(issue, _)| Some(*issue) == own)
        .and_then(|(_, batch)| batch);
    let continued = history
        .iter()
        .filter_map(issued)
        .filter(|(_, of)| of.is_some() && (*of == made_by || *of == Some(batch)))
        .map(|(issue, _)| issue);
    own.into_iter().chain(continued).collect()
}
