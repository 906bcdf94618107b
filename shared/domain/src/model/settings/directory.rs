//! The part of the settings about the directory that people come from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fields::list;
use crate::model::directory::DirectoryAttribute;
use crate::values::names::GroupName;
use crate::values::problem::{FieldProblem, Problems};

/// Who is invited when the directory adds them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum DirectoryInvites {
    /// Nobody: administrators invite.
    #[default]
    Nobody,
    /// Everybody who is active and whose address may be invited.
    Everybody,
    /// Of those, members of the named groups.
    Groups,
}

/// The directory that people come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectorySettings {
    /// Who is invited when it adds them.
    #[serde(default)]
    pub invites: DirectoryInvites,
    /// Whose members are invited, where those of groups are.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<GroupName>,
    /// What else it says of people that is kept, and may stand in mails.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attributes: BTreeSet<DirectoryAttribute>,
}

impl DirectorySettings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// See [`DirectorySettings`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DirectoryDraft {
    /// Who is invited when the directory adds them, makes them active, or makes them a member of a group: `nobody`,
    /// `everybody`, or `groups`: members of `groups`. Each is invited so once. Default nobody.
    pub invites: Option<DirectoryInvites>,
    /// Whose members are invited, if `invites` is `groups`: names of groups, in any case of their letters.
    pub groups: Option<Vec<String>>,
    /// What else it says of people that is kept, and may stand in own wordings of mails. Default nothing.
    pub attributes: Option<Vec<DirectoryAttribute>>,
}

impl DirectoryDraft {
    pub(super) fn parse(&self, problems: &mut Problems) -> Option<DirectorySettings> {
        let invites = self.invites.unwrap_or_default();
        let names = self.groups.as_deref().unwrap_or_default();
        let groups = list(names, "directory.groups", GroupName::parse, problems);
        let is_of_groups = invites == DirectoryInvites::Groups;
        problems.ensure(!is_of_groups || !names.is_empty(), || {
            FieldProblem::new(
                "directory.groups",
                "nobody",
                "reaches nobody; name a group, or set directory.invites to nobody",
            )
        });
        Some(DirectorySettings {
            invites,
            groups: groups?,
            attributes: self.attributes.iter().flatten().copied().collect(),
        })
    }
}

impl From<DirectorySettings> for DirectoryDraft {
    fn from(settings: DirectorySettings) -> Self {
        let groups = settings.groups.iter();
        let groups: Vec<String> = groups.map(|group| group.as_str().to_owned()).collect();
        Self {
            invites: Some(settings.invites),
            groups: (!groups.is_empty()).then_some(groups),
            attributes: (!settings.attributes.is_empty())
                .then(|| settings.attributes.iter().copied().collect()),
        }
    }
}
