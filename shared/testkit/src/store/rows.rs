//! The rows, and the rules by which one replaces another. No port and no gate.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::change::{ChangeOutcome, Identifier, UserChange};
use beckon_domain::model::counting::{CountSheet, Counts, Ledger, Scope, SheetKey, Uncounted};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::device_event::{DeviceEvent, LatestEvent};
use beckon_domain::model::directory::DirectoryNews;
use beckon_domain::model::erasure::{Tombstone, over_since};
use beckon_domain::model::group::{Group, GroupIdentifier};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::job::{Job, JobCursor, JobPage};
use beckon_domain::model::mail::Mail;
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::reported_device::ReportedDevice;
use beckon_domain::model::session::Session;
use beckon_domain::model::settings::{Settings, SettingsStamp, VersionedSettings};
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::template::{Template, TemplateName};
use beckon_domain::model::user::User;
use beckon_domain::ports::error::SaveError;
use beckon_domain::ports::reads::Readable;
use beckon_domain::ports::users::{AddUserError, SaveGroupError};
use beckon_domain::rules::counting::{touched_by_deletion, touched_by_mail, touched_by_user};
use beckon_domain::values::address::NormalisedAddress;
use beckon_domain::values::ids::{
    BatchId, DeviceId, EventId, ExternalId, GroupId, JobId, MailId, RunId, UserId, Version,
};
use beckon_domain::values::session_ids::SessionDigest;
use beckon_domain::values::source_name::SourceName;
use beckon_domain::values::user_name::UserNameKey;
use jiff::Timestamp;

use super::spoilt::{SpoiltRows, keys};

#[derive(Clone)]
pub(super) struct Rows {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) addresses: BTreeMap<NormalisedAddress, UserId>,
    pub(super) external_ids: BTreeMap<ExternalId, UserId>,
    pub(super) user_names: BTreeMap<UserNameKey, UserId>,
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) members: BTreeSet<(GroupId, UserId)>,
    pub(super) directory_news: DirectoryNews,
    pub(super) mails: BTreeMap<MailId, Mail>,
    pub(super) history: BTreeMap<UserId, BTreeMap<EventId, HistoryEntry>>,
    pub(super) registrations: BTreeMap<(UserId, DeviceId), Registration>,
    pub(super) sessions: BTreeMap<SessionDigest, Session>,
    pub(super) device_events: BTreeMap<EventId, DeviceEvent>,
    pub(super) latest_events: BTreeMap<SourceName, LatestEvent>,
    pub(super) reported_devices: BTreeMap<DeviceId, ReportedDevice>,
    pub(super) source_polls: BTreeMap<SourceName, SourcePoll>,
    /// By version, from 0.
    pub(super) settings: Vec<Settings>,
    pub(super) settings_stamps: BTreeMap<Version, SettingsStamp>,
    pub(super) templates: BTreeMap<TemplateName, Template>,
    pub(super) batches: BTreeMap<BatchId, Batch>,
    pub(super) cursors: BTreeMap<BatchId, Cursor>,
    pub(super) named: BTreeMap<(BatchId, u32), Vec<UserId>>,
    pub(super) pages: BTreeMap<(BatchId, u32), Page>,
    pub(super) jobs: BTreeMap<JobId, Job>,
    pub(super) job_cursors: BTreeMap<JobId, JobCursor>,
    pub(super) job_users: BTreeMap<(JobId, u32), Vec<UserId>>,
    pub(super) job_files: BTreeMap<JobId, Vec<u8>>,
    pub(super) job_pages: BTreeMap<(JobId, u32), JobPage>,
    pub(super) answers: BTreeMap<String, IdempotencyRecord>,
    pub(super) lease: Option<(RunId, Timestamp)>,
    pub(super) pause: Option<Pause>,
    /// How much, and until when.
    pub(super) tallies: BTreeMap<String, (u64, Timestamp)>,
    pub(super) bounces: BTreeMap<BatchId, BTreeSet<MailId>>,
    pub(super) pace: Option<f64>,
    pub(super) tombstones: BTreeMap<UserId, Tombstone>,
    pub(super) ledger: Ledger,
    /// By generation and number.
    pub(super) uncounted: BTreeMap<(u64, u32), BTreeSet<Uncounted>>,
    pub(super) sheets: BTreeMap<SheetKey, CountSheet>,
    pub(super) sums: BTreeMap<Scope, Counts>,
    /// How often sums were added to.
    pub(super) additions: u64,
    /// What the stream would tell of and nobody has asked for.
    pub(super) changed: Vec<Uncounted>,
    /// Rows that cannot be read, beside what they would say.
    pub(super) spoilt: SpoiltRows,
    /// Those of them that were set aside and of which the stream has not told yet.
    pub(super) asides: Vec<RowKey>,
}

impl Rows {
    pub(super) fn new(defaults: Settings) -> Self {
        Self {
            users: BTreeMap::new(),
            addresses: BTreeMap::new(),
            external_ids: BTreeMap::new(),
            user_names: BTreeMap::new(),
            groups: BTreeMap::new(),
            members: BTreeSet::new(),
            directory_news: DirectoryNews::default(),
            mails: BTreeMap::new(),
            history: BTreeMap::new(),
            registrations: BTreeMap::new(),
            sessions: BTreeMap::new(),
            device_events: BTreeMap::new(),
            latest_events: BTreeMap::new(),
            reported_devices: BTreeMap::new(),
            source_polls: BTreeMap::new(),
            settings: vec![defaults],
            settings_stamps: BTreeMap::new(),
            templates: BTreeMap::new(),
            batches: BTreeMap::new(),
            cursors: BTreeMap::new(),
            named: BTreeMap::new(),
            pages: BTreeMap::new(),
            jobs: BTreeMap::new(),
            job_cursors: BTreeMap::new(),
            job_users: BTreeMap::new(),
            job_files: BTreeMap::new(),
            job_pages: BTreeMap::new(),
            answers: BTreeMap::new(),
            lease: None,
            pause: None,
            tallies: BTreeMap::new(),
            bounces: BTreeMap::new(),
            pace: None,
            tombstones: BTreeMap::new(),
            ledger: Ledger::default(),
            uncounted: BTreeMap::new(),
            sheets: BTreeMap::new(),
            sums: BTreeMap::new(),
            additions: 0,
            changed: Vec::new(),
            spoilt: SpoiltRows::new(),
            asides: Vec::new(),
        }
    }

    pub(super) fn put_user(&mut self, user: User) {
        self.remove_user(user.id);
        self.addresses.insert(user.email.normalised(), user.id);
        if let Some(external) = &user.external_id {
            self.external_ids.insert(external.clone(), user.id);
        }
        if let Some(name) = &user.user_name {
            self.user_names.insert(name.key(), user.id);
        }
        self.changed.extend(touched_by_user(&user));
        self.users.insert(user.id, user);
    }

    /// A user as readers see them: with the names of the groups that there are.
    pub(super) fn user(&self, id: UserId) -> Option<User> {
        let mut user = self.users.get(&id)?.clone();
        user.memberships.put_names(|id| {
            let group = self.groups.get(&id)?;
            let readable = self.why_unreadable(&keys::group(id)).is_none();
            Some(readable.then(|| group.name.clone()))
        });
        Some(user)
    }

    pub(super) fn group_found_by(&self, by: &GroupIdentifier) -> Option<&Group> {
        let mut groups = self.groups.values();
        groups.find(|group| GroupIdentifier::all_of(group).contains(by))
    }

    pub(super) fn save_group(&mut self, group: &Group) -> Result<(), SaveGroupError> {
        let row = self.groups.get(&group.id).map(|row| row.version);
        if group.version.replaces() != row {
            return Err(SaveGroupError::Conflict);
        }
        for by in GroupIdentifier::all_of(group) {
            let holder = self.group_found_by(&by);
            if holder.is_some_and(|holder| holder.id != group.id) {
                return Err(match by {
                    GroupIdentifier::Name(_) => SaveGroupError::NameTaken,
                    GroupIdentifier::External(_) => SaveGroupError::ExternalIdTaken,
                });
            }
        }
        self.groups.insert(group.id, group.clone());
        Ok(())
    }

    pub(super) fn put_mail(&mut self, mail: Mail) {
        self.changed.extend(touched_by_mail(&(&mail).into()));
        self.mails.insert(mail.id, mail);
    }

    pub(super) fn remove_user(&mut self, id: UserId) {
        if let Some(user) = self.users.remove(&id) {
            self.addresses.remove(&user.email.normalised());
            if let Some(external) = &user.external_id {
                self.external_ids.remove(external);
            }
            if let Some(name) = &user.user_name {
                self.user_names.remove(&name.key());
            }
        }
    }

    pub(super) fn bury_user(
        &mut self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
    ) -> Result<(), SaveError> {
        let row = self.users.get(&user.id).map(|row| row.version);
        if row != Some(user.version) {
            return Err(SaveError::Conflict);
        }
        self.remove_user(user.id);
        self.members.retain(|(_, member)| *member != user.id);
        self.registrations.retain(|(owner, _), _| *owner != user.id);
        for slot in user.invitation.iter().flat_map(|i| &i.sessions) {
            self.sessions.remove(&slot.digest);
        }
        self.put_history(history);
        self.changed.extend(touched_by_deletion(left));
        self.tombstones.insert(user.id, left.clone());
        Ok(())
    }

    pub(super) fn users_to_erase(&self, by: Timestamp, limit: usize) -> Vec<UserId> {
        let users = self.users.values();
        oldest(
            users
                .filter(|user| !self.is_aside(&keys::user(user.id)))
                .filter_map(|user| Some((over_since(user)?, user.id))),
            by,
            limit,
        )
    }

    pub(super) fn tombstones_over(&self, by: Timestamp, limit: usize) -> Vec<UserId> {
        let left = self.tombstones.values();
        oldest(left.map(|left| (left.over_since, left.user)), by, limit)
    }

    pub(super) fn erase_history(&mut self, user: UserId, limit: usize) -> bool {
        if let Some(rows) = self.history.get_mut(&user) {
            for _ in 0..limit {
                rows.pop_first();
            }
            if !rows.is_empty() {
                return false;
            }
        }
        self.history.remove(&user);
        self.tombstones.remove(&user);
        true
    }

    pub(super) fn put_registration(&mut self, registration: Registration) {
        let key = (registration.user, registration.device.id.clone());
        self.registrations.insert(key, registration);
    }

    pub(super) fn put_history(&mut self, row: &HistoryEntry) {
        let rows = self.history.entry(row.user).or_default();
        rows.insert(row.id, row.clone());
    }

    /// A key whose answer is past its time is free again.
    pub(super) fn key_is_taken(&self, answer: Option<&IdempotencyRecord>, now: Timestamp) -> bool {
        answer
            .and_then(|answer| self.answers.get(&answer.key))
            .is_some_and(|kept| now <= kept.until)
    }

    pub(super) fn put_answer(&mut self, answer: Option<&IdempotencyRecord>) {
        if let Some(answer) = answer {
            self.answers.insert(answer.key.clone(), answer.clone());
        }
    }

    fn put_batch(&mut self, batch: &Batch, cursor: &Cursor) {
        self.batches.insert(batch.id, batch.clone());
        self.cursors.insert(cursor.batch, cursor.clone());
    }

    pub(super) fn add_user(
        &mut self,
        user: &User,
        history: &HistoryEntry,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), AddUserError> {
        // First: whoever repeats a request is not told that its own address is taken.
        if self.key_is_taken(answer, history.at) {
            return Err(AddUserError::KeyTaken);
        }
        if self.addresses.contains_key(&user.email.normalised()) {
            return Err(AddUserError::AddressTaken);
        }
        if let Some(external) = &user.external_id
            && self.external_ids.contains_key(external)
        {
            return Err(AddUserError::ExternalIdTaken);
        }
        if let Some(name) = &user.user_name
            && self.user_names.contains_key(&name.key())
        {
            return Err(AddUserError::UserNameTaken);
        }
        self.put_user(user.clone());
        self.put_history(history);
        if let Some((batch, cursor)) = batch {
            self.put_batch(batch, cursor);
        }
        self.put_answer(answer);
        Ok(())
    }

    pub(super) fn save_user(&mut self, change: &UserChange) -> ChangeOutcome {
        let first_mail_exists = change
            .mails
            .iter()
            .any(|mail| mail.version == Version::FIRST && self.mails.contains_key(&mail.id));
        if first_mail_exists {
            return ChangeOutcome::DoneBefore;
        }
        let user = &change.user;
        let row = self.users.get(&user.id).map(|row| row.version);
        let user_fits = user.version.replaces() == row;
        let mails_fit = change.mails.iter().all(|mail| self.mail_fits(mail));
        let frees = change.frees.iter();
        let names_fit = frees
            .map(|name| self.holder(name))
            .all(|holder| holder == Some(user.id));
        let reported = change.reported.as_ref().map(|reported| &reported.after);
        let device_fits = reported.is_none_or(|device| self.reported_fits(device));
        if !user_fits || !mails_fit || !names_fit || !device_fits {
            return ChangeOutcome::Conflict;
        }
        match change
            .claims
            .iter()
            .find(|name| self.holder(name).is_some())
        {
            Some(Identifier::Address(_)) => return ChangeOutcome::AddressTaken,
            Some(Identifier::External(_)) => return ChangeOutcome::ExternalIdTaken,
            Some(Identifier::UserName(_)) => return ChangeOutcome::UserNameTaken,
            None => {}
        }
        for name in &change.frees {
            match name {
                Identifier::Address(address) => self.addresses.remove(address),
                Identifier::External(id) => self.external_ids.remove(id),
                Identifier::UserName(name) => self.user_names.remove(name),
            };
        }
        for name in &change.claims {
            match name {
                Identifier::Address(address) => self.addresses.insert(address.clone(), user.id),
                Identifier::External(id) => self.external_ids.insert(id.clone(), user.id),
                Identifier::UserName(name) => self.user_names.insert(name.clone(), user.id),
            };
        }
        self.changed.extend(touched_by_user(user));
        self.users.insert(user.id, user.clone());
        for membership in &change.memberships {
            let member = (membership.group, user.id);
            if membership.is_member {
                self.members.insert(member);
            } else {
                self.members.remove(&member);
            }
        }
        if let Some((batch, cursor)) = &change.batch {
            self.put_batch(batch, cursor);
        }
        for mail in &change.mails {
            self.put_mail(mail.clone());
        }
        for row in &change.history {
            self.put_history(row);
        }
        if let Some(registration) = &change.registration {
            self.put_registration(registration.clone());
        }
        for session in change.session.iter().chain(&change.reference) {
            self.sessions
                .insert(session.digest.clone(), session.clone());
        }
        if let Some(device) = reported {
            self.put_reported(device.clone());
        }
        ChangeOutcome::Saved
    }

    pub(super) fn reported_fits(&self, device: &ReportedDevice) -> bool {
        let held = self.reported_devices.get(&device.id).map(|row| row.version);
        held == device.version.replaces()
    }

    pub(super) fn put_reported(&mut self, device: ReportedDevice) {
        self.reported_devices.insert(device.id.clone(), device);
    }

    pub(super) fn holder(&self, name: &Identifier) -> Option<UserId> {
        match name {
            Identifier::Address(address) => self.addresses.get(address).copied(),
            Identifier::External(id) => self.external_ids.get(id).copied(),
            Identifier::UserName(name) => self.user_names.get(name).copied(),
        }
    }

    fn mail_fits(&self, mail: &Mail) -> bool {
        mail.version.replaces() == self.mails.get(&mail.id).map(|row| row.version)
    }

    pub(super) fn save_mail(
        &mut self,
        mail: &Mail,
        history: Option<&HistoryEntry>,
    ) -> Result<(), SaveError> {
        if !self.mail_fits(mail) {
            return Err(SaveError::Conflict);
        }
        self.put_mail(mail.clone());
        if let Some(row) = history {
            self.put_history(row);
        }
        Ok(())
    }

    pub(super) fn claim_mail(
        &mut self,
        claimed: &Mail,
        judged_by: Version,
    ) -> Result<(), SaveError> {
        let unchanged = self
            .users
            .get(&claimed.user)
            .is_some_and(|user| user.version == judged_by);
        if !unchanged {
            return Err(SaveError::Conflict);
        }
        self.save_mail(claimed, None)
    }

    pub(super) fn save_template(&mut self, template: &Template) -> Result<(), SaveError> {
        let before = self.templates.get(&template.name).map(|row| row.version);
        if template.version.replaces() != before {
            return Err(SaveError::Conflict);
        }
        self.templates
            .insert(template.name.clone(), template.clone());
        Ok(())
    }

    pub(super) fn add_mail(
        &mut self,
        mail: &Mail,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        if self.key_is_taken(answer, mail.created_at) {
            return Err(SaveError::Conflict);
        }
        self.save_mail(mail, None)?;
        self.put_answer(answer);
        Ok(())
    }

    pub(super) fn start_batch(
        &mut self,
        batch: &Batch,
        cursor: &Cursor,
        named: &[Vec<UserId>],
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        if self.key_is_taken(answer, batch.created_at) || self.batches.contains_key(&batch.id) {
            return Err(SaveError::Conflict);
        }
        self.put_batch(batch, cursor);
        for (page, users) in (0..).zip(named) {
            self.named.insert((batch.id, page), users.clone());
        }
        self.put_answer(answer);
        Ok(())
    }

    pub(super) fn save_cursor(
        &mut self,
        cursor: &Cursor,
        page: Option<&Page>,
    ) -> Result<(), SaveError> {
        let row = self.cursors.get(&cursor.batch).map(|row| row.version);
        if row.is_none() || cursor.version.replaces() != row {
            return Err(SaveError::Conflict);
        }
        self.cursors.insert(cursor.batch, cursor.clone());
        if let Some(page) = page {
            if !page.without_sums {
                self.changed.push(Uncounted::Page {
                    batch: page.batch,
                    number: page.number,
                });
            }
            self.pages.insert((page.batch, page.number), page.clone());
        }
        Ok(())
    }

    pub(super) fn save_batch(&mut self, batch: &Batch) -> Result<(), SaveError> {
        let row = self.batches.get(&batch.id).map(|row| row.version);
        if row.is_none() || batch.version.replaces() != row {
            return Err(SaveError::Conflict);
        }
        self.batches.insert(batch.id, batch.clone());
        Ok(())
    }

    /// Those that can be read, and the keys of those before the last of them that cannot.
    pub(super) fn readable_pages(
        &self,
        batch: BatchId,
        first: u32,
        limit: usize,
    ) -> (Readable<Page>, Vec<RowKey>) {
        let (mut read, mut met) = (Vec::new(), Vec::new());
        for page in self.pages_of(batch, first, usize::MAX) {
            if read.len() == limit {
                break;
            }
            let key = keys::page(batch, page.number);
            if self.why_unreadable(&key).is_some() {
                met.push(key);
            } else {
                read.push(page);
            }
        }
        let read = Readable {
            items: read,
            unreadable: met.len(),
        };
        (read, met)
    }

    pub(super) fn pages_of(&self, batch: BatchId, first: u32, limit: usize) -> Vec<Page> {
        let range = (
            Bound::Included((batch, first)),
            Bound::Included((batch, u32::MAX)),
        );
        self.pages
            .range(range)
            .take(limit)
            .map(|(_, page)| page.clone())
            .collect()
    }

    pub(super) fn tally(&self, name: &str, now: Timestamp) -> u64 {
        let tally = self.tallies.get(name).filter(|(_, until)| now < *until);
        tally.map_or(0, |(count, _)| *count)
    }

    pub(super) fn add_to_tally(&mut self, name: &str, now: Timestamp, until: Timestamp) {
        let begun = self.tallies.get(name).copied();
        let (count, until) = begun.filter(|(_, end)| now < *end).unwrap_or((0, until));
        self.tallies.insert(name.to_owned(), (count + 1, until));
    }

    pub(super) fn note_bounce(&mut self, batch: BatchId, mail: MailId) -> u64 {
        let bounced = self.bounces.entry(batch).or_default();
        bounced.insert(mail);
        bounced.len() as u64
    }

    pub(super) fn current_settings(&self) -> VersionedSettings {
        let newest = self.settings.len() as u64 - 1;
        self.settings_at(Version::from_number(newest))
            .expect("version 0 is always there")
    }

    pub(super) fn settings_at(&self, version: Version) -> Option<VersionedSettings> {
        let index = usize::try_from(version.get()).ok()?;
        let settings = self.settings.get(index)?.clone();
        Some(VersionedSettings { version, settings })
    }

    pub(super) fn put_settings(&mut self, settings: Settings) -> VersionedSettings {
        self.settings.push(settings);
        self.current_settings()
    }
}

fn oldest(
    over: impl Iterator<Item = (Timestamp, UserId)>,
    by: Timestamp,
    limit: usize,
) -> Vec<UserId> {
    let mut over: Vec<_> = over.filter(|(since, _)| *since <= by).collect();
    over.sort_unstable();
    over.into_iter().map(|(_, user)| user).take(limit).collect()
}
