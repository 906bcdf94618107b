//! Reading a file of users: its separators, its header, its rows. What is wrong with the file as a
//! whole is refused; what is wrong with a row is said of that row.

use std::collections::HashMap;

use super::header::{Meaning, meaning_of, shown};
use super::records::{Record, Records};
use super::{Column, damage, encoding, meant, split};
use crate::values::problem::FieldProblem;
use crate::values::text::{comparison_key, is_blank, trimmed};

/// The most rows that one file holds.
pub const MAX_ROWS: usize = 10_000;

/// The most names of unknown columns that are told.
const MAX_UNKNOWN_COLUMNS: usize = 50;

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvUsers {
    /// Its rows.
    pub rows: Vec<Row>,
    /// The headers of columns that mean nothing to us; what stands in them is passed over.
    pub unknown_columns: Vec<String>,
}

/// A row of a file as somebody wrote it; an empty cell and none are the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The line of the file in which it begins, the header's being the first or after `sep=`.
    pub line: u64,
    cells: HashMap<Column, String>,
    /// What is wrong with the row as such.
    pub flaw: Option<FieldProblem>,
}

/// It holds addresses and names.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Row {
    /// What stands in a column; `None` if nothing does.
    #[must_use]
    pub fn cell(&self, column: Column) -> Option<&str> {
        self.cells.get(&column).map(String::as_str)
    }

    /// The groups that stand in it.
    #[must_use]
    pub fn groups(&self) -> Option<Vec<String>> {
        self.cell(Column::Groups).map(split)
    }
}

/// Reads a file: in the encoding that its byte order mark or `charset` says, else in UTF-8; commas,
/// semicolons or tabs between the cells; a header first.
pub fn parse(bytes: &[u8], charset: Option<&str>) -> Result<CsvUsers, Vec<FieldProblem>> {
    let text = encoding::decoded(bytes, charset).map_err(|problem| vec![problem])?;
    let body = Body::of(&text).map_err(|problem| vec![problem])?;
    let mut records = Records::of(body.text, body.separator, body.line).filter(says_something);
    let Some(header) = records.next() else {
        return Err(vec![FieldProblem::new(
            "",
            "noHeader",
            "is empty; its first line must name the columns, like externalId,email,name,groups,locale,timeZone",
        )]);
    };
    let header = Header::of(header)?;
    let mut rows = Vec::new();
    for record in records {
        if rows.len() == MAX_ROWS {
            return Err(vec![
                FieldProblem::new(
                    "",
                    "tooManyRows",
                    format!("has more than {MAX_ROWS} rows; split the file"),
                )
                .with("most", MAX_ROWS),
            ]);
        }
        rows.push(header.row(&record));
    }
    Ok(CsvUsers {
        rows,
        unknown_columns: header.unknown(),
    })
}

fn says_something(record: &Record) -> bool {
    record.flaw.is_some() || !record.cells.iter().all(|cell| is_blank(cell))
}

/// A file's text from its header on.
struct Body<'a> {
    text: &'a str,
    separator: char,
    /// The line in which it begins.
    line: u64,
}

impl<'a> Body<'a> {
    fn of(text: &'a str) -> Result<Self, FieldProblem> {
        let end = text.find(['\r', '\n']).unwrap_or(text.len());
        let (first, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        // Some spreadsheets say in a line of its own what they put between the cells.
        let said = first.trim_matches('"').to_ascii_lowercase();
        let Some(said) = said.strip_prefix("sep=") else {
            return Ok(Self {
                text,
                separator: separator_in(text),
                line: 1,
            });
        };
        let separator = match said.as_bytes() {
            [b','] => ',',
            [b';'] => ';',
            [b'\t'] => '\t',
            _ => {
                return Err(FieldProblem::new(
                    "",
                    "separator",
                    "says in its first line that something else than a comma, a semicolon or a tab stands between cells",
                ));
            }
        };
        // The rest begins with the end of the first line.
        Ok(Self {
            text: rest,
            separator,
            line: 1,
        })
    }
}

/// What stands most often between the names of the columns.
fn separator_in(text: &str) -> char {
    let header = text
        .split(['\r', '\n'])
        .find(|line| !is_blank(line))
        .unwrap_or_default();
    ['\t', ';', ',']
        .into_iter()
        .max_by_key(|separator| header.matches(*separator).count())
        .unwrap_or(',')
}

/// The columns of a file.
struct Header {
    /// Each with its name as it stands there.
    columns: Vec<(String, Meaning)>,
}

impl Header {
    fn of(record: Record) -> Result<Self, Vec<FieldProblem>> {
        if let Some(flaw) = record.flaw {
            return Err(vec![FieldProblem::new(
                "",
                flaw.code,
                format!("has a flawed line of columns: it {}", flaw.detail),
            )]);
        }
        let columns: Vec<(String, Meaning)> = record
            .cells
            .iter()
            .map(|text| (shown(text), meaning_of(text)))
            .collect();
        let names_people = columns.iter().any(|(_, meaning)| {
            [Column::Email, Column::ExternalId, Column::UserId]
                .into_iter()
                .any(|column| *meaning == Meaning::Column(column))
        });
        if names_people {
            return Ok(Self { columns });
        }
        Err(vec![FieldProblem::new(
            "email",
            "noColumn",
            format!(
                "is missing: the first line must name the columns, email or externalId or userId among them; there are {}",
                Column::ALL.map(Column::header).join(", ")
            ),
        )])
    }

    fn unknown(self) -> Vec<String> {
        self.columns
            .into_iter()
            .filter(|(_, meaning)| *meaning == Meaning::Unknown)
            .map(|(name, _)| name)
            .take(MAX_UNKNOWN_COLUMNS)
            .collect()
    }

    fn row(&self, record: &Record) -> Row {
        let (cells, disagreement) = self.cells_of(record);
        let flaw = record.flaw.clone().or(disagreement).or_else(|| {
            let mut beyond = record.cells.iter().skip(self.columns.len());
            let is_beyond = beyond.any(|cell| !is_blank(cell));
            is_beyond.then(|| {
                FieldProblem::new(
                    "",
                    "tooManyCells",
                    format!(
                        "has more cells than the {} of the header",
                        self.columns.len()
                    ),
                )
            })
        });
        Row {
            line: record.line,
            cells,
            flaw,
        }
    }

    /// What stands in each column, and what is wrong if two say two things.
    fn cells_of(&self, record: &Record) -> (HashMap<Column, String>, Option<FieldProblem>) {
        let mut cells = HashMap::new();
        let mut said_by: HashMap<Column, &str> = HashMap::new();
        let (mut given, mut family) = (None, None);
        let mut flaw = None;
        for ((header, meaning), cell) in self.columns.iter().zip(&record.cells) {
            if is_blank(cell) {
                continue;
            }
            let cell = meant(trimmed(cell));
            match meaning {
                Meaning::OfExport | Meaning::Unknown => {}
                Meaning::GivenName => {
                    given.get_or_insert((header, cell));
                }
                Meaning::FamilyName => {
                    family.get_or_insert((header, cell));
                }
                Meaning::Column(column) => match cells.get(column) {
                    None => {
                        said_by.insert(*column, header);
                        cells.insert(*column, cell);
                    }
                    Some(before) if is_same(*column, before, &cell) => {}
                    Some(_) => {
                        let first = said_by.get(column).copied().unwrap_or_default();
                        flaw.get_or_insert(disagree(*column, first, header));
                    }
                },
            }
        }
        if !cells.contains_key(&Column::Name) {
            for (header, part) in given.iter().chain(&family) {
                if let Some(damage) = damage::of_text(part) {
                    flaw.get_or_insert(damage.under(header));
                }
            }
            let parts = (given.map(|(_, part)| part), family.map(|(_, part)| part));
            cells.extend(full_name(parts).map(|name| (Column::Name, name)));
        }
        (cells, flaw)
    }
}

fn is_same(column: Column, one: &str, other: &str) -> bool {
    match column {
        Column::Email | Column::UserId | Column::Enabled => {
            comparison_key(one) == comparison_key(other)
        }
        Column::ExternalId | Column::Name | Column::Groups | Column::Locale | Column::TimeZone => {
            one == other
        }
    }
}

fn disagree(column: Column, first: &str, second: &str) -> FieldProblem {
    let named = if comparison_key(first) == comparison_key(second) {
        format!("stands in two columns '{first}'")
    } else {
        format!("stands in the columns '{first}' and '{second}'")
    };
    FieldProblem::new(
        column.header(),
        "columnsDisagree",
        format!("{named}, which say different things in this row; take one of the columns out"),
    )
}

/// A name of its two parts. Where names are written in Chinese characters, kana or hangul, the
/// family's comes first.
fn full_name(parts: (Option<String>, Option<String>)) -> Option<String> {
    let is_eastern = |text: &str| {
        text.chars().any(|c| {
            matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}')
        })
    };
    match parts {
        (Some(given), Some(family)) if is_eastern(&given) && is_eastern(&family) => {
            Some(format!("{family} {given}"))
        }
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::csv_users::write;

    fn rows(text: &str) -> Vec<Row> {
        parse(text.as_bytes(), None).unwrap().rows
    }

    fn codes(bytes: &[u8]) -> Vec<&'static str> {
        let problems = parse(bytes, None).unwrap_err();
        problems.into_iter().map(|problem| problem.code).collect()
    }

    fn emails(rows: &[Row]) -> Vec<(u64, &str)> {
        rows.iter()
            .map(|row| (row.line, row.cell(Column::Email).unwrap_or("none")))
            .collect()
    }

    #[test]
    fn columns_come_in_any_order_and_spelling() {
        let rows = rows(
            "Time Zone,GROUPS,display_name,e-mail,External ID,locale\r\nEurope/Berlin,a|b;c,Ann,ann@example.com,x-1,de\r\n",
        );

        let row = &rows[0];
        let cells = [
            Column::ExternalId,
            Column::Email,
            Column::Name,
            Column::Locale,
            Column::TimeZone,
        ]
        .map(|column| row.cell(column).unwrap());
        assert_eq!(
            cells,
            ["x-1", "ann@example.com", "Ann", "de", "Europe/Berlin"]
        );
        assert_eq!(row.groups().unwrap(), ["a", "b", "c"]);
        assert_eq!((row.line, &row.flaw), (2, &None));
    }

    #[test]
    fn commas_semicolons_and_tabs_are_told_apart_by_the_header_or_by_a_line_of_their_own() {
        for (text, line) in [
            ("email,name\nann@example.com,\"Ann, B.\"\n", 2),
            ("email;name\nann@example.com;Ann, B.", 2),
            ("email\tname\nann@example.com\tAnn, B.\n", 2),
            ("sep=;\r\nemail;name\r\nann@example.com;Ann, B.\r\n", 3),
            ("sep=,\nemail,name;\nann@example.com,\"Ann, B.\"\n", 3),
            ("\"sep=\t\"\nemail\tname\nann@example.com\tAnn, B.\n", 3),
            ("email,groups\nann@example.com,a;b;c;d\n", 2),
        ] {
            let rows = rows(text);

            assert_eq!(emails(&rows), [(line, "ann@example.com")], "{text:?}");
            assert_ne!(rows[0].cell(Column::Name), Some("Ann"), "{text:?}");
        }
    }

    #[test]
    fn each_encoding_that_spreadsheets_write_is_read() {
        let text = "email;name\nzoe@example.com;Zoë 山田 𝒵\n";
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let with_mark = format!("\u{FEFF}{text}");
            with_mark.encode_utf16().flat_map(unit).collect()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{FEFF}{text}").into_bytes(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            let rows = parse(&bytes, None).unwrap().rows;

            assert_eq!(rows[0].cell(Column::Name), Some("Zoë 山田 𝒵"));
        }
        // Latin-1; UTF-16 without a mark, cut short, and with half a pair.
        assert_eq!(codes(b"email,name\nzoe@example.com,Zo\xEB"), ["encoding"]);
        assert_eq!(codes(b"e\0m\0a\0i\0l\0"), ["encoding"]);
        assert_eq!(codes(b"\xFF\xFEe\0m"), ["encoding"]);
        assert_eq!(codes(b"\xFF\xFEe\0\x00\xD8"), ["encoding"]);
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let rows = rows(
            "\n\nemail,name\r\n\r\na@example.com,A\r\n,\r\n\r\n\"b@example.com\",\"B\r\nb\"\r\nc@example.com\r\n",
        );

        assert_eq!(
            emails(&rows),
            [
                (5, "a@example.com"),
                (8, "b@example.com"),
                (10, "c@example.com")
            ]
        );
        let flaws: Vec<_> = rows
            .iter()
            .map(|row| row.flaw.as_ref().map(|flaw| flaw.code))
            .collect();
        assert_eq!(flaws, [None, Some("lineBreak"), None]);
    }

    #[test]
    fn a_row_with_more_cells_than_columns_is_flawed_unless_they_are_empty() {
        let rows = rows("email,name\na@example.com,A,,\nb@example.com,B,C\n");

        let flaws: Vec<_> = rows
            .iter()
            .map(|row| row.flaw.as_ref().map(|flaw| flaw.code))
            .collect();
        assert_eq!(flaws, [None, Some("tooManyCells")]);
    }

    #[test]
    fn a_quotation_mark_left_open_is_named_by_its_line() {
        let rows = rows("email,name\na@example.com,A\nb@example.com,\"B\nc@example.com,C\n");

        assert_eq!(emails(&rows), [(2, "a@example.com"), (3, "b@example.com")]);
        let flaw = rows[1].flaw.as_ref().unwrap();
        assert_eq!(flaw.code, "unclosedQuote");
        assert!(flaw.detail.contains("line 4 was"), "{}", flaw.detail);
    }

    #[test]
    fn lines_that_end_with_a_carriage_return_alone_are_counted_too() {
        let rows = rows(
            "sep=;\remail;name\r\ra@example.com;A\r\"b@example.com\";\"B\" b\rc@example.com;\"C\rc\"\r",
        );

        let flaws: Vec<_> = rows
            .iter()
            .map(|row| (row.line, row.flaw.as_ref().map(|flaw| flaw.code)))
            .collect();
        assert_eq!(
            flaws,
            [
                (4, None),
                (5, Some("misplacedQuote")),
                (6, Some("lineBreak"))
            ]
        );
    }

    #[test]
    fn first_and_last_name_make_a_name_unless_there_is_one() {
        let name = |text: &str| {
            let rows = rows(text);
            rows[0].cell(Column::Name).map(str::to_owned)
        };
        for (text, expected) in [
            (
                "mail,First name,Last name\na@example.com,Ada,Lovelace\n",
                "Ada Lovelace",
            ),
            (
                "surname,givenName,mail\nLovelace,Ada,a@example.com\n",
                "Ada Lovelace",
            ),
            ("mail,sn\na@example.com,Lovelace\n", "Lovelace"),
            (
                "mail,givenName,surname\na@example.com,太郎,山田\n",
                "山田 太郎",
            ),
            (
                "mail,givenName,surname\na@example.com,Ken,山田\n",
                "Ken 山田",
            ),
            (
                "mail,givenName,surname,displayName\na@example.com,Ada,King,\"King, Ada\"\n",
                "King, Ada",
            ),
            (
                "mail,givenName,surname,displayName\na@example.com,Ada,King,\n",
                "Ada King",
            ),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected), "{text}");
        }
        let damaged = rows("mail,givenName,surname\na@example.com,#N/A,King\n");
        let flaw = damaged[0].flaw.as_ref().unwrap();
        assert_eq!(
            (flaw.field.as_str(), flaw.code),
            ("givenName", "damagedCell")
        );
    }

    #[test]
    fn two_columns_that_mean_the_same_must_say_the_same() {
        let rows = rows(
            "mail,User Principal Name,mail\na@example.com,A@Example.com,\n,b@example.com,\nc@example.com,,d@example.com\ne@example.com,f@example.com,\n",
        );

        assert_eq!(
            emails(&rows)[..2],
            [(2, "a@example.com"), (3, "b@example.com")]
        );
        let told: Vec<Option<String>> = rows
            .iter()
            .map(|row| {
                row.flaw
                    .as_ref()
                    .map(|flaw| format!("{} {}", flaw.field, flaw.detail))
            })
            .collect();
        assert_eq!(told[..2], [None, None]);
        assert!(
            told[2]
                .as_ref()
                .unwrap()
                .starts_with("email stands in two columns 'mail'")
        );
        assert!(
            told[3]
                .as_ref()
                .unwrap()
                .contains("'mail' and 'User Principal Name'")
        );
    }

    #[test]
    fn two_columns_say_the_same_name_in_one_spelling_alone() {
        let rows = rows("mail,name,displayName\na@example.com,Ada,Ada\nb@example.com,Ada,ADA\n");

        let flaws: Vec<_> = rows
            .iter()
            .map(|row| row.flaw.as_ref().map(|flaw| flaw.code))
            .collect();
        assert_eq!(flaws, [None, Some("columnsDisagree")]);
    }

    #[test]
    fn debug_output_of_a_row_says_its_line_and_no_cell() {
        let rows = rows("email\nann@example.com\n");

        assert_eq!(format!("{:?}", rows[0]), "Row { line: 2, .. }");
    }

    #[test]
    fn columns_that_mean_nothing_to_us_are_named_and_passed_over() {
        let file = parse(
            b"email,phone,state,,Department\na@example.com,1,,,Sales\n",
            None,
        )
        .unwrap();

        assert_eq!(file.unknown_columns, ["phone", "Department"]);
        assert_eq!(file.rows[0].flaw, None);
    }

    #[test]
    fn invisible_characters_at_the_edges_of_a_cell_are_taken_off() {
        let rows = rows(
            "\u{200B}email\u{A0},name\n\u{202A}a@example.com\u{202C},\u{3164}\n\u{FEFF},\u{200B}\n",
        );

        assert_eq!(emails(&rows), [(2, "a@example.com")]);
        assert_eq!(rows[0].cell(Column::Name), None);
    }

    #[test]
    fn a_file_that_is_no_list_of_users_is_refused_with_all_its_reasons() {
        assert_eq!(codes(b""), ["noHeader"]);
        assert_eq!(codes(b"\n\n"), ["noHeader"]);
        assert_eq!(codes(b"name,groups\nAnn,a\n"), ["noColumn"]);
        assert_eq!(codes(b"ann@example.com,Ann\n"), ["noColumn"]);
        assert_eq!(
            codes(b"email,\"na\"me\na@example.com,A\n"),
            ["misplacedQuote"]
        );
        assert_eq!(codes(b"sep=|\nemail|name\n"), ["separator"]);
        let many = format!("email\n{}", "a@example.com\n".repeat(MAX_ROWS + 1));
        assert_eq!(codes(many.as_bytes()), ["tooManyRows"]);
        let most = format!("email\n{}\n\n", "a@example.com\n".repeat(MAX_ROWS));
        assert_eq!(rows(&most).len(), MAX_ROWS);
    }

    #[test]
    fn what_an_export_has_besides_is_read_over_and_its_apostrophes_are_taken_off() {
        let header = ["externalId", "email", "state", "userId"]
            .map(str::to_owned)
            .to_vec();
        let row = ["=1", "+a@example.com", "pending", "-"]
            .map(str::to_owned)
            .to_vec();
        let file = write(&[header, row]);

        let rows = parse(&file, None).unwrap().rows;

        assert_eq!(rows[0].cell(Column::UserId), Some("-"));
        assert_eq!(rows[0].cell(Column::ExternalId), Some("=1"));
        assert_eq!(rows[0].cell(Column::Email), Some("+a@example.com"));
        assert!(
            String::from_utf8(file)
                .unwrap()
                .contains("'=1,'+a@example.com,pending,'-\r\n")
        );
    }
}
