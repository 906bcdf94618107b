//! A history in words: what happened, when, by whom.

use beckon_domain::model::actor::Actor;
use beckon_domain::model::history::{Bounce, HistoryEntry, HistoryEvent, Particular};
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::model::registration::{NotCompleted, RegistrationFlag};
use beckon_domain::model::user::AddressSuppression;
use beckon_runtime::wire::actor_name;
use jiff::Timestamp;
use serde::Serialize;

use crate::history_facts::HistoryFacts;

/// A page of a history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HistoryPage {
    pub(crate) items: Vec<HistoryView>,
    /// Where the next page begins; null at the end.
    pub(crate) next: Option<String>,
    /// How many entries are left out because this version of Beckon cannot read their records.
    pub(crate) unreadable: usize,
}

/// Something that happened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HistoryView {
    id: String,
    #[schema(value_type = String)]
    at: Timestamp,
    /// By whom.
    who: String,
    /// What, as a stable name.
    what: &'static str,
    /// What, as a sentence.
    text: String,
    /// What the sentence is made of, so that it can be said in another language.
    facts: HistoryFacts,
}

impl From<HistoryEntry> for HistoryView {
    fn from(row: HistoryEntry) -> Self {
        let (what, text) = in_words(&row.what);
        let facts = HistoryFacts::of(&row.what);
        Self {
            id: row.id.to_string(),
            at: row.at,
            who: name_of(&row),
            what,
            text,
            facts,
        }
    }
}

/// Who is named. What needs no secret anybody can do who knows the address.
fn name_of(row: &HistoryEntry) -> String {
    let needs_a_secret = !matches!(
        row.what,
        HistoryEvent::InvitationLocked { .. }
            | HistoryEvent::InvitationIssued { .. }
            | HistoryEvent::InvitationMailedAgain { .. }
    );
    if row.who == Actor::Invitee && !needs_a_secret {
        return "Somebody on the enrolment page".to_owned();
    }
    actor_name(&row.who)
}

/// What follows from a mark.
const NOTHING_MORE: &str =
    "nothing more is sent to this address until it is corrected or tried again";

#[expect(
    clippy::too_many_lines,
    reason = "one arm a history event, and nothing else"
)]
fn in_words(what: &HistoryEvent) -> (&'static str, String) {
    match what {
        HistoryEvent::UserAdded => ("userAdded", "Added.".to_owned()),
        HistoryEvent::InvitationIssued {
            issue,
            ownership,
            replaced,
            ..
        } => (
            "invitationIssued",
            format!(
                "Invited (issue {}), ownership {}{}.",
                issue.get(),
                owned(*ownership),
                if *replaced {
                    "; the invitation before stopped working"
                } else {
                    ""
                }
            ),
        ),
        HistoryEvent::UserChanged { particulars } => ("userChanged", changed(particulars)),
        HistoryEvent::InvitationMailFailed { issue, reason, .. } => (
            "invitationMailFailed",
            format!(
                "The mail of issue {} was not sent: {}.",
                issue.get(),
                reason.detail.trim_end_matches('.')
            ),
        ),
        HistoryEvent::UserDeleted { issue } => (
            "userDeleted",
            match issue {
                None => "Deleted; only this history is kept.".to_owned(),
                Some(issue) => format!(
                    "Deleted; issue {} stopped working, and only this history is kept.",
                    issue.get()
                ),
            },
        ),
        HistoryEvent::AddressCorrected { issue } => (
            "addressCorrected",
            match issue {
                None => "The address was corrected.".to_owned(),
                Some(issue) => format!(
                    "The address was corrected; the invitation was issued again to the new one, as issue {}.",
                    issue.get()
                ),
            },
        ),
        HistoryEvent::InvitationMailedAgain { issue, .. } => (
            "invitationMailedAgain",
            format!(
                "Issue {} was mailed again: same secret, same end.",
                issue.get()
            ),
        ),
        HistoryEvent::ReminderWritten {
            issue,
            number,
            last,
            ..
        } => (
            "reminderWritten",
            format!(
                "Reminder {number} of issue {} was written{}.",
                issue.get(),
                if *last { "; it is the last" } else { "" }
            ),
        ),
        HistoryEvent::SecretHandedOver {
            issue,
            method,
            reason,
        } => (
            "secretHandedOver",
            format!(
                "The {} of issue {} was given out without a mail. Reason: {}",
                if method.uses_token() {
                    "QR code"
                } else {
                    "PIN"
                },
                issue.get(),
                reason.as_str()
            ),
        ),
        HistoryEvent::AddressMarked { mark, .. } => (
            "addressMarked",
            format!(
                "A mail {}; {NOTHING_MORE}.",
                match mark {
                    AddressSuppression::HardBounced => "came back for good",
                    AddressSuppression::Complained => "was called spam",
                }
            ),
        ),
        HistoryEvent::AddressTriedAgain { mark } => (
            "addressTriedAgain",
            format!(
                "The address is tried again, after {}.",
                match mark {
                    AddressSuppression::HardBounced => "a mail had come back for good",
                    AddressSuppression::Complained => "a mail had been called spam",
                }
            ),
        ),
        HistoryEvent::InvitationDeclined { issue } => (
            "invitationDeclined",
            format!(
                "The invited person said \"this was not me\": issue {} was declined; its secret is dead.",
                issue.get()
            ),
        ),
        HistoryEvent::InvitationCancelled { issue } => (
            "invitationCancelled",
            format!("Issue {} was cancelled; its secret is dead.", issue.get()),
        ),
        HistoryEvent::InvitationRestored { issue } => (
            "invitationRestored",
            format!(
                "Issue {} was restored: its secret is good again.",
                issue.get()
            ),
        ),
        HistoryEvent::InvitationDelivered { issue, .. } => (
            "invitationDelivered",
            format!("The mail of issue {} was delivered.", issue.get()),
        ),
        HistoryEvent::InvitationBounced {
            issue,
            bounce,
            mark,
            ..
        } => {
            let how = Bounce::of_report(*bounce, *mark);
            (
                "invitationBounced",
                format!(
                    "The mail of issue {} {}{}.",
                    issue.get(),
                    match how {
                        Some(Bounce::Soft) => "came back for now",
                        Some(Bounce::Hard) => "came back for good",
                        Some(Bounce::Complaint) => "was called spam",
                        None => "came back",
                    },
                    match (how, mark) {
                        (_, Some(_)) => format!("; {NOTHING_MORE}"),
                        (Some(Bounce::Hard | Bounce::Complaint), None) => {
                            "; the address has been corrected since it was written".to_owned()
                        }
                        (Some(Bounce::Soft) | None, None) => String::new(),
                    }
                ),
            )
        }
        HistoryEvent::InvitationRedeemed { issue, chosen } => {
            let chosen = chosen.map(|chosen| owned(Some(chosen).into()));
            let chosen = chosen.map(|chosen| format!(" The person chose: {chosen}."));
            (
                "invitationRedeemed",
                format!(
                    "The secret of issue {} was accepted; a registration began.{}",
                    issue.get(),
                    chosen.unwrap_or_default()
                ),
            )
        }
        HistoryEvent::InvitationLocked { issue } => (
            "invitationLocked",
            format!(
                "Issue {} was locked: wrong PINs were entered until its tries were used up.",
                issue.get()
            ),
        ),
        HistoryEvent::InvitationExpired { issue } => (
            "invitationExpired",
            format!("Issue {} expired.", issue.get()),
        ),
        HistoryEvent::InvitationCompleted { issue, device, .. } => (
            "invitationCompleted",
            format!(
                "Issue {} was completed by device {}.",
                issue.get(),
                device.as_str()
            ),
        ),
        HistoryEvent::RegistrationConfirmed {
            device,
            ownership,
            rule,
            after_end,
            time_unknown,
            not_completed,
            flags,
        } => (
            "registrationConfirmed",
            format!(
                "Device {} was registered: {}, {}{}.",
                device.as_str(),
                owned(*ownership),
                because(*rule),
                aside(*after_end, *time_unknown, *not_completed, flags),
            ),
        ),
        HistoryEvent::OwnershipDecidedAgain {
            device,
            before,
            ownership,
            rule,
        } => (
            "ownershipDecidedAgain",
            format!(
                "More became known of device {}: it was {}, it is {}, {}.",
                device.as_str(),
                owned(*before),
                owned(*ownership),
                because(*rule)
            ),
        ),
        HistoryEvent::DeviceUnenrolled { device, at } => (
            "deviceUnenrolled",
            format!(
                "Device {} is managed no longer, since {at}.",
                device.as_str()
            ),
        ),
    }
}

fn changed(particulars: &[Particular]) -> String {
    let name = |particular: &Particular| match particular {
        Particular::Address => Some("how the address is written"),
        Particular::Name => Some("the name"),
        Particular::ExternalId => Some("the external id"),
        Particular::UserName => Some("the user name"),
        Particular::Directory => Some("what the directory says"),
        Particular::Groups => Some("the groups"),
        Particular::Locale => Some("the language"),
        Particular::TimeZone => Some("the time zone"),
        Particular::Enabled | Particular::Disabled => None,
    };
    let mut sentences = Vec::new();
    if particulars.contains(&Particular::Disabled) {
        sentences.push("Disabled: no mail goes to them, and no secret of theirs works.".to_owned());
    }
    if particulars.contains(&Particular::Enabled) {
        sentences.push("Enabled again.".to_owned());
    }
    let named: Vec<&str> = particulars.iter().filter_map(name).collect();
    if !named.is_empty() {
        sentences.push(format!("Changed: {}.", named.join(", ")));
    }
    if sentences.is_empty() {
        return "Particulars were changed.".to_owned();
    }
    sentences.join(" ")
}

/// What else there is to say of a registration that completed nothing.
fn aside(
    after_end: bool,
    time_unknown: bool,
    not_completed: Option<NotCompleted>,
    flags: &[RegistrationFlag],
) -> String {
    if let Some(not_completed) = not_completed {
        let issue = not_completed.issue.get();
        let because = not_completed.because();
        return format!("; issue {issue} was not completed by it, because {because}");
    }
    let when = if time_unknown {
        "; it is unknown when it was enrolled"
    } else {
        ""
    };
    let end = if after_end {
        "; the invitation had been cancelled or declined before, and was not completed by it"
    } else {
        ""
    };
    let flagged = flags
        .iter()
        .map(|flag| format!("; it confirms nothing, because {}", flag.because()));
    let flagged = flagged.collect::<Vec<_>>().concat();
    format!("{end}{when}{flagged}")
}

const fn owned(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::NotSet => "not set",
        Ownership::UserOwned => "user owned",
        Ownership::CompanyOwned => "company owned",
    }
}

const fn because(rule: OwnershipRule) -> &'static str {
    match rule {
        OwnershipRule::Supervised => "because it is supervised",
        OwnershipRule::UserEnrollment => "because it came through Apple User Enrollment",
        OwnershipRule::Stated => "because the device management says so",
        OwnershipRule::Person => "because the person chose it",
        OwnershipRule::Invitation => "as the invitation says",
        OwnershipRule::NotSet => "because nothing decides it",
    }
}

#[cfg(test)]
mod tests {
    use beckon_domain::values::ids::{EventId, IssueNumber, MailId, UserId};

    use super::*;

    fn sentence(what: &HistoryEvent) -> String {
        in_words(what).1
    }

    fn bounced(bounce: Option<Bounce>, mark: Option<AddressSuppression>) -> String {
        sentence(&HistoryEvent::InvitationBounced {
            issue: IssueNumber::from_number(1),
            mail: MailId::from_bytes([7; 16]),
            bounce,
            mark,
        })
    }

    #[test]
    fn what_was_changed_is_named_and_who_was_switched_off_is_found() {
        let changed = |particulars: &[Particular]| {
            sentence(&HistoryEvent::UserChanged {
                particulars: particulars.to_vec(),
            })
        };

        assert_eq!(
            changed(&[Particular::Name, Particular::Groups]),
            "Changed: the name, the groups."
        );
        assert_eq!(
            changed(&[Particular::Locale, Particular::Disabled]),
            "Disabled: no mail goes to them, and no secret of theirs works. Changed: the language."
        );
        assert_eq!(changed(&[Particular::Enabled]), "Enabled again.");
        assert_eq!(changed(&[]), "Particulars were changed.");
    }

    #[test]
    fn what_anybody_can_do_is_not_said_of_the_invited_person() {
        let who = |what: HistoryEvent| {
            let row = HistoryEntry {
                id: EventId::from_bytes([1; 16]),
                user: UserId::from_bytes([2; 16]),
                at: Timestamp::UNIX_EPOCH,
                who: Actor::Invitee,
                what,
            };
            HistoryView::from(row).who
        };
        let issue = IssueNumber::from_number(1);

        assert_eq!(
            who(HistoryEvent::InvitationLocked { issue }),
            "Somebody on the enrolment page"
        );
        assert_eq!(
            who(HistoryEvent::InvitationRedeemed {
                issue,
                chosen: None,
            }),
            "Invited person"
        );
    }

    #[test]
    fn a_mail_that_came_back_is_told_of_by_how_it_did_and_what_follows() {
        let nothing_more =
            "nothing more is sent to this address until it is corrected or tried again.";
        let corrected = "the address has been corrected since it was written.";

        for (how, mark, expected) in [
            (Bounce::Soft, None, "came back for now.".to_owned()),
            (
                Bounce::Hard,
                Some(AddressSuppression::HardBounced),
                format!("came back for good; {nothing_more}"),
            ),
            (
                Bounce::Complaint,
                Some(AddressSuppression::Complained),
                format!("was called spam; {nothing_more}"),
            ),
            (
                Bounce::Hard,
                None,
                format!("came back for good; {corrected}"),
            ),
            (
                Bounce::Complaint,
                None,
                format!("was called spam; {corrected}"),
            ),
        ] {
            let text = bounced(Some(how), mark);

            assert_eq!(text, format!("The mail of issue 1 {expected}"));
        }
    }

    #[test]
    fn a_row_from_before_that_was_noted_says_no_more_than_it_knows() {
        let hard = bounced(None, Some(AddressSuppression::HardBounced));
        let spam = bounced(None, Some(AddressSuppression::Complained));

        assert_eq!(bounced(None, None), "The mail of issue 1 came back.");
        assert!(hard.contains("came back for good; nothing more"), "{hard}");
        assert!(spam.contains("was called spam; nothing more"), "{spam}");
    }

    #[test]
    fn a_mark_that_no_invitation_brought_is_told_of() {
        let marked = |mark| {
            sentence(&HistoryEvent::AddressMarked {
                mail: MailId::from_bytes([7; 16]),
                mark,
            })
        };

        assert_eq!(
            marked(AddressSuppression::HardBounced),
            "A mail came back for good; nothing more is sent to this address until it is corrected or tried again."
        );
        assert!(marked(AddressSuppression::Complained).starts_with("A mail was called spam; "));
    }
}
