//! Groups of the directory, and who is a member of them.
//!
//! A membership is a row of its own, and a user's row names the groups by their ids: so a group that is renamed or
//! deleted changes one row, however many members it has. Whoever reads a user's row puts the names in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::stored::Carried;
use crate::values::ids::{ExternalId, GroupId, Version};
use crate::values::names::GroupName;

/// Of how many groups of the directory one person may be a member; a user's row stays small.
pub const MAX_MEMBERSHIPS: usize = 50;

/// A group of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Which.
    pub id: GroupId,
    /// How often the row was written.
    pub version: Version,
    /// What it is called; no two groups have the same name.
    pub name: GroupName,
    /// The directory's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// Since when it is known.
    pub added_at: Timestamp,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

/// What a group is found by. Each belongs to one group at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupIdentifier {
    /// Its name.
    Name(GroupName),
    /// The directory's own id.
    External(ExternalId),
}

impl GroupIdentifier {
    /// Everything that a group is found by.
    #[must_use]
    pub fn all_of(group: &Group) -> BTreeSet<Self> {
        let external = group.external_id.clone().map(Self::External);
        let name = Self::Name(group.name.clone());
        std::iter::once(name).chain(external).collect()
    }
}

/// The groups of the directory that somebody is a member of. Their names stand in the groups' own rows, and are
/// known only once somebody has put them in here. Two are equal that are of the same groups, whatever those are called.
#[derive(Debug, Clone, Default)]
pub struct Memberships(BTreeMap<GroupId, Option<GroupName>>);

impl Memberships {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The groups.
    pub fn ids(&self) -> impl Iterator<Item = GroupId> + '_ {
        self.0.keys().copied()
    }

    /// The names of the groups, as far as they are known.
    pub fn names(&self) -> impl Iterator<Item = &GroupName> {
        self.0.values().flatten()
    }

    /// The groups whose names are known, with them.
    pub fn named(&self) -> impl Iterator<Item = (GroupId, &GroupName)> {
        self.0
            .iter()
            .filter_map(|(id, name)| Some((*id, name.as_ref()?)))
    }

    /// Whether this group is one of them.
    #[must_use]
    pub fn contains(&self, group: GroupId) -> bool {
        self.0.contains_key(&group)
    }

    /// Puts the names in. `name_of` says what is known of a group: `None`, that it is no more, which ends the
    /// membership; `Some(None)`, that its name cannot be said now.
    pub fn put_names(&mut self, name_of: impl Fn(GroupId) -> Option<Option<GroupName>>) {
        self.0.retain(|group, name| match name_of(*group) {
            Some(found) => {
                *name = found;
                true
            }
            None => false,
        });
    }

    /// Makes somebody a member.
    pub fn join(&mut self, group: GroupId, name: GroupName) {
        self.0.insert(group, Some(name));
    }

    /// Makes somebody a member no longer.
    pub fn leave(&mut self, group: GroupId) {
        self.0.remove(&group);
    }

    /// Ends the memberships of groups whose names are not among these.
    pub(super) fn retain_named(&mut self, names: &BTreeSet<GroupName>) {
        let stays = |name: &GroupName| names.contains(name);
        self.0.retain(|_, name| name.as_ref().is_none_or(stays));
    }
}

impl PartialEq for Memberships {
    fn eq(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
    }
}

impl Eq for Memberships {}

impl Serialize for Memberships {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.keys())
    }
}

impl<'de> Deserialize<'de> for Memberships {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids = Vec::<GroupId>::deserialize(deserializer)?;
        Ok(Self(ids.into_iter().map(|id| (id, None)).collect()))
    }
}

/// Somebody joins a group of the directory or leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipChange {
    /// Which group.
    pub group: GroupId,
    /// Whether they are a member from now on.
    pub is_member: bool,
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn group(number: u128) -> GroupId {
        GroupId::new(Ulid(number))
    }

    fn name(text: &str) -> GroupName {
        GroupName::parse(text).unwrap()
    }

    #[test]
    fn a_row_names_groups_by_id_and_a_group_that_is_gone_ends_its_memberships() {
        let mut memberships = Memberships::default();
        for number in 1..=3 {
            memberships.join(group(number), name("old"));
        }

        let stored = serde_json::to_string(&memberships).unwrap();
        let mut read: Memberships = serde_json::from_str(&stored).unwrap();
        assert_eq!(read.names().count(), 0, "{stored}");
        read.put_names(|id| match id.to_bytes().last() {
            Some(1) => Some(Some(name("new"))),
            Some(2) => Some(None),
            _ => None,
        });

        assert_eq!(read.ids().collect::<Vec<_>>(), [group(1), group(2)]);
        assert_eq!(read.names().collect::<Vec<_>>(), [&name("new")]);
    }
}
