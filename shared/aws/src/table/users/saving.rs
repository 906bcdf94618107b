//! Changing users with what belongs to a change, in as few transactions as they fit in.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use beckon_domain::model::change::{
    ChangeOutcome, Identifier, ReportedChange, UserChange, of_different_users,
};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::values::ids::{UserId, Version};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{key_of, pointer};
use crate::table::rows::part;
use crate::table::{Cancelled, Table, changes, foreign, rows, text};

/// DynamoDB's own limit for one transaction.
const MAX_ITEMS_IN_A_TRANSACTION: usize = 100;

/// How many transactions of one call are under way at the same time.
const TRANSACTIONS_AT_A_TIME: usize = 4;

/// One change as parts of a transaction.
pub(in crate::table) struct Prepared {
    pub(in crate::table) items: Vec<TransactWriteItem>,
    /// Which of them are mails that must be new.
    new_mails: Vec<usize>,
    /// Which of them are names that nobody must have yet, and what it means if somebody has.
    claims: Vec<(usize, ChangeOutcome)>,
}

impl Prepared {
    /// Parts of which none means anything but that somebody else wrote first.
    pub(in crate::table) const fn plain(items: Vec<TransactWriteItem>) -> Self {
        Self {
            items,
            new_mails: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// What it means that these of its items did not fit.
    pub(in crate::table) fn outcome(&self, refused: &[usize]) -> ChangeOutcome {
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
            Some(taken) if taken.contains(&ChangeOutcome::ExternalIdTaken) => {
                ChangeOutcome::ExternalIdTaken
            }
            Some(taken) if !taken.is_empty() => ChangeOutcome::UserNameTaken,
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
    pub(super) async fn write_changes(
        &self,
        changes: &[UserChange],
    ) -> Result<Vec<ChangeOutcome>, Unavailable> {
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

    pub(in crate::table) fn items_of(&self, change: &UserChange) -> Result<Prepared, Unavailable> {
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
                Identifier::UserName(_) => ChangeOutcome::UserNameTaken,
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
        if let Some(reference) = &change.reference {
            items.push(part(self.set(rows::session(reference)?)?));
        }
        if let Some(ReportedChange { before, after }) = &change.reported {
            items.extend(self.reported_items(after, Some(before))?);
        }
        for membership in &change.memberships {
            items.push(self.membership(*membership, change.user.id)?);
        }
        if let Some((batch, cursor)) = &change.batch {
            items.push(part(self.replace(rows::batch(batch)?, Version::FIRST)?));
            items.push(part(self.replace(rows::cursor(cursor)?, Version::FIRST)?));
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
