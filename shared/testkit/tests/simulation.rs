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
const FOUND_WITHIN: u64 = 400;

/// How often each use case is accepted at least, and how often it refuses, in all stories together;
/// `None` where it has no reason to refuse. The stories are the same at every run and show a quarter
/// more than this.
const fn least(use_case: UseCase) -> (u64, Option<u64>) {
    match use_case {
        UseCase::AddUser => (9_100, Some(3_800)),
        UseCase::AssignDevice => (42, Some(152)),
        UseCase::CarryDeviceEvent => (2_100, Some(210)),
        UseCase::CarryOutJob => (1_600, Some(230)),
        UseCase::ChangeInvitation => (920, Some(1_700)),
        UseCase::ChangeSettings => (670, Some(31)),
        UseCase::ChangeTemplate => (500, Some(200)),
        UseCase::ChangeUser => (1_400, Some(520)),
        UseCase::ConfirmRegistration => (5_000, Some(930)),
        UseCase::CountChanges => (6_100, Some(450)),
        UseCase::CountEarlier => (1_500, Some(510)),
        UseCase::Decline => (183, Some(164)),
        UseCase::DeleteUser => (670, Some(19)),
        UseCase::Deliver => (6_700, Some(16_000)),
        UseCase::EraseEnded => (960, None),
        UseCase::Expand => (14_000, Some(1_300)),
        UseCase::ExportUsers => (710, None),
        UseCase::FollowDirectory => (1_700, Some(260)),
        UseCase::FollowGroups => (2_000, Some(182)),
        UseCase::HandOver => (920, Some(420)),
        UseCase::ImportUsers => (630, Some(68)),
        UseCase::ManageDeviceSources => (22, Some(730)),
        UseCase::ManageDirectoryTokens => (710, Some(18)),
        UseCase::NoteChanges => (30_000, Some(15_000)),
        UseCase::PollSource => (9_200, Some(130)),
        UseCase::PreviewInvitations => (520, Some(200)),
        UseCase::PreviewTemplate => (570, Some(210)),
        UseCase::Publish => (38_000, Some(200)),
        UseCase::ReceiveDeviceEvent => (1_100, Some(300)),
        UseCase::RecordFeedback => (10_000, Some(12_000)),
        UseCase::Redeem => (1_600, Some(5_000)),
        UseCase::ReportBatch => (550, Some(52)),
        UseCase::ReportJob => (150, Some(56)),
        UseCase::ReportOverview => (660, None),
        UseCase::RequestPin => (430, Some(1_700)),
        UseCase::ResumeDelivery => (28, None),
        UseCase::SendInvitations => (4_200, Some(1_500)),
        UseCase::StartJob => (1_300, Some(52)),
        UseCase::StopBatch => (550, Some(48)),
        UseCase::StopJob => (175, Some(42)),
        UseCase::TellOfUnreadable => (2_800, Some(380)),
        UseCase::TestTemplate => (440, Some(240)),
        UseCase::RunMaintenance => (10_000, None),
        UseCase::WatchDirectory => (730, None),
        UseCase::TryAddressAgain => (28, Some(1_300)),
    }
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
    assert!(counts.beyond_limit > STORIES / 10, "{counts}");
    assert!(counts.stated > STORIES / 20, "{counts}");
    assert!(counts.by_person > STORIES / 100, "{counts}");
    assert!(counts.aside > STORIES / 2, "{counts}");
    assert!(counts.reminders > STORIES / 4, "{counts}");
    assert!(counts.erased > STORIES / 4, "{counts}");
    for use_case in UseCase::ALL {
        let (accepted, refused) = least(use_case);
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
