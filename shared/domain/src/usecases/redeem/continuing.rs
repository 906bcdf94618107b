//! Going on with a registration session: where to, at the moment at which the person wants it. An address that carries a token
//! is made here. A token is made once for an issue and kept while it is good: whoever asks meanwhile is told to try again,
//! whoever asks later gets the same one. Where the source issues none, nothing is lost: the session stays open.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Redeem, holding};
use crate::model::enrolment_token::{EnrolmentToken, TOKEN_TTL};
use crate::model::invitation::Invitation;
use crate::model::outgoing_call::{OutgoingAnswer, OutgoingCall};
use crate::model::session::Session;
use crate::model::settings::device_sources::DeviceSource;
use crate::model::settings::enrolment::{EnrolmentStep, EnrolmentUrl};
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithKeys, WithOutgoing};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::keys::Keys;
use crate::ports::outgoing::Outgoing;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::enrolment::{GoingOn, NextStep, filled_in, fitting, next_step};
use crate::rules::polling::issuing::{self, AccessCall, Issued, Issuing};
use crate::rules::polling::{self, PollFailed, looking_up};
use crate::values::ids::{IssueNumber, UserId};
use crate::values::names::GroupName;
use crate::values::sender_secrets::SenderSecret;
use crate::values::session_ids::{Reference, RegistrationId};

/// Why somebody does not go on now.
#[derive(Debug, thiserror::Error)]
pub enum ContinueRefused {
    /// There is no such session.
    #[error("there is no such registration session")]
    UnknownSession,
    /// It lets nobody go on any more.
    #[error("the registration session has ended")]
    Ended,
    /// Somebody asked a moment ago, and the token is not there yet.
    #[error("the token is being made")]
    BeingMade {
        /// When to ask again at the latest.
        until: Timestamp,
    },
    /// The source issued no token.
    #[error("the source issued no token")]
    NotIssued(#[source] PollFailed),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why asking a source ends.
enum Stopped {
    Failed(PollFailed),
    Unavailable(Unavailable),
}

impl From<PollFailed> for Stopped {
    fn from(why: PollFailed) -> Self {
        Self::Failed(why)
    }
}

impl From<Unavailable> for Stopped {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

/// A session that lets its person go on.
struct Continuing {
    session: Session,
    user: User,
    invitation: Invitation,
    reference: Reference,
}

/// What is known of the token for an issue.
enum Known {
    /// Its name.
    Made(String),
    /// It is being made.
    BeingMade(Timestamp),
    /// There is none.
    Nothing,
}

impl<E> Redeem<E>
where
    E: Env<Store: Users + Devices + SettingsStore> + WithKeys + WithOutgoing,
{
    /// How the person of a session goes on; `None` if the settings name nothing that fits.
    pub async fn continue_at(
        &self,
        id: &RegistrationId,
    ) -> Result<Option<NextStep>, ContinueRefused> {
        let settings = self.env.store().current_settings().await?.settings;
        let mut turns = Turns::new(&self.env, "having an enrolment token made");
        loop {
            let of = self.continuing(id).await?;
            let groups = of.user.all_groups();
            let who = of.going_on(id, &groups);
            let Some(address) = fitting(&settings.enrolment, who) else {
                return Ok(None);
            };
            let (EnrolmentStep::Url(url), Some(issuer)) = (&address.step, &address.token) else {
                return Ok(next_step(&settings.enrolment, who));
            };
            let source = settings.device_source(&issuer.source);
            let issued_at = source.and_then(DeviceSource::issues_tokens_at);
            let (Some(source), Some(api)) = (source, issued_at) else {
                return Err(ContinueRefused::NotIssued(PollFailed::NoCredentials));
            };
            let wanted = Issuing {
                source,
                api,
                issuer,
                user: &of.user,
                reference: &of.reference,
                ownership: who.ownership,
            };
            match of.known(&wanted.made_for(), self.env.clock().now()) {
                Known::BeingMade(until) => return Err(ContinueRefused::BeingMade { until }),
                Known::Made(name) => {
                    if let Some(token) = self.shown(wanted, &name).await? {
                        return Ok(Some(opened(url, who, &token)));
                    }
                }
                Known::Nothing => {}
            }
            if !self.claimed(&of, &wanted.made_for()).await? {
                turns.another().await?;
                continue;
            }
            let token = self.made(wanted, of.invitation.issue).await?;
            return Ok(Some(opened(url, who, &token)));
        }
    }

    async fn continuing(&self, id: &RegistrationId) -> Result<Continuing, ContinueRefused> {
        let store = self.env.store();
        let session = store.load_session(&id.digest()).await?;
        let session = session.ok_or(ContinueRefused::UnknownSession)?;
        let user = store.load_user(session.user).await?;
        let user = user.ok_or(ContinueRefused::UnknownSession)?;
        let now = self.env.clock().now();
        let invitation = user.invitation.clone().filter(|invitation| {
            user.enabled && now < session.expires_at && invitation.honours(&session, now)
        });
        let invitation = invitation.ok_or(ContinueRefused::Ended)?;
        let reference = Reference::of_issue(user.id, invitation.issue, &invitation.nonce);
        Ok(Continuing {
            session,
            user,
            invitation,
            reference,
        })
    }

    /// Writes that a token is being made. Of two who would do so at once, one does.
    async fn claimed(&self, of: &Continuing, made_for: &str) -> Result<bool, Unavailable> {
        let now = self.env.clock().now();
        let token = EnrolmentToken::in_the_making(made_for.to_owned(), now);
        let claimed = with_token(of.invitation.clone(), made_for, Some(token), now);
        let change = holding(&of.user, claimed);
        Ok(self.env.store().save_user(&change).await?.is_saved())
    }

    /// Has the token made that was claimed, and keeps its name.
    async fn made(
        &self,
        wanted: Issuing<'_>,
        issue: IssueNumber,
    ) -> Result<SenderSecret, ContinueRefused> {
        let made_for = wanted.made_for();
        let asked = self.ask_for(wanted).await;
        let issued = match self.noted(wanted.source, asked).await {
            Ok(issued) => issued,
            Err(refused) => {
                // Whoever tries again need not wait for a token that nobody makes.
                self.keep(wanted.user.id, issue, &made_for, None).await?;
                return Err(refused);
            }
        };
        let now = self.env.clock().now();
        let token = EnrolmentToken {
            made_for: made_for.clone(),
            name: Some(issued.name.clone()),
            until: now.saturating_add(TOKEN_TTL).unwrap_or(now),
        };
        self.keep(wanted.user.id, issue, &made_for, Some(token))
            .await?;
        if let Some(token) = issued.token {
            return Ok(token);
        }
        let shown = self.shown(wanted, &issued.name).await?;
        shown.ok_or(ContinueRefused::NotIssued(PollFailed::NotIssued))
    }

    async fn ask_for(&self, wanted: Issuing<'_>) -> Result<Issued, Stopped> {
        let access = self.access(wanted).await?;
        let call = issuing::making(wanted, &access, self.env.clock().now())?;
        let answer = self.call(&call).await?;
        Ok(issuing::made_in(wanted.source.kind, &answer)?)
    }

    /// The token of this name; `None` if it is good for nothing any more.
    async fn shown(
        &self,
        wanted: Issuing<'_>,
        name: &str,
    ) -> Result<Option<SenderSecret>, ContinueRefused> {
        let shown = self.ask_again(wanted, name).await;
        self.noted(wanted.source, shown).await
    }

    async fn ask_again(
        &self,
        wanted: Issuing<'_>,
        name: &str,
    ) -> Result<Option<SenderSecret>, Stopped> {
        let access = self.access(wanted).await?;
        let kind = wanted.source.kind;
        let call = issuing::showing(kind, wanted.api, name, &access)?;
        let answer = self.call(&call).await?;
        Ok(issuing::shown_in(kind, &answer)?)
    }

    /// What authorises the calls.
    async fn access(&self, wanted: Issuing<'_>) -> Result<SenderSecret, Stopped> {
        let keys = self.env.keys();
        let secrets = keys.sender_secrets().await?;
        let credentials = polling::credentials_of(&secrets, wanted.source, wanted.api)?;
        let now = self.env.clock().now();
        let call = match issuing::access(wanted.source, wanted.api, &credentials, now)? {
            AccessCall::Call(call) => call,
            AccessCall::Sign(assertion) => {
                let signature = keys.sign(&assertion.key(), assertion.said());
                assertion.call(&signature.ok_or(PollFailed::NotSigned)?)
            }
        };
        let answer = self.call(&call).await?;
        Ok(looking_up::token_in(&answer)?)
    }

    async fn call(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, PollFailed> {
        Ok(self.env.outgoing().call(call).await?)
    }

    /// Writes how asking a source went, for administrators. Of two who ask at once, one has the word. A source is asked again
    /// as soon as somebody tries again: no person waits for a pause.
    async fn noted<T>(
        &self,
        source: &DeviceSource,
        answer: Result<T, Stopped>,
    ) -> Result<T, ContinueRefused> {
        let store = self.env.store();
        let now = self.env.clock().now();
        if let Err(Stopped::Unavailable(error)) = answer {
            return Err(error.into());
        }
        let known = store.load_source_poll(&source.name).await?;
        let poll = polling::poll_of(known, source, now);
        let news = match &answer {
            Ok(_) => polling::went_well(poll, now),
            Err(Stopped::Failed(why)) => Some(polling::went_wrong(poll, why, now)),
            Err(Stopped::Unavailable(_)) => None,
        };
        if let Some(poll) = news {
            SaveError::was_written(store.save_source_poll(&poll).await)?;
        }
        answer.map_err(|stopped| match stopped {
            Stopped::Failed(why) => ContinueRefused::NotIssued(why),
            Stopped::Unavailable(error) => error.into(),
        })
    }

    /// Keeps what is known of a token from now on, if the issue is still the same.
    async fn keep(
        &self,
        user: UserId,
        issue: IssueNumber,
        made_for: &str,
        token: Option<EnrolmentToken>,
    ) -> Result<(), Unavailable> {
        let mut turns = Turns::new(&self.env, "keeping an enrolment token");
        loop {
            let Some(user) = self.env.store().load_user(user).await? else {
                return Ok(());
            };
            let own = user.invitation.clone().filter(|own| own.issue == issue);
            let Some(own) = own else { return Ok(()) };
            let now = self.env.clock().now();
            let change = holding(&user, with_token(own, made_for, token.clone(), now));
            if self.env.store().save_user(&change).await?.is_saved() {
                return Ok(());
            }
            turns.another().await?;
        }
    }
}

impl Continuing {
    fn going_on<'a>(
        &'a self,
        id: &'a RegistrationId,
        groups: &'a BTreeSet<GroupName>,
    ) -> GoingOn<'a> {
        let named = self.session.named.as_ref();
        let given = self.session.given();
        GoingOn {
            registration_id: id.expose(),
            reference: self.reference.as_str(),
            email: self.user.email.as_str(),
            platform: named.and_then(|named| named.platform.as_deref()),
            ownership: given.unwrap_or_else(|| self.invitation.given()).ownership,
            groups,
        }
    }

    fn known(&self, made_for: &str, now: Timestamp) -> Known {
        let of_this = |token: &&EnrolmentToken| token.made_for == made_for && token.counts(now);
        match self.invitation.tokens.iter().find(of_this) {
            None => Known::Nothing,
            Some(token) => match &token.name {
                Some(name) => Known::Made(name.clone()),
                None => Known::BeingMade(token.until),
            },
        }
    }
}

/// The invitation with this token in the place of the one that was made for the same, and without those that ended.
fn with_token(
    mut invitation: Invitation,
    made_for: &str,
    token: Option<EnrolmentToken>,
    now: Timestamp,
) -> Invitation {
    let tokens = &mut invitation.tokens;
    tokens.retain(|other| other.made_for != made_for && other.counts(now));
    tokens.extend(token);
    invitation
}

fn opened(url: &EnrolmentUrl, who: GoingOn<'_>, token: &SenderSecret) -> NextStep {
    NextStep::Open(filled_in(url, who, token.expose()))
}
