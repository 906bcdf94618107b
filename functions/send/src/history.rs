//! `/v1/batches/{id}/history`: what happened to a batch, in words. Its own rows tell it; what
//! happened to each person stands in their history.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::actor::Actor;
use beckon_domain::model::batch::{Batch, BatchCounts, BatchSelection, Cursor};
use beckon_domain::model::ownership::{OwnerSwitch, OwnershipChoice};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::ports::batches::Batches as _;
use beckon_domain::values::ids::BatchId;
use beckon_domain::values::names::GroupName;
use beckon_domain::values::permission::Permission;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{actor_name, id_in_path};
use beckon_runtime::{Authorised, Path, Problem};
use jiff::Timestamp;
use serde::Serialize;

use crate::Sending;

pub(crate) fn router<R: Routes<Sending>>() -> R {
    R::new().routes(routes!(list))
}

/// The history of a batch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BatchHistory {
    items: Vec<BatchHistoryEntry>,
}

/// Something that happened to a batch.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
struct BatchHistoryEntry {
    #[schema(value_type = String)]
    at: Timestamp,
    /// By whom.
    who: String,
    /// What, as a stable name: `started`, `expanded` or `stopped`.
    what: &'static str,
    /// What, as a sentence.
    text: String,
    /// What the sentence is made of, so that it can be said in another language.
    facts: BatchFacts,
}

/// What is known of something that happened to a batch. Which fields are there depends on `what`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct BatchFacts {
    /// How many users were named; absent if a filter was.
    #[serde(skip_serializing_if = "Option::is_none")]
    selected: Option<u64>,
    /// How many were invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<u64>,
    /// How many were skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<u64>,
    /// How many mails had been sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<u64>,
    /// How many had not been.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsent: Option<u64>,
    /// Whether it stopped by itself, since too many of its mails came back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    by_itself: bool,
}

/// What happened to a batch, newest first
#[utoipa::path(
    get, path = "/v1/batches/{id}/history", operation_id = "listBatchHistory", security(("bearer" = ["viewer"])), tag = "Invitations", params(("id" = String, Path)),
    responses((status = 200, body = BatchHistory), (status = 404, body = Problem))
)]
async fn list(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<BatchHistory>, Problem> {
    caller.to(Permission::View)?;
    let id: BatchId = id_in_path(&id, "batch")?;
    let found = sending.table.load_batch(id).await?;
    let (batch, cursor) = found.ok_or_else(|| Problem::not_found("batch"))?;
    let counts = sending.report.run(id).await?.map(|report| report.counts);
    Ok(Json(BatchHistory {
        items: entries_of(&batch, &cursor, counts.unwrap_or_default()),
    }))
}

fn entries_of(batch: &Batch, cursor: &Cursor, counts: BatchCounts) -> Vec<BatchHistoryEntry> {
    let mut items = vec![BatchHistoryEntry {
        at: batch.created_at,
        who: actor_name(&batch.who),
        what: "started",
        text: format!(
            "Sent to {}; {}.",
            selected(&batch.selection),
            switched(batch.choice)
        ),
        facts: BatchFacts {
            selected: match &batch.selection {
                BatchSelection::Few { users } => Some(users.len() as u64),
                BatchSelection::Many { count } => Some(*count),
                BatchSelection::Filter { .. } => None,
            },
            ..BatchFacts::default()
        },
    }];
    // What was still to be expanded when it was stopped never was, though its cursor is done.
    let expanded = cursor
        .done_at
        .filter(|done| batch.stopped_at.is_none_or(|stopped| *done < stopped));
    items.extend(expanded.map(|at| BatchHistoryEntry {
        at,
        who: actor_name(&batch.who),
        what: "expanded",
        text: format!(
            "Everyone selected has an outcome: {} invited, {} skipped.",
            counts.issued, counts.skipped
        ),
        facts: BatchFacts {
            issued: Some(counts.issued),
            skipped: Some(counts.skipped),
            ..BatchFacts::default()
        },
    }));
    items.extend(batch.stopped_at.map(|at| {
        let who = batch.stopped_by.as_ref().unwrap_or(&batch.who);
        let why = match who {
            Actor::MailService => "Stopped by itself: too many of its mails came back.",
            Actor::Caller(_)
            | Actor::Invitee
            | Actor::DeviceManagement
            | Actor::Directory
            | Actor::Clock => "Stopped.",
        };
        let left = counts.waiting + counts.dropped;
        BatchHistoryEntry {
            at,
            who: actor_name(who),
            what: "stopped",
            text: format!(
                "{why} Nobody further is invited, and mails that wait are dropped; {} had been sent.{}",
                counts.sent,
                if left == 0 {
                    String::new()
                } else {
                    format!(
                        " {left} had not been: whoever of those got no earlier mail of the same issue has nothing to register with until they are invited again."
                    )
                }
            ),
            facts: BatchFacts {
                sent: Some(counts.sent),
                unsent: Some(left),
                by_itself: *who == Actor::MailService,
                ..BatchFacts::default()
            },
        }
    }));
    items.sort_by_key(|item| std::cmp::Reverse(item.at));
    items
}

/// Whom a selection means, in words.
pub(crate) fn selected(selection: &BatchSelection) -> String {
    match selection {
        BatchSelection::Few { users } if users.len() == 1 => "one user".to_owned(),
        BatchSelection::Few { users } => format!("{} users", users.len()),
        BatchSelection::Many { count } => format!("{count} users"),
        BatchSelection::Filter { filter, except } if except.is_empty() => found_by(filter),
        BatchSelection::Filter { filter, except } => {
            format!("{}, less {}", found_by(filter), except.len())
        }
    }
}

/// Whom a filter means: each part of it that says something.
fn found_by(filter: &UserFilter) -> String {
    let mut parts = vec!["everyone".to_owned()];
    let either = |names: Vec<&str>| names.join(" or ");
    if !filter.states.is_empty() {
        let states = filter.states.iter().map(|state| state.name()).collect();
        parts.push(format!("in state {}", either(states)));
    }
    if filter.begun {
        parts.push("or whose registration has begun".to_owned());
    }
    if let Some(enabled) = filter.enabled {
        let is = if enabled { "enabled" } else { "disabled" };
        parts.push(format!("who is {is}"));
    }
    if !filter.deliveries.is_empty() {
        let deliveries = filter.deliveries.iter().map(|mail| mail.name()).collect();
        parts.push(format!("whose mail is {}", either(deliveries)));
    }
    if let Some(from) = filter.expires_from {
        parts.push(format!("whose invitation ends from {from} on"));
    }
    if let Some(before) = filter.expires_before {
        parts.push(format!("whose invitation ends before {before}"));
    }
    if !filter.groups.is_empty() {
        let groups = filter.groups.iter().map(GroupName::as_str).collect();
        parts.push(format!("in group {}", either(groups)));
    }
    if !filter.text.is_empty() {
        parts.push(format!(
            "whose address or name begins with \"{}\"",
            filter.text
        ));
    }
    parts.join(" ")
}

const fn switched(switch: OwnerSwitch) -> &'static str {
    match switch {
        OwnerSwitch::Preset => "device owner settings as preset for each one's group",
        OwnerSwitch::Off => "device owner settings off",
        OwnerSwitch::Kept => "device owner settings as each one's earlier invitation had them",
        OwnerSwitch::On(OwnershipChoice::UserOwned) => "device owner settings: user owned",
        OwnerSwitch::On(OwnershipChoice::CompanyOwned) => "device owner settings: company owned",
    }
}

#[cfg(test)]
mod tests {
    use beckon_domain::model::invitation::InvitationState;
    use beckon_domain::model::mail::{MailClass, MailState};
    use beckon_domain::model::stored::Carried;
    use beckon_domain::values::ids::{UserId, Version};
    use jiff::SignedDuration;

    use super::*;

    /// What is told of a batch that was done and stopped so many seconds after it began, oldest
    /// first.
    fn told_of(done: Option<i64>, stopped: Option<i64>) -> Vec<&'static str> {
        let began: Timestamp = "2026-03-02T09:00:00Z".parse().expect("a timestamp");
        let after = |seconds| began + SignedDuration::from_secs(seconds);
        let batch = Batch {
            id: BatchId::from_bytes([1; 16]),
            version: Version::FIRST,
            who: Actor::Caller("admin".to_owned()),
            selection: BatchSelection::Few {
                users: vec![UserId::from_bytes([2; 16])],
            },
            choice: OwnerSwitch::Off,
            settings: Version::FIRST,
            class: MailClass::Small,
            stopped_at: stopped.map(after),
            stopped_by: stopped.map(|_| Actor::Caller("other".to_owned())),
            created_at: began,
            carried: Carried::default(),
            request_id: None,
            counted: true,
        };
        let cursor = Cursor {
            batch: batch.id,
            version: Version::FIRST,
            page: 1,
            position: None,
            done: done.is_some(),
            done_at: done.map(after),
            due_at: began,
            carried: Carried::default(),
            request_id: None,
        };
        let items = entries_of(&batch, &cursor, BatchCounts::default());
        items.iter().rev().map(|item| item.what).collect()
    }

    #[test]
    fn a_filter_is_told_in_all_its_parts() {
        let all = UserFilter {
            states: [InvitationState::None, InvitationState::Expired].into(),
            deliveries: [MailState::HardBounced].into(),
            groups: [GroupName::parse("staff").expect("a group")].into(),
            text: "an".to_owned(),
            begun: true,
            enabled: Some(true),
            expires_from: Some("2026-03-02T09:00:00Z".parse().expect("a timestamp")),
            expires_before: Some("2026-03-03T09:00:00Z".parse().expect("a timestamp")),
        };

        assert_eq!(
            found_by(&all),
            "everyone in state none or expired or whose registration has begun who is enabled whose mail is hardBounced whose invitation ends from 2026-03-02T09:00:00Z on whose invitation ends before 2026-03-03T09:00:00Z in group staff whose address or name begins with \"an\""
        );
        assert_eq!(found_by(&UserFilter::default()), "everyone");
    }

    #[test]
    fn a_batch_that_is_stopped_after_everyone_was_invited_still_says_that_they_were() {
        assert_eq!(
            told_of(Some(1), Some(2)),
            ["started", "expanded", "stopped"]
        );
        assert_eq!(told_of(Some(1), None), ["started", "expanded"]);
    }

    #[test]
    fn one_that_is_stopped_before_does_not_say_that_everyone_has_an_outcome() {
        assert_eq!(told_of(Some(2), Some(1)), ["started", "stopped"]);
        assert_eq!(told_of(None, Some(1)), ["started", "stopped"]);
    }
}
