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
        UseCase::AddUser => (8_900, Some(3_500)),
        UseCase::AssignDevice => (30, Some(126)),
        UseCase::CarryDeviceEvent => (1_000, Some(100)),
        UseCase::CarryOutJob => (1_900, Some(150)),
        UseCase::ChangeInvitation => (970, Some(1_900)),
        UseCase::ChangeSettings => (740, Some(35)),
        UseCase::ChangeTemplate => (580, Some(200)),
        UseCase::ChangeUser => (1_570, Some(430)),
        UseCase::ConfirmRegistration => (5_300, Some(1_200)),
        UseCase::CountChanges => (6_500, Some(320)),
        UseCase::CountEarlier => (1_600, Some(530)),
        UseCase::Decline => (200, Some(130)),
        UseCase::DeleteUser => (710, Some(18)),
        UseCase::Deliver => (6_700, Some(17_000)),
        UseCase::EraseEnded => (960, None),
        UseCase::Expand => (16_000, Some(1_150)),
        UseCase::ExportUsers => (790, None),
        UseCase::FollowDirectory => (1_900, Some(340)),
        UseCase::FollowGroups => (1, Some(1)),
        UseCase::HandOver => (1_000, Some(410)),
        UseCase::ImportUsers => (710, Some(90)),
        UseCase::ManageDeviceSources => (12, Some(770)),
        UseCase::ManageDirectoryTokens => (720, Some(20)),
        UseCase::NoteChanges => (34_000, Some(15_000)),
        UseCase::PollSource => (1, Some(1)),
        UseCase::PreviewInvitations => (570, Some(179)),
        UseCase::PreviewTemplate => (570, Some(200)),
        UseCase::Publish => (42_000, Some(198)),
        UseCase::ReceiveDeviceEvent => (1_370, Some(320)),
        UseCase::RecordFeedback => (11_300, Some(13_400)),
        UseCase::Redeem => (2_300, Some(4_700)),
        UseCase::ReportBatch => (590, Some(51)),
        UseCase::ReportJob => (200, Some(60)),
        UseCase::ReportOverview => (740, None),
        UseCase::RequestPin => (440, Some(1_960)),
        UseCase::ResumeDelivery => (30, None),
        UseCase::SendInvitations => (4_600, Some(1_600)),
        UseCase::StartJob => (1_500, Some(15)),
        UseCase::StopBatch => (630, Some(53)),
        UseCase::StopJob => (175, Some(53)),
        UseCase::TellOfUnreadable => (2_200, Some(370)),
        UseCase::TestTemplate => (510, Some(270)),
        UseCase::RunMaintenance => (11_000, None),
        UseCase::WatchDirectory => (1, None),
        UseCase::TryAddressAgain => (32, Some(1_400)),
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
