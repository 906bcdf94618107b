//! What a row of a file of users means: who it is about, and what becomes of them.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::address::EmailAddress;
use crate::ids::{ExternalId, IssueNumber, UserId, Version};
use crate::locale::{Locale, TimeZoneName};
use crate::names::{DisplayName, GroupName};
use crate::ports::Name;
use crate::problem::{FieldProblem, Problems};
use crate::settings::Sender;
use crate::sheet::{Column, Row};
use crate::usecases::add_user::parse_groups;
use crate::user::User;

/// A row whose cells are all well formed; what is `None` leaves what there is.
#[derive(Debug, Clone)]
pub struct Entry {
    external_id: Option<ExternalId>,
    email: Option<EmailAddress>,
    display_name: Option<DisplayName>,
    groups: Option<BTreeSet<GroupName>>,
    locale: Option<Locale>,
    time_zone: Option<TimeZoneName>,
    enabled: Option<bool>,
}

impl Entry {
    /// Reads a row; every wrong cell is named.
    pub fn read(row: &Row) -> Result<Self, Vec<FieldProblem>> {
        if let Some(flaw) = &row.flaw {
            return Err(vec![flaw.clone()]);
        }
        let mut problems = Problems::default();
        let groups = row.groups();
        let entry = Self {
            external_id: cell(row, Column::ExternalId, ExternalId::parse, &mut problems),
            email: cell(row, Column::Email, EmailAddress::parse, &mut problems),
            display_name: cell(row, Column::Name, DisplayName::parse, &mut problems),
            groups: groups.map(|names| parse_groups(&names, &mut problems)),
            locale: cell(row, Column::Locale, Locale::parse, &mut problems),
            time_zone: cell(row, Column::TimeZone, TimeZoneName::parse, &mut problems),
            enabled: cell(row, Column::Enabled, yes_or_no, &mut problems),
        };
        let names_somebody =
            row.cell(Column::ExternalId).is_some() || row.cell(Column::Email).is_some();
        problems.ensure(names_somebody, || {
            FieldProblem::new(
                "email",
                "missing",
                "is missing, and so is an externalId: nobody is named",
            )
        });
        if problems.is_empty() {
            Ok(entry)
        } else {
            Err(problems.into_vec())
        }
    }

    /// What the row calls the person it is about.
    #[must_use]
    pub fn names(&self) -> Vec<Name> {
        let external = self.external_id.clone().map(Name::External);
        let address = self
            .email
            .as_ref()
            .map(|email| Name::Address(email.normalised()));
        external.into_iter().chain(address).collect()
    }
}

/// True and false as spreadsheets write them, each in the language it is set to.
fn yes_or_no(text: &str) -> Result<bool, FieldProblem> {
    const TRUE: [&str; 10] = [
        "true",
        "yes",
        "1",
        "wahr",
        "vrai",
        "verdadero",
        "vero",
        "verdadeiro",
        "tosi",
        "ja",
    ];
    const FALSE: [&str; 9] = [
        "false", "no", "0", "falsch", "faux", "falso", "epätosi", "nein", "non",
    ];
    let word = text.trim().to_lowercase();
    match (TRUE.contains(&&*word), FALSE.contains(&&*word)) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(FieldProblem::new(
            "",
            "neitherTrueNorFalse",
            "must be true or false",
        )),
    }
}

fn cell<T>(
    row: &Row,
    column: Column,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
    problems: &mut Problems,
) -> Option<T> {
    let text = row.cell(column)?;
    problems.check(parse(text).map_err(|problem| problem.under(column.header())))
}

/// Names rows that are about whom an earlier row is about already.
#[derive(Debug, Default)]
pub struct Mentioned(HashMap<Name, u64>);

impl Mentioned {
    /// Notes a row; refused if an earlier one has one of its names.
    pub fn note(&mut self, entry: &Entry, line: u64) -> Result<(), Vec<FieldProblem>> {
        let names = entry.names();
        let twice: Vec<FieldProblem> = names
            .iter()
            .filter_map(|name| {
                let first = self.0.get(name)?;
                Some(FieldProblem::new(
                    field_of(name),
                    "duplicate",
                    format!("stands in line {first} already; keep one of the two lines"),
                ))
            })
            .collect();
        if !twice.is_empty() {
            return Err(twice);
        }
        self.0.extend(names.into_iter().map(|name| (name, line)));
        Ok(())
    }
}

const fn field_of(name: &Name) -> &'static str {
    match name {
        Name::Address(_) => Column::Email.header(),
        Name::External(_) => Column::ExternalId.header(),
    }
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

/// Everyone whom a file may be about, by their names, and which rows are about them.
#[derive(Debug, Default)]
pub struct Known {
    named: HashMap<Name, User>,
    about: HashMap<UserId, Vec<(u64, Vec<Name>)>>,
}

impl Known {
    /// These users.
    #[must_use]
    pub fn new(users: Vec<User>) -> Self {
        let named = users.into_iter().flat_map(|user| {
            Name::all_of(&user)
                .into_iter()
                .map(move |name| (name, user.clone()))
        });
        Self {
            named: named.collect(),
            about: HashMap::new(),
        }
    }

    /// Notes whom a row is about. Every row must be noted before the first is decided.
    pub fn note(&mut self, entry: &Entry, line: u64) {
        let Ok(Some(user)) = self.whom(entry).map(|user| user.map(|user| user.id)) else {
            return;
        };
        let lines = self.about.entry(user).or_default();
        lines.push((line, entry.names()));
    }

    /// Who a row is about: by the external id, else by the address. A row that would make one of
    /// two people is refused: the address of somebody who left may have been given to another.
    fn whom(&self, entry: &Entry) -> Result<Option<&User>, FieldProblem> {
        let by_id = entry
            .external_id
            .as_ref()
            .and_then(|id| self.named.get(&Name::External(id.clone())));
        let by_address = entry
            .email
            .as_ref()
            .and_then(|email| self.named.get(&Name::Address(email.normalised())));
        match (by_id, by_address) {
            (Some(one), Some(other)) if one.id != other.id => Err(FieldProblem::new(
                "email",
                "taken",
                "is the address of another user than the one with this externalId",
            )),
            (None, Some(other)) if entry.external_id.is_some() && other.external_id.is_some() => {
                Err(FieldProblem::new(
                    "email",
                    "taken",
                    "is the address of a user with another externalId; correct or delete that user first, if it is somebody else",
                ))
            }
            (Some(user), _) | (None, Some(user)) => Ok(Some(user)),
            (None, None) => Ok(None),
        }
    }

    /// Refuses a row if an earlier one means the same person by another name. Refuses the earlier
    /// one too if it takes from them the address by which a later one means them: imported again,
    /// the later row would be about nobody, and add them a second time.
    fn one_row_each(
        &self,
        entry: &Entry,
        line: u64,
        before: &User,
        after: &User,
    ) -> Result<(), FieldProblem> {
        let left = Name::Address(before.email.normalised());
        let moves = left != Name::Address(after.email.normalised());
        let mut rows = self.about.get(&before.id).into_iter().flatten();
        let other = rows.find(|(other, names)| {
            *other < line || (*other > line && moves && names.contains(&left))
        });
        let Some((other, _)) = other else {
            return Ok(());
        };
        let column = match &entry.external_id {
            Some(id) if before.external_id.as_ref() == Some(id) => Column::ExternalId,
            Some(_) | None => Column::Email,
        };
        Err(FieldProblem::new(
            column.header(),
            "duplicate",
            format!("line {other} is about the same person; keep one of the two lines"),
        ))
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
            ));
        }
        Ok(Decision::Add(Box::new(entry.applied_to(&User {
            id,
            version: Version::FIRST,
            email,
            external_id: None,
            display_name: None,
            groups: BTreeSet::new(),
            locale: None,
            time_zone: None,
            enabled: true,
            devices: 0,
            address_mark: None,
            address_since: None,
            latest_issue: IssueNumber::NONE,
            invitation: None,
            asked: None,
            added_at: now,
        }))))
    }
}

impl Entry {
    fn applied_to(&self, user: &User) -> User {
        fn or<T: Clone>(said: Option<&T>, before: Option<&T>) -> Option<T> {
            said.or(before).cloned()
        }
        User {
            email: self.email.clone().unwrap_or_else(|| user.email.clone()),
            external_id: or(self.external_id.as_ref(), user.external_id.as_ref()),
            display_name: or(self.display_name.as_ref(), user.display_name.as_ref()),
            groups: self.groups.clone().unwrap_or_else(|| user.groups.clone()),
            locale: or(self.locale.as_ref(), user.locale.as_ref()),
            time_zone: or(self.time_zone.as_ref(), user.time_zone.as_ref()),
            enabled: self.enabled.unwrap_or(user.enabled),
            ..user.clone()
        }
    }
}
