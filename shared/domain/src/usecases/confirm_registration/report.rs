//! What a report makes of a device and of the invitation of its person.

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::invitation::{Invitation, InvitationEvent, InvitationSteps, transition};
use crate::model::registration::{DeviceRegistered, Registration, RegistrationFlag};
use crate::model::reported_device::ReportedDevice;
use crate::model::session::Session;
use crate::model::user::User;
use crate::rules::completion::{Effect, carried, is_later_than, is_news_of, names_new_session};
use crate::rules::ownership::{classify, learning};
use crate::values::ids::{DeviceId, MailId};

/// A report, with all that is known of it at a moment.
pub(super) struct Report<'a> {
    pub(super) user: &'a User,
    pub(super) session: Option<&'a Session>,
    pub(super) device: &'a DeviceRegistered,
    /// When the device was registered, if that is known and can be.
    pub(super) at: Option<Timestamp>,
    pub(super) now: Timestamp,
    pub(super) flags: &'a [RegistrationFlag],
    /// Whether what the device management says of whose the device is counts.
    pub(super) stated_counts: bool,
    pub(super) effect: Effect<'a>,
    /// What the source told of the device, if the report comes of its messages.
    pub(super) told: Option<&'a ReportedDevice>,
}

impl Report<'_> {
    /// Whether a device that is known enrolled again, and is recorded once more for it: it
    /// completes an invitation by that, or shows that somebody used one that was taken back.
    pub(super) fn enrols_again(&self, known: &Registration) -> bool {
        match self.effect {
            Effect::Completes(_) => is_news_of(known, self.session, self.at, self.now),
            Effect::AfterEnd => {
                let of = self.session.map(|session| session.issue);
                let is_noted = known.after_end && known.session_issue == of;
                names_new_session(known, self.session) && !is_noted
            }
            Effect::NotCompleted(_) | Effect::NothingOpen => false,
        }
    }

    /// What is recorded, of a device that may be known.
    pub(super) fn registration(&self, known: Option<&Registration>) -> Registration {
        let carried = carried(self.effect, self.user, self.session);
        let issue = match self.effect {
            Effect::Completes(invitation) => Some(invitation.issue),
            Effect::AfterEnd | Effect::NotCompleted(_) | Effect::NothingOpen => None,
        };
        let not_completed = match self.effect {
            Effect::NotCompleted(not_completed) => Some(not_completed),
            Effect::Completes(_) | Effect::AfterEnd | Effect::NothingOpen => None,
        };
        // Of a device that was wiped and enrolled later, what was known holds no longer.
        let was_wiped = |known: &Registration| {
            let before = known.latest_enrolment(self.now);
            before.zip(self.at).is_some_and(|(before, at)| before < at)
        };
        let device = match known.filter(|known| !was_wiped(known)) {
            Some(same_enrolment) => same_enrolment.device.learning(&self.device.device),
            None => self.device.device.clone(),
        };
        Registration {
            user: self.user.id,
            issue,
            invitation_ownership: carried.ownership,
            chosen_by_person: carried.by_person,
            stated_counts: self.stated_counts,
            decided: classify(&device, self.stated_counts, carried),
            device,
            registered_at: self.at.unwrap_or(self.now),
            after_end: self.effect == Effect::AfterEnd,
            time_unknown: self.at.is_none(),
            session_issue: self
                .session
                .map(|session| session.issue)
                .filter(|session| issue != Some(*session)),
            not_completed,
            // A later one that was told before this must not count as news again.
            latest_enrolment_at: known
                .and_then(|known| known.latest_enrolment(self.now))
                .filter(|latest| self.at.is_none_or(|at| at < *latest)),
            flags: self.flags.to_vec(),
            unenrolled_at: self.unenrolled_at(known),
            carried: known.map(|known| known.carried.clone()).unwrap_or_default(),
        }
    }

    /// What is known of a device after this, which completes nothing.
    pub(super) fn learnt_of(&self, known: &Registration) -> Registration {
        let mut known = known.clone();
        let now = self.now;
        if is_news_of(&known, self.session, self.at, now) {
            known.flags = self.flags.to_vec();
        }
        known.unenrolled_at = self.unenrolled_at(Some(&known));
        if let Some(at) = self.at.filter(|_| is_later_than(&known, self.at, now)) {
            if known.latest_enrolment(now).is_none() {
                (known.registered_at, known.time_unknown) = (at, false);
            } else {
                known.latest_enrolment_at = Some(at);
            }
        }
        // The session says which invitation it was that the device enrolled with.
        let session = self.session.filter(|session| {
            known.issue.is_none() && known.session_issue.is_none() && session.device.is_none()
        });
        if let Some(session) = session {
            known.session_issue = Some(session.issue);
            if !known.after_end {
                let given = carried(self.effect, self.user, Some(session));
                known.invitation_ownership = given.ownership;
                known.chosen_by_person = given.by_person;
            }
        }
        learning(&known, &self.device.device)
    }

    /// Since when the device is managed no longer. Its source knows; what another report says of an enrolment before
    /// that changes nothing.
    fn unenrolled_at(&self, known: Option<&Registration>) -> Option<Timestamp> {
        if let Some(told) = self.told {
            return told.unenrolled_at.filter(|_| told.is_unenrolled());
        }
        let before = known.and_then(|known| known.unenrolled_at);
        before.filter(|left| self.at.is_none_or(|at| at <= *left))
    }

    /// The person, with the count of their devices as it is once this is recorded of one of them.
    pub(super) fn user_with(&self, known: Option<&Registration>, now: &Registration) -> User {
        let was_gone = known.is_some_and(|known| known.unenrolled_at.is_some());
        let unenrolled = self.user.devices_unenrolled + u32::from(now.unenrolled_at.is_some());
        User {
            devices: self.user.devices + u32::from(known.is_none()),
            devices_unenrolled: unenrolled.saturating_sub(u32::from(was_gone)),
            ..self.user.clone()
        }
    }

    /// Who says whose the device is.
    pub(super) fn said_by(&self) -> Actor {
        let assigned = self.told.filter(|told| told.assigned_to.is_some());
        let by = assigned.and_then(|told| told.assigned_by.clone());
        by.unwrap_or(Actor::DeviceManagement)
    }

    /// The session with the device that was reported with it, if that is new.
    pub(super) fn session_with_device(&self) -> Option<Session> {
        let device = &self.device.device.id;
        let new = self.session.filter(|session| !session.has_reported(device));
        new.map(|session| session.reporting(device))
    }

    pub(super) fn invitation_after(
        &self,
        device: &DeviceId,
        confirmation: Option<MailId>,
    ) -> Option<Invitation> {
        let own = self.user.invitation.clone();
        match self.effect {
            Effect::Completes(open) => Some(Invitation {
                state: transition(open.state, InvitationEvent::Register).unwrap_or(open.state),
                completed_by: Some(device.clone()),
                ended_at: Some(self.now),
                sessions: Vec::new(),
                steps: open.steps.clone().map(|steps| InvitationSteps {
                    confirmation,
                    ..steps
                }),
                ..open.clone()
            }),
            // Remembered, so that it is not given back as if nothing had happened.
            Effect::AfterEnd => own.map(|own| Invitation {
                completed_by: if own.is_taken_back() {
                    Some(device.clone())
                } else {
                    own.completed_by
                },
                ..own
            }),
            Effect::NotCompleted(_) | Effect::NothingOpen => own,
        }
    }
}
