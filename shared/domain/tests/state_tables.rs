//! The tables of states in ARCHITECTURE.md are those of the code, cell by cell.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use std::fmt::Debug;

use beckon_domain::model::invitation::{self, InvitationEvent, InvitationState};
use beckon_domain::model::mail::{self, MailEvent, MailState};

/// The rows of the table that follows a heading, its own head included.
fn table(heading: &str) -> Vec<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md");
    let document = std::fs::read_to_string(path).expect("the document is there");
    let (_, below) = document
        .split_once(&format!("\n{heading}\n"))
        .expect("the heading is there");
    let rows = below
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    rows.filter(|line| !line.contains("---"))
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
        .collect()
}

/// Holds a table against the code: every state a row, every event a column, in the code's order.
fn compare<S: Copy + Debug, E: Copy + Debug, R>(
    heading: &str,
    states: &[S],
    events: &[E],
    transition: impl Fn(S, E) -> Result<S, R>,
) {
    let table = table(heading);
    let head: Vec<String> = std::iter::once("state".to_owned())
        .chain(events.iter().map(|event| format!("{event:?}")))
        .collect();
    assert_eq!(table[0], head);
    assert_eq!(table.len() - 1, states.len(), "{heading}: a row a state");
    for (row, state) in table[1..].iter().zip(states) {
        let said: Vec<String> = std::iter::once(format!("{state:?}"))
            .chain(events.iter().map(|event| {
                transition(*state, *event).map_or("–".to_owned(), |after| format!("{after:?}"))
            }))
            .collect();
        assert_eq!(*row, said, "{heading}");
    }
}

#[test]
fn the_table_of_invitations_is_that_of_the_code() {
    compare(
        "### Invitation",
        &InvitationState::ALL,
        &InvitationEvent::ALL,
        invitation::transition,
    );
}

#[test]
fn the_table_of_mails_is_that_of_the_code() {
    compare(
        "### Mail",
        &MailState::ALL,
        &MailEvent::ALL,
        mail::transition,
    );
}
