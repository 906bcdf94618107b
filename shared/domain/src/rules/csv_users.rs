//! Users as a table of text, as spreadsheets write and read them: which columns there are, and how
//! a cell is kept from becoming a formula. Nothing here knows what a good address is.
//!
//! What [`write()`] writes [`parse`] reads.

pub(crate) mod damage;
mod encoding;
mod header;
mod reading;
mod records;

pub use reading::{CsvUsers, MAX_ROWS, Row, parse};

/// A column of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// What a directory outside Beckon calls them.
    ExternalId,
    /// Where mail goes.
    Email,
    /// What they are called.
    Name,
    /// Their groups, between `|` or `;`.
    Groups,
    /// Their language.
    Locale,
    /// Their time zone.
    TimeZone,
    /// Whether they may be invited and register.
    Enabled,
    /// What Beckon calls them: by this alone all else in the row may change.
    UserId,
}

impl Column {
    /// Every column that is read.
    pub const ALL: [Self; 8] = [
        Self::ExternalId,
        Self::Email,
        Self::Name,
        Self::Groups,
        Self::Locale,
        Self::TimeZone,
        Self::Enabled,
        Self::UserId,
    ];

    /// How its header is written.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::ExternalId => "externalId",
            Self::Email => "email",
            Self::Name => "name",
            Self::Groups => "groups",
            Self::Locale => "locale",
            Self::TimeZone => "timeZone",
            Self::Enabled => "enabled",
            Self::UserId => "userId",
        }
    }
}

/// Columns that an export has besides. An import reads over them.
pub const EXPORT_ONLY_COLUMNS: [&str; 7] = [
    "state",
    "delivery",
    "issuedAt",
    "expiresAt",
    "ownership",
    "devices",
    "addressMark",
];

/// What makes a spreadsheet take a cell for a formula when it stands first.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A text as a cell that no spreadsheet takes for a formula: with an apostrophe before it, if
/// need be, which spreadsheets do not show. One that parts cells by semicolons takes what stands
/// behind each for a cell of its own.
#[must_use]
pub fn harmless(text: &str) -> String {
    let cells = text.split(';').map(|cell| {
        let apostrophe = if is_formula(cell) { "'" } else { "" };
        format!("{apostrophe}{cell}")
    });
    cells.collect::<Vec<_>>().join(";")
}

/// The text that [`harmless`] made a cell of.
#[must_use]
pub fn meant(cell: &str) -> String {
    let texts = cell.split(';').map(|cell| match cell.strip_prefix('\'') {
        Some(text) if is_formula(text) => text,
        _ => cell,
    });
    texts.collect::<Vec<_>>().join(";")
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

/// Several names in one cell.
#[must_use]
pub fn joined<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let escaped: Vec<String> = names
        .into_iter()
        .map(|name| {
            name.replace('\\', "\\\\")
                .replace('|', "\\|")
                .replace(';', "\\;")
        })
        .collect();
    escaped.join("|")
}

/// The names in a cell: between `|` or `;`, unless a backslash stands before it.
#[must_use]
pub fn split(cell: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut characters = cell.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '|' | ';' => {
                names.push(String::new());
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(name) = names.last_mut() {
            name.push(literal);
        }
    }
    names.retain(|name| !crate::values::text::is_blank(name));
    names
}

/// Rows as bytes of a file, each with a line break of RFC 4180. Every cell is [`harmless`].
#[must_use]
pub fn write(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        // Memory takes whatever is written to it.
        let _ = writer.write_record(row.iter().map(|cell| harmless(cell)));
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_cell_begins_a_formula_and_its_meaning_is_read_back() {
        for text in [
            "=1+1",
            "+49 30",
            "-a@example.com",
            "@SUM(A1)",
            "\t=1",
            "\r",
            "'=1",
            "''@",
            "＝1",
        ] {
            let cell = harmless(text);

            assert!(cell.starts_with('\''), "{text:?}");
            assert_eq!(meant(&cell), text);
        }
        for text in ["", "Ann", "'t Hooft", "a=b", "1-2"] {
            assert_eq!(harmless(text), text);
            assert_eq!(meant(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_from_its_cell(text in "[';=+@a\\-\t]{0,8}") {
            let cell = harmless(&text);

            prop_assert_eq!(meant(&cell), text);
            prop_assert!(!cell.split(';').any(|part| part.starts_with(FORMULA)));
        }

        #[test]
        fn any_names_are_read_back_from_one_cell(names in proptest::collection::vec("[a;|\\\\]{1,5}", 0..5)) {
            let cell = joined(names.iter().map(String::as_str));

            prop_assert_eq!(split(&cell), names);
        }
    }
}
