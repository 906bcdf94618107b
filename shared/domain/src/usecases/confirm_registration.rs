//! Confirming a registration: the device management reports a device; it is recorded and
//! classified, the invitation completed, and the confirmation written where it is due.
//!
//! A registration is a fact. It is recorded whatever the invitation's state; the same report
//! twice changes nothing the second time.

use crate::confirmation;
use crate::history::{Actor, Happening, HistoryRow};
use crate::ids::{EventId, MailId};
use crate::invitation::{Invitation, InvitationEvent, InvitationState, transition};
use crate::mail::{Mail, MailClass, MailKind, NoticeOf};
use crate::notices::notices;
use crate::ownership::{Classification, Ownership, classify};
use crate::ports::{
    Chance, Clock, FindUser, LoadRegistration, LoadSession, LoadUsers, ReadSettings, SaveUsers,
    Unavailable, UserChange,
};
use crate::registration::{DeviceRegistered, Registrant, Registration};
use crate::session::Session;
use crate::settings::VersionedSettings;
use crate::user::User;

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

/// Confirms registrations.
#[derive(Debug, Clone)]
pub struct ConfirmRegistration<S, C, R> {
    /// The table.
    pub store: S,
    /// Time.
    pub clock: C,
    /// Ids.
    pub chance: R,
}

impl<S, C, R> ConfirmRegistration<S, C, R>
where
    S: FindUser + LoadUsers + LoadSession + LoadRegistration + SaveUsers + ReadSettings + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    /// Records a report.
    pub async fn run(&self, report: &DeviceRegistered) -> Result<Confirmed, ConfirmRefused> {
        let settings = self.store.current_settings().await?;
        loop {
            let (user, session) = self.whose(&report.registrant).await?;
            let known = self
                .store
                .load_registration(user.id, &report.device.id)
                .await?;
            let (confirmed, change) = match known {
                Some(known) if !is_enrolled_anew(&user, &known, report) => {
                    let learnt = known.learning(&report.device);
                    if learnt == known {
                        return Ok(Confirmed::KnownBefore(known.decided));
                    }
                    (
                        Confirmed::DecidedAgain(learnt.decided),
                        self.decided_again(&user, &known, learnt),
                    )
                }
                _ => {
                    let known_before = known.is_some();
                    let (registration, change) =
                        self.recorded(&user, session.as_ref(), report, known_before, &settings);
                    (Confirmed::Recorded(registration.decided), change)
                }
            };
            // If somebody else changed the user, look at what they made of it.
            if self.store.save_user(&change).await?.is_saved() {
                return Ok(confirmed);
            }
        }
    }

    async fn whose(
        &self,
        registrant: &Registrant,
    ) -> Result<(User, Option<Session>), ConfirmRefused> {
        let (user, session) = match registrant {
            Registrant::Session(id) => {
                let session = self
                    .store
                    .load_session(&id.digest())
                    .await?
                    .ok_or(ConfirmRefused::Unknown)?;
                (
                    self.store.load_users(&[session.user]).await?.pop(),
                    Some(session),
                )
            }
            Registrant::User(id) => (self.store.load_users(&[*id]).await?.pop(), None),
            Registrant::External(id) => (self.store.user_by_external_id(id).await?, None),
            Registrant::Address(address) => (
                self.store.user_by_address(&address.normalised()).await?,
                None,
            ),
        };
        Ok((user.ok_or(ConfirmRefused::Unknown)?, session))
    }

    /// More is known of a device that is recorded. The invitation is not touched.
    fn decided_again(&self, user: &User, known: &Registration, learnt: Registration) -> UserChange {
        let history = if known.decided == learnt.decided {
            Vec::new()
        } else {
            vec![self.row(
                user,
                Happening::OwnershipDecidedAgain {
                    device: learnt.device.id.clone(),
                    before: known.decided.ownership,
                    ownership: learnt.decided.ownership,
                    rule: learnt.decided.rule,
                },
            )]
        };
        UserChange {
            history,
            registration: Some(learnt),
            ..UserChange::of(User {
                version: user.version.next(),
                ..user.clone()
            })
        }
    }

    /// A device is recorded, the invitation completed, the confirmation written.
    fn recorded(
        &self,
        user: &User,
        session: Option<&Session>,
        report: &DeviceRegistered,
        known_before: bool,
        settings: &VersionedSettings,
    ) -> (Registration, UserChange) {
        let now = self.clock.now();
        let device = report.device.id.clone();
        let (completes, after_end) = match Meaning::of(user, session) {
            Meaning::Completes(invitation) => (Some(invitation), false),
            Meaning::AfterEnd => (None, true),
            Meaning::Another => (None, false),
        };
        let carried = completes.map_or(Ownership::NotSet, |invitation| invitation.ownership);
        let registration = Registration {
            user: user.id,
            device: report.device.clone(),
            issue: completes.map(|invitation| invitation.issue),
            invitation_ownership: carried,
            decided: classify(
                report.device.supervised,
                report.device.enrollment_type,
                carried,
            ),
            registered_at: report.registered_at,
            after_end,
        };
        let mut history = vec![self.row(
            user,
            Happening::RegistrationConfirmed {
                device: device.clone(),
                ownership: registration.decided.ownership,
                rule: registration.decided.rule,
                after_end,
            },
        )];
        let mut invitation = user.invitation.clone();
        if let Some(taken_back) = invitation.as_mut().filter(|own| own.is_taken_back()) {
            // Remembered, so that it is not given back as if nothing had happened.
            taken_back.completed_by = Some(device.clone());
        }
        if let Some(open) = completes {
            history.insert(
                0,
                self.row(
                    user,
                    Happening::InvitationCompleted {
                        issue: open.issue,
                        device: device.clone(),
                    },
                ),
            );
            invitation = Some(Invitation {
                state: transition(open.state, InvitationEvent::Register).unwrap_or(open.state),
                completed_by: Some(device.clone()),
                ended_at: Some(now),
                sessions: Vec::new(),
                ..open.clone()
            });
        }
        let mut mails = if confirmation::due_to(&settings.settings.confirmation, user).is_ok() {
            vec![Mail::waiting(
                MailId::new(self.chance.ulid()),
                MailKind::Confirmation {
                    device: device.clone(),
                },
                user.id,
                None,
                MailClass::Small,
                settings.version,
                now,
            )]
        } else {
            Vec::new()
        };
        let about = NoticeOf::Completed {
            device: device.clone(),
        };
        mails.extend(notices(settings, user.id, &about, &self.chance, now));
        let change = UserChange {
            mails,
            history,
            registration: Some(registration.clone()),
            session: session.map(|session| Session {
                device: Some(device),
                ..session.clone()
            }),
            ..UserChange::of(User {
                version: user.version.next(),
                devices: user.devices + u32::from(!known_before),
                invitation,
                ..user.clone()
            })
        };
        (registration, change)
    }

    fn row(&self, user: &User, what: Happening) -> HistoryRow {
        HistoryRow {
            id: EventId::new(self.chance.ulid()),
            user: user.id,
            at: self.clock.now(),
            who: Actor::DeviceManagement,
            what,
        }
    }
}

/// What a device that is registered means for the invitation.
enum Meaning<'a> {
    /// It is completed.
    Completes(&'a Invitation),
    /// It had been taken back: there is nothing to complete, and nothing that it still says about
    /// ownership. Nor has whoever was let in before it was taken back been let in by whoever gave
    /// it back.
    AfterEnd,
    /// There is none, or another device used it before.
    Another,
}

impl<'a> Meaning<'a> {
    fn of(user: &'a User, session: Option<&Session>) -> Self {
        let Some(invitation) = &user.invitation else {
            return Self::Another;
        };
        if session.is_some_and(|session| invitation.outlived(session)) {
            return Self::AfterEnd;
        }
        match invitation.state {
            InvitationState::Pending | InvitationState::Expired | InvitationState::Locked => {
                Self::Completes(invitation)
            }
            InvitationState::Cancelled | InvitationState::Declined => Self::AfterEnd,
            InvitationState::None | InvitationState::Completed => Self::Another,
        }
    }
}

/// Whether a device that is known was wiped and enrolled again on a later invitation, rather than
/// reported again: its registration is younger than the invitation that is still open.
fn is_enrolled_anew(user: &User, known: &Registration, report: &DeviceRegistered) -> bool {
    user.invitation.as_ref().is_some_and(|invitation| {
        matches!(
            invitation.state,
            InvitationState::Pending | InvitationState::Locked | InvitationState::Expired
        ) && report.registered_at > known.registered_at
            && report.registered_at > invitation.issued_at
            && known.issue != Some(invitation.issue)
    })
}
