//! Cells that a spreadsheet or a program damaged before anybody exported them. A damaged id is somebody
//! else's in the next file, so it is refused; what might just as well be meant is let through.

use crate::values::problem::FieldProblem;

/// What formulas say that could not be worked out, without the mark at their end: those of the
/// languages in which it has none.
const UNMARKED_ERRORS: [&str; 10] = [
    "#N/A",
    "#NV",
    "#N/D",
    "#N/B",
    "#I/T",
    "#YOK",
    "#Н/Д",
    "#HIÁNYZIK",
    "#GETTING_DATA",
    "#SAKNAS",
];

/// Months as spreadsheets shorten them, in the languages in which a day before them makes a date of an
/// id: English, German, French, Spanish, Italian and Portuguese.
const MONTHS: [&str; 41] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    "mrz", "mär", "mai", "okt", "dez", "janv", "févr", "mars", "avr", "juin", "juil", "août",
    "déc", "ene", "abr", "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "fev", "out",
    "jän", "juni", "juli",
];

/// Why a cell of any column cannot be what somebody wrote.
pub(crate) fn of_text(cell: &str) -> Option<FieldProblem> {
    if is_formula_error(cell) {
        return Some(damaged(format!(
            "is {cell}, which a spreadsheet shows when a formula fails; put the value itself into the cell"
        )));
    }
    if cell.len() > 1 && cell.bytes().all(|byte| byte == b'#') {
        return Some(damaged(format!(
            "is {}, which a spreadsheet shows when a column is too narrow; widen the column and export again",
            cell.get(..cell.len().min(20)).unwrap_or_default()
        )));
    }
    if cell.len() > 3 && cell.starts_with("=\"") && cell.ends_with('"') {
        return Some(damaged(format!(
            "is {cell}, the formula by which a spreadsheet is kept from changing a value; put the value itself into the cell"
        )));
    }
    if is_scientific(cell) {
        return Some(damaged(format!(
            "is {cell}, a number that a spreadsheet rounded; format the column as text and export again, or the digits are lost"
        )));
    }
    None
}

/// What programs write where there is nothing.
const NOTHING: [&str; 9] = [
    "null",
    "nan",
    "none",
    "undefined",
    "n/a",
    "nil",
    "(null)",
    "<null>",
    "-",
];

/// What spreadsheets make of a tick, or of a comparison, in the languages of the months above.
const TRUTHS: [&str; 10] = [
    "true",
    "false",
    "wahr",
    "falsch",
    "vrai",
    "faux",
    "verdadero",
    "falso",
    "vero",
    "verdadeiro",
];

/// Why a cell cannot be the id of anybody.
pub(crate) fn of_id(cell: &str) -> Option<FieldProblem> {
    if let Some(problem) = of_text(cell) {
        return Some(problem);
    }
    let lower = cell.to_lowercase();
    if NOTHING.contains(&lower.as_str()) {
        return Some(damaged(format!(
            "is {cell}, which programs write where there is nothing; leave the cell empty"
        )));
    }
    if TRUTHS.contains(&lower.as_str()) {
        return Some(damaged(format!(
            "is {cell}, which a spreadsheet makes of a comparison and of a tick; put the id itself into the cell"
        )));
    }
    if is_day_and_month(&lower) || is_whole_date(cell) || is_midnight(cell) {
        return Some(damaged(format!(
            "is {cell}, a date that a spreadsheet made of something else; format the column as text and export again"
        )));
    }
    None
}

/// Why a cell cannot be a name as it stands. A nickname stands between two quotation marks; one alone is
/// what is left of a cell whose other mark was lost.
pub(crate) fn of_name(cell: &str) -> Option<FieldProblem> {
    let marks = cell.matches('"').count();
    (marks % 2 == 1).then(|| {
        FieldProblem::new(
            "",
            "misplacedQuote",
            "has a quotation mark without its other half; put marks around the whole cell and write each one inside twice, or take it away",
        )
    })
}

fn damaged(detail: String) -> FieldProblem {
    FieldProblem::new("", "damagedCell", detail)
}

/// `#NAME?`, `#BEZUG!`, `#¡VALOR!`, `Err:502`.
fn is_formula_error(cell: &str) -> bool {
    let upper = cell.to_uppercase();
    if UNMARKED_ERRORS.contains(&upper.as_str()) {
        return true;
    }
    if let Some(number) = upper.strip_prefix("ERR:") {
        return number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    }
    let marked = cell
        .strip_prefix('#')
        .and_then(|rest| rest.strip_suffix(['!', '?']));
    marked.is_some_and(|name| {
        let name = name
            .trim_start_matches(['¿', '¡'])
            .trim_end_matches(['?', '!']);
        name.chars().count() > 1
            && name
                .chars()
                .all(|c| (c.is_alphabetic() && !c.is_lowercase()) || matches!(c, '/' | '_' | '0'))
    })
}

/// `1.23457E+11`, and with a comma: one digit before it, a sign, and two digits at least. Programs that
/// read a spreadsheet's cells leave the sign out: `1.23457E11`, but never the fraction.
fn is_scientific(cell: &str) -> bool {
    let number = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let Some((mantissa, exponent)) = number.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_exponent = match exponent.strip_prefix(['+', '-']) {
        Some(signed) => signed.len() > 1 && digits(signed),
        None => fraction.is_some() && digits(exponent),
    };
    whole.len() == 1 && digits(whole) && fraction.is_none_or(digits) && is_exponent
}

/// `1-Mar`, `01.Mrz`, `1. Mär`: never the month first, which an id may well begin with.
fn is_day_and_month(lower: &str) -> bool {
    let Some((day, month)) = lower.split_once(['-', '.']) else {
        return false;
    };
    let month = month.trim().trim_end_matches('.');
    (1..=2).contains(&day.len())
        && day.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day))
        && MONTHS.contains(&month)
}

/// `12.03.2026`, `3/12/2026`: a day, a month and a year of these centuries, in whichever order the first
/// two come.
fn is_whole_date(cell: &str) -> bool {
    ['.', '/'].into_iter().any(|mark| {
        let parts: Vec<&str> = cell.split(mark).collect();
        let [one, other, year] = parts.as_slice() else {
            return false;
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_part = |text: &str| {
            (1..=2).contains(&text.len())
                && digits(text)
                && text
                    .parse::<u8>()
                    .is_ok_and(|part| (1..=31).contains(&part))
        };
        let is_year =
            year.len() == 4 && digits(year) && (year.starts_with("19") || year.starts_with("20"));
        is_part(one) && is_part(other) && is_year
    })
}

/// `2024-03-01 00:00:00`.
fn is_midnight(cell: &str) -> bool {
    let day = cell
        .strip_suffix(" 00:00:00")
        .or_else(|| cell.strip_suffix("T00:00:00"));
    day.is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok())
}

/// Why two ids are one to a spreadsheet, if they are: it takes an id of digits for a number.
pub(crate) fn taken_for_one(one: &str, other: &str) -> bool {
    match (number_of(one), number_of(other)) {
        (Some(one_number), Some(other_number)) => one != other && one_number == other_number,
        _ => false,
    }
}

/// The number that a spreadsheet makes of an id of digits, without leading zeros, and without the
/// `.0` that some programs put behind it.
pub(crate) fn number_of(id: &str) -> Option<&str> {
    let digits = id.strip_suffix(".0").unwrap_or(id);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_show_instead_of_a_value_is_refused_everywhere() {
        for cell in [
            "#N/A",
            "#n/a",
            "#NAME?",
            "#VALUE!",
            "#REF!",
            "#DIV/0!",
            "#NULL!",
            "#NUM!",
            "#SPILL!",
            "#NV",
            "#BEZUG!",
            "#WERT!",
            "#ÜBERLAUF!",
            "#ZAHL!",
            "#NOM?",
            "#VALEUR!",
            "#¿NOMBRE?",
            "#¡REF!",
            "#ARVO!",
            "#ССЫЛКА!",
            "Err:502",
            "########",
            "##",
            "1.23457E+11",
            "1,23457E+11",
            "1E+11",
            "1.2e+05",
            "-4.5E-07",
            "1.23456789012E11",
            "1.0E10",
            "=\"00012\"",
            "=\"Ada\"",
        ] {
            assert_eq!(
                of_text(cell).map(|problem| problem.code),
                Some("damagedCell"),
                "{cell}"
            );
            assert!(of_id(cell).is_some(), "{cell}");
        }
    }

    #[test]
    fn what_may_be_meant_is_let_through() {
        for cell in [
            "#",
            "#1",
            "#hashtag!",
            "#7!",
            "#A!",
            "Ada",
            "Null",
            "12E4",
            "1E5",
            "E+11",
            "10.5E+11",
            "1.E+11",
            "1.E11",
            "1.5E",
            "1.5E1a",
            "1.5E+1",
            "1.5E+1a",
            "a1E+11",
            "Err: none",
            "Err:5021",
            "Err:50a",
            "Mar-01",
            "1-Mar",
            "TRUE",
            "12.03.2026",
            "=A1",
            "=\"\"",
        ] {
            assert_eq!(of_text(cell), None, "{cell}");
        }
        for id in [
            "Mar-01",
            "MAR-01",
            "32-Mar",
            "1-March-7",
            "0",
            "00012",
            "2024-03-01",
            "x-1",
            "Jan",
            "10.12.25",
            "32.03.2026",
            "12.03.3026",
            "12.03.2026.1",
            "003.12.2026",
            "+3.12.2026",
            "12.03.20261",
            "12.03.20a6",
            "1/2",
            "Trueman",
        ] {
            assert_eq!(of_id(id), None, "{id}");
        }
    }

    #[test]
    fn a_name_has_quotation_marks_in_pairs_or_none() {
        for name in ["Ada\"", "\"Ada", "Ada \"the\" L\"", "\""] {
            assert_eq!(
                of_name(name).map(|problem| problem.code),
                Some("misplacedQuote"),
                "{name}"
            );
        }
        for name in ["Ada", "Ada \"the Countess\" Lovelace", "O'Néill", "”"] {
            assert_eq!(of_name(name), None, "{name}");
        }
    }

    #[test]
    fn dates_truths_and_words_for_nothing_are_no_ids() {
        for id in [
            "01.Mrz",
            "1-Mar",
            "1. Mär",
            "31-déc.",
            "NULL",
            "NaN",
            "None",
            "undefined",
            "2024-03-01 00:00:00",
            "12.03.2026",
            "3/12/2026",
            "TRUE",
            "false",
            "FALSCH",
        ] {
            assert_eq!(
                of_id(id).map(|problem| problem.code),
                Some("damagedCell"),
                "{id}"
            );
        }
    }

    #[test]
    fn ids_that_a_spreadsheet_takes_for_one_number_are_found() {
        for (one, other, found) in [
            ("00012", "12", true),
            ("12", "12.0", true),
            ("0012", "00012", true),
            ("12", "12", false),
            ("12", "120", false),
            ("0x12", "x12", false),
            ("0", "000", true),
        ] {
            assert_eq!(taken_for_one(one, other), found, "{one} {other}");
        }
    }
}
