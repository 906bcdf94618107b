//! What surrounds Beckon in a story: what goes wrong, what waits to be done, and the trace.

use std::collections::{BTreeSet, VecDeque};

use beckon_domain::model::counting::Uncounted;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::usecases::record_feedback::Feedback;
use jiff::Timestamp;

use super::breakage::Breakage;
use super::dice::Dice;
use super::jobs::Record;
use crate::Call;

/// How often things go wrong, in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rates {
    /// A call of the table is refused before anything is done.
    pub(super) refuse: u32,
    /// A write is done and its answer lost.
    pub(super) lose: u32,
    /// Somebody else wrote first.
    pub(super) outrace: u32,
    /// A task is killed between two calls.
    pub(super) crash: u32,
    /// A task stands still for seconds or minutes, and everybody with it.
    pub(super) stall: u32,
    /// The mail service does something else than take a mail.
    pub(super) post: u32,
    /// A wake-up, a stream record, a report of the mail service gets lost.
    pub(super) lost: u32,
    /// Something is done once more.
    pub(super) repeat: u32,
    /// A row becomes one that nobody can read.
    pub(super) spoil: u32,
    /// The scheduler goes on with the task it went on with last.
    pub(super) sticky: u32,
}

impl Rates {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let sticky = [0, 300, 700, 900][dice.below(4)];
        if dice.happens(100) {
            return Self {
                sticky,
                repeat: 50,
                spoil: 5,
                ..Self::default()
            };
        }
        let mut of = |most: usize| u32::try_from(dice.below(most)).unwrap_or_default();
        Self {
            refuse: of(25),
            lose: of(25),
            outrace: of(25),
            crash: of(12),
            stall: of(12),
            post: of(400),
            lost: of(200),
            repeat: of(250),
            spoil: of(12),
            sticky,
        }
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    Fair,
    Refused,
    Outraced,
    LosesAnswer,
    CutShort,
}

/// How the mail service feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Open,
    QuotaUsedUp,
    AccountRefused,
    /// As on trial: it takes mail to addresses alone that it knows, here those of even numbers.
    Trial,
}

/// What happened, one line an event, and a digest of it that costs nothing.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) digest: u64,
    pub(super) lines: Option<Vec<String>>,
}

impl Trace {
    fn note(&mut self, fact: u64, at: Timestamp, line: impl FnOnce() -> String) {
        let moment = u64::try_from(at.as_millisecond()).unwrap_or_default();
        for part in [fact, moment] {
            self.digest = (self.digest ^ part).wrapping_mul(0x0000_0100_0000_01B3);
            self.digest ^= self.digest >> 29;
        }
        if self.lines.is_some() {
            self.write(at, &line());
        }
    }

    /// Writes down what adds nothing to what is known of the order of events.
    pub(super) fn write(&mut self, at: Timestamp, line: &str) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{at:.3} {line}"));
        }
    }
}

/// The stage of one story.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) dice: Dice,
    pub(super) rates: Rates,
    pub(super) breakage: Option<Breakage>,
    /// The task that goes on now.
    pub(super) task: u64,
    pub(super) now: Timestamp,
    pub(super) trace: Trace,
    /// What the stream holds that nobody has read.
    pub(super) records: VecDeque<Record>,
    /// What changed that the stream has not told of.
    pub(super) changed: Vec<Uncounted>,
    /// Rows of histories that the stream holds and nobody has published.
    pub(super) history: VecDeque<HistoryEntry>,
    /// Wake-ups on their way to the delivery worker.
    pub(super) wakes: u32,
    /// What the mail service will report, and when.
    pub(super) reports: Vec<(Timestamp, Feedback)>,
    pub(super) mood: Mood,
    /// Addresses to which the mail service sends nothing any more.
    pub(super) suppressed: BTreeSet<String>,
}

impl Stage {
    /// What becomes of a call of the table.
    pub(super) fn weather(&mut self, call: Call) -> Weather {
        let (rates, dice) = (self.rates, &mut self.dice);
        let weather = if dice.happens(rates.refuse) {
            Weather::Refused
        } else if call.writes() && dice.happens(rates.lose) {
            if call == Call::SaveUsers && dice.happens(500) {
                Weather::CutShort
            } else {
                Weather::LosesAnswer
            }
        } else if call.can_be_outraced() && dice.happens(rates.outrace) {
            Weather::Outraced
        } else {
            Weather::Fair
        };
        let fact = self.task << 16 | (call as u64) << 8 | weather as u64;
        let task = self.task;
        self.trace.note(fact, self.now, || match weather {
            Weather::Fair => format!("  #{task} {call:?}"),
            bad => format!("  #{task} {call:?} … {bad:?}"),
        });
        weather
    }

    pub(super) fn say(&mut self, fact: u64, line: impl FnOnce() -> String) {
        self.trace.note(fact, self.now, line);
    }

    pub(super) fn broken(&self, rule: Breakage) -> bool {
        self.breakage == Some(rule)
    }

    /// The table's stream tells of a write; now and then the record never comes.
    pub(super) fn record(&mut self, record: Record) {
        let lost = match record {
            Record::Aside(_) if self.broken(Breakage::UnreadableForgotten) => true,
            Record::Cursor(_) if self.broken(Breakage::CursorForgotten) => self.dice.happens(500),
            // Nobody makes up for these, so the stream gives them until they are done.
            Record::Aside(_) => false,
            Record::Cursor(_) | Record::Job(_) | Record::Mail | Record::DeviceEvent(_) => {
                let rate = self.rates.lost / 2;
                self.dice.happens(rate)
            }
        };
        if !lost {
            self.records.push_back(record);
        }
    }
}
