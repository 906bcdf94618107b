//! Who may do what: one table from roles and machine scopes to permissions.

use std::collections::BTreeSet;

/// Something that a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See users, invitations, batches and histories.
    View,
    /// Add and correct users, mail an open invitation again.
    AssistUsers,
    /// Preview and send invitations.
    Invite,
    /// See or make a PIN without mail.
    HandOver,
    /// Change the settings.
    Configure,
    /// Report registrations and redeem on behalf of people.
    ManageDevices,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 6] = [
        Self::View,
        Self::AssistUsers,
        Self::Invite,
        Self::HandOver,
        Self::Configure,
        Self::ManageDevices,
    ];
}

/// What a role, or a scope of the same name, permits. An unknown one permits nothing.
#[must_use]
pub fn permitted_by(role: &str) -> &'static [Permission] {
    use Permission::{AssistUsers, Configure, HandOver, Invite, ManageDevices, View};
    match role {
        "viewer" => &[View],
        "helpdesk" => &[View, AssistUsers],
        "inviter" => &[View, AssistUsers, Invite],
        "pindesk" => &[View, HandOver],
        "settings" => &[View, Configure],
        "mdm" => &[ManageDevices],
        _ => &[],
    }
}

/// Who calls, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The subject of their token.
    pub name: String,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
}

impl Caller {
    /// A caller with these roles or scopes.
    #[must_use]
    pub fn with_roles<'a>(name: &str, roles: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            name: name.to_owned(),
            permissions: roles.into_iter().flat_map(permitted_by).copied().collect(),
        }
    }

    /// Whether they may.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_add_up_and_an_unknown_one_adds_nothing() {
        let caller = Caller::with_roles("a", ["viewer", "settings", "root"]);

        assert!(caller.may(Permission::View));
        assert!(caller.may(Permission::Configure));
        assert!(!caller.may(Permission::Invite));
    }
}
