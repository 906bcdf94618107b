//! Reading a file of users: its encoding, its separators, its header, its rows. What is wrong with
//! the file as a whole is refused; what is wrong with a row is said of that row.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Column, TOLD, meant, split};
use crate::problem::{FieldProblem, Problems};

/// The most rows that one file holds.
pub const MOST_ROWS: usize = 10_000;

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

/// Reads a file: UTF-8, or UTF-16 with a byte order mark; commas, semicolons or tabs between the
/// cells; a header first.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<FieldProblem>> {
    let text = decoded(bytes).map_err(|problem| vec![problem])?;
    let sheet = Sheet::of(&text).map_err(|problem| vec![problem])?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(sheet.separator)
        .from_reader(sheet.text.as_bytes());
    let mut columns = None;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| vec![broken(&error)])?;
        let line = sheet.line_of(&record);
        let Some(columns) = &columns else {
            columns = Some(columns_of(&record)?);
            continue;
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(vec![FieldProblem::new(
                "",
                "tooManyRows",
                format!("has more than {MOST_ROWS} rows; split the file"),
            )]);
        }
        rows.push(row(line, columns, &record));
    }
    if columns.is_none() {
        return Err(vec![FieldProblem::new(
            "",
            "noHeader",
            "is empty; its first line must name the columns, like externalId,email,name,groups,locale,timeZone",
        )]);
    }
    Ok(rows)
}

/// The text behind a byte order mark, if there is one.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, FieldProblem> {
    let unreadable = || {
        FieldProblem::new(
            "",
            "encoding",
            "is not UTF-8, nor UTF-16 with a byte order mark; have the spreadsheet save it as \"CSV UTF-8\"",
        )
    };
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(unreadable());
        }
        let units = pairs.iter().copied().map(unit);
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map(Cow::Owned)
            .map_err(|_| unreadable())
    };
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => {
            Cow::Borrowed(std::str::from_utf8(rest).map_err(|_| unreadable())?)
        }
    };
    if text.contains('\0') {
        return Err(unreadable());
    }
    Ok(text)
}

/// A file's text from its header on.
struct Sheet<'a> {
    text: &'a str,
    separator: u8,
    /// How many lines stand before the text.
    lines_before: u64,
}

impl<'a> Sheet<'a> {
    fn of(text: &'a str) -> Result<Self, FieldProblem> {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        // Some spreadsheets say in a line of its own what they put between the cells.
        let said = first
            .trim_end_matches('\r')
            .trim_matches('"')
            .to_ascii_lowercase();
        let Some(said) = said.strip_prefix("sep=") else {
            return Ok(Self {
                text,
                separator: separator_in(text),
                lines_before: 0,
            });
        };
        let separator = match said.as_bytes() {
            [separator @ (b',' | b';' | b'\t')] => *separator,
            _ => {
                return Err(FieldProblem::new(
                    "",
                    "separator",
                    "says in its first line that something else than a comma, a semicolon or a tab stands between cells",
                ));
            }
        };
        Ok(Self {
            text: rest,
            separator,
            lines_before: 1,
        })
    }

    /// The line in which a record begins. Empty lines before it count for the reader as its own.
    fn line_of(&self, record: &csv::StringRecord) -> u64 {
        let Some(position) = record.position() else {
            return 0;
        };
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let ahead = self.text.as_bytes().get(start..).unwrap_or_default();
        let empty = ahead
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .filter(|byte| **byte == b'\n');
        self.lines_before + position.line() + empty.count() as u64
    }
}

/// What stands most often between the names of the columns.
fn separator_in(text: &str) -> u8 {
    let header = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let often = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|separator| often(*separator))
        .unwrap_or(b',')
}

fn broken(error: &csv::Error) -> FieldProblem {
    let line = error.position().map_or(0, csv::Position::line);
    FieldProblem::new(
        "",
        "malformedCsv",
        format!("cannot be read as CSV at line {line}"),
    )
}

/// A header as it is compared: `Time zone`, `time_zone` and `timeZone` are one.
fn plain(header: &str) -> String {
    header
        .chars()
        .filter(|c| !(c.is_whitespace() || matches!(c, '-' | '_')))
        .flat_map(char::to_lowercase)
        .collect()
}

/// What each column is; `None` for one that is read over.
fn columns_of(header: &csv::StringRecord) -> Result<Vec<Option<Column>>, Vec<FieldProblem>> {
    let mut problems = Problems::default();
    let mut columns = Vec::new();
    for text in header {
        let name = plain(text);
        let known = Column::ALL
            .into_iter()
            .find(|column| plain(column.header()) == name)
            .or_else(|| (name == "displayname").then_some(Column::Name));
        let told = TOLD.into_iter().any(|told| plain(told) == name);
        problems.ensure(known.is_some() || told || name.is_empty(), || {
            let shown: String = text
                .trim()
                .chars()
                .filter(|c| !c.is_control())
                .take(40)
                .collect();
            FieldProblem::new(
                shown,
                "unknownColumn",
                format!(
                    "is no column of users; there are {}",
                    Column::ALL.map(Column::header).join(", ")
                ),
            )
        });
        if let Some(column) = known {
            problems.ensure(!columns.contains(&known), || {
                FieldProblem::new(column.header(), "columnTwice", "stands in the header twice")
            });
        }
        columns.push(known);
    }
    let names_people = [Column::Email, Column::ExternalId]
        .into_iter()
        .any(|column| columns.contains(&Some(column)));
    problems.ensure(names_people || !problems.is_empty(), || {
        FieldProblem::new(
            "email",
            "noColumn",
            "is missing: the first line must name the columns, email or externalId among them",
        )
    });
    if problems.is_empty() {
        Ok(columns)
    } else {
        Err(problems.into_vec())
    }
}

fn row(line: u64, columns: &[Option<Column>], record: &csv::StringRecord) -> Row {
    let mut cells = HashMap::new();
    for (column, cell) in columns.iter().zip(record) {
        if let Some(column) = column
            && !cell.trim().is_empty()
        {
            cells.insert(*column, meant(cell.trim()));
        }
    }
    let beyond = record.iter().skip(columns.len());
    let flaw = if record.iter().any(|cell| cell.contains(['\n', '\r'])) {
        Some(FieldProblem::new(
            "",
            "lineBreak",
            "has a cell with a line break in it; perhaps a quotation mark was left open",
        ))
    } else if beyond.clone().any(|cell| !cell.trim().is_empty()) {
        Some(FieldProblem::new(
            "",
            "tooManyCells",
            format!("has more cells than the {} of the header", columns.len()),
        ))
    } else {
        None
    };
    Row { line, cells, flaw }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::write;

    fn rows(text: &str) -> Vec<Row> {
        read(text.as_bytes()).unwrap()
    }

    fn codes(bytes: &[u8]) -> Vec<&'static str> {
        let problems = read(bytes).unwrap_err();
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
            let rows = read(&bytes).unwrap();

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
        assert_eq!(rows[1].flaw.as_ref().unwrap().code, "lineBreak");
    }

    #[test]
    fn a_file_that_is_no_list_of_users_is_refused_with_all_its_reasons() {
        assert_eq!(codes(b""), ["noHeader"]);
        assert_eq!(codes(b"\n\n"), ["noHeader"]);
        assert_eq!(codes(b"name,groups\nAnn,a\n"), ["noColumn"]);
        assert_eq!(
            codes(b"ann@example.com,Ann\n"),
            ["unknownColumn", "unknownColumn"]
        );
        assert_eq!(
            codes(b"email,E-Mail,phone\n"),
            ["columnTwice", "unknownColumn"]
        );
        assert_eq!(codes(b"sep=|\nemail|name\n"), ["separator"]);
        let many = format!("email\n{}", "a@example.com\n".repeat(MOST_ROWS + 1));
        assert_eq!(codes(many.as_bytes()), ["tooManyRows"]);
        let most = format!("email\n{}\n\n", "a@example.com\n".repeat(MOST_ROWS));
        assert_eq!(rows(&most).len(), MOST_ROWS);
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

        let rows = read(&file).unwrap();

        assert_eq!(rows[0].cell(Column::ExternalId), Some("=1"));
        assert_eq!(rows[0].cell(Column::Email), Some("+a@example.com"));
        assert!(
            String::from_utf8(file)
                .unwrap()
                .contains("'=1,'+a@example.com,pending,'-\r\n")
        );
    }
}
