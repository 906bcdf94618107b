//! What must hold once everything is mended and nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};

use beckon_domain::model::batch::{Batch, BatchCounts, BatchSelection, Cursor, RecipientResult};
use beckon_domain::model::device_event::DeviceEventState;
use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::invitation::InvitationState as S;
use beckon_domain::model::mail::{Mail, MailKind, MailState};
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::user::User;
use beckon_domain::rules::issuing::mail_of;
use beckon_domain::usecases::report_batch::ReportBatch;
use beckon_domain::values::ids::{BatchId, DeviceId, IssueNumber, MailId, UserId};

use super::judgement_counts::{issues_of, judge_sums, latest_mail};
use super::ledger::Ledger;
use super::tasks::finish;
use super::use_case::UseCase;
use crate::World;
use crate::store::keys;

/// Whether nothing is left to do, but what needs a row that nobody can read.
pub(super) fn is_quiet(ledger: &Ledger, spoilt: &[RowKey]) -> bool {
    let store = &ledger.store;
    let waits_for = |key: RowKey| spoilt.contains(&key);
    let batch_waits = |id| waits_for(keys::batch(id)) || waits_for(keys::cursor(id));
    store.all_mails().iter().all(|mail| {
        !mail.state.is_unsettled()
            || waits_for(keys::mail(mail.id))
            || waits_for(keys::user(mail.user))
            || mail.batch.is_some_and(batch_waits)
    }) && store
        .all_batches()
        .iter()
        .all(|(batch, cursor)| cursor.done || batch_waits(batch.id))
        && store.all_device_events().iter().all(|event| {
            event.state != DeviceEventState::Waiting
                || waits_for(keys::device_event(event.id))
                || waits_for(keys::settings())
        })
        && store.all_jobs().iter().all(|(job, cursor)| {
            // A job that invites reads the batch that it started, which has its id.
            let batch = BatchId::from_bytes(job.id.to_bytes());
            cursor.done
                || waits_for(keys::job(job.id))
                || waits_for(keys::job_cursor(job.id))
                || batch_waits(batch)
        })
}

/// Judges the end of a story.
pub(super) fn pass(ledger: &mut Ledger) {
    (
        ledger.counts.live_without_mail,
        ledger.counts.beside_the_page,
    ) = (0, 0);
    let store = ledger.store.clone();
    let mails: BTreeMap<MailId, Mail> = store
        .all_mails()
        .into_iter()
        .map(|mail| (mail.id, mail))
        .collect();
    for use_case in UseCase::ALL {
        judge_use_case(ledger, use_case, &mails);
    }
}

/// What each use case promises, now that nothing is left to do. Some are judged at each of their
/// answers or writes; for them nothing remains.
fn judge_use_case(ledger: &mut Ledger, use_case: UseCase, mails: &BTreeMap<MailId, Mail>) {
    let store = ledger.store.clone();
    match use_case {
        UseCase::Deliver => {
            for mail in mails.values() {
                judge_mail(ledger, mail);
            }
        }
        UseCase::Expand => {
            for (batch, cursor) in store.all_batches() {
                judge_batch(ledger, &batch, &cursor, mails);
            }
        }
        UseCase::ReportBatch => {
            for (batch, _) in store.all_batches() {
                judge_counts(ledger, &batch);
            }
        }
        UseCase::CarryOutJob => ledger.judge_jobs(),
        UseCase::CountChanges => judge_sums(ledger),
        UseCase::FollowGroups => ledger.judge_memberships(),
        UseCase::DeleteUser => ledger.judge_deleted_users(),
        UseCase::Publish => ledger.judge_published(),
        UseCase::Redeem => {
            for user in store.all_users() {
                judge_tries(ledger, &user);
            }
        }
        UseCase::ConfirmRegistration => {
            for user in store.all_users() {
                judge_devices(ledger, &user);
                judge_history(ledger, &user, mails);
            }
        }
        UseCase::CarryDeviceEvent => ledger.judge_device_events(),
        UseCase::PollSource => ledger.judge_polled(),
        UseCase::AssignDevice => ledger.judge_reported_devices(),
        UseCase::AddUser
        | UseCase::FollowDirectory
        | UseCase::ManageDeviceSources
        | UseCase::ManageDirectoryTokens
        | UseCase::WatchDirectory
        | UseCase::ReceiveDeviceEvent
        | UseCase::ChangeInvitation
        | UseCase::ChangeSettings
        | UseCase::ChangeTemplate
        | UseCase::ChangeUser
        | UseCase::CountEarlier
        | UseCase::Decline
        | UseCase::EraseEnded
        | UseCase::ExportUsers
        | UseCase::HandOver
        | UseCase::ImportUsers
        | UseCase::NoteChanges
        | UseCase::PreviewInvitations
        | UseCase::PreviewTemplate
        | UseCase::RecordFeedback
        | UseCase::ReportJob
        | UseCase::ReportOverview
        | UseCase::RequestPin
        | UseCase::ResumeDelivery
        | UseCase::SendInvitations
        | UseCase::StartJob
        | UseCase::StopBatch
        | UseCase::StopJob
        | UseCase::TellOfUnreadable
        | UseCase::TestTemplate
        | UseCase::RunMaintenance
        | UseCase::TryAddressAgain => {}
    }
}

/// What is reported of a batch is what its items are.
fn judge_counts(ledger: &mut Ledger, batch: &Batch) {
    let env = World {
        store: ledger.store.clone(),
        ..World::new()
    };
    let reports = ReportBatch { env };
    let report = finish(async { reports.run(batch.id).await });
    let told = report.ok().flatten().map(|report| report.counts);
    let counted = counts_of(ledger, batch);
    ledger.must(told == Some(counted), || {
        let id = batch.id;
        format!("batch {id} reports {told:?}, its items are {counted:?}")
    });
}

/// Every mail is settled, and what is said of it is true.
fn judge_mail(ledger: &mut Ledger, mail: &Mail) {
    let (id, state) = (mail.id, mail.state);
    ledger.must(!state.is_unsettled(), || {
        format!("mail {id} is {state:?} for ever")
    });
    let taken = ledger
        .mails
        .get(&id)
        .is_some_and(|story| story.hand_overs.iter().any(|one| one.taken));
    ledger.must(taken || !state.was_sent(), || {
        format!("mail {id} is {state:?} and nobody took it")
    });
}

/// Every selected user has an outcome, once, and the counts are those of the items.
fn judge_batch(
    ledger: &mut Ledger,
    batch: &Batch,
    cursor: &Cursor,
    mails: &BTreeMap<MailId, Mail>,
) {
    let id = batch.id;
    ledger.must(cursor.done, || format!("batch {id} is never expanded"));
    let pages = ledger.store.pages(id);
    let numbered = pages
        .iter()
        .enumerate()
        .all(|(n, page)| page.number as usize == n)
        && pages.len() == cursor.page as usize;
    ledger.must(numbered, || format!("pages of batch {id} are missing"));
    let recipients: Vec<_> = pages.into_iter().flat_map(|page| page.recipients).collect();
    // Two runs at one page judge the same people at different moments, and one of them finishes.
    let shared = ledger.shared_pages.iter().any(|(batch, _)| *batch == id);
    let by_filter = matches!(batch.selection, BatchSelection::Filter { .. });
    let mut said = BTreeSet::new();
    for recipient in &recipients {
        let user = recipient.user;
        let again = !said.insert(user);
        if again && by_filter && ledger.has_moved(user) {
            // A list is in the order of addresses: a user who gets another while a batch goes through it
            // may be met twice. They are invited once.
            ledger.counts.beside_the_page += 1;
        } else {
            ledger.must(!again, || format!("batch {id} names user {user} twice"));
        }
        let own = mail_of(batch, user);
        let exists = mails.contains_key(&own);
        let gone = ledger.deleted.contains_key(&user);
        match recipient.result {
            RecipientResult::Issued { mail } => {
                ledger.must(mail == own && exists, || {
                    format!("batch {id} says it invited user {user}, and there is no mail")
                });
            }
            // Met once more under another address, they were invited that time.
            RecipientResult::Skipped { .. }
                if exists && (shared || gone || (by_filter && ledger.has_moved(user))) =>
            {
                ledger.counts.beside_the_page += 1;
            }
            RecipientResult::Skipped { reason } => ledger.must(!exists, || {
                format!("batch {id} says it skipped user {user} ({reason:?}), and invited them")
            }),
        }
    }
    if batch.stopped_at.is_some() {
        return;
    }
    for user in ledger.users.keys().copied().collect::<Vec<_>>() {
        let invited = mails.contains_key(&mail_of(batch, user));
        // Whom a page by filter invited before it was cut short, and nobody could read when it was
        // repeated, is on no page: nobody could say whether the filter finds them.
        let unreadable = by_filter && ledger.spoilt.contains(&keys::user(user));
        let gone = ledger.deleted.contains_key(&user);
        let moved = by_filter && ledger.has_moved(user);
        if invited && (shared || unreadable || gone || moved) && !said.contains(&user) {
            ledger.counts.beside_the_page += 1;
            continue;
        }
        ledger.must(!invited || said.contains(&user), || {
            format!("batch {id} invited user {user} and has no outcome for them")
        });
    }
    match &batch.selection {
        BatchSelection::Few { users } => {
            let selected: BTreeSet<UserId> = users.iter().copied().collect();
            ledger.must(selected == said, || {
                format!("batch {id} has no outcome for everyone")
            });
        }
        BatchSelection::Many { count } => {
            let all = said.len() as u64 == *count;
            ledger.must(all, || format!("batch {id} has no outcome for everyone"));
        }
        BatchSelection::Filter { except, .. } => {
            let excepted = said.iter().any(|user| except.contains(user));
            ledger.must(!excepted, || format!("batch {id} reached an exception"));
        }
    }
}

/// The counts of a batch, from its items, and from its mails: of those who were invited and stand on no
/// page, see above.
fn counts_of(ledger: &Ledger, batch: &Batch) -> BatchCounts {
    let mut counts = BatchCounts::default();
    for recipient in ledger
        .store
        .pages(batch.id)
        .into_iter()
        .flat_map(|page| page.recipients)
    {
        match recipient.result {
            RecipientResult::Issued { .. } => counts.issued += 1,
            RecipientResult::Skipped { .. } => counts.skipped += 1,
        }
    }
    let mut invited = 0;
    for mail in ledger.store.all_mails() {
        if mail.id != mail_of(batch, mail.user) {
            continue;
        }
        invited += 1;
        let history: Vec<HistoryEntry> = ledger
            .rows
            .values()
            .filter(|row| row.user == mail.user)
            .cloned()
            .collect();
        let issues = issues_of(batch.id, &mail, &history);
        let state = latest_mail(ledger, &mail, &issues).state;
        let (sent, delivered, failed) = match state {
            MailState::Sent | MailState::Delayed => (1, 0, 0),
            MailState::Delivered => (1, 1, 0),
            MailState::SoftBounced | MailState::HardBounced => (1, 0, 1),
            MailState::Complained => (1, 1, 1),
            MailState::Failed => (0, 0, 1),
            MailState::Waiting | MailState::Sending | MailState::Unknown | MailState::Dropped => {
                (0, 0, 0)
            }
        };
        counts.waiting += u64::from(state.is_unsettled());
        counts.refused += u64::from(state == MailState::Failed);
        counts.dropped += u64::from(state == MailState::Dropped);
        counts.sent += sent;
        counts.delivered += delivered;
        counts.failed += failed;
    }
    counts.issued = counts.issued.max(invited);
    counts.selected = match &batch.selection {
        BatchSelection::Few { users } => users.len() as u64,
        BatchSelection::Many { count } => *count,
        BatchSelection::Filter { .. } => counts.issued + counts.skipped,
    };
    counts.skipped = counts
        .skipped
        .min(counts.selected.saturating_sub(counts.issued));
    counts
}

/// A user has as many devices as were registered.
fn judge_devices(ledger: &mut Ledger, user: &User) {
    let id = user.id;
    let registrations = ledger.store.all_registrations();
    let devices = registrations.iter().filter(|one| one.user == id).count();
    ledger.must(devices == user.devices as usize, || {
        format!(
            "user {id} has {} devices, and {devices} registrations",
            user.devices
        )
    });
}

/// A user's row says which tries were taken.
fn judge_tries(ledger: &mut Ledger, user: &User) {
    let id = user.id;
    let Some(invitation) = &user.invitation else {
        return;
    };
    let number = invitation.issue;
    let Some(issue) = ledger.issues.get(&(id, number)) else {
        ledger.blame(|| format!("nobody saw issue {number:?} of user {id}"));
        return;
    };
    let tries = u32::from(invitation.pin.tries);
    let (left, gone) = (u32::from(invitation.tries_left), issue.wrong + issue.kept);
    let mail_row = ledger
        .mails
        .get(&invitation.mail)
        .map(|story| story.row.state);
    ledger.must(left + gone == tries, || {
        format!("{number:?} of user {id}: {left} tries are left of {tries}, {gone} were taken")
    });
    ledger.must(invitation.state != S::Locked || left == 0, || {
        format!("{number:?} of user {id} is locked, and has {left} tries left")
    });
    let taken_back = ledger.was(id, 0, |before| {
        before
            .invitation
            .as_ref()
            .is_some_and(|one| one.issue == number && one.state == S::Cancelled)
    });
    if taken_back && invitation.state != S::Cancelled && mail_row == Some(MailState::Dropped) {
        ledger.counts.live_without_mail += 1;
    }
}

/// A user's history tells the same as their row.
fn judge_history(ledger: &mut Ledger, user: &User, mails: &BTreeMap<MailId, Mail>) {
    let id = user.id;
    let mut issued: BTreeMap<IssueNumber, u32> = BTreeMap::new();
    let mut completed: BTreeMap<IssueNumber, u32> = BTreeMap::new();
    let mut taken_back: BTreeMap<IssueNumber, i32> = BTreeMap::new();
    let mut expired: BTreeMap<IssueNumber, u32> = BTreeMap::new();
    let mut devices: BTreeMap<DeviceId, u32> = BTreeMap::new();
    let (mut redeemed, mut again) = (0, 0);
    for row in ledger.store.history(id) {
        match row.what {
            HistoryEvent::InvitationIssued { issue, .. } => *issued.entry(issue).or_default() += 1,
            HistoryEvent::InvitationCompleted { issue, .. } => {
                *completed.entry(issue).or_default() += 1;
            }
            HistoryEvent::InvitationCancelled { issue }
            | HistoryEvent::InvitationDeclined { issue } => {
                *taken_back.entry(issue).or_default() += 1;
            }
            HistoryEvent::InvitationRestored { issue } => {
                *taken_back.entry(issue).or_default() -= 1;
            }
            HistoryEvent::InvitationExpired { issue } => *expired.entry(issue).or_default() += 1,
            HistoryEvent::RegistrationConfirmed { device, .. } => {
                *devices.entry(device).or_default() += 1;
            }
            HistoryEvent::InvitationRedeemed { .. } => redeemed += 1,
            HistoryEvent::InvitationMailedAgain { .. } => again += 1,
            _ => {}
        }
    }
    let each_once = issued.len() == user.latest_issue.get() as usize
        && issued.values().all(|times| *times == 1)
        && completed.values().all(|times| *times == 1)
        && expired.values().all(|times| *times == 1);
    ledger.must(each_once, || {
        format!("the history of user {id} misses or repeats an issue")
    });
    if let Some(invitation) = &user.invitation {
        let (state, number) = (invitation.state, invitation.issue);
        let is = |of: &BTreeMap<IssueNumber, u32>| of.contains_key(&number);
        let back = taken_back.get(&number).copied().unwrap_or_default();
        let agrees = is(&completed) == (state == S::Completed)
            && (is(&expired) || state != S::Expired)
            && (back == 1) == matches!(state, S::Cancelled | S::Declined);
        ledger.must(agrees, || {
            format!("the history of user {id} does not end in {state:?}")
        });
    }
    let sessions = ledger
        .sessions
        .values()
        .filter(|(of, _, _)| *of == id)
        .count();
    ledger.must(redeemed == sessions, || {
        format!("user {id} opened {sessions} sessions, the history has {redeemed}")
    });
    let of_user = |mail: &&Mail| mail.user == id;
    let mailed_again = mails
        .values()
        .filter(of_user)
        .filter(|mail| matches!(mail.kind, MailKind::Invitation { again: true, .. }))
        .count();
    ledger.must(again == mailed_again, || {
        format!("user {id} was mailed {mailed_again} times again, the history has {again}")
    });
    for mail in mails.values().filter(of_user) {
        if let MailKind::Confirmation { device } = &mail.kind {
            let left = devices.get_mut(device).filter(|left| **left > 0);
            let known = left.map(|left| *left -= 1).is_some();
            ledger.must(known, || {
                format!("user {id} got two confirmations of one registration")
            });
        }
    }
}
