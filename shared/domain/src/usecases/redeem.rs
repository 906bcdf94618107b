//! Redeeming: somebody shows a PIN or a token, and a registration session opens.
//!
//! Whoever shows the right secret of an issue that has ended is told what became of it. All other
//! refusals are one and the same, so that nobody learns who exists. The secret is spent by the
//! registration, not by this.
//!
//! How the session is gone on with, where the address carries a token, is in [`continuing`].

pub mod continuing;

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::actor::Actor;
use crate::model::change::{ChangeOutcome, UserChange};
use crate::model::history::HistoryEvent;
use crate::model::invitation::{Invitation, InvitationEvent, InvitationState, transition};
use crate::model::mail_content::Agreement;
use crate::model::ownership::{Ownership, OwnershipChoice};
use crate::model::session::{MAX_SESSIONS, NamedDevice, SESSION_TTL, Session, SessionSlot};
use crate::model::settings::Settings;
use crate::model::stored::Carried;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::counters::Counters;
use crate::ports::devices::Devices;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::keys::Keys;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::content::{agreement, reader};
use crate::rules::enrolment::{GoingOn, NextStep, next_step};
use crate::values::address::EmailAddress;
use crate::values::hex::hex;
use crate::values::ids::{DeviceId, IssueNumber, UserId};
use crate::values::keys::KeyRing;
use crate::values::method::Method;
use crate::values::pin::Pin;
use crate::values::problem::{FieldProblem, Problems};
use crate::values::session_ids::{Reference, RegistrationId};
use crate::values::token::{TokenClaim, TokenPurpose};
use crate::values::{lenient_text, platform};

/// What somebody shows: nothing is checked yet. Either address and PIN, or a token.
#[derive(Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Redemption {
    /// The address that was invited.
    pub email: Option<String>,
    /// The PIN, grouped and cased as you like.
    pub pin: Option<String>,
    /// The token of a link, instead.
    pub token: Option<String>,
    /// The device this is for, if known.
    pub device: Option<RedemptionDevice>,
    /// Whose the device is to be, where the person may choose: `mayChooseOwnership` in the answer to a redemption
    /// says whether they may.
    pub ownership: Option<OwnershipChoice>,
}

/// The device a secret is redeemed on.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RedemptionDevice {
    /// The device management's id for it.
    #[serde(deserialize_with = "lenient_text::text")]
    pub id: Option<String>,
    /// Its platform, like `ios`, by any of its usual names.
    #[serde(deserialize_with = "lenient_text::text")]
    pub platform: Option<String>,
}

/// The session that was opened.
#[derive(Clone)]
pub struct Redeemed {
    /// Its id, a bearer secret.
    pub registration_id: RegistrationId,
    /// How the person registers.
    pub method: Method,
    /// The ownership that the invitation gives a device.
    pub ownership: Ownership,
    /// Whether the person may choose another.
    pub may_choose_ownership: bool,
    /// How to go on.
    pub next_step: Option<NextStep>,
    /// What the company can see and erase.
    pub agreement: Option<Agreement>,
    /// Until when it lets the person go on.
    pub expires_at: Timestamp,
}

/// Where to go on holds the session's id, and may hold the address.
impl std::fmt::Debug for Redeemed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redeemed")
            .field("method", &self.method)
            .field("ownership", &self.ownership)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What became of an issue whose right secret was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its time ran out.
    Expired,
    /// A device was registered with it.
    Used,
    /// It was taken back.
    Cancelled,
}

/// Why no session was opened.
#[derive(Debug, thiserror::Error)]
pub enum RedeemRefused {
    /// Fields are missing or too many.
    #[error("the redemption is not well formed")]
    Invalid(Vec<FieldProblem>),
    /// Unknown, disabled, wrong or locked: nobody is told which.
    #[error("address and secret do not fit")]
    DoesNotFit,
    /// The secret was right, and is no longer good.
    #[error("the invitation has ended")]
    Ended(Ended),
    /// Too many wrong tries came from this source lately, whoever they were about.
    #[error("too many wrong tries came from this source")]
    SourceSpent,
    /// As many sessions as may be are open.
    #[error("too many sessions are open")]
    TooManySessions {
        /// When the next one may be opened.
        until: Timestamp,
    },
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Where an attempt comes from: one IPv4 address, or the /64 of an IPv6 one, since that is what
/// one household or one server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(String);

impl Source {
    /// The source of this address. Only its digest is kept.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let bytes = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => v4.octets().to_vec(),
                None => v6.octets().into_iter().take(8).collect(),
            },
        };
        Self(hex(&Sha256::digest(&bytes)))
    }

    fn tally(&self) -> String {
        format!("wrong-tries#{}", self.0)
    }
}

/// How long wrong tries of a source count.
pub const BUDGET_TTL: SignedDuration = SignedDuration::from_hours(1);

/// Redeems secrets.
#[derive(Debug, Clone)]
pub struct Redeem<E> {
    /// What it runs in.
    pub env: E,
    /// How many wrong tries a source has in an hour.
    pub budget: u64,
}

/// What somebody says besides the secret.
struct Asked {
    device: Option<NamedDevice>,
    ownership: Option<OwnershipChoice>,
}

enum Shown {
    Pin(EmailAddress, Pin),
    Token(Option<TokenClaim>),
}

impl<E> Redeem<E>
where
    E: Env<Store: Users + Devices + SettingsStore + Counters> + WithKeys,
{
    /// Opens a session, or says why not. `source` is where the attempt comes from, if it counts.
    pub async fn run(
        &self,
        redemption: &Redemption,
        source: Option<&Source>,
    ) -> Result<Redeemed, RedeemRefused> {
        let (shown, device) = parse(redemption).map_err(RedeemRefused::Invalid)?;
        let asked = Asked {
            device,
            ownership: redemption.ownership,
        };
        if let Some(source) = source {
            let spent = self
                .env
                .store()
                .tally(&source.tally(), self.env.clock().now())
                .await?;
            if spent >= self.budget {
                return Err(RedeemRefused::SourceSpent);
            }
        }
        let keys = self.env.keys().key_ring().await?;
        let answer = match shown {
            Shown::Pin(address, pin) => self.by_pin(&keys, &address, &pin, asked).await,
            Shown::Token(claim) => self.by_token(&keys, claim, asked).await,
        };
        if let (Some(source), Err(RedeemRefused::DoesNotFit)) = (source, &answer) {
            let now = self.env.clock().now();
            let until = now.saturating_add(BUDGET_TTL).unwrap_or(now);
            self.env
                .store()
                .add_to_tally(&source.tally(), now, until)
                .await?;
        }
        answer
    }

    async fn by_pin(
        &self,
        keys: &KeyRing,
        address: &EmailAddress,
        shown: &Pin,
        asked: Asked,
    ) -> Result<Redeemed, RedeemRefused> {
        let now = self.env.clock().now();
        let user = readable(
            self.env
                .store()
                .user_by_address(&address.normalised())
                .await,
        )?;
        let Some((user, invitation)) = invited(user) else {
            return Err(RedeemRefused::DoesNotFit);
        };
        let right = invitation.method.uses_pin()
            && keys.get(&invitation.key).is_some_and(|key| {
                Pin::derive(
                    key,
                    user.id,
                    invitation.issue,
                    &invitation.nonce,
                    invitation.pin,
                )
                .matches(shown)
            });
        let state = match invitation.state_at(now) {
            // What was cancelled may be given back, and its PIN is good again then: guessing at it
            // takes tries, too.
            alive @ (InvitationState::Pending | InvitationState::Cancelled) => alive,
            // Even the right PIN opens a locked issue no more; saying that it was right would
            // hand a guesser the answer.
            InvitationState::None | InvitationState::Locked | InvitationState::Declined => {
                return Err(RedeemRefused::DoesNotFit);
            }
            // Comparing without a try would let a dead issue's PIN be guessed at leisure, but it
            // opens nothing ever again, and its owner deserves to know.
            ended @ (InvitationState::Expired | InvitationState::Completed) => {
                return Err(if right {
                    RedeemRefused::Ended(end_of(ended))
                } else {
                    RedeemRefused::DoesNotFit
                });
            }
        };
        // Half a PIN is a slip, and tells a guesser nothing that the mail does not.
        if !shown.is_as_long_as(invitation.pin) {
            return Err(RedeemRefused::DoesNotFit);
        }
        // The try is taken before anything that depends on the comparison.
        let taken = self
            .env
            .store()
            .take_try(user.id, invitation.issue, state, now)
            .await?;
        let Some(after) = taken else {
            return Err(RedeemRefused::DoesNotFit);
        };
        if !right {
            self.lock_if_used_up(after).await?;
            return Err(RedeemRefused::DoesNotFit);
        }
        self.open(after, invitation.issue, asked, true).await
    }

    /// Gives back the try that the right PIN took.
    async fn give_back(
        &self,
        user: User,
        issue: IssueNumber,
        turns: &mut Turns<'_, E>,
    ) -> Result<(), Unavailable> {
        let mut current = user;
        loop {
            let own = current.invitation.clone().filter(|own| own.issue == issue);
            let Some(own) = own else { return Ok(()) };
            let change = holding(&current, with_try_back(own));
            if self.env.store().save_user(&change).await?.is_saved() {
                return Ok(());
            }
            turns.another().await?;
            match self.env.store().load_user(current.id).await? {
                Some(reloaded) => current = reloaded,
                None => return Ok(()),
            }
        }
    }

    async fn by_token(
        &self,
        keys: &KeyRing,
        claim: Option<TokenClaim>,
        asked: Asked,
    ) -> Result<Redeemed, RedeemRefused> {
        let now = self.env.clock().now();
        let claim = claim.ok_or(RedeemRefused::DoesNotFit)?;
        let user = readable(self.env.store().load_user(claim.user).await)?;
        let Some((user, invitation)) = invited(user) else {
            return Err(RedeemRefused::DoesNotFit);
        };
        let holds = invitation.issue == claim.issue
            && keys
                .get(&invitation.key)
                .is_some_and(|key| claim.holds(key, TokenPurpose::Redeem, &invitation.nonce));
        if !holds {
            return Err(RedeemRefused::DoesNotFit);
        }
        match invitation.state_at(now) {
            InvitationState::Pending | InvitationState::Locked => {}
            InvitationState::None | InvitationState::Declined => {
                return Err(RedeemRefused::DoesNotFit);
            }
            ended @ (InvitationState::Expired
            | InvitationState::Completed
            | InvitationState::Cancelled) => {
                return Err(RedeemRefused::Ended(end_of(ended)));
            }
        }
        self.open(user, claim.issue, asked, false).await
    }

    /// Locks the issue when its last try was wrong.
    async fn lock_if_used_up(&self, user: User) -> Result<(), Unavailable> {
        let mut turns = Turns::among_guessers(&self.env, "locking an invitation");
        let mut current = user;
        loop {
            let Some(invitation) = current.invitation.clone().filter(|i| i.tries_left == 0) else {
                return Ok(());
            };
            let Ok(state) = transition(invitation.state, InvitationEvent::UseUpTries) else {
                return Ok(());
            };
            let (id, now) = (current.id, self.env.clock().now());
            let what = HistoryEvent::InvitationLocked {
                issue: invitation.issue,
            };
            let locked = Invitation {
                state,
                ..invitation
            };
            let change = holding(&current, locked).with_history([self.env.happened(
                id,
                now,
                Actor::Invitee,
                what,
            )]);
            match self.env.store().save_user(&change).await? {
                ChangeOutcome::Saved | ChangeOutcome::DoneBefore => return Ok(()),
                ChangeOutcome::Conflict
                | ChangeOutcome::AddressTaken
                | ChangeOutcome::ExternalIdTaken
                | ChangeOutcome::UserNameTaken => {
                    turns.another().await?;
                    match self.env.store().load_user(current.id).await? {
                        Some(reloaded) => current = reloaded,
                        None => return Ok(()),
                    }
                }
            }
        }
    }

    /// Opens a session, and gives the try back that the right PIN took.
    async fn open(
        &self,
        user: User,
        issue: IssueNumber,
        asked: Asked,
        give_back: bool,
    ) -> Result<Redeemed, RedeemRefused> {
        let settings = self.env.store().current_settings().await?.settings;
        let registration_id = self.env.entropy().registration_id();
        let mut turns = Turns::among_guessers(&self.env, "opening a registration session");
        let mut current = user;
        loop {
            let now = self.env.clock().now();
            let may_choose = may_choose(&settings, &current);
            let open = still_open(&current, issue, now)
                .and_then(|open| choosing(open, asked.ownership, may_choose));
            let mut invitation = match open {
                Ok(open) if give_back => with_try_back(open),
                Ok(open) => open,
                Err(refusal) => {
                    if give_back {
                        self.give_back(current, issue, &mut turns).await?;
                    }
                    return Err(refusal);
                }
            };
            invitation.sessions.retain(|slot| now < slot.until);
            let full = invitation.sessions.len() >= MAX_SESSIONS;
            let reference = Reference::of_issue(current.id, issue, &invitation.nonce);
            let expires_at = now.saturating_add(SESSION_TTL).unwrap_or(now);
            let change = if full {
                // The PIN was right: its try comes back though no further session opens.
                let before = current.invitation.as_ref();
                invitation.chosen = before.and_then(|before| before.chosen);
                holding(&current, invitation.clone())
            } else {
                let named = asked.device.clone();
                let session = session(current.id, &invitation, named, &registration_id, now);
                note_opening(&mut invitation, &session);
                let carried = settings.carries_reference().then_some(&reference);
                let found = self.found_by(carried, &session, &invitation).await?;
                let what = HistoryEvent::InvitationRedeemed {
                    issue,
                    chosen: asked.ownership,
                };
                let row = self.env.happened(current.id, now, Actor::Invitee, what);
                holding(&current, invitation.clone())
                    .with_history([row])
                    .with_session(Some(session))
                    .with_reference(found)
            };
            if (give_back || !full)
                && self.env.store().save_user(&change).await? == ChangeOutcome::Conflict
            {
                turns.another().await?;
                current = self.reload(&current).await?;
                continue;
            }
            if full {
                let ends = invitation.sessions.iter().map(|slot| slot.until);
                let until = ends.min().unwrap_or(now);
                return Err(RedeemRefused::TooManySessions { until });
            }
            let device = asked.device.as_ref();
            let ownership = invitation.given().ownership;
            let groups = current.all_groups();
            let going_on = GoingOn {
                registration_id: registration_id.expose(),
                reference: reference.as_str(),
                email: current.email.as_str(),
                platform: device.and_then(|named| named.platform.as_deref()),
                ownership,
                groups: &groups,
            };
            let locales = reader(&current, &settings).locales;
            return Ok(Redeemed {
                next_step: next_step(&settings.enrolment, going_on),
                registration_id,
                method: invitation.method,
                ownership,
                may_choose_ownership: may_choose,
                agreement: agreement(&settings, ownership, &locales),
                expires_at,
            });
        }
    }

    /// What finds the issue by its reference, if it is not there or says another ownership than was chosen since. The
    /// device that was reported with it must not be forgotten.
    async fn found_by(
        &self,
        reference: Option<&Reference>,
        session: &Session,
        invitation: &Invitation,
    ) -> Result<Option<Session>, Unavailable> {
        let Some(reference) = reference else {
            return Ok(None);
        };
        let digest = reference.digest();
        if let Some(known) = self.env.store().load_session(&digest).await? {
            let is_same = known.given() == session.given();
            return Ok((!is_same).then_some(Session {
                ownership: session.ownership,
                chosen_by_person: session.chosen_by_person,
                ..known
            }));
        }
        Ok(Some(Session {
            digest,
            // Kept for as long after the invitation as a session is after its own end.
            expires_at: session.expires_at.max(invitation.expires_at),
            named: None,
            ..session.clone()
        }))
    }

    async fn reload(&self, user: &User) -> Result<User, RedeemRefused> {
        self.env
            .store()
            .load_user(user.id)
            .await?
            .ok_or(RedeemRefused::DoesNotFit)
    }
}

/// A session of this invitation that opens now.
fn session(
    user: UserId,
    invitation: &Invitation,
    named: Option<NamedDevice>,
    id: &RegistrationId,
    now: Timestamp,
) -> Session {
    let given = invitation.given();
    Session {
        digest: id.digest(),
        user,
        issue: invitation.issue,
        ownership: Some(given.ownership),
        chosen_by_person: given.by_person,
        opened_at: now,
        expires_at: now.saturating_add(SESSION_TTL).unwrap_or(now),
        named,
        device: None,
        earlier_devices: Vec::new(),
        carried: Carried::default(),
    }
}

/// Has an invitation know of a session that was opened for it.
fn note_opening(invitation: &mut Invitation, session: &Session) {
    invitation.sessions.push(SessionSlot {
        digest: session.digest.clone(),
        until: session.expires_at,
    });
    if let Some(steps) = &mut invitation.steps {
        steps.redeemed_at.get_or_insert(session.opened_at);
    }
}

/// Whether somebody may choose whose the device is: where their invitation says *User owned* and the settings let them.
fn may_choose(settings: &Settings, user: &User) -> bool {
    let invitation = user.invitation.as_ref();
    let is_user_owned = invitation.is_some_and(|one| one.ownership == Ownership::UserOwned);
    is_user_owned && settings.for_user(user).registration.person_may_choose
}

/// The invitation with what its person chose, if they chose anything.
fn choosing(
    invitation: Invitation,
    choice: Option<OwnershipChoice>,
    may_choose: bool,
) -> Result<Invitation, RedeemRefused> {
    match choice {
        None => Ok(invitation),
        Some(_) if may_choose => Ok(Invitation {
            chosen: choice,
            ..invitation
        }),
        Some(_) => Err(RedeemRefused::Invalid(vec![FieldProblem::new(
            "ownership",
            "notYours",
            "is not for you to choose with this invitation; leave it out",
        )])),
    }
}

/// The invitation, if it is still this issue and open.
fn still_open(
    user: &User,
    issue: IssueNumber,
    now: Timestamp,
) -> Result<Invitation, RedeemRefused> {
    let invitation = user
        .invitation
        .clone()
        .filter(|invitation| user.enabled && invitation.issue == issue)
        .ok_or(RedeemRefused::DoesNotFit)?;
    match invitation.state_at(now) {
        InvitationState::Pending | InvitationState::Locked => Ok(invitation),
        InvitationState::None | InvitationState::Declined => Err(RedeemRefused::DoesNotFit),
        ended @ (InvitationState::Expired
        | InvitationState::Completed
        | InvitationState::Cancelled) => Err(RedeemRefused::Ended(end_of(ended))),
    }
}

/// An invitation with the try back that the right PIN took. A wrong PIN that came while it was out
/// found none left and locked the issue; there is one again.
fn with_try_back(invitation: Invitation) -> Invitation {
    Invitation {
        tries_left: invitation
            .pin
            .tries
            .min(invitation.tries_left.saturating_add(1)),
        state: match invitation.state {
            InvitationState::Locked => InvitationState::Pending,
            other => other,
        },
        ..invitation
    }
}

/// The user, who holds this invitation from now on.
fn holding(user: &User, invitation: Invitation) -> UserChange {
    UserChange::next(User {
        invitation: Some(invitation),
        ..user.clone()
    })
}

/// A user who may register, with their invitation.
fn invited(user: Option<User>) -> Option<(User, Invitation)> {
    let user = user.filter(|user| user.enabled)?;
    let invitation = user.invitation.clone()?;
    Some((user, invitation))
}

fn end_of(state: InvitationState) -> Ended {
    match state {
        InvitationState::Completed => Ended::Used,
        InvitationState::Cancelled | InvitationState::Declined => Ended::Cancelled,
        InvitationState::None
        | InvitationState::Pending
        | InvitationState::Expired
        | InvitationState::Locked => Ended::Expired,
    }
}

fn parse(redemption: &Redemption) -> Result<(Shown, Option<NamedDevice>), Vec<FieldProblem>> {
    let mut problems = Problems::default();
    let shown = match (&redemption.token, &redemption.email, &redemption.pin) {
        (Some(token), None, None) => Some(Shown::Token(TokenClaim::parse(token))),
        (None, Some(email), Some(pin)) => {
            let email = problems.check(EmailAddress::parse(email).map_err(|p| p.under("email")));
            problems.ensure(!crate::values::text::is_blank(pin), || {
                FieldProblem::new(
                    "pin",
                    "empty",
                    "must not be empty; it is in the invitation mail",
                )
            });
            email.map(|email| Shown::Pin(email, Pin::from_typed(pin)))
        }
        (None, None, None) => {
            problems.add(FieldProblem::new(
                "",
                "missing",
                "must hold email and pin, or token",
            ));
            None
        }
        (None, None, Some(_)) => {
            problems.add(FieldProblem::new(
                "email",
                "missing",
                "must be given with the PIN",
            ));
            None
        }
        (None, Some(_), None) => {
            problems.add(FieldProblem::new(
                "pin",
                "missing",
                "must be given with the address",
            ));
            None
        }
        (Some(_), _, _) => {
            problems.add(FieldProblem::new(
                "token",
                "ambiguous",
                "must come alone, without email and pin",
            ));
            None
        }
    };
    let device = redemption.device.as_ref().map(|device| {
        let id = device.id.as_ref().and_then(|text| {
            problems.check(DeviceId::parse(text).map_err(|p| p.under("device.id")))
        });
        let platform = device.platform.as_ref().and_then(|text| {
            problems.check(platform::parse(text).map_err(|p| p.under("device.platform")))
        });
        NamedDevice { id, platform }
    });
    match shown {
        Some(shown) if problems.is_empty() => Ok((shown, device)),
        _ => Err(problems.into_vec()),
    }
}
