use super::*;
use crate::model::examples::{MONDAY, somebody};
use crate::rules::csv_users;
use crate::values::ids::ExternalId;

/// The rows of a file, each with its line.
fn entries(file: &str) -> Vec<(u64, Entry)> {
    let rows = csv_users::parse(file.as_bytes(), None).unwrap().rows;
    let entry = |row: &csv_users::Row| (row.line, Entry::parse(row).unwrap());
    rows.iter().map(entry).collect()
}

/// Alex with the external id 1234, as the rows of a file are about them.
fn known_by(entries: &[(u64, Entry)]) -> Known {
    let mut known = Known::default();
    let alex = User {
        external_id: ExternalId::parse("1234").ok(),
        ..somebody()
    };
    known.add_named(vec![alex], Vec::new());
    for (line, entry) in entries {
        known.note(entry, *line);
    }
    known
}

/// What is wrong with each row: the column and why.
fn refusals(file: &str) -> Vec<Option<(String, &'static str)>> {
    let entries = entries(file);
    let known = known_by(&entries);
    let id = UserId::from_bytes([8; 16]);
    let refused = |(line, entry): &(u64, Entry)| {
        let decided = known.decide(entry, *line, id, None, MONDAY);
        decided.err().map(|problem| (problem.field, problem.code))
    };
    entries.iter().map(refused).collect()
}

#[test]
fn lost_zeros_are_looked_up_for_those_alone_whom_nobody_knows() {
    let file = entries(
        "externalId,email\n1234,alex@example.com\n99,new@example.com\nx-1,other@example.com\n",
    );
    let known = known_by(&file);
    let looked_up = longer_ids(file.iter().map(|(_, entry)| entry), &known);
    let expected: Vec<_> = ["099", "0099", "00099", "000099", "0000099", "00000099"]
        .map(|id| Identifier::External(ExternalId::parse(id).unwrap()))
        .into();

    assert_eq!(looked_up, expected);
}

#[test]
fn a_second_row_about_somebody_is_refused_in_the_column_that_names_them() {
    let duplicate = |column: &str| Some((column.to_owned(), "duplicate"));

    let by_id = refusals("externalId,email\n,alex@example.com\n1234,\n");
    assert_eq!(by_id, [None, duplicate("externalId")]);
    let by_address = refusals("externalId,email\n1234,\n,alex@example.com\n");
    assert_eq!(by_address, [None, duplicate("email")]);
    // A row that gives up the name by which a later one means the same person.
    let moved = refusals("externalId,email\n1234,new@example.com\n,alex@example.com\n");
    assert_eq!(moved, [duplicate("externalId"), duplicate("email")]);
    let once = refusals("externalId,email\n1234,new@example.com\n");
    assert_eq!(once, [None]);
}

#[test]
fn whoever_has_no_external_id_yet_is_named_by_the_address_though_the_row_brings_an_id() {
    let entries = entries("externalId,email\n,alex@example.com\n77,alex@example.com\n");
    let mut known = Known::default();
    known.add_named(vec![somebody()], Vec::new());
    for (line, entry) in &entries {
        known.note(entry, *line);
    }
    let (line, entry) = &entries[1];
    let id = UserId::from_bytes([8; 16]);

    let refused = known.decide(entry, *line, id, None, MONDAY).unwrap_err();

    assert_eq!((&*refused.field, refused.code), ("email", "duplicate"));
}
