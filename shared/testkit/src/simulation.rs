//! A simulation of Beckon as a whole: the real use cases on the table in memory, with virtual
//! time, in an order that a seed draws, while everything around them goes wrong that can.
//!
//! A story is told by its seed alone: the same seed is the same story, event for event. Every
//! call of a port is a moment at which somebody else may go on, the task be killed or stand
//! still, the call be refused, overtaken, or its answer lost. Meanwhile a ledger looks on, and
//! knows in its own words what must hold at each moment; at the end everything is mended, the
//! machinery comes to rest, and what stands in the table must add up.

mod breakage;
mod bus;
mod cast;
mod devices;
mod dice;
mod directory;
mod groups;
mod jobs;
mod jobs_counts;
mod jobs_import;
mod jobs_machinery;
mod jobs_of_many;
mod jobs_secrets;
mod jobs_sends;
mod jobs_users;
mod jobs_wordings;
mod judgement;
mod judgement_counts;
mod ledger;
mod ledger_answers;
mod ledger_devices;
mod ledger_ends;
mod ledger_jobs;
mod ledger_lists;
mod ledger_mails;
mod ledger_registrations;
mod ledger_users;
mod machinery;
mod people;
mod post;
mod report;
mod stage;
mod story;
mod system;
mod table;
mod tasks;
mod use_case;
mod wake_up;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use breakage::Breakage;
pub use report::{Counts, Report};
use story::Story;
pub use use_case::{Answers, UseCase};

/// Plays the story of a seed.
pub fn play(seed: u64) -> Report {
    play_with(seed, None, false)
}

/// Plays the story of a seed, and writes down what happens.
pub fn play_traced(seed: u64) -> Report {
    play_with(seed, None, true)
}

/// Plays the story of a seed with one of the rules broken.
pub fn play_broken(seed: u64, breakage: Breakage) -> Report {
    play_with(seed, Some(breakage), false)
}

/// Plays the story of a seed as told. A panic is a rule that did not hold.
pub fn play_with(seed: u64, breakage: Option<Breakage>, traced: bool) -> Report {
    let told = AssertUnwindSafe(|| Story::new(seed, breakage, traced).play());
    catch_unwind(told).unwrap_or_else(|_| Report {
        seed,
        violation: Some("somebody panicked".to_owned()),
        digest: 0,
        lines: Vec::new(),
        counts: Counts::default(),
    })
}
