//! The part of the settings about the directory that people come from.

use serde::{Deserialize, Serialize};

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
}

/// The directory that people come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectorySettings {
    /// Who is invited when it adds them.
    #[serde(default)]
    pub invites: DirectoryInvites,
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
    /// Who is invited when the directory adds them: `nobody` or `everybody`. Default nobody.
    pub invites: Option<DirectoryInvites>,
}

impl DirectoryDraft {
    pub(super) fn parse(&self) -> DirectorySettings {
        DirectorySettings {
            invites: self.invites.unwrap_or_default(),
        }
    }
}

impl From<DirectorySettings> for DirectoryDraft {
    fn from(settings: DirectorySettings) -> Self {
        Self {
            invites: Some(settings.invites),
        }
    }
}
