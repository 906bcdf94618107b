//! Whom people ask for help.

use crate::values::address::EmailAddress;
use crate::values::names::Label;

/// Whom to ask for help: at least one of the three.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelpDesk {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<Label>,
    /// Its mail address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<EmailAddress>,
    /// Its telephone number, as people write it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phone: Option<Label>,
}
