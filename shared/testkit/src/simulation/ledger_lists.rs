//! Whether what use cases read out or took in for many users at once was right: previews, exports,
//! imports; and own wordings.

use std::collections::BTreeMap;

use beckon_domain::model::batch::SkipReason;
use beckon_domain::model::mail::MailKind;
use beckon_domain::model::selection::Selection;
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::rules::issuing::Eligibility;
use beckon_domain::usecases::change_template::ChangeTemplateRefused;
use beckon_domain::usecases::import_users::{ImportReport, RowOutcome};
use beckon_domain::usecases::preview_invitations::{Preview, PreviewOrder};
use beckon_domain::usecases::send_invitations::SendRefused;
use beckon_domain::usecases::test_template::{TestSent, TestTemplateRefused};
use beckon_domain::values::ids::{ExternalId, UserId, Version};

use super::jobs_import::{ImportFile, ImportLine};
use super::jobs_wordings::{Doing, TemplateOrder};
use super::ledger::Ledger;
use super::ledger_answers::allows;
use crate::composer::{MASK, fact};
use crate::store::keys;

/// The languages that the composer of the simulation knows.
const LOCALES: [&str; 2] = ["de", "en"];

impl Ledger {
    /// Whether lists are up to date, and were since then.
    fn lists_are_fresh(&self, since: u64) -> bool {
        !self.lagging && self.lag_since < since
    }

    /// A preview says of each whether they would be invited, and that is so; and shows no secret.
    pub(super) fn judge_preview(
        &mut self,
        order: &PreviewOrder,
        answer: &Result<Preview, SendRefused>,
    ) {
        let since = self.view().began.0;
        let preview = match answer {
            Ok(preview) => preview,
            Err(SendRefused::UnknownUsers(_)) => {
                let unknown = match &order.selection {
                    Selection::Users(users) => users.iter().any(|user| {
                        !self.users.contains_key(user) || self.deleted.contains_key(user)
                    }),
                    Selection::Filter { .. } => false,
                };
                self.must(unknown, || {
                    "a preview missed users that there are".to_owned()
                });
                return;
            }
            Err(SendRefused::Invalid(_)) => {
                let switched = order.choice.is_on();
                self.must(switched, || "a good preview was refused".to_owned());
                return;
            }
            Err(_) => return,
        };
        let named = matches!(order.selection, Selection::Users(_));
        if named || self.lists_are_fresh(since) {
            for one in &preview.recipients {
                let id = one.user.as_ref().map_or_else(|id| *id, |user| user.id);
                let right = match one.eligibility {
                    Eligibility::Skip(reason) => self.was_skipped(id, reason, since),
                    Eligibility::Send | Eligibility::Replace | Eligibility::Again => {
                        self.was(id, since, |user| self.can_be_invited(user, since))
                    }
                };
                self.must(right, || {
                    format!(
                        "the preview says {:?} of user {id}, which is not so",
                        one.eligibility
                    )
                });
            }
        }
        let counts = preview.counts;
        let shown = preview.recipients.len() as u64;
        let adds_up = counts.will_send + counts.skipped >= shown && counts.selected >= shown;
        self.must(adds_up, || {
            format!("a preview of {shown} counts {counts:?}")
        });
        let secret = preview.mail.as_ref().is_some_and(|mail| {
            let masked = fact(mail, "secret").is_none_or(|text| text == MASK);
            fact(mail, "pin").is_some() || fact(mail, "link").is_some() || !masked
        });
        self.must(!secret, || "a preview shows a secret".to_owned());
    }

    fn can_be_invited(&self, user: &User, since: u64) -> bool {
        user.enabled
            && user.address_mark.is_none()
            && self.settings_were(since, |settings| allows(settings, &user.email))
    }

    /// Whether a user was to be left out, for this reason, at some moment since then.
    pub(super) fn was_skipped(&self, id: UserId, reason: SkipReason, since: u64) -> bool {
        use beckon_domain::model::invitation::InvitationState as S;
        let state = |user: &User| user.invitation.as_ref().map(|one| one.state);
        match reason {
            SkipReason::UnknownUser => {
                !self.users.contains_key(&id) || self.deleted.contains_key(&id)
            }
            SkipReason::Unreadable => self.spoilt.contains(&keys::user(id)),
            SkipReason::Disabled => self.was(id, since, |user| !user.enabled),
            SkipReason::DomainNotAllowed => self.was(id, since, |user| {
                self.settings_were(since, |settings| !allows(settings, &user.email))
            }),
            SkipReason::AddressBounced => self.was(id, since, |user| {
                user.address_mark == Some(AddressSuppression::HardBounced)
            }),
            SkipReason::AddressComplained => self.was(id, since, |user| {
                user.address_mark == Some(AddressSuppression::Complained)
            }),
            SkipReason::AlreadyCompleted => {
                self.was(id, since, |user| state(user) == Some(S::Completed))
            }
            SkipReason::DeclinedBefore => {
                self.was(id, since, |user| state(user) == Some(S::Declined))
            }
        }
    }

    /// An export names everybody once who was there all the time.
    pub(super) fn judge_export(&mut self, text: &str) {
        let since = self.view().began.0;
        let mut lines = text.trim_start_matches('\u{FEFF}').lines();
        let header = lines.next().unwrap_or_default();
        let good = header.starts_with("externalId,email") && header.ends_with("userId");
        self.must(good, || format!("an export begins with {header}"));
        let mut told: BTreeMap<String, u32> = BTreeMap::new();
        for line in lines {
            let id = line.rsplit(',').next().unwrap_or_default();
            *told.entry(id.to_owned()).or_default() += 1;
        }
        let fresh = self.lists_are_fresh(since);
        let users: Vec<UserId> = self.users.keys().copied().collect();
        for user in users {
            let times = told.remove(&user.to_string()).unwrap_or_default();
            let versions = self.users.get(&user).map_or(&[][..], Vec::as_slice);
            let settled = versions.first().is_some_and(|(seq, _)| *seq < since);
            let mut addresses: Vec<&str> = versions
                .iter()
                .map(|(_, user)| user.email.as_str())
                .collect();
            addresses.dedup();
            let moved = addresses.len() > 1;
            let gone = self.deleted.contains_key(&user);
            let unreadable = self.spoilt.contains(&keys::user(user));
            self.must(times <= 1 || moved, || {
                format!("an export names user {user} {times} times")
            });
            let all_the_time = settled && fresh && !moved && !gone && !unreadable;
            self.must(times == 1 || !all_the_time, || {
                format!("an export leaves user {user} out")
            });
        }
        self.must(told.is_empty(), || {
            format!("an export names users that never were: {told:?}")
        });
    }

    /// Each line of a file became what its outcome says.
    pub(super) fn judge_import(&mut self, file: &ImportFile, report: &ImportReport) {
        let since = self.view().began.0;
        let all = report.rows.len() == file.lines.len();
        self.must(all, || "an import has not one outcome a line".to_owned());
        for (line, row) in file.lines.iter().zip(&report.rows) {
            let says = |user: &User| says(line, user);
            let written = row.user.is_some_and(|id| self.view().wrote.contains(&id));
            let right = match row.outcome {
                RowOutcome::Added if file.dry_run => !written,
                RowOutcome::Added | RowOutcome::Updated => {
                    let there = row.user.is_some_and(|id| self.was(id, since, says));
                    (written && there) || (file.dry_run && !written)
                }
                RowOutcome::Unchanged => row.user.is_some_and(|id| self.was(id, since, says)),
                RowOutcome::Invalid => !row.problems.is_empty() && !written,
                RowOutcome::NotReached => !report.complete,
            };
            self.must(right, || {
                format!(
                    "an import says {:?} of {line:?}, which is not so",
                    row.outcome
                )
            });
        }
        let silent = self.view().wrote.is_empty() || !file.dry_run;
        self.must(silent, || "a trial of an import wrote something".to_owned());
        let invites = report.batch.is_none() || (file.invite && report.complete);
        self.must(invites, || "an import that invites nobody did".to_owned());
    }

    /// A wording was kept or taken back: in the next version, or it was so before.
    pub(super) fn judge_wording(&mut self, order: &TemplateOrder, keep: bool, version: Version) {
        let since = self.view().began.0;
        let versions = self.wordings_since(order, since);
        let right = versions.iter().any(|(one, subject)| {
            *one == version && subject.as_deref() == keep.then_some(order.subject.as_str())
        });
        self.must(right && !(keep && order.scripted), || {
            format!("{order:?} was kept as {version:?}, there is {versions:?}")
        });
    }

    /// The versions of a wording that held since then, with their subjects.
    fn wordings_since(&self, order: &TemplateOrder, since: u64) -> Vec<(Version, Option<String>)> {
        let name = format!("{}#{}", order.kind, order.locale);
        let kept = self.wordings.get(&name).map_or(&[][..], Vec::as_slice);
        let first = kept.iter().rposition(|(seq, _, _)| *seq <= since);
        let unsaved = (beckon_domain::model::settings::UNSAVED, None);
        let held = kept.iter().skip(first.unwrap_or(0));
        let held = held.map(|(_, version, subject)| (*version, subject.clone()));
        if first.is_some() {
            held.collect()
        } else {
            std::iter::once(unsaved).chain(held).collect()
        }
    }

    /// A wording was not kept or shown, for a good reason.
    pub(super) fn judge_wording_refused(
        &mut self,
        order: &TemplateOrder,
        refused: &ChangeTemplateRefused,
    ) {
        let since = self.view().began.0;
        let right = match refused {
            ChangeTemplateRefused::Unknown => !LOCALES.contains(&order.locale),
            ChangeTemplateRefused::Invalid(_) => order.scripted,
            ChangeTemplateRefused::Stale { .. } => match order.doing {
                Doing::Keep(Some(expected)) => {
                    let versions = self.wordings_since(order, since);
                    versions.iter().any(|(one, _)| *one != expected)
                }
                Doing::Keep(None) | Doing::Show | Doing::Revert | Doing::Try(_) => false,
            },
            ChangeTemplateRefused::Unavailable(_) => true,
        };
        self.must(right, || format!("{order:?} was refused: {refused:?}"));
    }

    /// A wording was mailed to be looked at, or not.
    pub(super) fn judge_test(
        &mut self,
        order: &TemplateOrder,
        answer: &Result<TestSent, TestTemplateRefused>,
    ) {
        let since = self.view().began.0;
        let right = match answer {
            Ok(sent) => self.mails.get(&sent.mail).is_some_and(|story| {
                let MailKind::Test(test) = &story.row.kind else {
                    return false;
                };
                test.to.as_str() == order.to && !order.scripted
            }),
            Err(TestTemplateRefused::Unknown) => !LOCALES.contains(&order.locale),
            Err(TestTemplateRefused::Invalid(_)) => {
                let address = beckon_domain::values::address::EmailAddress::parse(&order.to);
                let foreign =
                    address.is_ok_and(|at| self.settings_were(since, |one| !allows(one, &at)));
                order.scripted || foreign
            }
            Err(TestTemplateRefused::KeyReused | TestTemplateRefused::Unavailable(_)) => true,
        };
        self.must(right, || format!("{order:?} was answered {answer:?}"));
    }
}

/// Whether a user is as a line has them.
fn says(line: &ImportLine, user: &User) -> bool {
    let external = user.external_id.as_ref().map(ExternalId::as_str);
    let grouped = user
        .all_groups()
        .iter()
        .any(|group| group.as_str() == line.group);
    external == Some(line.external_id.as_str())
        && user.email.as_str() == line.email
        && grouped
        && line.enabled.is_none_or(|enabled| user.enabled == enabled)
}
