//! From the text of a file to its records, by RFC 4180. The `csv` crate reads misplaced quotation marks
//! without a word, and they would end up in names; here each is named with its line.
//!
//! A mark opens a quoted cell only where the cell begins; inside a cell that does not begin with one it
//! is a mark like any other. Behind the mark that closes a cell nothing may follow.

use crate::values::problem::FieldProblem;
use crate::values::text::is_invisible;

/// A record of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line in which it begins.
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
    /// What is wrong with its quotation marks.
    pub(super) flaw: Option<FieldProblem>,
}

/// The records of a text, blank lines aside.
pub(super) struct Records<'a> {
    rest: &'a str,
    separator: char,
    line: u64,
}

enum End {
    Cell,
    Record,
}

impl<'a> Records<'a> {
    /// The records of a text that begins in this line of its file.
    pub(super) const fn of(text: &'a str, separator: char, line: u64) -> Self {
        Self {
            rest: text,
            separator,
            line,
        }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += breaks_in(taken);
        self.rest = rest;
        taken
    }

    /// White space that stands around quotation marks and belongs to no cell.
    fn blanks(&self) -> usize {
        let separator = self.separator;
        let behind = self.rest.trim_start_matches(|c: char| {
            c != separator && !matches!(c, '\r' | '\n') && (c.is_whitespace() || is_invisible(c))
        });
        self.rest.len() - behind.len()
    }

    fn cell(&mut self, flaw: &mut Option<FieldProblem>) -> (String, End) {
        let blanks = self.blanks();
        let opens = self
            .rest
            .get(blanks..)
            .is_some_and(|rest| rest.starts_with('"'));
        if !opens {
            let plain = self.plain().to_owned();
            return (plain, self.end());
        }
        let opened = self.line;
        self.take(blanks + 1);
        let mut cell = self.quoted(opened, flaw);
        let blanks = self.blanks();
        self.take(blanks);
        let more = self.plain();
        if !more.is_empty() {
            // Of a cell over several lines the line break has been named.
            flaw.get_or_insert(misplaced(opened));
            cell.push_str(more);
        }
        (cell, self.end())
    }

    /// What stands before the next separator or line break.
    fn plain(&mut self) -> &'a str {
        let end = self.rest.find([self.separator, '\r', '\n']);
        self.take(end.unwrap_or(self.rest.len()))
    }

    /// What stands between quotation marks; the first has been read.
    fn quoted(&mut self, opened: u64, flaw: &mut Option<FieldProblem>) -> String {
        let mut cell = String::new();
        loop {
            let Some(mark) = self.rest.find('"') else {
                let swallowed = self.rest.trim_end().len();
                cell.push_str(self.take(swallowed));
                flaw.get_or_insert(unclosed(opened, self.line));
                self.take(self.rest.len());
                return cell;
            };
            cell.push_str(self.take(mark));
            self.take(1);
            if !self.rest.starts_with('"') {
                break;
            }
            self.take(1);
            cell.push('"');
        }
        if self.line > opened {
            flaw.get_or_insert(broken(opened, self.line));
        }
        cell
    }

    fn end(&mut self) -> End {
        if self.rest.starts_with(self.separator) {
            self.take(self.separator.len_utf8());
            return End::Cell;
        }
        let line_break = if self.rest.starts_with("\r\n") { 2 } else { 1 };
        self.take(line_break.min(self.rest.len()));
        End::Record
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        while !self.rest.is_empty() {
            let line = self.line;
            let (mut cells, mut flaw) = (Vec::new(), None);
            loop {
                let (cell, end) = self.cell(&mut flaw);
                cells.push(cell);
                match end {
                    End::Cell => {}
                    End::Record => break,
                }
            }
            if cells.iter().any(|cell| !cell.is_empty()) || cells.len() > 1 || flaw.is_some() {
                return Some(Record { line, cells, flaw });
            }
        }
        None
    }
}

/// How many lines end in a text. A carriage return and a line feed behind it are one end.
fn breaks_in(text: &str) -> u64 {
    let ends = text.bytes().filter(|byte| matches!(byte, b'\r' | b'\n'));
    (ends.count() - text.matches("\r\n").count()) as u64
}

fn lines(from: u64, to: u64) -> String {
    if from == to {
        format!("line {from} was")
    } else {
        format!("lines {from} to {to} were")
    }
}

fn unclosed(opened: u64, last: u64) -> FieldProblem {
    let swallowed = if last > opened {
        format!(
            ", so {} taken for a part of it and not imported",
            lines(opened + 1, last)
        )
    } else {
        String::new()
    };
    FieldProblem::new(
        "",
        "unclosedQuote",
        format!(
            "has a cell that opens a quotation mark in line {opened} and never closes it{swallowed}; close it, or take it away"
        ),
    ).with("line", opened)
}

fn misplaced(line: u64) -> FieldProblem {
    FieldProblem::new(
        "",
        "misplacedQuote",
        format!(
            "has a cell with text behind the quotation mark that closes it, in line {line}; put marks around the whole cell and write each one inside twice, or take them away"
        ),
    ).with("line", line)
}

fn broken(opened: u64, closed: u64) -> FieldProblem {
    FieldProblem::new(
        "",
        "lineBreak",
        format!(
            "has a cell with a line break in it, from line {opened} to line {closed}; perhaps a quotation mark was left open in line {opened}"
        ),
    ).with("line", opened)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(u64, Vec<String>, Option<&'static str>)> {
        let records = Records::of(text, ',', 1);
        records
            .map(|record| (record.line, record.cells, record.flaw.map(|flaw| flaw.code)))
            .collect()
    }

    fn cells(line: &str) -> Vec<String> {
        let mut records = read(line);
        assert_eq!(records.len(), 1, "{line}");
        let (_, cells, flaw) = records.remove(0);
        assert_eq!(flaw, None, "{line}");
        cells
    }

    #[test]
    fn quotation_marks_are_read_where_they_mean_something() {
        for (line, read) in [
            (r#"a,"b, ""c""",d"#, vec!["a", "b, \"c\"", "d"]),
            (r#"Ada "the" L,5" pipe"#, vec!["Ada \"the\" L", "5\" pipe"]),
            (r#"a, "b, c" ,d"#, vec!["a", "b, c", "d"]),
            (r#""","""""#, vec!["", "\""]),
            ("a,,", vec!["a", "", ""]),
        ] {
            assert_eq!(cells(line), read, "{line}");
        }
    }

    #[test]
    fn text_behind_a_closing_mark_is_named_and_the_next_record_is_read() {
        for line in [
            r#""Ada" L,b"#,
            r#""Ada"x,b"#,
            r#""Ada "the" L",b"#,
            r#"a,"b""c"d"#,
        ] {
            let records = read(&format!("{line}\nnext,n\n"));

            assert_eq!(records[0].2, Some("misplacedQuote"), "{line}");
            assert_eq!(
                records[1],
                (2, vec!["next".into(), "n".into()], None),
                "{line}"
            );
        }
        let over_lines = Records::of("a\n\"b\nc\"d\ne", ',', 1).nth(1).unwrap();
        let detail = over_lines.flaw.unwrap().detail;
        // The break in the cell comes first.
        assert!(detail.contains("from line 2 to line 3"), "{detail}");
    }

    #[test]
    fn a_mark_that_is_never_closed_is_named_with_the_lines_that_it_took() {
        let told = |text: &str| {
            let last = Records::of(text, ',', 1).last().unwrap();
            let flaw = last.flaw.unwrap();
            assert_eq!(flaw.code, "unclosedQuote");
            (last.line, flaw.detail)
        };

        let (line, detail) = told("a,b\nc,\"d\ne,f\r\ng,h\n\n");
        assert_eq!(line, 2);
        assert!(
            detail.contains("in line 2 and never closes it, so lines 3 to 4 were"),
            "{detail}"
        );
        let (_, detail) = told("a\rb\r\"c\rd");
        assert!(
            detail.contains("in line 3 and never closes it, so line 4 was"),
            "{detail}"
        );
        let (_, detail) = told("a\n\"b\n");
        assert!(detail.contains("never closes it; close it"), "{detail}");
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["", "a", "", "b,c", "\"d", "d\"", "e", ""].join(end);

            let lines: Vec<u64> = read(&text).into_iter().map(|(line, ..)| line).collect();

            assert_eq!(lines, [2, 4, 5, 7], "{end:?}");
        }
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read(rows in proptest::collection::vec(proptest::collection::vec("[ab,\" ;é]{0,5}", 2..4), 1..5)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();

            let read: Vec<Vec<String>> = Records::of(&text, ',', 1).map(|record| record.cells).collect();

            prop_assert_eq!(read, rows);
        }

        #[test]
        fn no_text_is_lost_or_read_for_ever(text in "[ab,\"\r\n]{0,24}") {
            let records = read(&text);

            let last = 1 + breaks_in(&text);
            prop_assert!(records.iter().all(|(line, ..)| *line <= last));
            let kept: usize = records.iter().flat_map(|(_, cells, _)| cells).flat_map(|cell| cell.chars()).filter(|c| matches!(c, 'a' | 'b')).count();
            prop_assert_eq!(kept, text.chars().filter(|c| matches!(c, 'a' | 'b')).count());
        }
    }
}
