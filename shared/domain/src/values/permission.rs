//! Who may do what: one table from roles to permissions, for people and for machines.

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

/// Who a token was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerKind {
    /// Somebody who signed in.
    Person,
    /// A program with credentials of its own.
    Machine,
}

/// What a role permits. An unknown one permits nothing. What is for machines is permitted to no
/// person: nobody who signs in reports devices or redeems for others.
#[must_use]
pub fn permitted_by(role: &str, kind: CallerKind) -> &'static [Permission] {
    use Permission::{AssistUsers, Configure, HandOver, Invite, ManageDevices, View};
    match (role, kind) {
        ("viewer", _) => &[View],
        ("helpdesk", _) => &[View, AssistUsers],
        ("inviter", _) => &[View, AssistUsers, Invite],
        ("pindesk", _) => &[View, HandOver],
        ("settings", _) => &[View, Configure],
        ("mdm", CallerKind::Machine) => &[ManageDevices],
        _ => &[],
    }
}

/// Who calls, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What the history calls them.
    pub name: String,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
}

impl Caller {
    /// A caller with these roles.
    #[must_use]
    pub fn with_roles<'a>(
        kind: CallerKind,
        name: &str,
        roles: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            permissions: roles
                .into_iter()
                .flat_map(|role| permitted_by(role, kind))
                .copied()
                .collect(),
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
        let caller = Caller::with_roles(CallerKind::Person, "a", ["viewer", "settings", "root"]);

        assert!(caller.may(Permission::View));
        assert!(caller.may(Permission::Configure));
        assert!(!caller.may(Permission::Invite));
    }

    #[test]
    fn the_role_of_the_device_management_is_for_machines_alone() {
        for (kind, permitted) in [(CallerKind::Person, false), (CallerKind::Machine, true)] {
            let caller = Caller::with_roles(kind, "a", ["mdm"]);

            assert_eq!(caller.may(Permission::ManageDevices), permitted, "{kind:?}");
        }
    }
}
