//! Following the groups of the directory: what they are called, and who is a member of them.
//!
//! A group is one row, and a membership another, which is written with the member's own row. So each request has
//! bounded work: a new name writes one row, and members are changed at most [`MAX_MEMBERS_CHANGED`] at a time. A request
//! that is cut short is repeated by the directory, and changes then what is left.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::group::{Group, GroupIdentifier, MAX_MEMBERSHIPS, MembershipChange};
use crate::model::history::{HistoryEvent, Particular};
use crate::model::settings::VersionedSettings;
use crate::model::stored::Carried;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::{SaveGroupError, Users};
use crate::usecases::follow_directory::as_joiner;
use crate::values::ids::{ExternalId, GroupId, UserId, Version};
use crate::values::names::GroupName;

/// How many people join or leave a group by one request.
pub const MAX_MEMBERS_CHANGED: usize = 1_000;

/// How many members of a group are gone through.
pub const MAX_MEMBERS_READ: usize = 20_000;

/// How many members are read in one call of the store.
const READ_AT_ONCE: usize = 1_000;

/// How many people are changed in one call of the store.
const CHANGED_AT_ONCE: usize = 100;

/// A group as the directory sees and writes it, without its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryGroup {
    /// What it is called.
    pub name: GroupName,
    /// The directory's own id.
    pub external_id: Option<ExternalId>,
}

/// Who joins a group, and who leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MembersSaid {
    /// Whether everybody leaves of whom nothing is said.
    pub others_leave: bool,
    /// Whether somebody is a member from now on.
    pub are_members: BTreeMap<UserId, bool>,
}

/// Why a group was not followed. `E` is what the caller itself says of a change that it cannot make.
#[derive(Debug, thiserror::Error)]
pub enum FollowGroupRefused<E> {
    /// The change cannot be made.
    #[error("the change cannot be made")]
    Change(E),
    /// There is no such group.
    #[error("there is no such group")]
    UnknownGroup,
    /// There is no user with the id of somebody who is to join.
    #[error("there is no user {0}, who is to join")]
    UnknownMember(UserId),
    /// Somebody would be a member of too many groups.
    #[error("user {0} would be a member of more than {MAX_MEMBERSHIPS} groups")]
    TooManyGroups(UserId),
    /// More people would join or leave than one request may change.
    #[error("more than {MAX_MEMBERS_CHANGED} people would join or leave")]
    TooManyChanged,
    /// The group has more members than are gone through.
    #[error("the group has more than {MAX_MEMBERS_READ} members")]
    TooManyMembers,
    /// Another group has the name or the external id, which is named.
    #[error("another group has this {0}")]
    Taken(&'static str),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why members were not changed, whatever else was to be changed with them.
enum MembersRefused {
    UnknownMember(UserId),
    TooManyGroups(UserId),
    TooManyChanged,
    TooManyMembers,
    Unavailable(Unavailable),
}

impl From<Unavailable> for MembersRefused {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl<E> From<MembersRefused> for FollowGroupRefused<E> {
    fn from(refused: MembersRefused) -> Self {
        match refused {
            MembersRefused::UnknownMember(user) => Self::UnknownMember(user),
            MembersRefused::TooManyGroups(user) => Self::TooManyGroups(user),
            MembersRefused::TooManyChanged => Self::TooManyChanged,
            MembersRefused::TooManyMembers => Self::TooManyMembers,
            MembersRefused::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

/// Follows the groups of the directory.
#[derive(Debug, Clone)]
pub struct FollowGroups<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users + SettingsStore>> FollowGroups<E> {
    /// Adds a group with its members, and invites those whom the settings have invited. A request that was cut short
    /// once the group was there is repeated by the directory: those join then who have not joined yet.
    pub async fn add(
        &self,
        said: DirectoryGroup,
        members: &MembersSaid,
    ) -> Result<Group, FollowGroupRefused<Infallible>> {
        let group = Group {
            id: GroupId::new(self.env.entropy().ulid()),
            version: Version::FIRST,
            name: said.name.clone(),
            external_id: said.external_id.clone(),
            added_at: self.env.clock().now(),
            carried: Carried::default(),
        };
        let moving = self.moving(group.id, members).await?;
        let taken = match self.env.store().save_group(&group, None).await {
            Ok(()) => {
                self.moved(&group, moving).await?;
                return Ok(group);
            }
            Err(SaveGroupError::NameTaken) => "displayName",
            Err(SaveGroupError::ExternalIdTaken) => "externalId",
            Err(SaveGroupError::Conflict) => {
                return Err(Unavailable::new("the table", "a new id exists already").into());
            }
            Err(SaveGroupError::Unavailable(error)) => return Err(error.into()),
        };
        let known = self.added_before(&said).await?;
        let known = known.ok_or(FollowGroupRefused::Taken(taken))?;
        // Who joined by a later request is no reason for leaving.
        let joining = MembersSaid {
            others_leave: false,
            are_members: members.are_members.clone(),
        };
        let moving = self.moving(known.id, &joining).await?;
        self.moved(&known, moving).await?;
        Ok(known)
    }

    /// The group that this one is already. Without the directory's own id it may be another that is called so.
    async fn added_before(&self, said: &DirectoryGroup) -> Result<Option<Group>, Unavailable> {
        if said.external_id.is_none() {
            return Ok(None);
        }
        let by = GroupIdentifier::Name(said.name.clone());
        let known = self.env.store().find_group(&by).await?;
        Ok(known.filter(|known| {
            known.name.as_str() == said.name.as_str() && known.external_id == said.external_id
        }))
    }

    /// Changes a group: `edit` makes what the directory says now of what it said until now. Whoever joins is invited if
    /// the settings say so; whoever leaves keeps the invitation that they have.
    pub async fn change<Refused>(
        &self,
        id: GroupId,
        members: &MembersSaid,
        edit: impl Fn(DirectoryGroup) -> Result<DirectoryGroup, Refused> + Send,
    ) -> Result<Group, FollowGroupRefused<Refused>> {
        let mut turns = Turns::new(&self.env, "changing a group of the directory");
        let mut moving = None;
        let group = loop {
            let before = self.env.store().read_groups(&[id]).await?.one()?;
            let before = before.ok_or(FollowGroupRefused::UnknownGroup)?;
            let said = edit(DirectoryGroup {
                name: before.name.clone(),
                external_id: before.external_id.clone(),
            });
            let said = said.map_err(FollowGroupRefused::Change)?;
            if moving.is_none() {
                moving = Some(self.moving(id, members).await?);
            }
            // Two names are equal that differ in case alone.
            let is_same = said.name.as_str() == before.name.as_str()
                && said.external_id == before.external_id;
            if is_same {
                break before;
            }
            let after = Group {
                version: before.version.next(),
                name: said.name,
                external_id: said.external_id,
                ..before.clone()
            };
            match self.env.store().save_group(&after, Some(&before)).await {
                Ok(()) => break after,
                Err(SaveGroupError::NameTaken) => {
                    return Err(FollowGroupRefused::Taken("displayName"));
                }
                Err(SaveGroupError::ExternalIdTaken) => {
                    return Err(FollowGroupRefused::Taken("externalId"));
                }
                Err(SaveGroupError::Conflict) => turns.another().await?,
                Err(SaveGroupError::Unavailable(error)) => return Err(error.into()),
            }
        };
        self.moved(&group, moving.unwrap_or_default()).await?;
        Ok(group)
    }

    /// Deletes a group: nobody is its member any more. The rows of its memberships go first, so that whoever is cut
    /// short finds the group still there, and begins again.
    pub async fn delete(&self, id: GroupId) -> Result<(), FollowGroupRefused<Infallible>> {
        let store = self.env.store();
        let mut turns = Turns::new(&self.env, "deleting a group of the directory");
        loop {
            let group = store.read_groups(&[id]).await?.one()?;
            let group = group.ok_or(FollowGroupRefused::UnknownGroup)?;
            while !store.forget_members(id, READ_AT_ONCE).await? {}
            match store.remove_group(&group).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }

    /// The members of a group.
    pub async fn members(
        &self,
        id: GroupId,
    ) -> Result<Vec<UserId>, FollowGroupRefused<Infallible>> {
        Ok(self.all_members(id).await?)
    }

    async fn all_members(&self, id: GroupId) -> Result<Vec<UserId>, MembersRefused> {
        let mut members: Vec<UserId> = Vec::new();
        loop {
            let after = members.last().copied();
            let some = self.env.store().members_of(id, after, READ_AT_ONCE).await?;
            let is_all = some.len() < READ_AT_ONCE;
            members.extend(some);
            if members.len() > MAX_MEMBERS_READ {
                return Err(MembersRefused::TooManyMembers);
            }
            if is_all {
                return Ok(members);
            }
        }
    }

    /// Whoever joins or leaves, as they are now, and whether they are a member then. Everybody who is to join must be
    /// there, and have room.
    async fn moving(
        &self,
        group: GroupId,
        said: &MembersSaid,
    ) -> Result<Vec<(User, bool)>, MembersRefused> {
        let mut wanted = said.are_members.clone();
        if said.others_leave {
            let present = self.all_members(group).await?;
            let present: BTreeSet<UserId> = present.into_iter().collect();
            wanted.retain(|user, is_member| present.contains(user) != *is_member);
            let unsaid = present
                .iter()
                .filter(|user| !said.are_members.contains_key(user));
            wanted.extend(unsaid.map(|user| (*user, false)));
        }
        if wanted.len() > MAX_MEMBERS_CHANGED {
            return Err(MembersRefused::TooManyChanged);
        }
        let ids: Vec<UserId> = wanted.keys().copied().collect();
        let read = self.env.store().read_users(&ids).await?;
        if let Some((_, row)) = read.unreadable.into_iter().next() {
            return Err(Unavailable::from(row).into());
        }
        let mut users: HashMap<UserId, User> =
            read.found.into_iter().map(|user| (user.id, user)).collect();
        let mut moving = Vec::new();
        for (id, is_member) in wanted {
            match users.remove(&id) {
                Some(user) if is_member && !has_room(&user, group) => {
                    return Err(MembersRefused::TooManyGroups(id));
                }
                Some(user) => moving.push((user, is_member)),
                None if is_member => return Err(MembersRefused::UnknownMember(id)),
                None => {}
            }
        }
        Ok(moving)
    }

    /// Has these people join or leave. Whoever was changed meanwhile is read again; whoever was deleted is left out.
    async fn moved(&self, group: &Group, mut moving: Vec<(User, bool)>) -> Result<(), Unavailable> {
        let store = self.env.store();
        let settings = store.current_settings().await?;
        let mut turns = Turns::new(&self.env, "changing the members of a group");
        loop {
            let changes: Vec<(UserChange, bool)> = moving
                .iter()
                .filter_map(|(user, is_member)| {
                    let change = self.change_of(user, group, *is_member, &settings)?;
                    Some((change, *is_member))
                })
                .collect();
            let mut overtaken: HashMap<UserId, bool> = HashMap::new();
            for some in changes.chunks(CHANGED_AT_ONCE) {
                let all: Vec<UserChange> = some.iter().map(|(change, _)| change.clone()).collect();
                let outcomes = store.save_users(&all).await?;
                for ((change, is_member), outcome) in some.iter().zip(outcomes) {
                    if !outcome.is_saved() {
                        overtaken.insert(change.user.id, *is_member);
                    }
                }
            }
            if overtaken.is_empty() {
                return Ok(());
            }
            turns.another().await?;
            let ids: Vec<UserId> = overtaken.keys().copied().collect();
            let again = store.read_users(&ids).await?;
            if let Some((_, row)) = again.unreadable.into_iter().next() {
                return Err(row.into());
            }
            moving = again
                .found
                .into_iter()
                .filter_map(|user| Some((overtaken.get(&user.id).copied()?, user)))
                .map(|(is_member, user)| (user, is_member))
                .collect();
        }
    }

    /// What makes somebody a member, or a member no longer; `None` if they are so already.
    fn change_of(
        &self,
        user: &User,
        group: &Group,
        is_member: bool,
        settings: &VersionedSettings,
    ) -> Option<UserChange> {
        if user.memberships.contains(group.id) == is_member {
            return None;
        }
        let now = self.env.clock().now();
        let mut after = user.clone();
        if is_member {
            after.memberships.join(group.id, group.name.clone());
        } else {
            after.memberships.leave(group.id);
        }
        let batch = as_joiner(&self.env, settings, Some(user), &mut after, now);
        let particulars = vec![Particular::Groups];
        let what = HistoryEvent::UserChanged { particulars };
        let row = self.env.happened(user.id, now, Actor::Directory, what);
        let mut change = UserChange::next(after)
            .with_history([row])
            .with_batch(batch)
            .for_request(self.env.entropy().request().as_ref());
        change.memberships.push(MembershipChange {
            group: group.id,
            is_member,
        });
        Some(change)
    }
}

fn has_room(user: &User, group: GroupId) -> bool {
    user.memberships.contains(group) || user.memberships.len() < MAX_MEMBERSHIPS
}
