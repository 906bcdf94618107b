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

/// What a token names, and what permissions come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything.
    Viewer,
    /// Also adds and corrects users.
    Helpdesk,
    /// Also invites.
    Inviter,
    /// Sees everything, and hands secrets over.
    Pindesk,
    /// Sees everything, and changes the settings.
    Settings,
    /// Is the device management.
    Mdm,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Viewer,
        Self::Helpdesk,
        Self::Inviter,
        Self::Pindesk,
        Self::Settings,
        Self::Mdm,
    ];

    /// What it is called in tokens, in the API and in its document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Helpdesk => "helpdesk",
            Self::Inviter => "inviter",
            Self::Pindesk => "pindesk",
            Self::Settings => "settings",
            Self::Mdm => "mdm",
        }
    }

    /// The role of this name: exactly this, or there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// What it permits. What is for machines is permitted to no person: nobody who signs in
    /// reports devices or redeems for others.
    #[must_use]
    pub const fn permits(self, kind: CallerKind) -> &'static [Permission] {
        use Permission::{AssistUsers, Configure, HandOver, Invite, ManageDevices, View};
        match (self, kind) {
            (Self::Viewer, _) => &[View],
            (Self::Helpdesk, _) => &[View, AssistUsers],
            (Self::Inviter, _) => &[View, AssistUsers, Invite],
            (Self::Pindesk, _) => &[View, HandOver],
            (Self::Settings, _) => &[View, Configure],
            (Self::Mdm, CallerKind::Machine) => &[ManageDevices],
            (Self::Mdm, CallerKind::Person) => &[],
        }
    }
}

impl Permission {
    /// The least role that has it.
    #[must_use]
    pub const fn least_role(self) -> Role {
        match self {
            Self::View => Role::Viewer,
            Self::AssistUsers => Role::Helpdesk,
            Self::Invite => Role::Inviter,
            Self::HandOver => Role::Pindesk,
            Self::Configure => Role::Settings,
            Self::ManageDevices => Role::Mdm,
        }
    }
}

/// Who calls, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What the history calls them.
    pub name: String,
    /// Whether somebody signed in.
    pub kind: CallerKind,
    /// The roles that they have and that permit them something.
    pub roles: BTreeSet<Role>,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
}

impl Caller {
    /// A caller with these roles. An unknown one permits nothing.
    #[must_use]
    pub fn with_roles<'a>(
        kind: CallerKind,
        name: &str,
        roles: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let roles: BTreeSet<Role> = roles
            .into_iter()
            .filter_map(Role::named)
            .filter(|role| !role.permits(kind).is_empty())
            .collect();
        Self {
            name: name.to_owned(),
            kind,
            permissions: roles
                .iter()
                .flat_map(|role| role.permits(kind))
                .copied()
                .collect(),
            roles,
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
            assert_eq!(caller.roles.contains(&Role::Mdm), permitted, "{kind:?}");
        }
    }

    #[test]
    fn the_least_role_of_a_permission_has_it_and_no_role_has_less() {
        for permission in Permission::ALL {
            let least = permission.least_role().permits(CallerKind::Machine);

            assert!(least.contains(&permission), "{permission:?}");
            for role in Role::ALL {
                let permitted = role.permits(CallerKind::Machine);
                if permitted.contains(&permission) {
                    assert!(permitted.len() >= least.len(), "{permission:?}, {role:?}");
                }
            }
        }
    }

    #[test]
    fn a_role_is_found_by_its_exact_name_alone() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
        }
        for other in ["", "Viewer", " viewer", "viewer ", "old settings"] {
            assert_eq!(Role::named(other), None, "{other}");
        }
    }
}
