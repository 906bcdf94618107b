//! Confirming a registration: the device management reports a device; it is recorded and
//! classified, the invitation completed if it belongs to it, and the confirmation written where it
//! is due.
//!
//! A registration is a fact. It is recorded whatever the invitation's state; what it completes is for
//! [`crate::rules::completion`] to say. The same report twice changes nothing the second time.

mod report;

use report::Report;

use crate::model::actor::Actor;
use crate::model::change::{Identifier, ReportedChange, UserChange};
use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::model::invitation::Invitation;
use crate::model::mail::{Mail, MailClass, MailKind, NoticeOf};
use crate::model::ownership::Classification;
use crate::model::registration::{
    DeviceRegistered, NotCompleted, Registrant, Registration, WhyNotCompleted, believable,
};
use crate::model::reported_device::ReportedDevice;
use crate::model::session::Session;
use crate::model::settings::VersionedSettings;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::entropy::Entropy;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::completion::{Effect, effect_of, flags_of, is_told};
use crate::rules::confirmation;
use crate::rules::notices::{addressees, notice};
use crate::values::ids::{DeviceId, IssueNumber, MailId, UserId};
use crate::values::problem::FieldProblem;
use crate::values::session_ids::SessionDigest;

/// What a report came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// A device was recorded.
    Recorded(Classification),
    /// More became known of a device; it was decided again.
    DecidedAgain(Classification),
    /// All of this was known.
    KnownBefore(Classification),
}

impl Confirmed {
    /// The name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recorded(_) => "recorded",
            Self::DecidedAgain(_) => "decidedAgain",
            Self::KnownBefore(_) => "knownBefore",
        }
    }

    /// What was decided.
    #[must_use]
    pub const fn decided(self) -> Classification {
        match self {
            Self::Recorded(decided) | Self::DecidedAgain(decided) | Self::KnownBefore(decided) => {
                decided
            }
        }
    }
}

/// What a report came to, and what it did not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Whose the device is.
    pub user: UserId,
    /// What became of the device.
    pub outcome: Confirmed,
    /// The issue that the device completed, by this report or by an earlier one.
    pub issue: Option<IssueNumber>,
    /// The invitation that waits and that this report did not complete.
    pub not_completed: Option<NotCompleted>,
    /// Whether the invitation had been taken back before.
    pub after_end: bool,
    /// Whether it is unknown when the device was registered.
    pub time_unknown: bool,
    /// What of the report was let be, and why.
    pub ignored: Vec<FieldProblem>,
}

/// Why a report could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmRefused {
    /// It names nobody we know.
    #[error("the report names no user we know")]
    Unknown,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What a source told of a device.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    /// As it was read.
    pub(super) was: &'a ReportedDevice,
    /// As it is to be, but for whose it is.
    pub(super) is: &'a ReportedDevice,
}

impl Told<'_> {
    /// What changes if it is recorded for this user.
    fn of(self, user: UserId) -> Option<ReportedChange> {
        let after = ReportedDevice {
            user: Some(user),
            ..self.is.clone()
        };
        (after != *self.was).then(|| ReportedChange {
            after: ReportedDevice {
                version: self.was.version.next(),
                ..after
            },
            before: self.was.clone(),
        })
    }
}

/// Confirms registrations.
#[derive(Debug, Clone)]
pub struct ConfirmRegistration<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> ConfirmRegistration<E>
where
    E: Env<Store: Users + Devices + SettingsStore>,
{
    /// Records a report.
    pub async fn run(&self, device: &DeviceRegistered) -> Result<Reported, ConfirmRefused> {
        let mut turns = Turns::new(&self.env, "recording a registration");
        loop {
            if let Some(reported) = self.attempt(device, None).await? {
                return Ok(reported);
            }
            turns.another().await?;
        }
    }

    /// Records a report that comes of what a source told of a device, and whose that is then, as one. `None` if somebody
    /// else wrote first: look at what they made of it.
    pub(super) async fn run_told(
        &self,
        report: &DeviceRegistered,
        told: Told<'_>,
    ) -> Result<Option<Reported>, ConfirmRefused> {
        self.attempt(report, Some(told)).await
    }

    /// One attempt; `None` if somebody else wrote first.
    async fn attempt(
        &self,
        device: &DeviceRegistered,
        told: Option<Told<'_>>,
    ) -> Result<Option<Reported>, ConfirmRefused> {
        let settings = self.env.store().current_settings().await?;
        let (user, session, ignored) = self.find_person(&device.registrants).await?;
        let now = self.env.clock().now();
        let at = believable(device.registered_at, now);
        let known = self
            .env
            .store()
            .load_registration(user.id, &device.device.id)
            .await?;
        let own = settings.settings.for_user(&user).registration;
        let flags = flags_of(&user, known.as_ref(), own.device_limit);
        let report = Report {
            user: &user,
            session: session.as_ref(),
            device,
            at,
            now,
            flags: &flags,
            stated_counts: own.use_stated_ownership,
            effect: effect_of(&user, session.as_ref(), at, &flags),
            told: told.map(|told| told.is),
        };
        let (mut reported, change) = match &known {
            Some(known) if !report.enrols_again(known) => self.learnt(&report, known),
            _ => self.recorded(&report, known.as_ref(), &settings),
        };
        if device.registered_at.is_some() && at.is_none() {
            reported.ignored.push(impossible_time());
        }
        reported.ignored.extend(ignored);
        let whose = told.and_then(|told| told.of(user.id));
        let Some(change) = change else {
            let Some(ReportedChange { before, after }) = whose else {
                return Ok(Some(reported));
            };
            let store = self.env.store();
            let saved = store.save_reported_device(&after, Some(&before)).await;
            return Ok(SaveError::was_written(saved)?.then_some(reported));
        };
        let change = change
            .with_reported(whose)
            .for_request(self.env.entropy().request().as_ref());
        let is_saved = self.env.store().save_user(&change).await?.is_saved();
        Ok(is_saved.then_some(reported))
    }

    /// The first who is known of those whom a report names. What names nobody before that is let be.
    async fn find_person(
        &self,
        registrants: &[Registrant],
    ) -> Result<(User, Option<Session>, Vec<FieldProblem>), ConfirmRefused> {
        let mut ignored = Vec::new();
        for registrant in registrants {
            if let Some((user, session)) = self.find(registrant).await? {
                return Ok((user, session, ignored));
            }
            ignored.push(names_nobody(registrant));
        }
        Err(ConfirmRefused::Unknown)
    }

    async fn find(
        &self,
        registrant: &Registrant,
    ) -> Result<Option<(User, Option<Session>)>, Unavailable> {
        let (user, session) = match registrant {
            Registrant::Session(id) => return self.of_session(&id.digest()).await,
            Registrant::Reference(digest) => return self.of_session(digest).await,
            Registrant::User(id) => (self.env.store().load_user(*id).await?, None),
            Registrant::External(id) => (self.env.store().user_by_external_id(id).await?, None),
            Registrant::UserName(name) => {
                let names = [Identifier::UserName(name.key())];
                let found = self.env.store().users_by_names(&names).await?.one()?;
                (found, None)
            }
            Registrant::Address(address) => {
                let user = self
                    .env
                    .store()
                    .user_by_address(&address.normalised())
                    .await?;
                (user, None)
            }
        };
        Ok(user.map(|user| (user, session)))
    }

    async fn of_session(
        &self,
        digest: &SessionDigest,
    ) -> Result<Option<(User, Option<Session>)>, Unavailable> {
        let Some(found) = self.env.store().load_session(digest).await? else {
            return Ok(None);
        };
        let user = self.env.store().load_user(found.user).await?;
        // A session is written with its user and under their version. So what holds of it is read
        // after them: another report may have come in between.
        let Some(session) = self.env.store().load_session(digest).await? else {
            return Ok(None);
        };
        Ok(user.map(|user| (user, Some(session))))
    }

    /// What is told of a device that is recorded, and nothing of it completes an invitation. Without
    /// a change nothing of it was new.
    fn learnt(&self, report: &Report<'_>, known: &Registration) -> (Reported, Option<UserChange>) {
        let learnt = report.learnt_of(known);
        let facts_are_known = learnt.device == known.device && learnt.decided == known.decided;
        let session = report.session_with_device();
        let not_completed = match report.effect {
            // It would have completed it the first time.
            Effect::Completes(invitation) => Some(NotCompleted {
                issue: invitation.issue,
                why: WhyNotCompleted::ReportedBefore,
                session_issue: None,
            }),
            Effect::NotCompleted(not_completed) => Some(not_completed),
            Effect::AfterEnd | Effect::NothingOpen => None,
        };
        let reported = Reported {
            user: report.user.id,
            outcome: if facts_are_known {
                Confirmed::KnownBefore(learnt.decided)
            } else {
                Confirmed::DecidedAgain(learnt.decided)
            },
            issue: learnt.issue,
            not_completed,
            after_end: learnt.after_end,
            time_unknown: learnt.time_unknown,
            ignored: Vec::new(),
        };
        if learnt == *known && session.is_none() {
            return (reported, None);
        }
        let mut history = Vec::new();
        if known.decided != learnt.decided {
            history.push(self.row(
                report,
                Actor::DeviceManagement,
                HistoryEvent::OwnershipDecidedAgain {
                    device: learnt.device.id.clone(),
                    before: known.decided.ownership,
                    ownership: learnt.decided.ownership,
                    rule: learnt.decided.rule,
                },
            ));
        }
        history.extend(self.left(report, Some(known), &learnt));
        let change = UserChange::next(report.user_with(Some(known), &learnt))
            .with_history(history)
            .with_registration(learnt)
            .with_session(session);
        (reported, Some(change))
    }

    /// A device is recorded, the invitation completed if it belongs to it, the confirmation written
    /// if one is due.
    fn recorded(
        &self,
        report: &Report<'_>,
        known: Option<&Registration>,
        settings: &VersionedSettings,
    ) -> (Reported, Option<UserChange>) {
        let registration = report.registration(known);
        let device = registration.device.id.clone();
        let mails = self.mails(report, &device, settings);
        let confirmation = mails
            .iter()
            .find(|mail| matches!(mail.kind, MailKind::Confirmation { .. }))
            .map(|mail| mail.id);
        let mut history = vec![self.row(
            report,
            report.said_by(),
            HistoryEvent::RegistrationConfirmed {
                device: device.clone(),
                ownership: registration.decided.ownership,
                rule: registration.decided.rule,
                after_end: registration.after_end,
                time_unknown: registration.time_unknown,
                not_completed: registration.not_completed,
                flags: registration.flags.clone(),
            },
        )];
        if let Effect::Completes(open) = report.effect {
            let completed = HistoryEvent::InvitationCompleted {
                issue: open.issue,
                device: device.clone(),
                confirmation,
            };
            history.insert(0, self.row(report, report.said_by(), completed));
        }
        history.extend(self.left(report, known, &registration));
        let change = UserChange::next(User {
            invitation: report.invitation_after(&device, confirmation),
            ..report.user_with(known, &registration)
        })
        .with_history(history)
        .with_mails(mails)
        .with_registration(registration.clone())
        .with_session(report.session.map(|session| session.reporting(&device)));
        let reported = Reported {
            user: report.user.id,
            outcome: Confirmed::Recorded(registration.decided),
            issue: registration.issue,
            not_completed: registration.not_completed,
            after_end: registration.after_end,
            time_unknown: registration.time_unknown,
            ignored: Vec::new(),
        };
        (reported, Some(change))
    }

    /// The confirmation, and what administrators are told.
    fn mails(
        &self,
        report: &Report<'_>,
        device: &DeviceId,
        settings: &VersionedSettings,
    ) -> Vec<Mail> {
        let (user, now) = (report.user, report.now);
        let (session, flags) = (report.session, report.flags);
        if !is_told(report.effect, user, session, report.at, flags, now) {
            return Vec::new();
        }
        let mut mails = Vec::new();
        if confirmation::check_recipient(&settings.settings.confirmation, user).is_ok() {
            let confirmation = Mail::waiting(
                MailId::new(self.env.entropy().ulid()),
                MailKind::Confirmation {
                    device: device.clone(),
                },
                user.id,
                None,
                MailClass::Small,
                settings.version,
                now,
            );
            let completed = match report.effect {
                Effect::Completes(invitation) => Some(invitation),
                Effect::AfterEnd | Effect::NotCompleted(_) | Effect::NothingOpen => None,
            };
            mails.push(Mail {
                counts_for: completed
                    .into_iter()
                    .flat_map(Invitation::batches)
                    .collect(),
                ..confirmation
            });
        }
        let about = NoticeOf::Completed {
            device: device.clone(),
        };
        // The notice says that the invitation is completed.
        if user.invitation.is_some() {
            mails.extend(addressees(settings, &about).map(|to| {
                let id = MailId::new(self.env.entropy().ulid());
                notice(id, to, &about, user.id, settings, now)
            }));
        }
        mails
    }

    /// That the device is managed no longer, if that was not known.
    fn left(
        &self,
        report: &Report<'_>,
        known: Option<&Registration>,
        now: &Registration,
    ) -> Option<HistoryEntry> {
        let before = known.and_then(|known| known.unenrolled_at);
        let at = now.unenrolled_at.filter(|_| before.is_none())?;
        let left = HistoryEvent::DeviceUnenrolled {
            device: now.device.id.clone(),
            at,
        };
        Some(self.row(report, Actor::DeviceManagement, left))
    }

    fn row(&self, report: &Report<'_>, who: Actor, what: HistoryEvent) -> HistoryEntry {
        self.env.happened(report.user.id, report.now, who, what)
    }
}

/// A field that names nobody, beside one that names somebody.
fn names_nobody(registrant: &Registrant) -> FieldProblem {
    let field = match registrant {
        Registrant::Session(_) => "registrationId",
        Registrant::Reference(_) => "reference",
        Registrant::User(_) => "userId",
        Registrant::External(_) => "externalId",
        Registrant::UserName(_) => "userName",
        Registrant::Address(_) => "email",
    };
    FieldProblem::new(
        field,
        "unknown",
        "names nobody who is known here; another field named the person",
    )
}

fn impossible_time() -> FieldProblem {
    FieldProblem::new(
        "registeredAt",
        "impossibleTime",
        "cannot be when the device was registered: it is before 2010, or more than ten minutes ahead; the time counts as unknown",
    )
}
