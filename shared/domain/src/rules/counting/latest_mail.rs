//! Which mail says what became of a member's invitation: the latest that their invitation was put into.
//!
//! The batch's own mail is the first of them. Others follow when the invitation is mailed again, or issued
//! again to a corrected address. One that still waits, or was dropped, takes nothing from one that arrived
//! with the same secret. Reminders do not count.

use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::model::invitation::MAX_LATER_MAILS;
use crate::model::mail::{Mail, MailKind};
use crate::values::ids::{IssueNumber, MailId};

/// The mail that says where a member's mail stands: the latest, or, if it was dropped, the one before it; but while
/// that waits, the last that went, if it arrived. `own` is the batch's, `later` are those that followed, the latest
/// first, as [`followers`] has them.
#[must_use]
pub fn mail_that_counts<'a>(own: &'a Mail, later: &'a [Mail]) -> &'a Mail {
    let latest = later.first().unwrap_or(own);
    let secret = latest.kind.carries();
    let mut with_it = later
        .iter()
        .chain([own])
        .filter(|mail| mail.kind.carries() == secret);
    let wanted = with_it.clone().find(|mail| !mail.was_dropped());
    let wanted = wanted.unwrap_or(latest);
    // The mail service was given it, for all that is known.
    let went = with_it.find(|mail| !mail.state.is_unsettled() && !mail.was_dropped());
    match went {
        Some(went) if wanted.state.is_unsettled() && went.state.has_arrived() => went,
        Some(_) | None => wanted,
    }
}

/// Of these mails those that followed a batch's `own`, the latest first: the later issue's, and of an issue the one that says
/// it again. The moments at which they were written may be those of two runs, whose clocks differ.
#[must_use]
pub fn followers(own: &Mail, mut mails: Vec<Mail>) -> Vec<Mail> {
    let when = |mail: &Mail| {
        let again = matches!(mail.kind, MailKind::Invitation { again: true, .. });
        (mail.kind.carries(), again, mail.created_at, mail.id)
    };
    mails.retain(|mail| when(mail) > when(own));
    mails.sort_unstable_by_key(|mail| std::cmp::Reverse(when(mail)));
    mails
}

/// The last few mails that the latest of a member's issues was put into after the batch's own, by their history.
pub(super) fn later_mails_by_history(
    history: &[HistoryEntry],
    is_theirs: impl Fn(&IssueNumber) -> bool,
) -> Vec<MailId> {
    let mut mailed = Vec::new();
    for row in history {
        let (issue, again, mail) = match &row.what {
            HistoryEvent::InvitationIssued { issue, mail, .. } => (issue, false, *mail),
            HistoryEvent::InvitationMailedAgain { issue, mail } => (issue, true, Some(*mail)),
            _ => continue,
        };
        if is_theirs(issue) {
            mailed.push(((*issue, again, row.at, row.id), mail));
        }
    }
    mailed.sort_unstable_by_key(|(when, _)| std::cmp::Reverse(*when));
    let latest = mailed.first().map(|((issue, ..), _)| *issue);
    mailed
        .into_iter()
        .take_while(|((issue, ..), _)| Some(*issue) == latest)
        .filter_map(|(_, mail)| mail)
        .take(MAX_LATER_MAILS)
        .collect()
}
