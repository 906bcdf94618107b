//! What the directory of a story says of groups, and what must be true of it.

use std::collections::{BTreeMap, BTreeSet};

use beckon_domain::model::actor::Actor;
use beckon_domain::model::batch::BatchSelection;
use beckon_domain::model::group::Group;
use beckon_domain::model::user::User;
use beckon_domain::usecases::follow_groups::{
    DirectoryGroup, FollowGroupRefused, FollowGroups, MembersSaid,
};
use beckon_domain::values::ids::{GroupId, UserId};
use beckon_domain::values::names::GroupName;

use super::cast::Cast;
use super::dice::Dice;
use super::jobs::{Job, failed};
use super::ledger::Ledger;
use super::people::who;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};

/// What the directory says of a group.
#[derive(Debug, Clone)]
pub(super) enum GroupSaying {
    Added(GroupName, MembersSaid),
    Changed(GroupId, GroupName, MembersSaid),
    Deleted(GroupId),
}

impl GroupSaying {
    fn parts(&self) -> (Option<GroupId>, Option<&GroupName>, Option<&MembersSaid>) {
        match self {
            Self::Added(name, members) => (None, Some(name), Some(members)),
            Self::Changed(id, name, members) => (Some(*id), Some(name), Some(members)),
            Self::Deleted(id) => (Some(*id), None, None),
        }
    }
}

/// What the directory says next.
pub(super) fn said(dice: &mut Dice, ledger: &Ledger, known: &User) -> Job {
    let name = ["crew", "Crew", "team", "guests"][dice.below(4)];
    let name = GroupName::parse(name).expect("a name");
    let groups = ledger.store.all_groups();
    let mut are_members = BTreeMap::new();
    for _ in 0..dice.below(4) {
        are_members.insert(who(dice, ledger, known), !dice.happens(300));
    }
    let others_leave = dice.happens(150);
    if others_leave {
        are_members.retain(|_, is_member| *is_member);
    }
    let members = MembersSaid {
        others_leave,
        are_members,
    };
    let group = match groups.len() {
        0 => None,
        number => groups.get(dice.below(number)),
    };
    Job::FollowGroup(match group {
        Some(group) if dice.happens(80) => GroupSaying::Deleted(group.id),
        Some(group) if dice.happens(800) => {
            let stays = dice.happens(700);
            let name = if stays { group.name.clone() } else { name };
            GroupSaying::Changed(group.id, name, members)
        }
        _ => GroupSaying::Added(name, members),
    })
}

impl Cast {
    pub(super) async fn follow_group(&self, saying: &GroupSaying) -> Ended {
        let follow = FollowGroups { env: self.clone() };
        let said = |name: &GroupName| DirectoryGroup {
            name: name.clone(),
            external_id: None,
        };
        let answer = match saying {
            GroupSaying::Added(name, members) => follow.add(said(name), members).await.map(Some),
            GroupSaying::Changed(id, name, members) => {
                let changed = follow.change(*id, members, |_| Ok(said(name))).await;
                changed.map(Some)
            }
            GroupSaying::Deleted(id) => follow.delete(*id).await.map(|()| None),
        };
        self.watch
            .with(|ledger| ledger.judge_group_followed(saying, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(FollowGroupRefused::Unavailable(error)) => {
                self.answered(UseCase::FollowGroups, Answer::Unavailable);
                return failed(&error);
            }
            Err(
                FollowGroupRefused::Change(_)
                | FollowGroupRefused::UnknownGroup
                | FollowGroupRefused::UnknownMember(_)
                | FollowGroupRefused::TooManyGroups(_)
                | FollowGroupRefused::TooManyChanged
                | FollowGroupRefused::TooManyMembers
                | FollowGroupRefused::Taken(_),
            ) => Answer::Refused,
        };
        self.answered(UseCase::FollowGroups, answer)
    }
}

impl Ledger {
    /// A group was followed, or not.
    fn judge_group_followed<R: std::fmt::Debug>(
        &mut self,
        saying: &GroupSaying,
        answer: &Result<Option<Group>, FollowGroupRefused<R>>,
    ) {
        let since = self.since();
        let (id, name, members) = saying.parts();
        let right = match answer {
            Ok(Some(group)) => {
                let said = members.map(|members| &members.are_members);
                let mut said = said.into_iter().flatten();
                // Somebody else may have deleted it since, and so every membership.
                let groups = self.store.all_groups();
                let is_gone = groups.iter().all(|one| one.id != group.id);
                Some(group.name.as_str()) == name.map(GroupName::as_str)
                    && said.all(|(user, is_member)| {
                        let is_so = |one: &User| one.memberships.contains(group.id) == *is_member;
                        is_gone || self.was_gone(*user) || self.was(*user, since, is_so)
                    })
            }
            // Nobody adds a group under an id that was there before.
            Ok(None) => id.is_some_and(|id| self.store.all_groups().iter().all(|one| one.id != id)),
            Err(FollowGroupRefused::UnknownGroup) => id.is_some(),
            Err(FollowGroupRefused::UnknownMember(user)) => self.was_gone(*user),
            Err(FollowGroupRefused::Taken("displayName")) => {
                name.is_some_and(|name| self.group_names.contains(name))
            }
            // Nobody says so much, or an external id, and no edit fails.
            Err(
                FollowGroupRefused::Taken(_)
                | FollowGroupRefused::Change(_)
                | FollowGroupRefused::TooManyGroups(_)
                | FollowGroupRefused::TooManyChanged
                | FollowGroupRefused::TooManyMembers,
            ) => false,
            Err(FollowGroupRefused::Unavailable(_)) => true,
        };
        self.judge_answer(right, "following a group", answer);
    }

    /// At the end, the rows of memberships and those of users say the same, no two groups are called alike, and nobody
    /// was invited twice because the directory said something.
    pub(super) fn judge_memberships(&mut self) {
        let store = self.store.clone();
        let groups = store.all_groups();
        let ids: BTreeSet<GroupId> = groups.iter().map(|group| group.id).collect();
        let names: BTreeSet<&GroupName> = groups.iter().map(|group| &group.name).collect();
        self.must(names.len() == groups.len(), || {
            format!("two groups are called alike: {groups:?}")
        });
        let users = store.all_users();
        let in_users: BTreeSet<(GroupId, UserId)> = users
            .iter()
            .flat_map(|user| user.memberships.ids().map(|group| (group, user.id)))
            .collect();
        let mut in_rows = store.all_members();
        in_rows.retain(|(group, _)| ids.contains(group));
        self.must(in_rows == in_users, || {
            format!("members are {in_rows:?} by their rows, and {in_users:?} by the users'")
        });
        let mut joiners: Vec<UserId> = Vec::new();
        for (batch, _) in store.all_batches() {
            if batch.who == Actor::Directory
                && let BatchSelection::Few { users } = &batch.selection
            {
                joiners.extend(users);
            }
        }
        let once: BTreeSet<UserId> = joiners.iter().copied().collect();
        self.must(once.len() == joiners.len(), || {
            format!("somebody was invited twice as a joiner: {joiners:?}")
        });
    }
}
