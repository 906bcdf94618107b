//! Importing a file of users: each row adds somebody, changes somebody, or leaves them be, and
//! says which. A row that is wrong harms no other.
//!
//! Everything is decided on what was there when the import began, so a trial says what the import
//! would do. A repeated import finds done what was done before: one that ran out of time, or whose
//! answer was lost, is repeated as it is until it says that it is complete.
//!
//! Invitations go out once the whole file is in: to everyone in it who was never invited, in one
//! batch. Whom a batch that is still being expanded is for counts as invited, so a repetition invites
//! nobody twice.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::model::actor::Actor;
use crate::model::batch::{Batch, BatchSelection, PAGE_SIZE};
use crate::model::change::{ChangeOutcome, Identifier, UserChange};
use crate::model::history::HistoryEvent;
use crate::model::mail::Mail;
use crate::model::ownership::OwnerSwitch;
use crate::model::selection::Selection;
use crate::model::settings::{Sender, VersionedSettings};
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::idempotency::Idempotency;
use crate::ports::keys::Keys;
use crate::ports::mails::Mails;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::csv_users::{self, Column};
use crate::rules::importing::{Decision, Entry, FieldChange, Known, Mentioned, longer_ids};
use crate::rules::user_update::{UserUpdate, correct, may_have_missed, missed_mail};
use crate::usecases::change_user::{fresh_ids, resend};
use crate::usecases::idempotency::{Recalled, RepeatableRequest, recall};
use crate::usecases::send_invitations::{SendAccepted, SendInvitations, SendRefused, SendRequest};
use crate::values::hex::hex;
use crate::values::ids::{MailId, UserId};
use crate::values::locale::{Locale, TRANSLATED};
use crate::values::names::GroupName;
use crate::values::problem::FieldProblem;

/// How many changes are written between two looks at the clock.
const AT_ONCE: usize = 200;

/// How many of the newest batches may still be on their way to somebody in the file.
const MAX_RECENT_BATCHES: usize = 20;

/// How many batches one file may start while answers are kept: an import looks up each of them, one after
/// the other.
pub const MAX_BATCHES_OF_A_FILE: u32 = 20;

/// How many names with a comma are warned of: who sees so many knows.
const MAX_WARNINGS_OF_COMMAS: usize = 10;

/// What to do with a file.
#[derive(Debug, Clone)]
pub struct ImportOrder {
    /// Whether to say only what would become of it.
    pub dry_run: bool,
    /// Whether to invite whoever was never invited.
    pub invite: bool,
    /// The charset that was declared with the file.
    pub charset: Option<String>,
    /// Who imports.
    pub who: Actor,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum RowOutcome {
    /// It is about somebody new, who was added.
    Added,
    /// It is about somebody known, who was changed.
    Updated,
    /// It says what was known.
    Unchanged,
    /// Something is wrong with it, and nothing was done.
    Invalid,
    /// The time was over before, or somebody else changed the same user: import the file again.
    NotReached,
}

/// A row and what became of it.
#[derive(Debug, Clone)]
pub struct ImportedRow {
    /// The line in which it begins.
    pub line: u64,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Whom it is about; `None` if that is not known, or nobody yet.
    pub user: Option<UserId>,
    /// What of that user it changes.
    pub changes: Vec<FieldChange>,
    /// What is wrong with it.
    pub problems: Vec<FieldProblem>,
}

/// How many rows of each outcome there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImportCounts {
    /// All of them.
    pub rows: u64,
    /// Somebody was added.
    pub added: u64,
    /// Somebody was changed.
    pub updated: u64,
    /// Nothing was to be done.
    pub unchanged: u64,
    /// Something is wrong.
    pub invalid: u64,
    /// To be imported again.
    pub not_reached: u64,
}

/// What became of a file.
#[derive(Debug, Clone)]
pub struct ImportReport {
    /// Whether every row has had its turn.
    pub complete: bool,
    /// Each row, in the order of the file.
    pub rows: Vec<ImportedRow>,
    /// How many people are invited, or would be.
    pub invited: u64,
    /// The batch that invites them.
    pub batch: Option<Batch>,
    /// The columns that mean nothing to us.
    pub unknown_columns: Vec<String>,
    /// What is worth knowing and stops nothing.
    pub warnings: Vec<FieldProblem>,
}

impl ImportReport {
    /// How many rows of each outcome there are.
    #[must_use]
    pub fn counts(&self) -> ImportCounts {
        let mut counts = ImportCounts::default();
        for row in &self.rows {
            counts.rows += 1;
            match row.outcome {
                RowOutcome::Added => counts.added += 1,
                RowOutcome::Updated => counts.updated += 1,
                RowOutcome::Unchanged => counts.unchanged += 1,
                RowOutcome::Invalid => counts.invalid += 1,
                RowOutcome::NotReached => counts.not_reached += 1,
            }
        }
        counts
    }
}

/// Why nothing of a file was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefused {
    /// It is no file of users.
    #[error("the file is not a list of users")]
    Invalid(Vec<FieldProblem>),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Imports users.
#[derive(Debug, Clone)]
pub struct ImportUsers<E> {
    /// What it runs in.
    pub env: E,
    /// How long it may go on writing. It writes a little in any case, so that repeating ends.
    pub budget: SignedDuration,
}

/// A row on its way, with the change that it needs.
struct Pending {
    row: ImportedRow,
    change: Option<UserChange>,
    /// The mail that they may have missed while they were disabled.
    missed: Option<MailId>,
    /// Whom it is about, as they are or will be.
    user: Option<User>,
}

/// What a row needs done.
pub(super) struct Prepared {
    pub(super) outcome: RowOutcome,
    pub(super) user: User,
    pub(super) change: Option<UserChange>,
    pub(super) changes: Vec<FieldChange>,
    /// The mail that they may have missed while they were disabled.
    pub(super) missed: Option<MailId>,
}

impl Prepared {
    const fn of(outcome: RowOutcome, user: User, change: Option<UserChange>) -> Self {
        Self {
            outcome,
            user,
            change,
            changes: Vec::new(),
            missed: None,
        }
    }
}

impl<E> ImportUsers<E>
where
    E: Env<Store: Users + Batches + Mails + SettingsStore + Idempotency> + WithKeys,
{
    /// Imports a file, or as much of it as the time allows.
    pub async fn run(
        &self,
        file: &[u8],
        order: &ImportOrder,
    ) -> Result<ImportReport, ImportRefused> {
        let end = self
            .env
            .clock()
            .now()
            .saturating_add(self.budget)
            .unwrap_or(Timestamp::MAX);
        let read =
            FileOfUsers::read(file, order.charset.as_deref()).map_err(ImportRefused::Invalid)?;
        let settings = self.env.store().current_settings().await?;
        let ring = self.env.keys().key_ring().await?;
        let with = UserUpdate {
            who: &order.who,
            settings: &settings,
            key: ring.current(),
        };
        let mut pending = self.decide(&read, order, &with).await?;
        self.make_up(&mut pending, &with).await?;
        let complete = order.dry_run || self.write(&mut pending, end).await?;
        let mut report = ImportReport {
            complete,
            rows: Vec::new(),
            invited: 0,
            batch: None,
            warnings: read.warnings(),
            unknown_columns: read.unknown_columns,
        };
        if order.invite && complete {
            let waiting: Vec<UserId> = pending
                .iter()
                .filter_map(|pending| pending.user.as_ref())
                .filter(|user| is_to_be_invited(user, &settings))
                .map(|user| user.id)
                .collect();
            self.invite(file, waiting, order, &mut report).await?;
        }
        let is_new = |row: &ImportedRow| row.outcome == RowOutcome::Added;
        report.rows = pending
            .into_iter()
            .map(|pending| ImportedRow {
                user: pending
                    .row
                    .user
                    .filter(|_| !(order.dry_run && is_new(&pending.row))),
                ..pending.row
            })
            .collect();
        Ok(report)
    }

    /// Whoever is enabled again gets the mail that was dropped meanwhile.
    async fn make_up(
        &self,
        pending: &mut [Pending],
        with: &UserUpdate<'_>,
    ) -> Result<(), Unavailable> {
        let missed: Vec<MailId> = pending.iter().filter_map(|one| one.missed).collect();
        if missed.is_empty() {
            return Ok(());
        }
        let mails = self.env.store().load_mails(&missed).await?.into_iter();
        let mails: HashMap<MailId, Mail> = mails.map(|mail| (mail.id, mail)).collect();
        let now = self.env.clock().now();
        for one in pending {
            let missed = one.missed.and_then(|id| mails.get(&id));
            let change = one.change.take();
            one.change = match missed {
                Some(missed) => change.map(|change| {
                    let resend = resend(with, self.env.entropy());
                    missed_mail(change, Some(missed), resend, now)
                }),
                None => change,
            };
        }
        Ok(())
    }

    /// What is to become of each row.
    async fn decide(
        &self,
        file: &FileOfUsers,
        order: &ImportOrder,
        with: &UserUpdate<'_>,
    ) -> Result<Vec<Pending>, Unavailable> {
        let all = 0..file.len();
        let known = known_to(self.env.store(), file, all.clone()).await?;
        let inviting = order.invite.then_some(&with.settings.settings.sender);
        let now = self.env.clock().now();
        let pending = file.lines(all).map(|(line, entry)| {
            let entry = entry.as_ref().map_err(Clone::clone);
            let prepared = entry.and_then(|entry| {
                prepared(&self.env, &known, entry, line, inviting, with, now)
                    .map_err(|problem| vec![problem])
            });
            match prepared {
                Ok(prepared) => Pending {
                    row: ImportedRow {
                        line,
                        outcome: prepared.outcome,
                        user: Some(prepared.user.id),
                        changes: prepared.changes,
                        problems: Vec::new(),
                    },
                    change: prepared.change,
                    missed: prepared.missed,
                    user: Some(prepared.user),
                },
                Err(problems) => Pending {
                    row: ImportedRow {
                        line,
                        outcome: RowOutcome::Invalid,
                        user: None,
                        changes: Vec::new(),
                        problems,
                    },
                    change: None,
                    missed: None,
                    user: None,
                },
            }
        });
        Ok(pending.collect())
    }

    /// Writes what is to be written until `end`; whether every row has had its turn. Whoever was
    /// changed by somebody else since they were read has not: the next import decides anew.
    async fn write(&self, pending: &mut [Pending], end: Timestamp) -> Result<bool, Unavailable> {
        let mut complete = true;
        let mut in_time = true;
        let mut to_write: Vec<&mut Pending> = pending
            .iter_mut()
            .filter(|pending| pending.change.is_some())
            .collect();
        for some in to_write.chunks_mut(AT_ONCE) {
            let outcomes = if in_time {
                let changes: Vec<UserChange> = some
                    .iter_mut()
                    .filter_map(|pending| pending.change.take())
                    .map(|change| change.for_request(self.env.entropy().request().as_ref()))
                    .collect();
                self.env.store().save_users(&changes).await?
            } else {
                Vec::new()
            };
            for (place, pending) in some.iter_mut().enumerate() {
                match outcomes.get(place) {
                    Some(ChangeOutcome::Saved) => {}
                    Some(
                        ChangeOutcome::Conflict
                        | ChangeOutcome::DoneBefore
                        | ChangeOutcome::AddressTaken
                        | ChangeOutcome::ExternalIdTaken
                        | ChangeOutcome::UserNameTaken,
                    )
                    | None => {
                        complete = false;
                        pending.row.outcome = RowOutcome::NotReached;
                        pending.row.user = None;
                        pending.row.changes = Vec::new();
                    }
                }
            }
            in_time = in_time && self.env.clock().now() < end;
        }
        Ok(complete)
    }

    /// Starts the batch for those who wait and whom no other batch is on its way to.
    async fn invite(
        &self,
        file: &[u8],
        mut waiting: Vec<UserId>,
        order: &ImportOrder,
        report: &mut ImportReport,
    ) -> Result<(), Unavailable> {
        if !waiting.is_empty() {
            let promised = promised(self.env.store()).await?;
            waiting.retain(|user| !promised.contains(user));
        }
        let digest = hex(&Sha256::digest(file));
        let caller = match &order.who {
            Actor::Caller(name) => name.as_str(),
            Actor::Invitee
            | Actor::DeviceManagement
            | Actor::Directory
            | Actor::MailService
            | Actor::Clock => "",
        };
        // The list of batches may be a moment old. What an import of this very file has started is
        // known by its answer: the first one, and one more for whoever was added since.
        for number in 0..MAX_BATCHES_OF_A_FILE {
            let key = format!("{digest}.{number}");
            let request = RepeatableRequest::new(caller, "import", &key, b"");
            let now = self.env.clock().now();
            match recall::<SendAccepted>(self.env.store(), Some(&request), now).await? {
                Recalled::Answered(sent) => {
                    let promised = named(self.env.store(), &sent.batch).await?;
                    waiting.retain(|user| !promised.contains(user));
                    report.batch = Some(sent.batch);
                }
                Recalled::New | Recalled::OtherBody => {
                    report.invited = waiting.len() as u64;
                    if !waiting.is_empty() && !order.dry_run {
                        let sent = self.send(waiting, order, &request).await?;
                        report.batch = Some(sent.batch);
                    }
                    return Ok(());
                }
            }
        }
        if !waiting.is_empty() {
            report.warnings.push(FieldProblem::new(
                "invite",
                "tooManyBatches",
                format!(
                    "invites nobody more: this very file has started {MAX_BATCHES_OF_A_FILE} batches within a day. {} who are not invited yet are imported; invite them by a batch of their own, or import the file again tomorrow.",
                    waiting.len()
                ),
            ));
        }
        Ok(())
    }

    async fn send(
        &self,
        users: Vec<UserId>,
        order: &ImportOrder,
        request: &RepeatableRequest,
    ) -> Result<SendAccepted, Unavailable> {
        let send = SendInvitations { env: &self.env };
        let send_request = SendRequest {
            selection: Selection::Users(users),
            choice: OwnerSwitch::Preset,
            settings: None,
            who: order.who.clone(),
        };
        send.run(&send_request, Some(request))
            .await
            .map_err(|refusal| match refusal {
                SendRefused::Unavailable(error) => error,
                // Somebody was deleted meanwhile; the next import sees who is left.
                refused @ (SendRefused::Invalid(_)
                | SendRefused::UnknownUsers(_)
                | SendRefused::UnknownSettings
                | SendRefused::SettingsChanged { .. }
                | SendRefused::KeyReused) => Unavailable::new("the batch of an import", refused),
            })
    }
}

/// A file of users, of which every row was read by itself and nobody was looked up yet.
pub(super) struct FileOfUsers {
    lines: Vec<(u64, Result<Entry, Vec<FieldProblem>>)>,
    /// Which rows call somebody so.
    named: HashMap<Identifier, Vec<usize>>,
    /// Which rows name somebody by our own id.
    by_id: HashMap<UserId, Vec<usize>>,
    /// The columns that mean nothing to us.
    pub(super) unknown_columns: Vec<String>,
}

impl FileOfUsers {
    /// Reads a file; refused if it is no list of users.
    pub(super) fn read(file: &[u8], charset: Option<&str>) -> Result<Self, Vec<FieldProblem>> {
        let csv = csv_users::parse(file, charset)?;
        let mut mentioned = Mentioned::default();
        let lines = csv.rows.iter().map(|row| {
            let entry = Entry::parse(row).and_then(|entry| {
                mentioned.note(&entry, row.line)?;
                Ok(entry)
            });
            (row.line, entry)
        });
        let lines: Vec<_> = lines.collect();
        let (mut named, mut by_id) = (HashMap::new(), HashMap::new());
        for (place, (_, entry)) in lines.iter().enumerate() {
            let Ok(entry) = entry else { continue };
            for name in entry.names() {
                named.entry(name).or_insert_with(Vec::new).push(place);
            }
            if let Some(id) = entry.user_id() {
                by_id.entry(id).or_insert_with(Vec::new).push(place);
            }
        }
        Ok(Self {
            lines,
            named,
            by_id,
            unknown_columns: csv.unknown_columns,
        })
    }

    /// How many rows it has.
    pub(super) const fn len(&self) -> usize {
        self.lines.len()
    }

    /// These rows, each with the line in which it begins.
    pub(super) fn lines(
        &self,
        some: Range<usize>,
    ) -> impl Iterator<Item = (u64, &Result<Entry, Vec<FieldProblem>>)> {
        let some = self.lines.get(some).unwrap_or_default().iter();
        some.map(|(line, entry)| (*line, entry))
    }

    /// What is worth knowing of it and stops nothing.
    pub(super) fn warnings(&self) -> Vec<FieldProblem> {
        let lines = || self.lines.iter().map(|(line, entry)| (*line, entry));
        let mut warnings = untranslated(lines());
        warnings.extend(with_comma(lines()));
        warnings
    }

    /// The rows in these places, each once, and every other one that may be about one of these users.
    fn with_others_about(&self, some: Range<usize>, users: &[User]) -> Vec<(u64, &Entry)> {
        let names = users.iter().flat_map(Identifier::all_of);
        let by_name = names.filter_map(|name| self.named.get(&name)).flatten();
        let by_id = users.iter().filter_map(|user| self.by_id.get(&user.id));
        let places: BTreeSet<usize> = some
            .chain(by_name.copied())
            .chain(by_id.flatten().copied())
            .collect();
        let rows = places.into_iter().filter_map(|place| {
            let (line, entry) = self.lines.get(place)?;
            Some((*line, entry.as_ref().ok()?))
        });
        rows.collect()
    }
}

/// Everyone whom these rows of a file may be about, with what the rest of the file says of them. Rows of
/// whom nothing is known yet are looked up with the zeros that a spreadsheet may have taken.
pub(super) async fn known_to(
    store: &impl Users,
    file: &FileOfUsers,
    some: Range<usize>,
) -> Result<Known, Unavailable> {
    let entries: Vec<&Entry> = file
        .lines(some.clone())
        .filter_map(|(_, entry)| entry.as_ref().ok())
        .collect();
    let mut known = Known::default();
    let users = look_up(store, &entries, &mut known).await?;
    let about = file.with_others_about(some, &users);
    if about.len() > entries.len() {
        let others: Vec<&Entry> = about.iter().map(|(_, entry)| *entry).collect();
        look_up(store, &others, &mut known).await?;
    }
    let longer = longer_ids(entries.into_iter(), &known);
    if !longer.is_empty() {
        let read = store.users_by_names(&longer).await?;
        known.add_named(read.found, read.unreadable);
    }
    for (line, entry) in about {
        known.note(entry, line);
    }
    Ok(known)
}

/// Looks up whoever is called as these rows say, or named by our own id, and gives those who were found.
async fn look_up(
    store: &impl Users,
    entries: &[&Entry],
    known: &mut Known,
) -> Result<Vec<User>, Unavailable> {
    let names: Vec<Identifier> = entries.iter().flat_map(|entry| entry.names()).collect();
    let read = store.users_by_names(&names).await?;
    let mut users = read.found.clone();
    known.add_named(read.found, read.unreadable);
    let ids: Vec<UserId> = entries.iter().filter_map(|entry| entry.user_id()).collect();
    if !ids.is_empty() {
        let read = store.read_users(&ids).await?;
        users.extend(read.found.iter().cloned());
        known.add_by_id(read.found, read.unreadable);
    }
    Ok(users)
}

/// What a row needs done, or what is wrong with it.
pub(super) fn prepared(
    env: &impl Env,
    known: &Known,
    entry: &Entry,
    line: u64,
    inviting: Option<&Sender>,
    with: &UserUpdate<'_>,
    now: Timestamp,
) -> Result<Prepared, FieldProblem> {
    let id = UserId::new(env.entropy().ulid());
    Ok(match known.decide(entry, line, id, inviting, now)? {
        Decision::Leave(user) => Prepared::of(RowOutcome::Unchanged, *user, None),
        Decision::Add(user) => {
            let who = with.who.clone();
            let row = env.happened(user.id, now, who, HistoryEvent::UserAdded);
            let change = UserChange {
                claims: Identifier::all_of(&user),
                ..UserChange::of((*user).clone())
            }
            .with_history([row]);
            Prepared::of(RowOutcome::Added, *user, Some(change))
        }
        Decision::Change { before, after } => {
            let change = correct(&before, *after, with, fresh_ids(env.entropy()), now)?;
            let missed = may_have_missed(&before, &change, with, now);
            let changes = FieldChange::between(&before, &change.user);
            Prepared {
                changes,
                missed,
                ..Prepared::of(RowOutcome::Updated, change.user.clone(), Some(change))
            }
        }
    })
}

/// Whom batches that are still being expanded are for.
pub(super) async fn promised(store: &impl Batches) -> Result<HashSet<UserId>, Unavailable> {
    let mut promised = HashSet::new();
    for id in store.list_batches(None, MAX_RECENT_BATCHES).await?.items {
        // A batch that cannot be read invites nobody until it is released.
        let Some((batch, cursor)) = readable(store.load_batch(id).await)? else {
            continue;
        };
        if !cursor.done && batch.stopped_at.is_none() {
            let named = readable(named(store, &batch).await.map(Some))?;
            promised.extend(named.into_iter().flatten());
        }
    }
    Ok(promised)
}

async fn named(store: &impl Batches, batch: &Batch) -> Result<HashSet<UserId>, Unavailable> {
    match &batch.selection {
        BatchSelection::Few { users } => Ok(users.iter().copied().collect()),
        BatchSelection::Filter { .. } => Ok(HashSet::new()),
        BatchSelection::Many { count } => {
            let mut named = HashSet::new();
            let pages = count.div_ceil(PAGE_SIZE as u64);
            for page in 0..u32::try_from(pages).unwrap_or(u32::MAX) {
                named.extend(store.named_users(batch.id, page).await?);
            }
            Ok(named)
        }
    }
}

/// A warning for each language in a file that there is no translation for.
fn untranslated<'a>(
    entries: impl Iterator<Item = (u64, &'a Result<Entry, Vec<FieldProblem>>)>,
) -> Vec<FieldProblem> {
    let mut found: BTreeMap<&Locale, Vec<u64>> = BTreeMap::new();
    for (line, entry) in entries {
        let locale = entry.as_ref().ok().and_then(Entry::untranslated);
        if let Some(locale) = locale {
            found.entry(locale).or_default().push(line);
        }
    }
    found
        .into_iter()
        .map(|(locale, lines)| {
            let (first, more) = (lines.first().copied().unwrap_or_default(), lines.len() - 1);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            FieldProblem::new(
                Column::Locale.header(),
                "untranslated",
                format!(
                    "is {locale} in line {first}{more}, a language that there is no translation for: these people read another language, in the end English, unless you write wordings of your own in {locale}. There are translations for {}.",
                    TRANSLATED.join(", ")
                ),
            )
        })
        .collect()
}

/// A warning for each name of a group that holds a comma, up to a number: perhaps several groups were meant.
fn with_comma<'a>(
    entries: impl Iterator<Item = (u64, &'a Result<Entry, Vec<FieldProblem>>)>,
) -> Vec<FieldProblem> {
    let mut found: BTreeMap<&GroupName, u64> = BTreeMap::new();
    for (line, entry) in entries {
        for group in entry.iter().flat_map(Entry::groups_with_comma) {
            if found.len() < MAX_WARNINGS_OF_COMMAS {
                found.entry(group).or_insert(line);
            }
        }
    }
    let warning = |(group, line): (&GroupName, u64)| {
        FieldProblem::new(
            Column::Groups.header(),
            "commaInName",
            format!("is read as one group, “{}” in line {line}, whose name has a comma. If several groups are meant, put | between them.", group.as_str()),
        )
        .with("group", group.as_str())
        .with("line", line)
    };
    found.into_iter().map(warning).collect()
}

/// Whether an import that invites invites them: they never were, and a batch would.
pub(super) fn is_to_be_invited(user: &User, settings: &VersionedSettings) -> bool {
    user.invitation.is_none()
        && user.enabled
        && user.address_mark.is_none()
        && settings.settings.sender.may_invite(&user.email)
}
