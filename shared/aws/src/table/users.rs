//! Users: loading, finding, listing, adding, and changing them with what belongs to a change.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{Delete, ReturnValue, TransactWriteItem};
use beckon_domain::model::batch::{Batch, Cursor};
use beckon_domain::model::change::{ChangeOutcome, Identifier, UserChange, of_different_users};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::Mail;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mails::LoadMails as _;
use beckon_domain::ports::reads::ListPage;
use beckon_domain::ports::reads::Loaded;
use beckon_domain::ports::users::{
    AddUserError, AddUserRow, FindUser, FindUsers, ListUsers, LoadUsers, SaveUsers, TakeTry,
};
use beckon_domain::values::address::NormalisedAddress;
use beckon_domain::values::ids::{ExternalId, IssueNumber, MailId, UserId, Version};
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::batches::Entry;
use super::keys::{self, ListKind, id_in};
use super::reading::{KNOWN_SCHEMA, Row, known_schema, rows};
use super::rows::{self, Item, part};
use super::{Cancelled, Table, changes, foreign, number, text};

/// DynamoDB's own limit for one transaction.
const MAX_ITEMS_IN_A_TRANSACTION: usize = 100;

/// How many transactions of one call are under way at the same time.
const TRANSACTIONS_AT_A_TIME: usize = 4;

/// The most users that one page of a filtered list looks at: what a rare match costs is bounded,
/// and the page may come out short.
const LOOKED_AT: usize = 2_000;

impl LoadUsers for Table {
    async fn read_users(&self, ids: &[UserId]) -> Result<Loaded<User, UserId>, Unavailable> {
        self.load(ids.iter().map(|id| keys::user(*id)).collect())
            .await
    }
}

impl FindUser for Table {
    async fn user_by_address(
        &self,
        address: &NormalisedAddress,
    ) -> Result<Option<User>, Unavailable> {
        self.pointed_at(&Identifier::Address(address.clone())).await
    }

    async fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<User>, Unavailable> {
        self.pointed_at(&Identifier::External(id.clone())).await
    }
}

impl FindUsers for Table {
    async fn users_by_names(&self, names: &[Identifier]) -> Result<Vec<User>, Unavailable> {
        let pointers = self.get_many(names.iter().map(key_of).collect()).await?;
        let pointers: Vec<Pointer> = self.sort_out(pointers).await.items;
        let ids: Vec<UserId> = pointers.iter().map(|pointer| pointer.user).collect();
        let mut users = self.load_users(&ids).await?;
        // Between the two reads a name may have become somebody else's.
        let wanted: HashSet<&Identifier> = names.iter().collect();
        users.retain(|user| {
            Identifier::all_of(user)
                .iter()
                .any(|name| wanted.contains(name))
        });
        Ok(users)
    }
}

impl ListUsers for Table {
    async fn list_users(
        &self,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage<User>, Unavailable> {
        let everyone = *filter == UserFilter::default();
        let mut items = Vec::new();
        let mut unreadable = 0;
        let mut next = position.map(str::to_owned);
        let mut looked_at = 0;
        loop {
            let wanted = if everyone { limit - items.len() } else { limit };
            let slice = self
                .list_slice(ListKind::Users, next.as_deref(), wanted, true)
                .await?;
            looked_at += slice.items.len();
            let entries = slice.items.iter();
            let entries: Vec<(&Entry, UserId)> = entries
                .filter_map(|entry| Some((entry, id_in(&entry.pk).parse().ok()?)))
                .collect();
            let ids: Vec<UserId> = entries.iter().map(|(_, id)| *id).collect();
            let read = self.read_users(&ids).await?;
            let (mut found, mut unread) = (read.found, read.unreadable);
            let nobody_s = slice.items.len() - entries.len();
            unreadable += nobody_s;
            found.retain(|user| filter.finds(user, now));
            if !filter.deliveries.is_empty() {
                self.retain_by_mail(&mut found, filter).await?;
            }
            let mut found: HashMap<UserId, User> =
                found.into_iter().map(|user| (user.id, user)).collect();
            let mut full_at = None;
            for (entry, id) in entries {
                let before = unread.len();
                unread.retain(|(of, _)| *of != id);
                unreadable += before - unread.len();
                if let Some(user) = found.remove(&id) {
                    items.push(user);
                    if items.len() == limit {
                        full_at = Some(entry.order.clone());
                        break;
                    }
                }
            }
            let slice_end = slice.items.last().map(|entry| entry.order.clone());
            if let Some(order) = full_at {
                let more = slice.next.is_some() || slice_end.as_ref() != Some(&order);
                return Ok(ListPage {
                    items,
                    next: more.then_some(order),
                    unreadable,
                });
            }
            next = slice.next;
            if next.is_none() || looked_at >= LOOKED_AT {
                return Ok(ListPage {
                    items,
                    next,
                    unreadable,
                });
            }
        }
    }
}

impl AddUserRow for Table {
    async fn add_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), AddUserError> {
        enum Part {
            Address,
            ExternalId,
            Answer,
            Else,
        }
        let mut meanings = vec![Part::Else, Part::Address, Part::Else];
        let mut items = vec![
            part(self.replace(rows::user(user)?, Version::FIRST)?),
            part(self.replace(
                pointer(keys::address(&user.email.normalised()), user.id),
                Version::FIRST,
            )?),
            part(self.set(rows::history(history)?)?),
        ];
        if let Some(external) = &user.external_id {
            meanings.push(Part::ExternalId);
            items.push(part(self.replace(
                pointer(keys::external(external), user.id),
                Version::FIRST,
            )?));
        }
        if let Some((batch, cursor)) = batch {
            meanings.extend([Part::Else, Part::Else]);
            items.push(part(self.replace(rows::batch(batch)?, Version::FIRST)?));
            items.push(part(self.replace(rows::cursor(cursor)?, Version::FIRST)?));
        }
        if let Some(answer) = answer {
            meanings.push(Part::Answer);
            items.push(part(self.remember(answer)?));
        }
        let refused = match self.transact(items).await {
            Ok(()) => {
                changes::of_user(history, batch.map(|(batch, _)| batch));
                return Ok(());
            }
            Err(Cancelled::Unavailable(error)) => return Err(error.into()),
            Err(Cancelled::Because(places)) => places,
        };
        // A repeated request meets its own address as well: the key is the better reason.
        let because = |wanted: fn(&Part) -> bool| {
            refused
                .iter()
                .any(|place| meanings.get(*place).is_some_and(wanted))
        };
        if because(|part| matches!(part, Part::Answer)) {
            Err(AddUserError::KeyTaken)
        } else if because(|part| matches!(part, Part::Address)) {
            Err(AddUserError::AddressTaken)
        } else if because(|part| matches!(part, Part::ExternalId)) {
            Err(AddUserError::ExternalIdTaken)
        } else {
            Err(Unavailable::new("the table", "a new id exists already").into())
        }
    }
}

impl SaveUsers for Table {
    async fn save_users(&self, changes: &[UserChange]) -> Result<Vec<ChangeOutcome>, Unavailable> {
        if !of_different_users(changes) {
            return Err(Unavailable::new("the table", "one user is changed twice"));
        }
        let mut prepared = Vec::with_capacity(changes.len());
        for (place, change) in changes.iter().enumerate() {
            prepared.push((place, self.items_of(change)?));
        }
        let groups = in_transactions(prepared);
        let all = changes;
        let outcomes: Vec<Vec<(usize, ChangeOutcome)>> = futures_util::stream::iter(groups)
            .map(async |group| {
                let outcomes = self.save_group(group).await?;
                changes::of_users(all, &outcomes);
                Ok::<_, Unavailable>(outcomes)
            })
            .buffer_unordered(TRANSACTIONS_AT_A_TIME)
            .try_collect()
            .await?;
        let mut in_order = vec![ChangeOutcome::Conflict; changes.len()];
        for (place, outcome) in outcomes.into_iter().flatten() {
            if let Some(slot) = in_order.get_mut(place) {
                *slot = outcome;
            }
        }
        Ok(in_order)
    }
}

impl TakeTry for Table {
    async fn take_try(
        &self,
        user: UserId,
        issue: IssueNumber,
        state: InvitationState,
        now: Timestamp,
    ) -> Result<Option<User>, Unavailable> {
        let (in_time, now) = if state == InvitationState::Pending {
            (" AND openUntil > :now", Some(text(keys::moment(now))))
        } else {
            ("", None)
        };
        let mut values = HashMap::from([
            (":state".to_owned(), text(state.name())),
            (":issue".to_owned(), number(issue.get())),
            (":none".to_owned(), number(0)),
            (":one".to_owned(), number(1)),
            (":schema".to_owned(), known_schema()),
        ]);
        values.extend(now.map(|now| (":now".to_owned(), now)));
        let update = self
            .update(keys::user(user))
            .condition_expression(format!(
                "invitation.#state = :state AND invitation.issue = :issue \
                 AND invitation.triesLeft > :none{in_time} AND {KNOWN_SCHEMA}"
            ))
            .update_expression(
                "SET invitation.triesLeft = invitation.triesLeft - :one, #version = #version + :one",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#schema", keys::SCHEMA)
            .set_expression_attribute_values(Some(values))
            .return_values(ReturnValue::AllNew);
        match self.updated(update).await? {
            Some(answer) => self.one(answer.attributes).await,
            None => Ok(None),
        }
    }
}

/// Whose name it is.
#[derive(serde::Serialize, serde::Deserialize)]
struct Pointer {
    user: UserId,
}

rows!(Pointer);

pub(super) fn key_of(name: &Identifier) -> keys::Key {
    match name {
        Identifier::Address(address) => keys::address(address),
        Identifier::External(id) => keys::external(id),
    }
}

fn pointer(key: keys::Key, user: UserId) -> Item {
    let mut item = rows::fresh(key);
    item.insert("user".to_owned(), text(user.to_string()));
    item
}

/// One change as parts of a transaction.
struct Prepared {
    items: Vec<TransactWriteItem>,
    /// Which of them are mails that must be new.
    new_mails: Vec<usize>,
    /// Which of them are names that nobody must have yet, and what it means if somebody has.
    claims: Vec<(usize, ChangeOutcome)>,
}

impl Prepared {
    /// What it means that these of its items did not fit.
    fn outcome(&self, refused: &[usize]) -> ChangeOutcome {
        if refused.iter().any(|item| self.new_mails.contains(item)) {
            return ChangeOutcome::DoneBefore;
        }
        let taken = |item: &usize| {
            let claim = self.claims.iter().find(|(claim, _)| claim == item);
            claim.map(|(_, outcome)| *outcome)
        };
        // A name that is taken says something only of a user who is as they were read.
        let outcomes: Option<Vec<ChangeOutcome>> = refused.iter().map(taken).collect();
        match outcomes {
            Some(taken) if taken.contains(&ChangeOutcome::AddressTaken) => {
                ChangeOutcome::AddressTaken
            }
            Some(taken) if !taken.is_empty() => ChangeOutcome::ExternalIdTaken,
            _ => ChangeOutcome::Conflict,
        }
    }
}

/// Packs changes into transactions, keeping each whole.
fn in_transactions(prepared: Vec<(usize, Prepared)>) -> Vec<Vec<(usize, Prepared)>> {
    let mut groups: Vec<Vec<(usize, Prepared)>> = Vec::new();
    let mut size = MAX_ITEMS_IN_A_TRANSACTION;
    for (place, change) in prepared {
        if size + change.items.len() > MAX_ITEMS_IN_A_TRANSACTION {
            groups.push(Vec::new());
            size = 0;
        }
        size += change.items.len();
        if let Some(group) = groups.last_mut() {
            group.push((place, change));
        }
    }
    groups
}

impl Table {
    /// Keeps those whose invitation's mail stands as the filter wants.
    async fn retain_by_mail(
        &self,
        users: &mut Vec<User>,
        filter: &UserFilter,
    ) -> Result<(), Unavailable> {
        let mail_of = |user: &User| user.invitation.as_ref().map(|own| own.mail);
        let ids: Vec<MailId> = users.iter().filter_map(mail_of).collect();
        let mails: HashMap<MailId, Mail> = self
            .load_mails(&ids)
            .await?
            .into_iter()
            .map(|mail| (mail.id, mail))
            .collect();
        users.retain(|user| filter.finds_mail(mail_of(user).and_then(|id| mails.get(&id))));
        Ok(())
    }

    async fn pointed_at(&self, name: &Identifier) -> Result<Option<User>, Unavailable> {
        let item = self.get(key_of(name)).await?;
        let Some(pointer) = self.one::<Pointer>(item).await? else {
            return Ok(None);
        };
        let user = self.get(keys::user(pointer.user)).await?;
        let user: Option<User> = self.one(user).await?;
        // Between the two reads the name may have become somebody else's.
        Ok(user.filter(|user| Identifier::all_of(user).contains(name)))
    }

    fn items_of(&self, change: &UserChange) -> Result<Prepared, Unavailable> {
        let mut items = vec![part(
            self.replace(rows::user(&change.user)?, change.user.version)?,
        )];
        let mut new_mails = Vec::new();
        for name in &change.frees {
            items.push(self.freed(name, change.user.id)?);
        }
        let mut claims = Vec::new();
        for name in &change.claims {
            let taken = match name {
                Identifier::Address(_) => ChangeOutcome::AddressTaken,
                Identifier::External(_) => ChangeOutcome::ExternalIdTaken,
            };
            claims.push((items.len(), taken));
            let pointer = pointer(key_of(name), change.user.id);
            items.push(part(self.replace(pointer, Version::FIRST)?));
        }
        for mail in &change.mails {
            if mail.version == Version::FIRST {
                new_mails.push(items.len());
            }
            items.push(part(self.replace(rows::mail(mail)?, mail.version)?));
        }
        for row in &change.history {
            items.push(part(self.set(rows::history(row)?)?));
        }
        if let Some(registration) = &change.registration {
            items.push(part(self.set(rows::registration(registration)?)?));
        }
        if let Some(session) = &change.session {
            items.push(part(self.set(rows::session(session)?)?));
        }
        Ok(Prepared {
            items,
            new_mails,
            claims,
        })
    }

    /// Takes a user's pointer away; it must be theirs.
    fn freed(&self, name: &Identifier, user: UserId) -> Result<TransactWriteItem, Unavailable> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key_of(name).into_item()))
            .condition_expression("#user = :user")
            .expression_attribute_names("#user", "user")
            .expression_attribute_values(":user", text(user.to_string()))
            .build()
            .map_err(foreign)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Writes a group in one transaction. Whoever cancels it is told so and left out, and the
    /// others are written.
    async fn save_group(
        &self,
        mut group: Vec<(usize, Prepared)>,
    ) -> Result<Vec<(usize, ChangeOutcome)>, Unavailable> {
        let mut outcomes = Vec::new();
        while !group.is_empty() {
            let items = group
                .iter()
                .flat_map(|(_, change)| change.items.iter().cloned())
                .collect();
            let refused = match self.transact(items).await {
                Ok(()) => {
                    outcomes.extend(
                        group
                            .iter()
                            .map(|(place, _)| (*place, ChangeOutcome::Saved)),
                    );
                    return Ok(outcomes);
                }
                Err(Cancelled::Unavailable(error)) => return Err(error),
                Err(Cancelled::Because(places)) => places,
            };
            let mut left = Vec::new();
            let mut first = 0;
            for (place, change) in group {
                let end = first + change.items.len();
                let own: Vec<usize> = refused
                    .iter()
                    .filter(|refused| (first..end).contains(*refused))
                    .map(|refused| refused - first)
                    .collect();
                first = end;
                if own.is_empty() {
                    left.push((place, change));
                } else {
                    outcomes.push((place, change.outcome(&own)));
                }
            }
            group = left;
        }
        Ok(outcomes)
    }
}
