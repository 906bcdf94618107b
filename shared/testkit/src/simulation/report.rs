//! What a story came to.

use std::fmt;

use super::use_case::{Answer, Answers, USE_CASES, UseCase};

/// How often what happened, over one story or many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a count of what its name says")]
pub struct Counts {
    pub stories: u64,
    pub steps: u64,
    pub tasks: u64,
    pub crashes: u64,
    pub stalls: u64,
    pub batches: u64,
    pub issues: u64,
    pub accepted: u64,
    pub answered: u64,
    pub guesses: u64,
    pub asked: u64,
    pub registrations: u64,
    pub confirmations: u64,
    /// Reports that had to leave an invitation as it was.
    pub left_open: u64,
    /// Devices that somebody registered beyond the limit.
    pub beyond_limit: u64,
    /// Devices whose owner the device management said, or the person chose.
    pub stated: u64,
    pub by_person: u64,
    pub mails: u64,
    pub dropped: u64,
    pub hand_overs: u64,
    pub leases_lost: u64,
    /// Mails that the service took twice, and why: its answer was lost; the run was killed, or
    /// could not record the answer; the run stood still for so long that another one took over.
    pub twice: u64,
    pub twice_unanswered: u64,
    pub twice_killed: u64,
    pub twice_stalled: u64,
    /// Invitations that live again after a cancel, and whose mail was dropped meanwhile.
    pub live_without_mail: u64,
    /// Users of a page that two runs were at, at the same time, and who were invited though the
    /// run that finished the page had judged otherwise.
    pub beside_the_page: u64,
    /// Rows that became unreadable, and those that somebody met and set aside.
    pub spoilt: u64,
    pub aside: u64,
    /// Reminders written, and deleted users of whom nothing is left.
    pub reminders: u64,
    pub erased: u64,
    /// What the use cases answered, in the order of [`UseCase::ALL`].
    answers: OfEach,
}

/// The answers of each use case: an array so long has no default of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OfEach([Answers; USE_CASES]);

impl Default for OfEach {
    fn default() -> Self {
        Self([Answers::default(); USE_CASES])
    }
}

impl Counts {
    /// How often a use case did what was asked, and how often it had a reason not to.
    pub const fn of(&self, use_case: UseCase) -> Answers {
        self.answers.0[use_case.place()]
    }

    pub(super) const fn answered(&mut self, use_case: UseCase, answer: Answer) {
        let answers = &mut self.answers.0[use_case.place()];
        match answer {
            Answer::Accepted => answers.accepted += 1,
            Answer::Refused => answers.refused += 1,
            Answer::Idle | Answer::Unavailable => {}
        }
    }

    fn parts(&self) -> [(&'static str, u64); 31] {
        [
            ("stories", self.stories),
            ("steps", self.steps),
            ("tasks", self.tasks),
            ("crashes", self.crashes),
            ("stalls", self.stalls),
            ("batches", self.batches),
            ("issues", self.issues),
            ("secrets accepted", self.accepted),
            ("of these answered", self.answered),
            ("wrong tries", self.guesses),
            ("mails asked for", self.asked),
            ("registrations", self.registrations),
            ("confirmations", self.confirmations),
            ("reports that left an invitation open", self.left_open),
            ("devices beyond the limit", self.beyond_limit),
            ("owners that the device management said", self.stated),
            ("owners that the person chose", self.by_person),
            ("mails", self.mails),
            ("dropped", self.dropped),
            ("hand-overs", self.hand_overs),
            ("leases lost", self.leases_lost),
            ("taken twice", self.twice),
            ("… for want of an answer", self.twice_unanswered),
            ("… for a crash in between", self.twice_killed),
            ("… for a standstill", self.twice_stalled),
            (
                "live again after its mail was dropped",
                self.live_without_mail,
            ),
            ("invited beside the page's outcome", self.beside_the_page),
            ("rows nobody could read", self.spoilt),
            ("of these set aside", self.aside),
            ("reminders", self.reminders),
            ("users erased", self.erased),
        ]
    }

    /// Adds what another story came to.
    pub fn add(&mut self, other: &Self) {
        self.stories += other.stories;
        self.steps += other.steps;
        self.tasks += other.tasks;
        self.crashes += other.crashes;
        self.stalls += other.stalls;
        self.batches += other.batches;
        self.issues += other.issues;
        self.accepted += other.accepted;
        self.answered += other.answered;
        self.guesses += other.guesses;
        self.asked += other.asked;
        self.registrations += other.registrations;
        self.confirmations += other.confirmations;
        self.left_open += other.left_open;
        self.beyond_limit += other.beyond_limit;
        self.stated += other.stated;
        self.by_person += other.by_person;
        self.mails += other.mails;
        self.dropped += other.dropped;
        self.hand_overs += other.hand_overs;
        self.leases_lost += other.leases_lost;
        self.twice += other.twice;
        self.twice_unanswered += other.twice_unanswered;
        self.twice_killed += other.twice_killed;
        self.twice_stalled += other.twice_stalled;
        self.live_without_mail += other.live_without_mail;
        self.beside_the_page += other.beside_the_page;
        self.spoilt += other.spoilt;
        self.aside += other.aside;
        self.reminders += other.reminders;
        self.erased += other.erased;
        for (sum, one) in self.answers.0.iter_mut().zip(&other.answers.0) {
            sum.accepted += one.accepted;
            sum.refused += one.refused;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in self.parts() {
            writeln!(f, "{count:>12} {name}")?;
        }
        writeln!(f, "    accepted     refused")?;
        for use_case in UseCase::ALL {
            let Answers { accepted, refused } = self.of(use_case);
            writeln!(f, "{accepted:>12}{refused:>12} {use_case:?}")?;
        }
        Ok(())
    }
}

/// What a story came to.
#[derive(Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// The rule that did not hold.
    pub violation: Option<String>,
    /// A digest of everything that happened, in order.
    pub digest: u64,
    /// What happened, one line an event, if it was asked for.
    pub lines: Vec<String>,
    /// How often what happened.
    pub counts: Counts,
}

impl Report {
    /// What a person needs who wants to know why a story went wrong: the rule, how to play the
    /// story again, and the last events of it.
    pub fn failure(&self, last: usize) -> Option<String> {
        let violation = self.violation.as_ref()?;
        let from = self.lines.len().saturating_sub(last);
        Some(format!(
            "seed {seed}: {violation}\nplay it again: cargo run -p beckon-testkit --example simulate -- --seed {seed}\n{trace}",
            seed = self.seed,
            trace = self.lines[from..].join("\n"),
        ))
    }
}
