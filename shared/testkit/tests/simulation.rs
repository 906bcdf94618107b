//! Beckon as a whole, under everything that can go wrong around it: two thousand stories, and
//! proof that the rules they are held to would be missed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a broken expectation is a failed test, and what was found is read in its output"
)]

use beckon_testkit::simulation::{Breakage, Counts, play, play_broken, play_traced};

/// How many stories are played at every build. Many more were played once.
const STORIES: u64 = 2_000;

/// In how many stories a broken rule must show.
const FOUND_WITHIN: u64 = 400;

/// How many of the last events of a story that went wrong are shown.
const LAST_EVENTS: usize = 200;

#[test]
fn every_story_ends_well() {
    let mut counts = Counts::default();

    for seed in 1..=STORIES {
        let report = play(seed);
        if report.violation.is_some() {
            panic!("{}", play_traced(seed).failure(LAST_EVENTS).unwrap());
        }
        counts.add(&report.counts);
    }

    println!("{counts}");
    // Stories in which little happens would prove little.
    assert!(counts.accepted > STORIES, "{counts}");
    assert!(counts.crashes > STORIES, "{counts}");
    assert!(counts.dropped > STORIES, "{counts}");
    assert!(counts.twice > 0 && counts.leases_lost > 0, "{counts}");
}

#[test]
fn the_same_seed_is_the_same_story_event_for_event() {
    for seed in [1, 7, 42, 1_999, 123_456] {
        let (first, second) = (play_traced(seed), play_traced(seed));

        assert_eq!(first.digest, play(seed).digest, "seed {seed}");
        assert_eq!(first.lines, second.lines, "seed {seed}");
        assert_ne!(first.digest, play(seed + 1).digest, "seed {seed}");
    }
}

#[test]
fn every_broken_rule_is_found() {
    let mut missed = Vec::new();

    for breakage in Breakage::ALL {
        let found = (1..=FOUND_WITHIN).find_map(|seed| {
            let violation = play_broken(seed, breakage).violation?;
            Some((seed, violation))
        });
        match found {
            Some((seeds, violation)) => println!("{breakage:?}: {seeds} seeds: {violation}"),
            None => missed.push(breakage),
        }
    }

    assert!(missed.is_empty(), "not found: {missed:?}");
}
