//! Users and their invitations.

use beckon_domain::model::invitation::{Invitation, InvitationState};
use beckon_domain::model::ownership::Ownership;
use beckon_domain::model::reminders::ReminderPlan;
use beckon_domain::model::session::{SESSION_TTL, SessionSlot};
use beckon_domain::model::settings::reminders::Reminders;
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{BatchId, ExternalId, IssueNumber, MailId, UserId};
use beckon_domain::values::keys::KeyId;
use beckon_domain::values::locale::{Locale, TimeZoneName};
use beckon_domain::values::method::Method;
use beckon_domain::values::names::{DisplayName, GroupName};
use beckon_domain::values::pin::{PinAlphabet, PinPolicy};
use beckon_domain::values::session_ids::RegistrationId;
use jiff::{SignedDuration, Timestamp};

use super::monday_morning;
use crate::entropy::{fresh_nonce, fresh_ulid};

/// Builds a user.
#[derive(Debug, Clone)]
pub struct UserBuilder(User);

/// An enabled user of example.com who was never invited.
pub fn a_user() -> UserBuilder {
    let id = UserId::new(fresh_ulid());
    let address = format!("user-{id}@example.com").to_lowercase();
    let address = EmailAddress::parse(&address).expect("the address is well formed");
    UserBuilder(User::new(id, address, monday_morning()))
}

impl UserBuilder {
    /// With this address.
    pub fn at(mut self, address: &str) -> Self {
        self.0.email = EmailAddress::parse(address).expect("an address");
        self
    }

    /// With this name.
    pub fn called(mut self, name: &str) -> Self {
        self.0.display_name = Some(DisplayName::parse(name).expect("a name"));
        self
    }

    /// With this id in a directory outside.
    pub fn known_as(mut self, external: &str) -> Self {
        self.0.external_id = Some(ExternalId::parse(external).expect("an external id"));
        self
    }

    /// In this group, too.
    pub fn in_group(mut self, group: &str) -> Self {
        self.0
            .groups
            .insert(GroupName::parse(group).expect("a group"));
        self
    }

    /// Whose language is this.
    pub fn speaking(mut self, locale: &str) -> Self {
        self.0.locale = Some(Locale::parse(locale).expect("a language tag"));
        self
    }

    /// Whose time zone is this.
    pub fn living_in(mut self, zone: &str) -> Self {
        self.0.time_zone = Some(TimeZoneName::parse(zone).expect("a time zone"));
        self
    }

    /// Who may neither be invited nor register.
    pub fn disabled(mut self) -> Self {
        self.0.enabled = false;
        self
    }

    /// Whose address has stopped taking mail.
    pub fn marked(mut self, mark: AddressSuppression) -> Self {
        self.0.address_mark = Some(mark);
        self
    }

    /// With this invitation.
    pub fn with(mut self, invitation: InvitationBuilder) -> Self {
        let invitation = invitation.build();
        self.0.latest_issue = invitation.issue;
        self.0.invitation = Some(invitation);
        self
    }

    /// The user.
    pub fn build(self) -> User {
        self.0
    }
}

/// Builds an invitation.
#[derive(Debug, Clone)]
pub struct InvitationBuilder(Invitation);

/// The first issue of a pending invitation by PIN, issued on Monday morning for seven days,
/// with five tries.
pub fn an_invitation() -> InvitationBuilder {
    let issued_at = monday_morning();
    InvitationBuilder(Invitation {
        issue: IssueNumber::NONE.next(),
        nonce: fresh_nonce(),
        key: KeyId::new("k1"),
        method: Method::Pin,
        pin: PinPolicy {
            length: 8,
            alphabet: PinAlphabet::Digits,
            tries: 5,
        },
        ownership: Ownership::NotSet,
        state: InvitationState::Pending,
        issued_at,
        expires_at: issued_at + SignedDuration::from_hours(168),
        tries_left: 5,
        batch: Some(BatchId::new(fresh_ulid())),
        mail: MailId::new(fresh_ulid()),
        invited_by: None,
        renewals: 0,
        reminders: None,
        sessions: Vec::new(),
        completed_by: None,
        restored_at: None,
        chosen: None,
        steps: None,
        ended_at: None,
        tokens: Vec::new(),
    })
}

impl InvitationBuilder {
    /// Which issue it is.
    pub fn issue(mut self, number: u32) -> Self {
        self.0.issue = IssueNumber::from_number(number);
        self
    }

    /// Standing here.
    pub fn in_state(mut self, state: InvitationState) -> Self {
        self.0.state = state;
        self
    }

    /// Good until then.
    pub fn until(mut self, end: Timestamp) -> Self {
        self.0.expires_at = end;
        self
    }

    /// With a reminder due at this moment.
    #[must_use]
    pub fn reminded_at(mut self, at: Timestamp) -> Self {
        let policy = Reminders::default().policy;
        self.0.reminders = Some(ReminderPlan {
            policy,
            written: 0,
            next_at: Some(at),
        });
        self
    }

    /// With a session that its secret opened as soon as it was issued.
    #[must_use]
    pub fn begun(mut self) -> Self {
        self.0.sessions.push(SessionSlot {
            digest: RegistrationId::from_random([7; 16]).digest(),
            until: self.0.issued_at + SESSION_TTL,
        });
        self
    }

    /// With so many tries left.
    pub fn tries_left(mut self, tries: u8) -> Self {
        self.0.tries_left = tries;
        self
    }

    /// For this way to register.
    pub fn by(mut self, method: Method) -> Self {
        self.0.method = method;
        self
    }

    /// Carrying this ownership.
    pub fn carrying(mut self, ownership: Ownership) -> Self {
        self.0.ownership = ownership;
        self
    }

    /// The invitation.
    pub fn build(self) -> Invitation {
        self.0
    }
}
