//! The part of the settings about reminders.

use serde::{Deserialize, Serialize};

use super::fields::in_range;
use crate::model::reminders::{MAX_REMINDERS, QuietHours, ReminderPolicy, TimeOfDay};
use crate::values::problem::{FieldProblem, Problems};

/// Reminder mails to those who have not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reminders {
    /// Whether there are any.
    pub enabled: bool,
    /// When.
    pub policy: ReminderPolicy,
}

impl Default for Reminders {
    /// None; and once somebody switches them on: after two days, every two days, three at most,
    /// never at night.
    fn default() -> Self {
        let hour = |text| TimeOfDay::parse(text).ok();
        Self {
            enabled: false,
            policy: ReminderPolicy {
                start_after_days: 2,
                every_days: 2,
                most: 3,
                quiet_hours: hour("20:00")
                    .zip(hour("08:00"))
                    .map(|(from, to)| QuietHours { from, to }),
            },
        }
    }
}

impl Reminders {
    /// The policy of new issues, if there are reminders at all.
    #[must_use]
    pub fn policy(&self) -> Option<ReminderPolicy> {
        self.enabled.then_some(self.policy)
    }
}

/// See [`Reminders`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RemindersDraft {
    /// Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Days from the invitation to the first reminder: 1 to 30; default 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_after_days: Option<i64>,
    /// Days from one reminder to the next: 1 to 30; default 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_days: Option<i64>,
    /// The most reminders of one invitation: 1 to 30; default 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
    /// When nobody is reminded, in their own time zone; default 20:00 to 08:00.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHoursDraft>,
}

/// Two times of day. The same time twice: there are no quiet hours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuietHoursDraft {
    /// From: `20:00`.
    pub from: String,
    /// Until: `08:00`.
    pub to: String,
}

impl RemindersDraft {
    /// `field` is where the document has it; `default` holds where nothing is written.
    pub(super) fn parse(
        self,
        default: &Reminders,
        field: &str,
        lifetime_hours: Option<u32>,
        problems: &mut Problems,
    ) -> Option<Reminders> {
        let number = |given, default, most, name: &str, problems: &mut Problems| {
            in_range(
                given,
                default,
                1..=most,
                &format!("{field}.{name}"),
                problems,
            )
        };
        let before = default.policy;
        let start = number(
            self.start_after_days,
            before.start_after_days,
            30,
            "startAfterDays",
            problems,
        );
        let every = number(
            self.every_days,
            before.every_days,
            30,
            "everyDays",
            problems,
        );
        let most = number(self.most, before.most, MAX_REMINDERS, "most", problems);
        let quiet = match self.quiet_hours {
            None => Some(before.quiet_hours),
            Some(hours) => {
                let mut time = |text: &str, name: &str| {
                    problems.check(
                        TimeOfDay::parse(text)
                            .map_err(|p| p.under(&format!("{field}.quietHours.{name}"))),
                    )
                };
                time(&hours.from, "from")
                    .zip(time(&hours.to, "to"))
                    .map(|(from, to)| (from != to).then_some(QuietHours { from, to }))
            }
        };
        let enabled = self.enabled.unwrap_or(default.enabled);
        if let (true, Some(start), Some(hours)) = (enabled, start, lifetime_hours)
            && start * 24 >= hours
        {
            problems.add(FieldProblem::new(
                format!("{field}.startAfterDays"),
                "afterTheEnd",
                format!(
                    "would remind nobody: an invitation ends after {hours} hours. Let the reminders start sooner, let invitations live longer, or switch reminders.enabled off"
                ),
            ).with("hours", hours));
            return None;
        }
        Some(Reminders {
            enabled,
            policy: ReminderPolicy {
                start_after_days: start?,
                every_days: every?,
                most: most?,
                quiet_hours: quiet?,
            },
        })
    }
}

impl From<Reminders> for RemindersDraft {
    fn from(reminders: Reminders) -> Self {
        let policy = reminders.policy;
        // Without quiet hours, the same time twice says so: absence would be the default.
        let hours = policy.quiet_hours.map_or_else(
            || QuietHoursDraft {
                from: "00:00".to_owned(),
                to: "00:00".to_owned(),
            },
            |hours| QuietHoursDraft {
                from: hours.from.into(),
                to: hours.to.into(),
            },
        );
        Self {
            enabled: Some(reminders.enabled),
            start_after_days: Some(i64::from(policy.start_after_days)),
            every_days: Some(i64::from(policy.every_days)),
            most: Some(i64::from(policy.most)),
            quiet_hours: Some(hours),
        }
    }
}
