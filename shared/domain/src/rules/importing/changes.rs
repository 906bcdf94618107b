//! What of a user a row changes, as it stands in a file.

use crate::model::user::User;
use crate::rules::csv_users::{Column, joined};
use crate::values::names::GroupName;

/// What of a user a row changes. A text is as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The column.
    pub field: &'static str,
    /// What was there; `None` if nothing was.
    pub from: Option<String>,
    /// What is there now.
    pub to: Option<String>,
}

impl FieldChange {
    /// All that differs between a user and who they were, in the order of the columns.
    #[must_use]
    pub fn between(before: &User, after: &User) -> Vec<Self> {
        Column::ALL
            .into_iter()
            .filter_map(|column| {
                let (from, to) = (text_of(before, column), text_of(after, column));
                (from != to).then_some(Self {
                    field: column.header(),
                    from,
                    to,
                })
            })
            .collect()
    }
}

/// What stands in a column of somebody's row.
#[must_use]
pub fn text_of(user: &User, column: Column) -> Option<String> {
    match column {
        Column::ExternalId => user.external_id.as_ref().map(|id| id.as_str().to_owned()),
        Column::Email => Some(user.email.as_str().to_owned()),
        Column::Name => user
            .display_name
            .as_ref()
            .map(|name| name.as_str().to_owned()),
        Column::Groups => Some(joined(user.all_groups().iter().map(GroupName::as_str)))
            .filter(|groups| !groups.is_empty()),
        Column::Locale => user
            .locale
            .as_ref()
            .map(|locale| locale.as_str().to_owned()),
        Column::TimeZone => user.time_zone.as_ref().map(|zone| zone.as_str().to_owned()),
        Column::Enabled => Some(user.enabled.to_string()),
        Column::UserId => Some(user.id.to_string()),
    }
}
