//! Send: one transaction that writes a batch. Everything else starts from its rows.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::batch::{Batch, BatchCounts, BatchSelection, Cursor, PAGE_SIZE};
use crate::model::mail::{MAX_SMALL_BATCH, MailClass};
use crate::model::ownership::OwnerSwitch;
use crate::model::selection::{MAX_EXCEPTIONS, MAX_IDS, MAX_READ_AT_ONCE, Selection, each_once};
use crate::model::settings::{Settings, VersionedSettings};
use crate::model::stored::Carried;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::idempotency::Idempotency;
use crate::ports::reads::Loaded;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::confirmation::{self, ConfirmationForecast};
use crate::rules::issuing::{Eligibility, Reached, eligibility};
use crate::usecases::idempotency::{Recalled, RepeatableRequest, recall};
use crate::values::ids::{BatchId, UserId, Version};
use crate::values::method::choice_applies;
use crate::values::problem::FieldProblem;

/// How long a cursor may stand still before maintenance pushes it.
pub const CURSOR_TIMEOUT: SignedDuration = SignedDuration::from_secs(60);

/// What to send, and to whom.
#[derive(Debug, Clone)]
pub struct SendRequest {
    /// Whom.
    pub selection: Selection,
    /// What *Device owner settings* is switched to.
    pub choice: OwnerSwitch,
    /// The settings that the preview showed; the current ones if there was none.
    pub settings: Option<Version>,
    /// Who sends.
    pub who: Actor,
}

/// What was started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendAccepted {
    /// The batch.
    pub batch: Batch,
    /// What will become of it, where everyone selected was read.
    pub counts: Option<BatchCounts>,
    /// What to tell the administrator about confirmations.
    #[serde(rename = "reminder")]
    pub confirmation: ConfirmationForecast,
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendRefused {
    /// The selection or the choice is wrong.
    #[error("the order is not well formed")]
    Invalid(Vec<FieldProblem>),
    /// Selected users do not exist.
    #[error("selected users do not exist")]
    UnknownUsers(Vec<FieldProblem>),
    /// The settings of the preview do not exist.
    #[error("there are no settings of this version")]
    UnknownSettings,
    /// The settings are no longer those of the preview.
    #[error("the settings have changed since the preview")]
    SettingsChanged {
        /// What the preview showed.
        shown: Version,
        /// What holds now.
        current: Version,
    },
    /// The idempotency key came with another body before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Starts a batch.
#[derive(Debug, Clone)]
pub struct SendInvitations<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users + Batches + SettingsStore + Idempotency>> SendInvitations<E> {
    /// Checks the order and writes its batch.
    pub async fn run(
        &self,
        order: &SendRequest,
        request: Option<&RepeatableRequest>,
    ) -> Result<SendAccepted, SendRefused> {
        let mut turns = Turns::new(&self.env, "starting a batch");
        loop {
            let now = self.env.clock().now();
            match recall(self.env.store(), request, now).await? {
                Recalled::Answered(answer) => return Ok(answer),
                Recalled::OtherBody => return Err(SendRefused::KeyReused),
                Recalled::New => {}
            }
            let settings = settings_of(self.env.store(), order.settings).await?;
            check_selection(&order.selection).map_err(SendRefused::Invalid)?;
            if order.choice.is_on() && !settings.settings.choice_reaches_somebody() {
                return Err(SendRefused::Invalid(vec![choice_refused()]));
            }
            let (selection, class, named) = stored(&order.selection);
            let known = match &selection {
                BatchSelection::Few { users } => {
                    Some(self.look_at(users, order.choice, &settings, now).await?)
                }
                BatchSelection::Many { .. } | BatchSelection::Filter { .. } => None,
            };
            let (batch, cursor) = begin(
                self.env.entropy(),
                order,
                selection,
                class,
                settings.version,
                now,
            );
            let answer = SendAccepted {
                counts: known.map(|(counts, _)| counts),
                confirmation: ConfirmationForecast {
                    confirmation_enabled: settings.settings.confirmation.enabled,
                    will_receive: known.map(|(_, receive)| receive),
                    will_not_receive: known.map(|(counts, receive)| {
                        (counts.selected - counts.skipped).saturating_sub(receive)
                    }),
                },
                batch,
            };
            let remembered = request
                .map(|request| request.remember(&answer, now))
                .transpose()?;
            match self
                .env
                .store()
                .start_batch(&answer.batch, &cursor, &named, remembered.as_ref())
                .await
            {
                Ok(()) => return Ok(answer),
                // The same request came twice at once; the other one has the answer.
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }

    /// Reads a few named users: an unknown one is refused, the rest is counted.
    async fn look_at(
        &self,
        users: &[UserId],
        switch: OwnerSwitch,
        settings: &VersionedSettings,
        now: Timestamp,
    ) -> Result<(BatchCounts, u64), SendRefused> {
        let read = self.env.store().read_users(users).await?;
        let unknown = unknown_users(users, &read);
        let found = read.found;
        if !unknown.is_empty() {
            return Err(SendRefused::UnknownUsers(unknown));
        }
        if switch.is_on() && !reaches_any(&found, &settings.settings) {
            return Err(SendRefused::Invalid(vec![choice_refused()]));
        }
        let mut counts = BatchCounts {
            selected: users.len() as u64,
            skipped: read.unreadable.len() as u64,
            ..BatchCounts::default()
        };
        let mut receive = 0;
        for user in &found {
            match eligibility(user, settings, switch, Reached::ByName, now) {
                Eligibility::Skip(_) => counts.skipped += 1,
                Eligibility::Send | Eligibility::Replace | Eligibility::Again => {
                    if confirmation::check_recipient(&settings.settings.confirmation, user).is_ok()
                    {
                        receive += 1;
                    }
                }
            }
        }
        Ok((counts, receive))
    }
}

/// Whether *Device owner settings* reaches any of these.
#[must_use]
pub fn reaches_any(users: &[crate::model::user::User], settings: &Settings) -> bool {
    users
        .iter()
        .any(|user| choice_applies(settings.for_user(user).registration.method))
}

/// One problem for each named user that does not exist.
#[must_use]
pub fn unknown_users(
    named: &[UserId],
    read: &Loaded<crate::model::user::User, UserId>,
) -> Vec<FieldProblem> {
    let exists = |id: &UserId| {
        read.found.iter().any(|user| user.id == *id) || read.why_unreadable(id).is_some()
    };
    named
        .iter()
        .enumerate()
        .filter(|(_, id)| !exists(id))
        .map(|(index, id)| {
            FieldProblem::new(
                format!("selection.userIds[{index}]"),
                "unknownUser",
                format!("is {id}, and no user has this id; take it out of the selection"),
            )
        })
        .collect()
}

/// The settings of a version, or the current ones.
pub async fn settings_of(
    store: &impl SettingsStore,
    version: Option<Version>,
) -> Result<VersionedSettings, SendRefused> {
    let current = store.current_settings().await?;
    match version {
        Some(shown) if shown > current.version => Err(SendRefused::UnknownSettings),
        Some(shown) if shown < current.version => Err(SendRefused::SettingsChanged {
            shown,
            current: current.version,
        }),
        Some(_) | None => Ok(current),
    }
}

/// Whether a selection can be worked on at all.
pub fn check_selection(selection: &Selection) -> Result<(), Vec<FieldProblem>> {
    let problem = match selection {
        Selection::Users(users) if users.is_empty() => FieldProblem::new(
            "selection.userIds",
            "empty",
            "selects nobody; name at least one user",
        ),
        Selection::Users(users) if users.len() > MAX_IDS => FieldProblem::new(
            "selection.userIds",
            "tooMany",
            format!(
                "names {} users; {MAX_IDS} is the most, beyond that select by filter",
                users.len()
            ),
        )
        .with("most", MAX_IDS),
        Selection::Filter { except, .. } if except.len() > MAX_EXCEPTIONS => FieldProblem::new(
            "selection.except",
            "tooMany",
            format!(
                "names {} exceptions; {MAX_EXCEPTIONS} is the most",
                except.len()
            ),
        )
        .with("most", MAX_EXCEPTIONS),
        Selection::Users(_) | Selection::Filter { .. } => return Ok(()),
    };
    Err(vec![problem])
}

/// What is said of a choice that reaches nobody.
#[must_use]
pub fn choice_refused() -> FieldProblem {
    FieldProblem::new(
        "ownership",
        "doesNotApply",
        "applies to nobody selected: the registration method carries no device owner setting. Switch it off, or use a method with a PIN",
    )
}

/// A selection as its rows say it: what the batch's own row holds, whether mails to these people may
/// overtake others, and the rows of named users.
pub(super) fn stored(selection: &Selection) -> (BatchSelection, MailClass, Vec<Vec<UserId>>) {
    match selection {
        Selection::Users(users) => {
            let users = each_once(users);
            let class = if users.len() <= MAX_SMALL_BATCH {
                MailClass::Small
            } else {
                MailClass::Bulk
            };
            if users.len() <= MAX_READ_AT_ONCE {
                (BatchSelection::Few { users }, class, Vec::new())
            } else {
                let named = users.chunks(PAGE_SIZE).map(<[UserId]>::to_vec).collect();
                (
                    BatchSelection::Many {
                        count: users.len() as u64,
                    },
                    class,
                    named,
                )
            }
        }
        Selection::Filter { filter, except } => (
            BatchSelection::Filter {
                filter: filter.clone(),
                except: except.clone(),
            },
            MailClass::Bulk,
            Vec::new(),
        ),
    }
}

/// A batch at its beginning, and its cursor.
pub(super) fn begin(
    entropy: &impl Entropy,
    order: &SendRequest,
    selection: BatchSelection,
    class: MailClass,
    settings: Version,
    now: Timestamp,
) -> (Batch, Cursor) {
    let batch = Batch {
        id: BatchId::new(entropy.ulid()),
        version: Version::FIRST,
        who: order.who.clone(),
        selection,
        choice: order.choice,
        settings,
        class,
        stopped_at: None,
        stopped_by: None,
        created_at: now,
        carried: Carried::default(),
        request_id: entropy.request(),
        counted: true,
    };
    let cursor = Cursor {
        batch: batch.id,
        version: Version::FIRST,
        page: 0,
        position: None,
        done: false,
        done_at: None,
        due_at: now.saturating_add(CURSOR_TIMEOUT).unwrap_or(now),
        carried: Carried::default(),
        request_id: batch.request_id.clone(),
    };
    (batch, cursor)
}

/// A batch for a few named users, at its beginning.
pub(crate) fn batch_and_cursor(
    entropy: &impl Entropy,
    who: Actor,
    users: Vec<UserId>,
    choice: OwnerSwitch,
    settings: Version,
    now: Timestamp,
) -> (Batch, Cursor) {
    let order = SendRequest {
        selection: Selection::Users(users),
        choice,
        settings: Some(settings),
        who,
    };
    let (selection, class, _) = stored(&order.selection);
    begin(entropy, &order, selection, class, settings, now)
}
