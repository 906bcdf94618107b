//! Users. The ledger looks on at each write, and notes whom a use case read.

use beckon_domain::model::batch::{Batch, Cursor};
use beckon_domain::model::change::{ChangeOutcome, Identifier, UserChange};
use beckon_domain::model::directory::DirectoryNews;
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::group::{Group, GroupIdentifier};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{Mail, MailClass, MailKind};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListOrder, ListPage, Loaded};
use beckon_domain::ports::users::{AddUserError, SaveGroupError, Users};
use beckon_domain::values::address::NormalisedAddress;
use beckon_domain::values::ids::{ExternalId, GroupId, IssueNumber, MailId, UserId, Version};
use jiff::Timestamp;

use super::{Table, out_of_reach, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;
use crate::simulation::jobs::Job;
use crate::simulation::ledger::Ledger;
use crate::simulation::stage::Weather;

impl Users for Table {
    async fn read_users(&self, ids: &[UserId]) -> Result<Loaded<User, UserId>, Unavailable> {
        self.read(
            Call::LoadUsers,
            async {
                let mut read = self.rows.read_users(ids).await?;
                if self.broken(Breakage::UnreadableIsGone) {
                    read.unreadable.clear();
                }
                Ok(read)
            },
            |ledger, users| {
                for user in &users.found {
                    ledger.read_user(user.id);
                }
            },
        )
        .await
    }

    async fn user_by_address(
        &self,
        address: &NormalisedAddress,
    ) -> Result<Option<User>, Unavailable> {
        let read = self.rows.user_by_address(address);
        self.read(Call::UserByAddress, read, |ledger, user| {
            if let Some(user) = user {
                ledger.read_user(user.id);
            }
        })
        .await
    }

    async fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<User>, Unavailable> {
        let read = self.rows.user_by_external_id(id);
        self.read(Call::UserByExternalId, read, |ledger, user| {
            if let Some(user) = user {
                ledger.read_user(user.id);
            }
        })
        .await
    }

    async fn users_by_names(
        &self,
        names: &[Identifier],
    ) -> Result<Loaded<User, Identifier>, Unavailable> {
        let read = self.rows().users_by_names(names);
        self.read(Call::UsersByNames, read, |ledger, users| {
            for user in &users.found {
                ledger.read_user(user.id);
            }
        })
        .await
    }

    async fn list_users_in(
        &self,
        order: ListOrder,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage<User>, Unavailable> {
        let read = self
            .rows()
            .list_users_in(order, filter, position, limit, now);
        self.read(Call::ListUsers, read, unseen).await
    }

    async fn list_user_ids(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<UserId>, Unavailable> {
        let read = self.rows().list_user_ids(position, limit);
        self.read(Call::ListUserIds, read, unseen).await
    }

    async fn add_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), AddUserError> {
        let write = self.rows.add_user(user, history, batch, answer);
        self.write(Call::AddUser, write, |ledger, ()| {
            ledger.view().wrote.insert(user.id);
            ledger.happened(history);
            ledger.user_written(user.id);
            if let Some((batch, _)) = batch {
                ledger.batch_started(batch, answer);
            }
        })
        .await
    }

    async fn save_users(&self, changes: &[UserChange]) -> Result<Vec<ChangeOutcome>, Unavailable> {
        let weather = self.weather(Call::SaveUsers);
        let written = match weather {
            Weather::Refused => return Err(out_of_reach()),
            Weather::Outraced => return Ok(vec![ChangeOutcome::Conflict; changes.len()]),
            Weather::CutShort => self
                .watch
                .stage(|stage| stage.dice.below(changes.len() + 1)),
            Weather::Fair | Weather::LosesAnswer => changes.len(),
        };
        if self
            .watch
            .both(|stage, ledger| stage.broken(Breakage::ReportsIgnored) && ledger.is_report())
        {
            tokio::task::yield_now().await;
            return Ok(vec![ChangeOutcome::Saved; changes.len()]);
        }
        let mut outcomes = Vec::with_capacity(changes.len());
        for change in &changes[..written] {
            let (change, outcome, written) = self.save_one(change).await?;
            if outcome == ChangeOutcome::Saved && written {
                self.watch.with(|ledger| ledger.saved(&change));
            }
            outcomes.push(outcome);
        }
        if weather == Weather::Fair {
            Ok(outcomes)
        } else {
            Err(out_of_reach())
        }
    }

    async fn remove_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
    ) -> Result<(), SaveError> {
        let mut devices = self.rows().all_registrations();
        devices.retain(|one| one.user == user.id);
        let write = async {
            Users::remove_user(self.rows(), user, history, left).await?;
            if self.broken(Breakage::DeletionKeepsDevices) {
                for device in &devices {
                    self.rows().put_registration(device);
                }
            }
            Ok(())
        };
        self.save(Call::RemoveUser, write, |ledger, ()| {
            ledger.removed(user.id, history);
        })
        .await
    }

    async fn users_to_erase(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        let read = self.rows().users_to_erase(by, limit);
        let over = self.read(Call::UsersToErase, read, |_, _| {}).await?;
        let forgotten = self.broken(Breakage::ErasureForgotten);
        Ok(if forgotten { Vec::new() } else { over })
    }

    async fn tombstones(&self, by: Timestamp, limit: usize) -> Result<Vec<UserId>, Unavailable> {
        let read = self.rows().tombstones(by, limit);
        self.read(Call::Tombstones, read, |_, _| {}).await
    }

    async fn take_try(
        &self,
        user: UserId,
        issue: IssueNumber,
        state: InvitationState,
        now: Timestamp,
    ) -> Result<Option<User>, Unavailable> {
        let write = async {
            if self.broken(Breakage::TryNotTaken) {
                return Ok(self.rows.load_users(&[user]).await?.pop());
            }
            self.rows.take_try(user, issue, state, now).await
        };
        self.write(Call::TakeTry, write, |ledger, taken| {
            if taken.is_some() {
                ledger.try_taken(user, issue);
            }
        })
        .await
    }

    async fn read_groups(&self, ids: &[GroupId]) -> Result<Loaded<Group, GroupId>, Unavailable> {
        let read = self.rows().read_groups(ids);
        self.read(Call::ReadGroups, read, unseen).await
    }

    async fn find_group(&self, by: &GroupIdentifier) -> Result<Option<Group>, Unavailable> {
        let read = self.rows().find_group(by);
        self.read(Call::FindGroup, read, unseen).await
    }

    async fn list_groups(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<Group>, Unavailable> {
        let read = self.rows().list_groups(position, limit);
        self.read(Call::ListGroups, read, unseen).await
    }

    async fn save_group(
        &self,
        group: &Group,
        before: Option<&Group>,
    ) -> Result<(), SaveGroupError> {
        let write = self.rows.save_group(group, before);
        self.write(Call::SaveGroup, write, |ledger, ()| {
            ledger.group_names.push(group.name.clone());
        })
        .await
    }

    async fn remove_group(&self, group: &Group) -> Result<(), SaveError> {
        let write = self.rows.remove_group(group);
        self.save(Call::RemoveGroup, write, |_, ()| {}).await
    }

    async fn members_of(
        &self,
        group: GroupId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        let read = self.rows().members_of(group, after, limit);
        self.read(Call::MembersOf, read, unseen).await
    }

    async fn forget_members(&self, group: GroupId, limit: usize) -> Result<bool, Unavailable> {
        let write = self.rows.forget_members(group, limit);
        self.write(Call::ForgetMembers, write, |_, _| {}).await
    }

    async fn directory_news(&self) -> Result<DirectoryNews, Unavailable> {
        let read = self.rows().directory_news();
        self.read(Call::DirectoryNews, read, unseen).await
    }

    async fn note_directory(&self, news: &DirectoryNews) -> Result<(), Unavailable> {
        let write = self.rows.note_directory(news);
        self.write(Call::NoteDirectory, write, |_, ()| {}).await
    }

    async fn erase_history(&self, user: UserId, limit: usize) -> Result<bool, Unavailable> {
        self.erase_events(user, limit).await
    }

    async fn history_of(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<HistoryEntry>, Unavailable> {
        self.page_of_history(user, position, limit).await
    }

    async fn open_invitations(&self) -> Result<u64, Unavailable> {
        self.read(
            Call::OpenInvitations,
            self.rows().open_invitations(),
            unseen,
        )
        .await
    }
}

impl Table {
    #[expect(
        clippy::too_many_lines,
        reason = "a table: one entry for each rule that may be broken"
    )]
    async fn save_one(
        &self,
        change: &UserChange,
    ) -> Result<(UserChange, ChangeOutcome, bool), Unavailable> {
        let mut change = change.clone();
        if self.broken(Breakage::MailLeftOut) {
            change.mails.clear();
        }
        if self.broken(Breakage::MembershipLeftOut) {
            change.memberships.clear();
        }
        if self.broken(Breakage::JoinerNotNoted) && change.batch.is_some() {
            change.user.invited_as_joiner = false;
        }
        if self.broken(Breakage::HandOverUntold) {
            change
                .mails
                .retain(|mail| !matches!(mail.kind, MailKind::HandOver { .. }));
        }
        let is_import = |ledger: &mut Ledger| matches!(ledger.view().job, Job::Import(_));
        if self.broken(Breakage::ImportRowLost) && self.watch.with(is_import) {
            return Ok((change, ChangeOutcome::Saved, false));
        }
        if self.broken(Breakage::ReminderNotNoted)
            && let Some(mail) = change.mails.first()
            && matches!(mail.kind, MailKind::Reminder { .. })
            && let Some(before) = self.row_of(change.user.id).and_then(|row| row.invitation)
            && let Some(invitation) = &mut change.user.invitation
        {
            invitation.reminders = before.reminders;
        }
        if let Some(registration) = &change.registration
            && self.broken(Breakage::EverythingConfirmed)
            && change.mails.is_empty()
        {
            let another = self.watch.stage(|stage| u128::from(stage.dice.draw()));
            change.mails.push(Mail::waiting(
                MailId::new(ulid::Ulid(another)),
                MailKind::Confirmation {
                    device: registration.device.id.clone(),
                },
                change.user.id,
                None,
                MailClass::Small,
                Version::FIRST,
                self.watch.stage(|stage| stage.now),
            ));
        }
        if self.broken(Breakage::ChoiceForgotten)
            && let Some(invitation) = &mut change.user.invitation
        {
            invitation.chosen = None;
        }
        if self.broken(Breakage::LeftDeviceCounts) && change.registration.is_some() {
            change.user.devices_unenrolled = 0;
        }
        if self.broken(Breakage::HistoryLeftOut) && self.watch.stage(|s| s.dice.happens(100)) {
            change.history.pop();
        }
        loop {
            let outcome = self.rows.save_users(std::slice::from_ref(&change)).await?[0];
            if outcome == ChangeOutcome::Conflict && self.broken(Breakage::EverySaveFits) {
                let row = self.row_of(change.user.id).map(|user| user.version);
                change.user.version = row.unwrap_or_default().next();
                for mail in &mut change.mails {
                    let row = self
                        .rows
                        .all_mails()
                        .into_iter()
                        .find(|row| row.id == mail.id);
                    mail.version = row.map_or(Version::FIRST, |row| row.version.next());
                }
                continue;
            }
            if outcome == ChangeOutcome::DoneBefore && self.broken(Breakage::MailTwice) {
                let another = self.watch.stage(|stage| u128::from(stage.dice.draw()));
                for mail in &mut change.mails {
                    mail.id = MailId::new(ulid::Ulid(another));
                }
                if let Some(invitation) = &mut change.user.invitation {
                    invitation.mail = MailId::new(ulid::Ulid(another));
                    if let Some(row) = self.row_of(change.user.id) {
                        invitation.issue = row.latest_issue.next();
                        change.user.latest_issue = invitation.issue;
                        change.user.version = row.version.next();
                    }
                }
                continue;
            }
            return Ok((change, outcome, true));
        }
    }
}
