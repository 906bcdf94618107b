//! What more than one function shows: users, batches, reminders, in the names of the API.

use std::collections::{BTreeMap, HashMap};

use beckon_domain::model::actor::Actor;
use beckon_domain::model::batch::{Batch, BatchCounts, BatchSelection, BatchState};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::job::LineProblem;
use beckon_domain::model::mail::{Mail, MailState};
use beckon_domain::model::ownership::{OwnerSwitch, Ownership, OwnershipChoice};
use beckon_domain::model::registration::{NotCompleted, WhyNotCompleted};
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::ports::delivery::Delivery;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mails::Mails;
use beckon_domain::ports::reads::readable;
use beckon_domain::rules::confirmation::ConfirmationForecast;
use beckon_domain::usecases::report_batch::BatchReport;

use crate::funnel::{Attention, FunnelStep};
use beckon_domain::values::ids::{MailId, UserId};
use beckon_domain::values::method::Method;
use beckon_domain::values::problem::{FieldProblem, Problems};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Problem;

/// Who made something happen, as histories name them.
#[must_use]
pub fn actor_name(actor: &Actor) -> String {
    match actor {
        Actor::Caller(name) => name.clone(),
        Actor::Invitee => "Invited person".to_owned(),
        Actor::DeviceManagement => "Device management".to_owned(),
        Actor::Directory => "Directory".to_owned(),
        Actor::MailService => "Mail service".to_owned(),
        Actor::Clock => "Clock".to_owned(),
    }
}

/// An invitation that waits for a device, and that a registration did not complete.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotCompletedView {
    /// Its issue.
    pub issue: u32,
    /// Why, as a stable name.
    pub why: WhyNotCompleted,
    /// Why, as a sentence.
    pub detail: String,
}

impl From<NotCompleted> for NotCompletedView {
    fn from(not_completed: NotCompleted) -> Self {
        let issue = not_completed.issue.get();
        Self {
            issue,
            why: not_completed.why,
            detail: format!(
                "Issue {issue} was not completed, because {}.",
                not_completed.because()
            ),
        }
    }
}

/// A user with their invitation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Which.
    pub id: String,
    /// Where mail goes.
    pub email: String,
    /// What they are called.
    pub display_name: Option<String>,
    /// What a directory outside Beckon calls them.
    pub external_id: Option<String>,
    /// What they sign in by elsewhere.
    pub user_name: Option<String>,
    /// Whether the directory has them: then it says who they are, and `PATCH` leaves that to it.
    pub from_directory: bool,
    /// The groups they belong to.
    pub groups: Vec<String>,
    /// Their language; null: the settings'.
    pub locale: Option<String>,
    /// Their time zone; null: the settings'.
    pub time_zone: Option<String>,
    /// Whether they may be invited and register.
    pub enabled: bool,
    /// Devices registered.
    pub devices: u32,
    /// How many of them are managed no longer, as their sources say.
    pub devices_unenrolled: u32,
    /// Why nothing more is sent to the address, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_mark: Option<AddressSuppression>,
    /// Their current invitation.
    pub invitation: InvitationView,
}

/// A user's current invitation; of one never invited, only the state.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// Where it stands.
    pub state: InvitationState,
    /// Which issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<u32>,
    /// How the person registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The ownership it carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// What the person chose instead when they redeemed, where they may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen_ownership: Option<OwnershipChoice>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub issued_at: Option<Timestamp>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
    /// When it ended: completed, expired, cancelled or declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// When its secret was accepted last, while no device was registered with it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub begun_at: Option<Timestamp>,
    /// Wrong PINs it still bears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u8>,
    /// Where its mail stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<MailState>,
    /// Why its mail stands there, if there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_reason: Option<String>,
    /// The same as a stable name, such as `quietHours`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_reason_code: Option<String>,
}

impl UserView {
    /// A user as seen now; `mail` is the one of their invitation.
    #[must_use]
    pub fn new(user: User, mail: Option<&Mail>, now: Timestamp) -> Self {
        let state = user.invitation_state_at(now);
        let groups = user.all_groups();
        let groups = groups.iter().map(|group| group.as_str().to_owned());
        let groups = groups.collect();
        let invitation = match user.invitation {
            None => InvitationView {
                state,
                issue: None,
                method: None,
                ownership: None,
                chosen_ownership: None,
                issued_at: None,
                expires_at: None,
                ended_at: None,
                begun_at: None,
                tries_left: None,
                delivery: None,
                delivery_reason: None,
                delivery_reason_code: None,
            },
            Some(invitation) => InvitationView {
                state,
                issue: Some(invitation.issue.get()),
                method: Some(invitation.method),
                ownership: Some(invitation.ownership),
                chosen_ownership: invitation.chosen,
                issued_at: Some(invitation.issued_at),
                expires_at: Some(invitation.expires_at),
                ended_at: invitation.ended_at.or_else(|| {
                    let has_run_out = state == InvitationState::Expired;
                    has_run_out.then_some(invitation.expires_at)
                }),
                begun_at: invitation.begun_at(now),
                tries_left: invitation
                    .method
                    .uses_pin()
                    .then_some(invitation.tries_left),
                delivery: mail.map(|mail| mail.state),
                delivery_reason: mail
                    .and_then(|mail| mail.reason.as_ref())
                    .map(|reason| reason.detail.clone()),
                delivery_reason_code: mail
                    .and_then(|mail| mail.reason.as_ref())
                    .map(|reason| reason.code.clone()),
            },
        };
        Self {
            id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            display_name: user.display_name.map(|name| name.as_str().to_owned()),
            external_id: user.external_id.map(|id| id.as_str().to_owned()),
            user_name: user.user_name.map(|name| name.as_str().to_owned()),
            from_directory: user.directory.is_some(),
            groups,
            locale: user.locale.map(|locale| locale.to_string()),
            time_zone: user.time_zone.map(|zone| zone.as_str().to_owned()),
            enabled: user.enabled,
            devices: user.devices,
            devices_unenrolled: user.devices_unenrolled,
            address_mark: user.address_mark,
            invitation,
        }
    }

    /// A user with the mail of their invitation, which is loaded.
    pub async fn of_one(
        user: User,
        store: &impl Mails,
        now: Timestamp,
    ) -> Result<Self, Unavailable> {
        let mail = match &user.invitation {
            Some(invitation) => readable(store.load_mail(invitation.mail).await)?,
            None => None,
        };
        Ok(Self::new(user, mail.as_ref(), now))
    }

    /// Users with the mails of their invitations, which are loaded at once.
    pub async fn of_all(
        users: Vec<User>,
        store: &impl Mails,
        now: Timestamp,
    ) -> Result<Vec<Self>, Unavailable> {
        let ids: Vec<MailId> = users
            .iter()
            .filter_map(|user| user.invitation.as_ref().map(|invitation| invitation.mail))
            .collect();
        let mails: HashMap<MailId, Mail> = store
            .load_mails(&ids)
            .await?
            .into_iter()
            .map(|mail| (mail.id, mail))
            .collect();
        Ok(users
            .into_iter()
            .map(|user| {
                let mail = user
                    .invitation
                    .as_ref()
                    .and_then(|invitation| mails.get(&invitation.mail));
                Self::new(user, mail, now)
            })
            .collect())
    }
}

/// Where *Device owner settings* stood for a batch, if not off. `preset`: it was left out of the
/// request, so that each one's group decided, and it was off for everybody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OwnerSettings {
    /// On: the person's own device.
    UserOwned,
    /// On: the company's device.
    CompanyOwned,
    /// As preset for each one's group.
    Preset,
    /// As each one's earlier invitation had it, and off for everybody else.
    Kept,
}

impl OwnerSettings {
    /// What the switch stood at; `None`: off.
    #[must_use]
    pub const fn of(switch: OwnerSwitch) -> Option<Self> {
        match switch {
            OwnerSwitch::Preset => Some(Self::Preset),
            OwnerSwitch::Off => None,
            OwnerSwitch::Kept => Some(Self::Kept),
            OwnerSwitch::On(OwnershipChoice::UserOwned) => Some(Self::UserOwned),
            OwnerSwitch::On(OwnershipChoice::CompanyOwned) => Some(Self::CompanyOwned),
        }
    }
}

/// Whom a batch is for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SelectedView {
    /// How many users were named; null: it is for those whom the filter finds.
    pub users: Option<u64>,
    /// Whom it finds; null: users were named.
    pub filter: Option<UserFilter>,
    /// How many of those are left out.
    pub except: u64,
}

impl From<&BatchSelection> for SelectedView {
    fn from(selection: &BatchSelection) -> Self {
        match selection {
            BatchSelection::Few { users } => Self::named(users.len() as u64),
            BatchSelection::Many { count } => Self::named(*count),
            BatchSelection::Filter { filter, except } => Self {
                users: None,
                filter: Some(filter.clone()),
                except: except.len() as u64,
            },
        }
    }
}

impl SelectedView {
    const fn named(users: u64) -> Self {
        Self {
            users: Some(users),
            filter: None,
            except: 0,
        }
    }
}

/// A batch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchView {
    /// Which.
    pub id: String,
    /// Where it stands.
    pub state: BatchState,
    /// Who sent it.
    pub sent_by: String,
    /// Since when.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Whom it is for.
    pub selection: SelectedView,
    /// Where *Device owner settings* stood; null: off.
    pub ownership: Option<OwnerSettings>,
    /// The settings it was sent under.
    pub settings_version: String,
    /// What became of it so far; null until everyone selected was read, and of a batch of an earlier
    /// version until it is counted.
    pub counts: Option<BatchCounts>,
    /// When its last mail is expected to go out; null if none waits, if nothing was sent yet, if the
    /// batch was stopped, or where `counts` is null. A pause is reckoned in, other batches ahead are
    /// not.
    #[schema(value_type = Option<String>)]
    pub expected_end: Option<Timestamp>,
    /// What keeps its mails from going out, while something does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_up: Option<PauseView>,
}

/// Why nothing goes out, and until when. Nothing is lost meanwhile.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PauseView {
    /// Until then, or until somebody resumes it.
    #[schema(value_type = String)]
    pub until: Timestamp,
    /// A stable name.
    pub code: String,
    /// What the mail service said.
    pub reason: String,
}

impl From<Pause> for PauseView {
    fn from(pause: Pause) -> Self {
        Self {
            until: pause.until,
            code: pause.code,
            reason: pause.reason,
        }
    }
}

/// How mail goes out just now.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// Mails a second; `None` before the first.
    pub pace: Option<f64>,
    /// What holds everything up, if something does.
    pub pause: Option<Pause>,
}

impl Traffic {
    /// How it goes at this moment.
    pub async fn now(store: &impl Delivery, now: Timestamp) -> Result<Self, Unavailable> {
        let pause = store.delivery_pause().await?;
        Ok(Self {
            pace: store.pace().await?,
            pause: pause.filter(|pause| now < pause.until),
        })
    }
}

impl BatchView {
    /// A batch as seen now.
    #[must_use]
    pub fn new(batch: &Batch, state: BatchState, counts: Option<BatchCounts>) -> Self {
        Self {
            id: batch.id.to_string(),
            state,
            sent_by: actor_name(&batch.who),
            created_at: batch.created_at,
            selection: SelectedView::from(&batch.selection),
            ownership: OwnerSettings::of(batch.choice),
            settings_version: batch.settings.get().to_string(),
            counts,
            expected_end: None,
            held_up: None,
        }
    }

    /// A batch as it is reported now.
    #[must_use]
    pub fn reported(report: &BatchReport, traffic: &Traffic, now: Timestamp) -> Self {
        let counts = report.counted.then_some(report.counts);
        // Of one that was not counted it is not known; what waits of a stopped one is dropped when
        // its turn comes.
        let to_go = match report.state {
            BatchState::Stopped => Some(0),
            BatchState::Expanding | BatchState::Expanded => counts.map(|counts| counts.waiting),
        };
        let pause = traffic.pause.clone().filter(|_| to_go != Some(0));
        let from = pause.as_ref().map_or(now, |pause| pause.until.max(now));
        Self {
            expected_end: to_go.and_then(|to_go| expected_end(to_go, traffic.pace, from)),
            held_up: pause.map(PauseView::from),
            ..Self::new(&report.batch, report.state, counts)
        }
    }
}

/// When the mails that are still to go will have gone; they share the pace with others, so it
/// is no promise.
fn expected_end(open: u64, pace: Option<f64>, from: Timestamp) -> Option<Timestamp> {
    let pace = pace.filter(|pace| open > 0 && pace.is_finite() && *pace > 0.0)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of mails, used as an estimate"
    )]
    let seconds = (open as f64 / pace).min(1e9);
    from.checked_add(SignedDuration::from_secs_f64(seconds))
        .ok()
}

/// A batch and what to tell the administrator about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentView {
    /// The batch.
    pub batch: BatchView,
    /// About confirmations.
    pub confirmation: ConfirmationForecast,
    /// How far its people are, step by step; null in the answer to sending, and of a batch that is not
    /// counted yet.
    pub funnel: Option<Vec<FunnelStep>>,
    /// What needs attention; null where `funnel` is.
    pub attention: Option<Attention>,
}

/// What is wrong with a line of a file, or worth knowing of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LineProblemView {
    /// The column.
    pub field: String,
    /// A stable name for programs.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
    /// What the sentence says in numbers and names, for whoever says it in another language. Absent if there is
    /// nothing such.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    pub parameters: BTreeMap<String, String>,
}

impl From<LineProblem> for LineProblemView {
    fn from(problem: LineProblem) -> Self {
        Self {
            field: problem.field,
            code: problem.code,
            detail: problem.detail,
            parameters: problem.parameters,
        }
    }
}

/// Whom a batch or a preview is for: either `userIds` or `filter`.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SelectionBody {
    /// These users, at most 10,000.
    pub user_ids: Option<Vec<String>>,
    /// Everyone this finds.
    pub filter: Option<UserFilter>,
    /// But not these, at most 1,000; only with a filter.
    pub except: Vec<String>,
}

/// A batch or a preview.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OrderBody {
    /// Whom.
    pub selection: SelectionBody,
    /// The device owner setting; null: off; left out: as preset for each one's group.
    #[serde(
        deserialize_with = "OwnerSwitch::read",
        serialize_with = "OwnerSwitch::write",
        skip_serializing_if = "OwnerSwitch::is_preset"
    )]
    #[schema(value_type = Option<OwnershipChoice>)]
    pub ownership: OwnerSwitch,
    /// Whether each one's earlier invitation says whose the device is, if that was set for it. It goes with
    /// `ownership` null or left out, and is then off for everybody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_ownership: bool,
    /// The settings that the preview showed; left out: the current ones.
    pub settings_version: Option<String>,
}

impl SelectionBody {
    /// Reads the selection; every wrong id is named.
    pub fn parse(&self) -> Result<Selection, Problem> {
        let mut problems = Problems::default();
        let mut ids = |texts: &[String], field: &str| -> Vec<UserId> {
            texts
                .iter()
                .enumerate()
                .filter_map(|(index, text)| {
                    problems.check(
                        text.parse::<UserId>()
                            .map_err(|p| p.under(&format!("selection.{field}[{index}]"))),
                    )
                })
                .collect()
        };
        let except = ids(&self.except, "except");
        let selection = match (&self.user_ids, &self.filter) {
            (Some(users), None) => {
                let users = ids(users, "userIds");
                if !except.is_empty() {
                    problems.add(FieldProblem::new(
                        "selection.except",
                        "withoutFilter",
                        "goes with a filter only; leave those users out of userIds instead",
                    ));
                }
                Some(Selection::Users(users))
            }
            (None, Some(filter)) => Some(Selection::Filter {
                filter: filter.clone(),
                except: except.into_iter().collect(),
            }),
            (None, None) => {
                problems.add(FieldProblem::new(
                    "selection",
                    "missing",
                    "must name userIds or a filter",
                ));
                None
            }
            (Some(_), Some(_)) => {
                problems.add(FieldProblem::new(
                    "selection",
                    "ambiguous",
                    "must name userIds or a filter, not both",
                ));
                None
            }
        };
        match selection {
            Some(selection) if problems.is_empty() => Ok(selection),
            _ => Err(Problem::invalid_fields(problems.into_vec())),
        }
    }
}

impl OrderBody {
    /// Where *Device owner settings* stands.
    pub fn switch(&self) -> Result<OwnerSwitch, Problem> {
        match (self.keep_ownership, self.ownership) {
            (false, switch) => Ok(switch),
            (true, OwnerSwitch::Preset | OwnerSwitch::Off | OwnerSwitch::Kept) => {
                Ok(OwnerSwitch::Kept)
            }
            (true, OwnerSwitch::On(_)) => Err(Problem::invalid_fields(vec![FieldProblem::new(
                "keepOwnership",
                "withOwnership",
                "keeps what was set for each one before, and so does not go with ownership; leave one of the two out",
            )])),
        }
    }

    /// The version of the settings, if one was named.
    pub fn settings(&self) -> Result<Option<beckon_domain::values::ids::Version>, Problem> {
        self.settings_version
            .as_deref()
            .map(|text| {
                text.trim()
                    .parse()
                    .map(beckon_domain::values::ids::Version::from_number)
                    .map_err(|_| {
                        Problem::invalid_fields(vec![FieldProblem::new(
                            "settingsVersion",
                            "malformedVersion",
                            "is not a version of the settings; copy it from the preview",
                        )])
                    })
            })
            .transpose()
    }
}

/// An id from a path; one that is none of ours is not found.
pub fn id_in_path<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}
