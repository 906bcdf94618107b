//! The part of the settings that holds for members of a group alone. The first entry whose group
//! a person belongs to holds for them: the order of the list is the priority. What an entry
//! leaves out is as for everybody else.

use serde::{Deserialize, Serialize};

use super::Settings;
use super::fields::{MAX_LIST_LENGTH, optional};
use super::registration::{RegistrationDraft, RegistrationSettings};
use super::reminders::{Reminders, RemindersDraft};
use super::stored_drafts;
use crate::model::ownership::OwnershipChoice;
use crate::model::reminders::ReminderPolicy;
use crate::model::user::User;
use crate::values::locale::Locale;
use crate::values::method::choice_applies;
use crate::values::names::GroupName;
use crate::values::problem::{FieldProblem, Problems};

/// What holds for members of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupSettings {
    /// Which group.
    pub group: GroupName,
    /// How they register, and under which policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationSettings>,
    /// What of that was written for them; the rest is as for everybody else, and becomes what
    /// everybody else's becomes.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "stored_drafts::registration"
    )]
    pub registration_as_written: Option<RegistrationDraft>,
    /// How they are reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminders: Option<Reminders>,
    /// What of that was written for them.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "stored_drafts::reminders"
    )]
    pub reminders_as_written: Option<RemindersDraft>,
    /// What *Device owner settings* is switched to for them unless somebody says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<OwnershipChoice>,
    /// Their language, where their own is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
}

/// What holds for one person.
#[derive(Debug, Clone, Copy)]
pub struct PersonalSettings<'a> {
    /// How they register.
    pub registration: &'a RegistrationSettings,
    /// How they are reminded, if at all.
    pub reminders: Option<ReminderPolicy>,
    /// What *Device owner settings* is switched to unless somebody says otherwise.
    pub ownership: Option<OwnershipChoice>,
    /// Their group's language.
    pub locale: Option<&'a Locale>,
}

impl Settings {
    /// The same settings, but everybody registers like this, whatever group they are in.
    #[must_use]
    pub fn registering(&self, registration: RegistrationSettings) -> Self {
        let groups = self.groups.iter().cloned();
        Self {
            registration,
            groups: groups
                .map(|entry| GroupSettings {
                    registration: None,
                    ..entry
                })
                .collect(),
            ..self.clone()
        }
    }

    /// What holds for this person.
    #[must_use]
    pub fn for_user(&self, user: &User) -> PersonalSettings<'_> {
        let entry = self.groups.iter().find(|entry| user.is_in(&entry.group));
        PersonalSettings {
            registration: entry
                .and_then(|entry| entry.registration.as_ref())
                .unwrap_or(&self.registration),
            reminders: entry
                .and_then(|entry| entry.reminders.as_ref())
                .unwrap_or(&self.reminders)
                .policy(),
            ownership: entry.and_then(|entry| entry.ownership),
            locale: entry.and_then(|entry| entry.locale.as_ref()),
        }
    }

    /// How anybody registers: for everybody else, then by group.
    pub fn registrations(&self) -> impl Iterator<Item = &RegistrationSettings> {
        let of_groups = self
            .groups
            .iter()
            .filter_map(|entry| entry.registration.as_ref());
        std::iter::once(&self.registration).chain(of_groups)
    }

    /// Whether *Device owner settings* reaches anybody at all.
    #[must_use]
    pub fn choice_reaches_somebody(&self) -> bool {
        self.registrations()
            .any(|registration| choice_applies(registration.method))
    }
}

/// See [`GroupSettings`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GroupDraft {
    /// Which group.
    pub group: String,
    /// How its members register; absent: as everybody else. Of what is given, fields left out
    /// are as everybody else's, and stay so when those change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationDraft>,
    /// How they are reminded; the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminders: Option<RemindersDraft>,
    /// What *Device owner settings* is switched to for them, where a batch leaves `ownership` out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<OwnershipChoice>,
    /// Their language, where their own is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

pub(super) fn parse(
    drafts: Vec<GroupDraft>,
    registration: Option<&RegistrationSettings>,
    reminders: Option<&Reminders>,
    problems: &mut Problems,
) -> Option<Vec<GroupSettings>> {
    if drafts.len() > MAX_LIST_LENGTH {
        problems.add(
            FieldProblem::new(
                "groups",
                "tooMany",
                format!(
                    "has {} entries; {MAX_LIST_LENGTH} is the most",
                    drafts.len()
                ),
            )
            .with("most", MAX_LIST_LENGTH),
        );
        return None;
    }
    // What everybody else has was wrong and has been named; what builds on it is not wrong as
    // well.
    let (registration, reminders) = registration.zip(reminders)?;
    let mut parsed: Vec<GroupSettings> = Vec::new();
    let mut whole = true;
    for (index, draft) in drafts.into_iter().enumerate() {
        let field = format!("groups[{index}]");
        match one(draft, &field, registration, reminders, problems) {
            Some(entry) if parsed.iter().any(|before| before.group == entry.group) => {
                problems.add(FieldProblem::new(
                    format!("{field}.group"),
                    "twice",
                    format!(
                        "names the group {} a second time, and only the first entry would hold; make them one",
                        entry.group.as_str()
                    ),
                ).with("group", entry.group.as_str()));
                whole = false;
            }
            Some(entry) => parsed.push(entry),
            None => whole = false,
        }
    }
    whole.then_some(parsed)
}

fn one(
    draft: GroupDraft,
    field: &str,
    registration: &RegistrationSettings,
    reminders: &Reminders,
    problems: &mut Problems,
) -> Option<GroupSettings> {
    let group = problems
        .check(GroupName::parse(&draft.group).map_err(|p| p.under(&format!("{field}.group"))));
    let registration_as_written = draft.registration.clone();
    let reminders_as_written = draft.reminders.clone();
    let own_registration = match draft.registration {
        None => Some(None),
        Some(draft) => draft
            .parse(registration, &format!("{field}.registration"), problems)
            .map(Some),
    };
    let lifetime = own_registration
        .as_ref()
        .map(|own| own.as_ref().unwrap_or(registration).lifetime_hours);
    let own_reminders = match draft.reminders {
        None => Some(None),
        Some(draft) => draft
            .parse(reminders, &format!("{field}.reminders"), lifetime, problems)
            .map(Some),
    };
    let locale = optional(
        draft.locale,
        &format!("{field}.locale"),
        Locale::parse,
        problems,
    );
    if let (Some(own), Some(_)) = (&own_registration, draft.ownership)
        && !choice_applies(own.as_ref().unwrap_or(registration).method)
    {
        problems.add(FieldProblem::new(
            format!("{field}.ownership"),
            "doesNotApply",
            "has no effect: the group's registration method carries no device owner setting. Leave it out, or use a method with a PIN",
        ));
        return None;
    }
    Some(GroupSettings {
        group: group?,
        registration: own_registration?,
        registration_as_written,
        reminders: own_reminders?,
        reminders_as_written,
        ownership: draft.ownership,
        locale: locale?,
    })
}

impl From<GroupSettings> for GroupDraft {
    fn from(entry: GroupSettings) -> Self {
        Self {
            group: entry.group.as_str().to_owned(),
            registration: entry.registration_as_written,
            reminders: entry.reminders_as_written,
            ownership: entry.ownership,
            locale: entry.locale.map(|locale| locale.as_str().to_owned()),
        }
    }
}
