//! Beckon as a whole, under everything that can go wrong around it: two thousand stories, and
//! proof that the rules they are held to would be missed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a broken expectation is a failed test, and what was found is read in its output"
)]

use std::num::NonZero;
use std::thread::{self, available_parallelism};

use beckon_testkit::simulation::{Breakage, Counts, play, play_broken, play_traced};

/// How many stories are played at every build. Many more were played once.
const STORIES: u64 = 2_000;

/// In how many stories a broken rule must show.
const FOUND_WITHIN: u64 = 1_000;

/// How many of the last events of a story that went wrong are shown.
const LAST_EVENTS: usize = 200;

/// Plays these stories, the ones that are left after every so many by others.
fn play_share(first: u64, step: usize) -> Counts {
    let mut counts = Counts::default();
    for seed in (first..=STORIES).step_by(step) {
        let report = play(seed);
        let failure = report
            .violation
            .is_some()
            .then(|| play_traced(seed).failure(LAST_EVENTS));
        assert!(failure.is_none(), "{}", failure.flatten().unwrap());
        counts.add(&report.counts);
    }
    counts
}

#[test]
fn every_story_ends_well() {
    let threads = available_parallelism().map_or(2, NonZero::get);
    let mut counts = Counts::default();

    thread::scope(|scope| {
        let shares: Vec<_> = (0..threads)
            .map(|share| scope.spawn(move || play_share(1 + share as u64, threads)))
            .collect();
        for share in shares {
            counts.add(&share.join().unwrap());
        }
    });

    println!("{counts}");
    // Stories in which little happens would prove little.
    assert_eq!(counts.stories, STORIES);
    assert!(counts.accepted > STORIES, "{counts}");
    assert!(counts.crashes > STORIES, "{counts}");
    assert!(counts.dropped > STORIES, "{counts}");
    assert!(counts.left_open > STORIES / 2, "{counts}");
    assert!(counts.aside > STORIES / 2, "{counts}");
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
