//! The part of the settings about what administrators are told by mail.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fields::list;
use crate::values::address::EmailAddress;
use crate::values::problem::{FieldProblem, Problems};

/// The most addresses that are told: each of them costs a mail an occasion.
const MAX_ADDRESSES: usize = 10;

/// Who is told what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Administrators {
    /// Whom to tell.
    pub addresses: BTreeSet<EmailAddress>,
    /// Whether they are told when somebody says "this was not me".
    pub on_decline: bool,
    /// Whether they are told when somebody has registered a device.
    pub on_completion: bool,
}

impl Default for Administrators {
    fn default() -> Self {
        Self {
            addresses: BTreeSet::new(),
            on_decline: true,
            on_completion: false,
        }
    }
}

/// See [`Administrators`].
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AdministratorsDraft {
    /// Whom to tell: up to ten addresses; default nobody.
    pub addresses: Vec<String>,
    /// When somebody says "this was not me"; default true.
    pub on_decline: Option<bool>,
    /// When somebody has registered a device; default false.
    pub on_completion: Option<bool>,
}

/// It holds addresses.
impl std::fmt::Debug for AdministratorsDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdministratorsDraft")
            .finish_non_exhaustive()
    }
}

impl AdministratorsDraft {
    pub(super) fn parse(self, problems: &mut Problems) -> Option<Administrators> {
        const FIELD: &str = "administrators.addresses";
        if self.addresses.len() > MAX_ADDRESSES {
            problems.add(FieldProblem::new(
                FIELD,
                "tooMany",
                format!(
                    "has {} entries; {MAX_ADDRESSES} is the most. A distribution list takes one entry",
                    self.addresses.len()
                ),
            ).with("most", MAX_ADDRESSES));
            return None;
        }
        let addresses = list(&self.addresses, FIELD, EmailAddress::parse, problems)?;
        if self.on_completion == Some(true) && addresses.is_empty() {
            problems.add(FieldProblem::new(
                FIELD,
                "nobody",
                "names nobody to tell; add an address, or switch administrators.onCompletion off",
            ));
            return None;
        }
        Some(Administrators {
            addresses,
            on_decline: self.on_decline.unwrap_or(true),
            on_completion: self.on_completion.unwrap_or(false),
        })
    }
}

impl From<Administrators> for AdministratorsDraft {
    fn from(administrators: Administrators) -> Self {
        Self {
            addresses: administrators
                .addresses
                .iter()
                .map(|address| address.as_str().to_owned())
                .collect(),
            on_decline: Some(administrators.on_decline),
            on_completion: Some(administrators.on_completion),
        }
    }
}
