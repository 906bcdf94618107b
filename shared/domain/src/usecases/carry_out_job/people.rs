//! The step of an action: what is done to each person, by the rules of the route that does it to one.

use std::collections::{BTreeSet, HashMap};

use crate::model::batch::BatchSelection;
use crate::model::change::UserChange;
use crate::model::invitation::InvitationRefusal;
use crate::model::job::{
    Job, JobAction, JobCursor, JobOutcome, JobReason, JobResult, JobStep, StepChange,
};
use crate::model::mail::Mail;
use crate::model::settings::VersionedSettings;
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithKeys, WithMailService};
use crate::ports::error::Unavailable;
use crate::ports::jobs::Jobs;
use crate::ports::keys::Keys;
use crate::ports::mail_service::MailService;
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::directory::OWNED_BY_DIRECTORY;
use crate::rules::user_update::{UserUpdate, missed_mail};
use crate::usecases::change_invitation::{
    By, ChangeInvitationRefused, cancelled, mailed_again, restored,
};
use crate::usecases::change_user::{ChangeUserRefused, UserPatch, corrected};
use crate::usecases::delete_user::{forget_devices, removal};
use crate::usecases::hand_over::{HandOverRefused, issued_without_mail, open_secret};
use crate::usecases::try_address_again::cleared;
use crate::values::ids::{MailId, UserId};
use crate::values::keys::KeyRing;
use crate::values::names::GroupName;

use super::{CarryOutJob, Decided, fitting, moved, with_outcomes};

/// How many people one step looks at. Most changes are two or three rows.
const PEOPLE_IN_A_STEP: usize = 48;

/// How many where the mail service is asked about each: it takes one such request a second.
const ADDRESSES_IN_A_STEP: usize = 5;

/// What every decision of a step is made with.
struct Given<'a> {
    job: &'a Job,
    settings: &'a VersionedSettings,
    ring: &'a KeyRing,
    mails: &'a HashMap<MailId, Mail>,
}

impl<E> CarryOutJob<E>
where
    E: Env<Store: Users + Devices + Batches + Mails + SettingsStore + Jobs>
        + WithKeys
        + WithMailService,
{
    /// The next people of a job.
    pub(super) async fn people(
        &self,
        job: &Job,
        cursor: &JobCursor,
        whom: &BatchSelection,
    ) -> Result<JobStep, Unavailable> {
        let store = self.env.store();
        let ids = store.job_users(job.id, cursor.row).await?;
        let most = match job.action {
            JobAction::TryAddressAgain => ADDRESSES_IN_A_STEP,
            _ => PEOPLE_IN_A_STEP,
        };
        let done = usize::try_from(cursor.offset).unwrap_or(usize::MAX);
        let some: Vec<UserId> = ids.iter().copied().skip(done).take(most).collect();
        let decided = self.decided(job, &some, whom).await?;
        let (outcomes, changes) = fitting(decided);
        let next = self.next(cursor);
        let after = done.saturating_add(outcomes.len());
        let next = if after < ids.len() {
            JobCursor {
                offset: after as u64,
                ..next
            }
        } else {
            JobCursor {
                row: cursor.row + 1,
                offset: 0,
                ..next
            }
        };
        let step = if next.row < next.rows {
            moved(next)
        } else {
            self.over(job, next)
        };
        Ok(if outcomes.is_empty() {
            step
        } else {
            with_outcomes(step, outcomes, changes, None)
        })
    }

    async fn decided(
        &self,
        job: &Job,
        ids: &[UserId],
        whom: &BatchSelection,
    ) -> Result<Vec<Decided>, Unavailable> {
        let store = self.env.store();
        let read = store.read_users(ids).await?;
        let users: HashMap<UserId, &User> = read.found.iter().map(|user| (user.id, user)).collect();
        let settings = store.current_settings().await?;
        let ring = self.env.keys().key_ring().await?;
        let mails = self.mails(job, &read.found, whom).await?;
        let given = Given {
            job,
            settings: &settings,
            ring: &ring,
            mails: &mails,
        };
        let mut decided = Vec::with_capacity(ids.len());
        for id in ids {
            let result = match users.get(id) {
                None if read.why_unreadable(id).is_some() => Err(JobResult::Unreadable),
                None => Err(JobResult::Gone),
                Some(user) if !is_selected(user, whom, &given, self.env.clock().now()) => {
                    Err(refused(JobReason::NotSelected))
                }
                Some(user) => self.decide(user, &given).await?,
            };
            decided.push(match result {
                Ok(change) => (JobOutcome::of(*id, JobResult::Done), Some(change)),
                Err(result) => (JobOutcome::of(*id, result), None),
            });
        }
        Ok(decided)
    }

    /// The mails of these users' invitations, where the action or the filter asks for them.
    async fn mails(
        &self,
        job: &Job,
        users: &[User],
        whom: &BatchSelection,
    ) -> Result<HashMap<MailId, Mail>, Unavailable> {
        let by_mail = match whom {
            BatchSelection::Filter { filter, .. } => !filter.deliveries.is_empty(),
            BatchSelection::Few { .. } | BatchSelection::Many { .. } => false,
        };
        if !by_mail && !matches!(job.action, JobAction::Restore | JobAction::Enable) {
            return Ok(HashMap::new());
        }
        let own = users.iter().filter_map(|user| user.invitation.as_ref());
        let ids: Vec<MailId> = own.map(|own| own.mail).collect();
        let mails = self.env.store().load_mails(&ids).await?;
        Ok(mails.into_iter().map(|mail| (mail.id, mail)).collect())
    }

    /// The change that the action makes of somebody, or why it makes none.
    async fn decide(
        &self,
        user: &User,
        given: &Given<'_>,
    ) -> Result<Result<StepChange, JobResult>, Unavailable> {
        let job = given.job;
        let by = By {
            who: &job.who,
            class: job.class,
            now: self.env.clock().now(),
        };
        let (env, settings) = (&self.env, given.settings);
        let of_invitation = |changed: Result<UserChange, ChangeInvitationRefused>| match changed {
            Ok(change) => Ok(Ok(change)),
            Err(refusal) => because(refusal).map(Err),
        };
        let change = match &job.action {
            JobAction::Resend => of_invitation(mailed_again(env, user, settings, by))?,
            JobAction::Cancel => of_invitation(cancelled(env, user, by))?,
            JobAction::Restore => {
                let carried = user.invitation.as_ref();
                let carried = carried.and_then(|own| given.mails.get(&own.mail));
                of_invitation(restored(env, user, settings, carried, by))?
            }
            JobAction::TryAddressAgain => match user.address_mark {
                None => Err(refused(JobReason::NotMarked)),
                Some(mark) => {
                    let service = env.mail_service();
                    service.clear_suppression(&user.email).await?;
                    Ok(cleared(env, user.clone(), mark, settings, by))
                }
            },
            JobAction::GeneratePins { ownership, .. } => {
                match open_secret(user, settings, given.ring, by.now) {
                    Ok(Some(_)) => Err(JobResult::Unchanged {
                        reason: Some(JobReason::OpenAlready),
                    }),
                    Ok(None) => {
                        let key = given.ring.current().clone();
                        Ok(issued_without_mail(
                            env, user, settings, key, *ownership, by,
                        ))
                    }
                    Err(refusal) => Err(no_secret(refusal)?),
                }
            }
            JobAction::Enable | JobAction::Disable => {
                let patch = UserPatch {
                    enabled: Some(job.action == JobAction::Enable),
                    ..UserPatch::default()
                };
                self.patched(user, &patch, given, by)?
            }
            JobAction::SetGroups { groups } => self.in_groups(user, groups, given, by)?,
            JobAction::AddGroups { groups } => {
                let all = user.all_groups().union(groups).cloned().collect();
                self.in_groups(user, &all, given, by)?
            }
            JobAction::RemoveGroups { groups } => {
                let left = user.all_groups().difference(groups).cloned().collect();
                self.in_groups(user, &left, given, by)?
            }
            JobAction::Delete => {
                forget_devices(env, user).await?;
                let (history, left) = removal(env, user, &job.who);
                return Ok(Ok(StepChange::Removal {
                    user: Box::new(user.clone()),
                    history: Box::new(history),
                    left,
                }));
            }
            // Its lines are carried out elsewhere; nobody is selected by it.
            JobAction::Import { .. } => Err(JobResult::Unchanged { reason: None }),
        };
        Ok(change.map(|change| {
            StepChange::Change(Box::new(change.for_request(job.request_id.as_ref())))
        }))
    }

    fn in_groups(
        &self,
        user: &User,
        groups: &BTreeSet<GroupName>,
        given: &Given<'_>,
        by: By<'_>,
    ) -> Result<Result<UserChange, JobResult>, Unavailable> {
        let names = groups.iter().map(|group| group.as_str().to_owned());
        let patch = UserPatch {
            groups: Some(names.collect()),
            ..UserPatch::default()
        };
        self.patched(user, &patch, given, by)
    }

    fn patched(
        &self,
        user: &User,
        patch: &UserPatch,
        given: &Given<'_>,
        by: By<'_>,
    ) -> Result<Result<UserChange, JobResult>, Unavailable> {
        let with = UserUpdate {
            who: by.who,
            settings: given.settings,
            key: given.ring.current(),
        };
        match corrected(&self.env, user, patch, &with, by.now) {
            Ok(Some((change, missed))) => {
                let missed = missed.and_then(|mail| given.mails.get(&mail));
                let resend = by.resend(&self.env, given.settings);
                Ok(Ok(missed_mail(change, missed, resend, by.now)))
            }
            Err(ChangeUserRefused::Unavailable(error)) => Err(error),
            Err(ChangeUserRefused::Invalid(problems))
                if problems.iter().any(|one| one.code == OWNED_BY_DIRECTORY) =>
            {
                Ok(Err(refused(JobReason::OwnedByDirectory)))
            }
            // The names were read with the order; only their number can be wrong for somebody.
            Err(ChangeUserRefused::Invalid(_)) => Ok(Err(refused(JobReason::TooManyGroups))),
            Err(ChangeUserRefused::UnknownUser) => Ok(Err(JobResult::Gone)),
            Ok(None)
            | Err(
                ChangeUserRefused::Stale
                | ChangeUserRefused::AddressTaken
                | ChangeUserRefused::ExternalIdTaken
                | ChangeUserRefused::UserNameTaken,
            ) => Ok(Err(JobResult::Unchanged { reason: None })),
        }
    }
}

/// Whether somebody is still whom the filter means. It may be minutes since they were gathered.
fn is_selected(
    user: &User,
    whom: &BatchSelection,
    given: &Given<'_>,
    now: jiff::Timestamp,
) -> bool {
    match whom {
        BatchSelection::Few { .. } | BatchSelection::Many { .. } => true,
        BatchSelection::Filter { filter, .. } => {
            let mail = user.invitation.as_ref();
            let mail = mail.and_then(|own| given.mails.get(&own.mail));
            filter.finds(user, now) && filter.finds_mail(mail)
        }
    }
}

const fn refused(reason: JobReason) -> JobResult {
    JobResult::Refused { reason }
}

fn because(refusal: ChangeInvitationRefused) -> Result<JobResult, Unavailable> {
    use ChangeInvitationRefused as Refused;
    Ok(refused(match refusal {
        Refused::UnknownUser => return Ok(JobResult::Gone),
        Refused::NotNow(InvitationRefusal::NoInvitation) => JobReason::NoInvitation,
        Refused::NotNow(InvitationRefusal::NotOpen) => JobReason::NotOpen,
        Refused::NotNow(InvitationRefusal::NothingToRestore) => JobReason::NothingToRestore,
        Refused::Disabled => JobReason::Disabled,
        Refused::AddressMarked => JobReason::AddressMarked,
        Refused::DomainNotAllowed => JobReason::DomainNotAllowed,
        Refused::RegisteredMeanwhile => JobReason::RegisteredMeanwhile,
        Refused::ExpiredMeanwhile => JobReason::ExpiredMeanwhile,
        Refused::Unavailable(error) => return Err(error),
    }))
}

fn no_secret(refusal: HandOverRefused) -> Result<JobResult, Unavailable> {
    Ok(refused(match refusal {
        HandOverRefused::UnknownUser => return Ok(JobResult::Gone),
        HandOverRefused::Disabled => JobReason::Disabled,
        HandOverRefused::DomainNotAllowed => JobReason::DomainNotAllowed,
        // The reason was read with the order.
        HandOverRefused::NothingToHandOver | HandOverRefused::Invalid(_) => JobReason::NoSecret,
        HandOverRefused::Unavailable(error) => return Err(error),
    }))
}
