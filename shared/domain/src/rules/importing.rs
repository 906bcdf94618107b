//! What a row of a file of users means: what its cells say, who it is about, what becomes of them, and
//! what of them it changes.

mod changes;
mod known;

pub use changes::{FieldChange, text_of};
pub use known::{Decision, Known, longer_ids};

use std::collections::{BTreeSet, HashMap};

use crate::model::change::Identifier;
use crate::model::user::User;
use crate::rules::csv_users::{Column, Row, damage};
use crate::values::address::EmailAddress;
use crate::values::ids::{ExternalId, UserId};
use crate::values::locale::{Locale, TimeZoneName};
use crate::values::names::{DisplayName, GroupName, parse_groups};
use crate::values::problem::{FieldProblem, Problems};
use crate::values::text::trimmed;

/// A row whose cells are all well formed; what is `None` leaves what there is.
#[derive(Debug, Clone)]
pub struct Entry {
    user_id: Option<UserId>,
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
    pub fn parse(row: &Row) -> Result<Self, Vec<FieldProblem>> {
        if let Some(flaw) = &row.flaw {
            return Err(vec![flaw.clone()]);
        }
        let mut problems = Problems::default();
        let groups = row.groups().map(|names| {
            for (index, name) in names.iter().enumerate() {
                let flaw = damage::of_text(trimmed(name)).or_else(|| damage::of_name(name));
                if let Some(flaw) = flaw {
                    problems.add(flaw.under(&format!("groups[{index}]")));
                }
            }
            parse_groups(&names, &mut problems)
        });
        let entry = Self {
            user_id: cell(row, Column::UserId, user_id, &mut problems),
            external_id: cell(row, Column::ExternalId, external_id, &mut problems),
            email: cell(row, Column::Email, address, &mut problems),
            display_name: cell(row, Column::Name, name, &mut problems),
            groups,
            locale: cell(row, Column::Locale, Locale::parse, &mut problems),
            time_zone: cell(row, Column::TimeZone, TimeZoneName::parse, &mut problems),
            enabled: cell(row, Column::Enabled, yes_or_no, &mut problems),
        };
        let names_somebody = [Column::UserId, Column::ExternalId, Column::Email]
            .into_iter()
            .any(|column| row.cell(column).is_some());
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
    pub fn names(&self) -> Vec<Identifier> {
        let external = self.external_id.clone().map(Identifier::External);
        let address = self
            .email
            .as_ref()
            .map(|email| Identifier::Address(email.normalised()));
        external.into_iter().chain(address).collect()
    }

    /// The user whom the row is about, if it says so by our own id.
    #[must_use]
    pub const fn user_id(&self) -> Option<UserId> {
        self.user_id
    }

    /// The language of a row that there is no translation for.
    #[must_use]
    pub fn untranslated(&self) -> Option<&Locale> {
        self.locale
            .as_ref()
            .filter(|locale| !locale.is_translated())
    }

    /// The groups of a row whose names hold a comma, by which other systems part several groups.
    pub fn groups_with_comma(&self) -> impl Iterator<Item = &GroupName> {
        let groups = self.groups.iter().flatten();
        groups.filter(|group| group.as_str().contains(','))
    }

    /// Ids that a spreadsheet would have made this row's of, by taking zeros from the front.
    fn longer_ids(&self) -> Option<impl Iterator<Item = Identifier> + use<>> {
        let number = damage::number_of(self.external_id.as_ref()?.as_str())?.to_owned();
        let widths = number.len() + 1..=(number.len() + MAX_ZEROS).max(USUAL_DIGITS);
        Some(widths.filter_map(move |width| {
            ExternalId::parse(&format!("{number:0>width$}"))
                .ok()
                .map(Identifier::External)
        }))
    }
}

/// How many zeros are looked for that a spreadsheet may have taken from the front of an id.
const MAX_ZEROS: usize = 3;

/// Ids of digits have so many as a rule, or fewer.
const USUAL_DIGITS: usize = 8;

fn user_id(text: &str) -> Result<UserId, FieldProblem> {
    text.parse()
}

fn external_id(text: &str) -> Result<ExternalId, FieldProblem> {
    damage::of_id(text).map_or_else(|| ExternalId::parse(text), Err)
}

fn name(text: &str) -> Result<DisplayName, FieldProblem> {
    damage::of_name(text).map_or_else(|| DisplayName::parse(text), Err)
}

/// An address; what a directory calls a guest to sign in is none, although it is written like one.
fn address(text: &str) -> Result<EmailAddress, FieldProblem> {
    if text.to_ascii_uppercase().contains("#EXT#@") {
        return Err(FieldProblem::new(
            "",
            "guestAccount",
            "is the sign-in name of a guest and no mailbox; give the address of their mail",
        ));
    }
    EmailAddress::parse(text)
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
    let parsed = damage::of_text(text).map_or_else(|| parse(text), Err);
    problems.check(parsed.map_err(|problem| problem.under(column.header())))
}

/// Names rows that are about whom an earlier row is about already.
#[derive(Debug, Default)]
pub struct Mentioned {
    names: HashMap<Identifier, u64>,
    ids: HashMap<UserId, u64>,
}

impl Mentioned {
    /// Notes a row; refused if an earlier one has one of its names.
    pub fn note(&mut self, entry: &Entry, line: u64) -> Result<(), Vec<FieldProblem>> {
        let twice = |field: &'static str, first: &u64| {
            FieldProblem::new(
                field,
                "duplicate",
                format!("stands in line {first} already; keep one of the two lines"),
            )
            .with("line", first)
        };
        let names = entry.names();
        let by_name = names
            .iter()
            .filter_map(|name| Some(twice(field_of(name), self.names.get(name)?)));
        let by_id = entry.user_id.and_then(|id| self.ids.get(&id));
        let by_id = by_id.map(|first| twice(Column::UserId.header(), first));
        let problems: Vec<FieldProblem> = by_id.into_iter().chain(by_name).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        self.names
            .extend(names.into_iter().map(|name| (name, line)));
        self.ids.extend(entry.user_id.map(|id| (id, line)));
        Ok(())
    }
}

const fn field_of(name: &Identifier) -> &'static str {
    match name {
        Identifier::Address(_) => Column::Email.header(),
        Identifier::External(_) => Column::ExternalId.header(),
        // Files hold no user names.
        Identifier::UserName(_) => "userName",
    }
}

impl Entry {
    fn applied_to(&self, user: &User) -> User {
        let mut applied = User {
            email: self.email.clone().unwrap_or_else(|| user.email.clone()),
            external_id: or_before(self.external_id.as_ref(), user.external_id.as_ref(), |id| {
                ExternalId::parse(id.as_str())
            }),
            display_name: or_before(
                self.display_name.as_ref(),
                user.display_name.as_ref(),
                |name| DisplayName::parse(name.as_str()),
            ),
            locale: or_before(self.locale.as_ref(), user.locale.as_ref(), |locale| {
                Locale::parse(locale.as_str())
            }),
            time_zone: or_before(self.time_zone.as_ref(), user.time_zone.as_ref(), |zone| {
                TimeZoneName::parse(zone.as_str())
            }),
            enabled: self.enabled.unwrap_or(user.enabled),
            ..user.clone()
        };
        if let Some(groups) = &self.groups {
            applied.set_groups(groups.clone());
        }
        applied
    }
}

/// What a row says, or else what there was before. What was stored in another form than a value is
/// parsed into today is no change when it comes back: nobody wrote anything new.
fn or_before<T: Clone + PartialEq>(
    said: Option<&T>,
    before: Option<&T>,
    parse_again: impl Fn(&T) -> Result<T, FieldProblem>,
) -> Option<T> {
    let is_same = |before: &T| parse_again(before).is_ok_and(|again| Some(&again) == said);
    match before {
        Some(before) if is_same(before) => Some(before.clone()),
        before => said.or(before).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longer_ids(external_id: &str) -> Option<Vec<String>> {
        let entry = Entry {
            user_id: None,
            external_id: ExternalId::parse(external_id).ok(),
            email: None,
            display_name: None,
            groups: None,
            locale: None,
            time_zone: None,
            enabled: None,
        };
        let ids = entry.longer_ids()?.map(|id| match id {
            Identifier::External(id) => id.as_str().to_owned(),
            Identifier::Address(_) | Identifier::UserName(_) => panic!("another name"),
        });
        Some(ids.collect())
    }

    #[test]
    fn a_number_may_have_lost_three_zeros_or_as_many_as_make_eight_digits() {
        for (said, longer) in [
            ("1234", &["01234", "001234", "0001234", "00001234"][..]),
            ("1234567", &["01234567", "001234567", "0001234567"]),
            ("123456789", &["0123456789", "00123456789", "000123456789"]),
            ("123456.0", &["0123456", "00123456", "000123456"]),
        ] {
            assert_eq!(longer_ids(said).unwrap(), longer, "{said}");
        }
        assert_eq!(longer_ids("A1234"), None);
    }
}
