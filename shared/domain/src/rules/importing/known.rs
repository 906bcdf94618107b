//! Everyone whom a file may be about, and what becomes of them row by row.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Entry, field_of};
use crate::model::change::Identifier;
use crate::model::settings::Sender;
use crate::model::stored::Unreadable;
use crate::model::user::User;
use crate::rules::csv_users::{Column, damage};
use crate::values::address::EmailAddress;
use crate::values::ids::{ExternalId, UserId};
use crate::values::problem::FieldProblem;

/// How many ids of nobody known are looked up with the zeros that they may have lost. Where a
/// spreadsheet takes them from one id, it takes them from all, and the shortest have lost most.
const LOOKED_UP_LONGER: usize = 100;

/// The ids that people in a file may have had before a spreadsheet took zeros from their front: of
/// those rows that are about nobody known.
#[must_use]
pub fn longer_ids<'a>(entries: impl Iterator<Item = &'a Entry>, known: &Known) -> Vec<Identifier> {
    let mut lost: Vec<&Entry> = entries
        .filter(|entry| entry.longer_ids().is_some() && matches!(known.whom(entry), Ok(None)))
        .collect();
    let length = |entry: &Entry| entry.external_id.as_ref().map_or(0, |id| id.as_str().len());
    lost.sort_by_key(|entry| length(entry));
    lost.truncate(LOOKED_UP_LONGER);
    let names = lost.into_iter().filter_map(Entry::longer_ids).flatten();
    names.collect()
}

/// What becomes of whom a row is about.
#[derive(Debug, Clone)]
pub enum Decision {
    /// They are new.
    Add(Box<User>),
    /// They are known, and something about them is otherwise.
    Change {
        /// As they are.
        before: Box<User>,
        /// As the row says they are.
        after: Box<User>,
    },
    /// They are as the row says.
    Leave(Box<User>),
}

/// Everyone whom a file may be about, by what they are called, and which rows are about them.
#[derive(Debug, Default)]
pub struct Known {
    users: HashMap<UserId, User>,
    named: HashMap<Identifier, UserId>,
    about: HashMap<UserId, Vec<(u64, Vec<Identifier>)>>,
    moving: HashMap<UserId, Moving>,
    unreadable: HashMap<Identifier, Unreadable>,
    unreadable_ids: HashMap<UserId, Unreadable>,
}

/// A row that gives somebody another address.
#[derive(Debug)]
struct Moving {
    line: u64,
    to: Identifier,
}

impl Known {
    /// Whoever was found by what rows call them, and the names of those who cannot be read.
    pub fn add_named(&mut self, found: Vec<User>, unreadable: Vec<(Identifier, Unreadable)>) {
        self.add(found);
        self.unreadable.extend(unreadable);
    }

    /// Whoever was found by our own ids, and those who cannot be read.
    pub fn add_by_id(&mut self, found: Vec<User>, unreadable: Vec<(UserId, Unreadable)>) {
        self.add(found);
        self.unreadable_ids.extend(unreadable);
    }

    fn add(&mut self, users: Vec<User>) {
        for user in users {
            let names = Identifier::all_of(&user).into_iter();
            self.named.extend(names.map(|name| (name, user.id)));
            self.users.insert(user.id, user);
        }
    }

    /// Refuses a row that names somebody who cannot be read: they are neither new nor changed, and
    /// what is theirs is nobody else's.
    fn all_readable(&self, entry: &Entry) -> Result<(), FieldProblem> {
        let by_id = entry.user_id.and_then(|id| self.unreadable_ids.get(&id));
        let by_id = by_id.map(|row| (Column::UserId.header(), row));
        let names = entry.names();
        let mut by_name = names
            .iter()
            .filter_map(|name| Some((field_of(name), self.unreadable.get(name)?)));
        by_id.or_else(|| by_name.next()).map_or(Ok(()), |(field, row)| {
            Err(FieldProblem::new(
                field,
                "unreadable",
                format!(
                    "names somebody whose record {} this version of Beckon cannot read: {}. The operators have been told; import the row again when they have repaired or released it",
                    row.row, row.reason
                ),
            ))
        })
    }

    fn user(&self, name: Option<Identifier>) -> Option<&User> {
        self.users.get(self.named.get(&name?)?)
    }

    /// Notes whom a row is about. Every row must be noted before the first is decided.
    pub fn note(&mut self, entry: &Entry, line: u64) {
        if let Some(mover) = self.meant(entry)
            && let Some(email) = &entry.email
            && email.normalised() != mover.email.normalised()
        {
            let moving = Moving {
                line,
                to: Identifier::Address(email.normalised()),
            };
            self.moving.entry(mover.id).or_insert(moving);
        }
        let Ok(Some(user)) = self.whom(entry).map(|user| user.map(|user| user.id)) else {
            return;
        };
        let lines = self.about.entry(user).or_default();
        lines.push((line, entry.names()));
    }

    /// Whom a row names first: by our own id, else by the external one.
    fn meant(&self, entry: &Entry) -> Option<&User> {
        match entry.user_id {
            Some(id) => self.users.get(&id),
            None => self.user(entry.external_id.clone().map(Identifier::External)),
        }
    }

    /// Who a row is about: by our own id, else by the external id, else by the address. A row that
    /// would make one of two people is refused: the address of somebody who left may have been
    /// given to another.
    fn whom(&self, entry: &Entry) -> Result<Option<&User>, FieldProblem> {
        self.all_readable(entry)?;
        let by_external = self.user(entry.external_id.clone().map(Identifier::External));
        let address = entry.email.as_ref().map(EmailAddress::normalised);
        let by_address = self.user(address.map(Identifier::Address));
        if let Some(id) = entry.user_id {
            let user = self.users.get(&id).ok_or_else(unknown_user)?;
            return match (by_external, by_address) {
                (Some(other), _) if other.id != id => Err(FieldProblem::new(
                    Column::ExternalId.header(),
                    "taken",
                    "is the external id of another user than the one with this userId; correct the one or the other",
                )),
                (_, Some(other)) if other.id != id => Err(self.address_taken(user, other)),
                _ => Ok(Some(user)),
            };
        }
        match (by_external, by_address) {
            (Some(one), Some(other)) if one.id != other.id => Err(self.address_taken(one, other)),
            (None, Some(other)) => match (&entry.external_id, &other.external_id) {
                (Some(said), Some(known))
                    if ExternalId::parse(known.as_str()).as_ref() != Ok(said) =>
                {
                    Err(other_external_id(said, known))
                }
                (Some(_), Some(_)) | (None, _) | (_, None) => Ok(Some(other)),
            },
            (Some(user), _) => Ok(Some(user)),
            (None, None) => Ok(None),
        }
    }

    /// Why somebody cannot have the address that another has now. What another row of the file
    /// does about it is said, whatever the order of the two: both are decided on what was there
    /// when the import began.
    fn address_taken(&self, user: &User, holder: &User) -> FieldProblem {
        let mut moving = self.moving.get(&holder.id);
        let detail = match moving {
            None => "is the address of another user; correct or delete that user first, if it is somebody else".to_owned(),
            Some(first) => {
                let mine = Identifier::Address(user.email.normalised());
                let mut circle = false;
                // Each step is another user's row.
                for _ in 0..self.moving.len() {
                    let Some(step) = moving else { break };
                    circle = step.to == mine;
                    if circle {
                        break;
                    }
                    moving = self.named.get(&step.to).and_then(|next| self.moving.get(next));
                }
                if circle {
                    format!(
                        "is the address of another user, who in line {} is given one that is not free before this row is done: addresses cannot be swapped within one file; give one of them another address first, and theirs in a second import",
                        first.line
                    )
                } else {
                    format!(
                        "is the address of another user, who is given another one in line {}; import the file again after that",
                        first.line
                    )
                }
            }
        };
        FieldProblem::new(Column::Email.header(), "taken", detail)
    }

    /// Refuses a row about somebody new whose external id is that of somebody known, but for what
    /// spreadsheets do to numbers.
    fn not_shortened(&self, entry: &Entry) -> Result<(), FieldProblem> {
        let mut names = entry.longer_ids().into_iter().flatten();
        let found = names.find_map(|name| self.user(Some(name)));
        match (
            &entry.external_id,
            found.and_then(|user| user.external_id.as_ref()),
        ) {
            (Some(said), Some(known)) => Err(FieldProblem::new(
                Column::ExternalId.header(),
                "zerosLost",
                format!(
                    "is {}, which nobody has, but somebody has {}: a spreadsheet takes the zeros from the front of numbers. Format the column as text and write the id in full; if this is somebody else, add them with POST /v1/users",
                    said.as_str(),
                    known.as_str()
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Refuses a row if an earlier one means the same person by another name. Refuses the earlier
    /// one too if it takes from them the address or the external id by which a later one means
    /// them: imported again, the later row would be about nobody, and add them a second time.
    fn one_row_each(
        &self,
        entry: &Entry,
        line: u64,
        before: &User,
        after: &User,
    ) -> Result<(), FieldProblem> {
        let (was, is) = (Identifier::all_of(before), Identifier::all_of(after));
        let gives_up = |name: &Identifier| was.contains(name) && !is.contains(name);
        let mut rows = self.about.get(&before.id).into_iter().flatten();
        let other = rows.find(|(other, names)| *other < line || names.iter().any(gives_up));
        let Some((other, _)) = other else {
            return Ok(());
        };
        let column = match (&entry.user_id, &entry.external_id) {
            (Some(_), _) => Column::UserId,
            (None, Some(id)) if before.external_id.as_ref() == Some(id) => Column::ExternalId,
            (None, _) => Column::Email,
        };
        Err(FieldProblem::new(
            column.header(),
            "duplicate",
            format!("line {other} is about the same person; keep one of the two lines"),
        )
        .with("line", other))
    }

    /// What becomes of whom the row in this line is about. `id` is for a new user; `inviting` says
    /// whom the settings let be invited, if new users are to be.
    pub fn decide(
        &self,
        entry: &Entry,
        line: u64,
        id: UserId,
        inviting: Option<&Sender>,
        now: Timestamp,
    ) -> Result<Decision, FieldProblem> {
        if let Some(user) = self.whom(entry)? {
            let after = entry.applied_to(user);
            self.one_row_each(entry, line, user, &after)?;
            return Ok(if after == *user {
                Decision::Leave(Box::new(after))
            } else {
                Decision::Change {
                    before: Box::new(user.clone()),
                    after: Box::new(after),
                }
            });
        }
        self.not_shortened(entry)?;
        let Some(email) = entry.email.clone() else {
            return Err(FieldProblem::new(
                "email",
                "missing",
                "is missing, and nobody has this externalId yet: a new user needs an address",
            ));
        };
        if inviting.is_some_and(|sender| !sender.may_invite(&email)) {
            return Err(FieldProblem::new(
                "email",
                "domainNotAllowed",
                format!(
                    "is of {}, whose addresses may not be invited; add the domain to sender.recipientDomains in the settings, or import with invite=false",
                    email.domain()
                ),
            ).with("domain", email.domain()));
        }
        let user = User::new(id, email, now);
        Ok(Decision::Add(Box::new(entry.applied_to(&user))))
    }
}

fn unknown_user() -> FieldProblem {
    FieldProblem::new(
        Column::UserId.header(),
        "unknownUser",
        "is the id of nobody here: the user was deleted, or the file is from another installation; empty the cell to find or add them by external id or address",
    )
}

/// Why the address of somebody with another external id makes nobody of the row.
fn other_external_id(said: &ExternalId, known: &ExternalId) -> FieldProblem {
    if damage::taken_for_one(said.as_str(), known.as_str()) {
        return FieldProblem::new(
            Column::ExternalId.header(),
            "zerosLost",
            format!(
                "is {}, but the user with this address has {}: a spreadsheet takes the zeros from the front of numbers. Format the column as text and write the id in full; if it is to be changed, name the user by userId",
                said.as_str(),
                known.as_str()
            ),
        );
    }
    FieldProblem::new(
        Column::Email.header(),
        "taken",
        "is the address of a user with another externalId; correct or delete that user first, if it is somebody else, or name the user by userId, if the externalId is to be changed",
    )
}

#[cfg(test)]
mod tests;
