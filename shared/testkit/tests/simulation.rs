//! Beckon as a whole, under everything that can go wrong around it: two thousand stories, and
//! proof that the rules they are held to would be missed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a broken expectation is a failed test, and what was found is read in its output"
)]

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::thread::{self, available_parallelism};

use beckon_testkit::simulation::{Breakage, Counts, UseCase, play, play_broken, play_traced};

/// How many stories are played at every build. Many more were played once.
const STORIES: u64 = 2_000;

/// In how many stories a broken rule must show.
const FOUND_WITHIN: u64 = 1_000;

/// How often each use case is accepted and refused at least, in all stories together; `None` where
/// it has no reason to refuse.
const fn least(use_case: UseCase) -> Option<(u64, Option<u64>)> {
    let (accepted, refused) = match use_case {
        UseCase::AddUser => (10_000, Some(20)),
        UseCase::ChangeInvitation => (2_000, Some(2_000)),
        UseCase::ChangeSettings => (500, Some(10)),
        UseCase::ChangeUser => (2_000, None),
        UseCase::ConfirmRegistration => (4_000, Some(500)),
        UseCase::Deliver => (6_000, Some(6_000)),
        UseCase::Expand => (10_000, Some(100)),
        UseCase::RecordFeedback => (10_000, Some(500)),
        UseCase::Redeem => (4_000, Some(4_000)),
        UseCase::RequestPin => (1_000, Some(1_000)),
        UseCase::ResumeDelivery => (1_000, None),
        UseCase::SendInvitations => (7_500, Some(500)),
        UseCase::StopBatch => (1_200, None),
        UseCase::TellOfUnreadable => (3_000, Some(100)),
        UseCase::RunMaintenance => (20_000, None),
        UseCase::ChangeTemplate
        | UseCase::Decline
        | UseCase::DeleteUser
        | UseCase::EraseEnded
        | UseCase::ExportUsers
        | UseCase::HandOver
        | UseCase::ImportUsers
        | UseCase::PreviewInvitations
        | UseCase::PreviewTemplate
        | UseCase::Publish
        | UseCase::ReportBatch
        | UseCase::TestTemplate
        | UseCase::TryAddressAgain => return None,
    };
    Some((accepted, refused))
}

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
    for use_case in UseCase::ALL {
        let Some((accepted, refused)) = least(use_case) else {
            continue;
        };
        let answers = counts.of(use_case);
        let enough = answers.accepted >= accepted && answers.refused >= refused.unwrap_or(0);
        assert!(enough, "{use_case:?} answered {answers:?}\n{counts}");
    }
    assert!(counts.twice > 0 && counts.leases_lost > 0, "{counts}");
}

#[test]
fn every_file_of_a_use_case_has_a_variant_and_every_variant_a_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src/usecases");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".rs").map(str::to_owned)
        })
        // What several use cases share: answers that are kept for repeated requests.
        .filter(|name| name != "idempotency")
        .collect();
    let variants: BTreeSet<String> = UseCase::ALL.into_iter().map(UseCase::file).collect();

    assert_eq!(files, variants);
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
