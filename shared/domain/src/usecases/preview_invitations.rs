//! The invitation preview: what will be sent, to whom, and who will be skipped and why. It reads
//! and writes nothing down.

use jiff::{SignedDuration, Timestamp};

use crate::model::actor::Actor;
use crate::model::batch::{Batch, BatchSelection, SkipReason};
use crate::model::mail::MailClass;
use crate::model::mail_content::{InvitationContent, InvitationOccasion, Message};
use crate::model::ownership::{OwnerSwitch, Ownership};
use crate::model::selection::{MAX_READ_AT_ONCE, Selection, each_once};
use crate::model::settings::VersionedSettings;
use crate::model::stored::Carried;
use crate::model::template::{MailContent, OwnWordings};
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::composer::{Composer, written};
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithComposer};
use crate::ports::error::Unavailable;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::confirmation::{self, NoConfirmation};
use crate::rules::content::{Links, Sealed, invitation_content, reader};
use crate::rules::issuing::{Eligibility, IssueSecrets, IssueSpec, Reached, eligibility, issue};
use crate::rules::ownership::of_next_invitation;
use crate::usecases::send_invitations::{
    SendRefused, check_selection, choice_refused, settings_of, unknown_users,
};
use crate::values::ids::{BatchId, EventId, UserId, Version};
use crate::values::keys::KeyId;
use crate::values::locale::Locale;
use crate::values::method::{Method, choice_applies};
use crate::values::problem::FieldProblem;

/// What to preview.
#[derive(Clone)]
pub struct PreviewOrder {
    /// Whom it would go to.
    pub selection: Selection,
    /// What *Device owner settings* is switched to.
    pub choice: OwnerSwitch,
    /// Settings of an earlier page of the same preview; the current ones if absent.
    pub settings: Option<Version>,
    /// Where the page begins.
    pub position: Option<String>,
    /// The language that the mail is shown in; the recipient's own if absent.
    pub locale: Option<Locale>,
    /// Who looks, and would send.
    pub who: Actor,
}

/// A position in the list of users is somebody's address.
impl std::fmt::Debug for PreviewOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreviewOrder")
            .field("selection", &self.selection)
            .field("choice", &self.choice)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What would become of one selected user.
#[derive(Debug, Clone)]
pub struct PreviewedRecipient {
    /// Who; for an id that is unknown or cannot be read, only that.
    pub user: Result<User, UserId>,
    /// What would become of them.
    pub eligibility: Eligibility,
    /// The language that their mail will be written in, which is not the one they asked for where
    /// there are no words in that.
    pub locale: Locale,
    /// How they would register.
    pub method: Method,
    /// The ownership their invitation would carry.
    pub ownership: Ownership,
    /// What was chosen for their earlier invitation, if anything was.
    pub earlier_ownership: Option<Ownership>,
    /// Whether *Device owner settings* reaches them at all.
    pub choice_applies: bool,
    /// Whether they would get a confirmation.
    pub confirmation: Result<(), NoConfirmation>,
}

/// Counts of a preview.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PreviewCounts {
    /// How many are selected; for a filter, on this page, unless exact.
    pub selected: u64,
    /// How many would be sent one, replacements included.
    pub will_send: u64,
    /// How many would be skipped.
    pub skipped: u64,
    /// Whether the counts are of the whole selection, or of this page alone.
    pub exact: bool,
}

/// A page of the preview.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Under which settings.
    pub settings: Version,
    /// How the first of them would register; each recipient's own method is with them.
    pub method: Method,
    /// What invitations would carry where the choice applies.
    pub ownership: Ownership,
    /// Whether the choice applies to anybody on this page.
    pub choice_applies: bool,
    /// How many.
    pub counts: PreviewCounts,
    /// Everyone on this page.
    pub recipients: Vec<PreviewedRecipient>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// The mail as the first of them would get it, its secret masked.
    pub mail: Option<Message>,
}

/// How many pages are counted through for the counts of the first.
const MAX_PAGES_COUNTED: usize = 20;

/// For how long at most: a filter that finds few looks at many for each page.
const COUNT_TIMEOUT: SignedDuration = SignedDuration::from_secs(3);

fn invited(recipients: &[PreviewedRecipient]) -> u64 {
    let invited = recipients
        .iter()
        .filter(|recipient| !matches!(recipient.eligibility, Eligibility::Skip(_)));
    invited.count() as u64
}

/// Shows a preview.
#[derive(Debug, Clone)]
pub struct PreviewInvitations<E> {
    /// What it runs in.
    pub env: E,
    /// Where links lead.
    pub links: Links,
}

impl<E> PreviewInvitations<E>
where
    E: Env<Store: Users + SettingsStore> + WithComposer,
{
    /// One page of the preview.
    pub async fn run(&self, order: &PreviewOrder) -> Result<Preview, SendRefused> {
        let now = self.env.clock().now();
        let settings = settings_of(self.env.store(), order.settings).await?;
        check_selection(&order.selection).map_err(SendRefused::Invalid)?;
        if order.choice.is_on() && !settings.settings.choice_reaches_somebody() {
            return Err(SendRefused::Invalid(vec![choice_refused()]));
        }
        let (recipients, selected, exact, next) = self.page(order, &settings, now).await?;
        let applies = recipients.iter().find(|recipient| recipient.choice_applies);
        // Of named users Send says the same; whom a filter finds, it learns later.
        let named = exact && matches!(order.selection, Selection::Users(_));
        if order.choice.is_on() && named && applies.is_none() {
            return Err(SendRefused::Invalid(vec![choice_refused()]));
        }
        let method = recipients
            .first()
            .map_or(settings.settings.registration.method, |first| first.method);

        let will_send = invited(&recipients);
        let of_page = PreviewCounts {
            selected,
            will_send,
            skipped: recipients.len() as u64 - will_send,
            exact,
        };
        let counts = self
            .counted_through(order, of_page, next.as_deref(), &settings, now)
            .await?;
        let first = recipients.iter().find_map(|recipient| {
            match (&recipient.user, recipient.eligibility) {
                (
                    Ok(user),
                    eligibility @ (Eligibility::Send | Eligibility::Replace | Eligibility::Again),
                ) => Some((user, eligibility)),
                _ => None,
            }
        });
        let mail = match first {
            None => None,
            Some((user, eligibility)) => {
                let own = OwnWordings::of(self.env.store().templates().await?);
                let content = self.content(order, user, eligibility, &settings, now)?;
                let written = written(self.env.composer(), &own, &MailContent::Invitation(content));
                let written = written.map_err(|error| Unavailable::new("the preview", error))?;
                Some(written.message)
            }
        };
        Ok(Preview {
            settings: settings.version,
            method,
            ownership: applies.map_or(Ownership::NotSet, |one| one.ownership),
            choice_applies: applies.is_some() || (recipients.is_empty() && choice_applies(method)),
            counts,
            recipients,
            next,
            mail,
        })
    }

    /// The counts of the whole selection, if this is its first page and not too many follow:
    /// nobody should have to leaf through a preview to learn how many mails it is of.
    async fn counted_through(
        &self,
        order: &PreviewOrder,
        of_page: PreviewCounts,
        next: Option<&str>,
        settings: &VersionedSettings,
        now: Timestamp,
    ) -> Result<PreviewCounts, SendRefused> {
        let too_many = match &order.selection {
            Selection::Users(users) => users.len() > MAX_PAGES_COUNTED * MAX_READ_AT_ONCE,
            Selection::Filter { .. } => false,
        };
        if order.position.is_some() || too_many {
            return Ok(of_page);
        }
        let until = now.saturating_add(COUNT_TIMEOUT).unwrap_or(now);
        let mut counts = of_page;
        let mut position = next.map(str::to_owned);
        for _ in 1..MAX_PAGES_COUNTED {
            let Some(from) = position else { break };
            if self.env.clock().now() > until {
                return Ok(of_page);
            }
            let further = PreviewOrder {
                position: Some(from),
                ..order.clone()
            };
            let (recipients, selected, _, next) = self.page(&further, settings, now).await?;
            let will_send = invited(&recipients);
            counts.will_send += will_send;
            counts.skipped += recipients.len() as u64 - will_send;
            if let Selection::Filter { .. } = order.selection {
                counts.selected += selected;
            }
            position = next;
        }
        Ok(match position {
            None => PreviewCounts {
                exact: true,
                ..counts
            },
            Some(_) => of_page,
        })
    }

    async fn page(
        &self,
        order: &PreviewOrder,
        settings: &VersionedSettings,
        now: Timestamp,
    ) -> Result<(Vec<PreviewedRecipient>, u64, bool, Option<String>), SendRefused> {
        match &order.selection {
            Selection::Users(users) => {
                let users = each_once(users);
                let start = match &order.position {
                    None => 0,
                    Some(text) => text.parse::<usize>().map_err(|_| bad_position())?,
                };
                let page: Vec<UserId> = users
                    .iter()
                    .skip(start)
                    .take(MAX_READ_AT_ONCE)
                    .copied()
                    .collect();
                let read = self.env.store().read_users(&page).await?;
                let few = users.len() <= MAX_READ_AT_ONCE;
                if few {
                    let unknown = unknown_users(&page, &read);
                    if !unknown.is_empty() {
                        return Err(SendRefused::UnknownUsers(unknown));
                    }
                }
                let recipients = page
                    .iter()
                    .map(|id| match read.found.iter().find(|user| user.id == *id) {
                        Some(user) => {
                            let by_name = Reached::ByName;
                            self.previewed(user.clone(), order.choice, settings, by_name, now)
                        }
                        None if read.why_unreadable(id).is_some() => {
                            left_out(*id, SkipReason::Unreadable, settings)
                        }
                        None => left_out(*id, SkipReason::UnknownUser, settings),
                    })
                    .collect();
                let end = start + page.len();
                Ok((
                    recipients,
                    users.len() as u64,
                    few,
                    (end < users.len()).then(|| end.to_string()),
                ))
            }
            Selection::Filter { filter, except } => {
                let reached = Reached::by(filter);
                let page = self
                    .env
                    .store()
                    .list_users(filter, order.position.as_deref(), MAX_READ_AT_ONCE, now)
                    .await?;
                let recipients: Vec<_> = page
                    .items
                    .into_iter()
                    .filter(|user| !except.contains(&user.id))
                    .map(|user| self.previewed(user, order.choice, settings, reached, now))
                    .collect();
                let exact = order.position.is_none() && page.next.is_none();
                Ok((
                    recipients.clone(),
                    recipients.len() as u64,
                    exact,
                    page.next,
                ))
            }
        }
    }

    fn content(
        &self,
        order: &PreviewOrder,
        user: &User,
        eligibility: Eligibility,
        settings: &VersionedSettings,
        now: Timestamp,
    ) -> Result<InvitationContent, Unavailable> {
        // The very rule by which Send will issue, with secrets that are thrown away.
        let batch = Batch {
            id: BatchId::new(self.env.entropy().ulid()),
            version: Version::FIRST,
            who: order.who.clone(),
            selection: BatchSelection::Few {
                users: vec![user.id],
            },
            choice: order.choice,
            settings: settings.version,
            class: MailClass::Small,
            stopped_at: None,
            stopped_by: None,
            created_at: now,
            carried: Carried::default(),
            request_id: None,
            counted: false,
        };
        let secrets = IssueSecrets {
            nonce: self.env.entropy().nonce(),
            key: KeyId::new("preview"),
            event: EventId::new(self.env.entropy().ulid()),
        };
        let after = match eligibility {
            Eligibility::Again => user.clone(),
            Eligibility::Send | Eligibility::Replace | Eligibility::Skip(_) => {
                let spec = IssueSpec::of(&batch, user, settings);
                issue(user, spec, settings, secrets, now).user
            }
        };
        let after = match &order.locale {
            None => after,
            Some(locale) => User {
                locale: Some(locale.clone()),
                ..after
            },
        };
        let Some(invitation) = &after.invitation else {
            return Err(Unavailable::new(
                "the preview",
                "an issue without an invitation",
            ));
        };
        Ok(invitation_content(
            &after,
            invitation,
            &settings.settings,
            &self.links,
            Sealed::masked(invitation.method, invitation.pin),
            if eligibility == Eligibility::Again {
                InvitationOccasion::Again
            } else {
                InvitationOccasion::First
            },
            eligibility == Eligibility::Replace,
        ))
    }

    fn previewed(
        &self,
        user: User,
        switch: OwnerSwitch,
        settings: &VersionedSettings,
        reached: Reached,
        now: Timestamp,
    ) -> PreviewedRecipient {
        let method = settings.settings.for_user(&user).registration.method;
        let earlier = user
            .invitation
            .as_ref()
            .map(|invitation| invitation.ownership);
        let ownership = of_next_invitation(&user, &settings.settings, switch);
        PreviewedRecipient {
            eligibility: eligibility(&user, settings, switch, reached, now),
            locale: self
                .env
                .composer()
                .language_of(&reader(&user, &settings.settings)),
            method,
            ownership,
            earlier_ownership: earlier.filter(|earlier| earlier.choice().is_some()),
            choice_applies: choice_applies(method),
            confirmation: confirmation::check_recipient(&settings.settings.confirmation, &user),
            user: Ok(user),
        }
    }
}

fn bad_position() -> SendRefused {
    SendRefused::Invalid(vec![FieldProblem::new(
        "cursor",
        "malformedCursor",
        "is not a cursor of this preview; take it from the previous page as it is",
    )])
}

fn left_out(id: UserId, reason: SkipReason, settings: &VersionedSettings) -> PreviewedRecipient {
    PreviewedRecipient {
        user: Err(id),
        eligibility: Eligibility::Skip(reason),
        locale: settings.settings.locale.clone(),
        method: settings.settings.registration.method,
        ownership: Ownership::NotSet,
        earlier_ownership: None,
        choice_applies: false,
        confirmation: Err(NoConfirmation::NotInDistribution),
    }
}
