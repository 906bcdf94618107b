//! A story from its seed: who goes on when, what the machinery around Beckon does, what goes
//! wrong, and how it ends once everything is mended.

use beckon_domain::model::device_event::DeviceEventState;
use beckon_domain::model::stored::RowKey;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::delivery::Delivery as _;
use beckon_domain::usecases::deliver::DeliveryPolicy;
use jiff::{SignedDuration, Timestamp};

use super::breakage::Breakage;
use super::bus::Bus;
use super::cast::Cast;
use super::devices;
use super::dice::Dice;
use super::jobs::{Job, Record};
use super::judgement;
use super::ledger::{Gone, Ledger, Watch};
use super::people::{self, Step};
use super::post::Post;
use super::report::Report;
use super::stage::{Mood, Rates, Stage, Trace};
use super::system::System;
use super::table::Table;
use super::tasks::{Ended, Task, Tasks, finish};
use super::wake_up::DeliveryWakeUp;
use crate::builders::monday_morning;
use crate::store::keys;
use crate::{ManualClock, MemoryDeadLetters, MemoryStore, PlainComposer, SeededEntropy};

/// How many turns a story may take; one takes some thousands.
const MAX_TURNS: u64 = 200_000;

/// How long Beckon may take to come to rest once everything is mended: a reminder waits until morning.
const TO_COME_TO_REST: SignedDuration = SignedDuration::from_hours(18);

/// A day.
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How often maintenance comes by.
pub(super) const MINUTE: SignedDuration = SignedDuration::from_secs(60);

pub(super) struct Story {
    seed: u64,
    cast: Cast,
    pub(super) watch: Watch,
    store: MemoryStore,
    pub(super) clock: ManualClock,
    pub(super) tasks: Tasks,
    /// Jobs to be done, once more or for the first time.
    pub(super) waiting: Vec<Job>,
    steps: usize,
    pub(super) next_maintenance: Timestamp,
    turns: u64,
    /// Once everything is mended: by when Beckon must be at rest.
    pub(super) mended: Option<Timestamp>,
    /// Rows that became unreadable, whether or not somebody has met them.
    spoilt: Vec<RowKey>,
    /// Rows that were set aside.
    asides: Vec<RowKey>,
    /// What is to be given to its function again when the rows are repaired.
    put_by: Vec<Job>,
}

impl Story {
    pub(super) fn new(seed: u64, breakage: Option<Breakage>, traced: bool) -> Self {
        let mut dice = Dice::new(seed);
        let clock = ManualClock::at(monday_morning()).held();
        let store = MemoryStore::new(people::draw_settings(&mut dice));
        store.let_pages_read([1, 2, 3, usize::MAX][dice.below(4)]);
        let mut policy = DeliveryPolicy {
            in_flight: 1 + dice.below(4),
            longest_run: SignedDuration::from_secs(dice.between(20, 900)),
            ..DeliveryPolicy::default()
        };
        if breakage == Some(Breakage::ReportsIgnored) {
            policy.unknown_wait = SignedDuration::ZERO;
        }
        let per_second = [0.5, 2.0, 14.0, 100.0][dice.below(4)];
        let people = 2 + dice.below(5);
        let waiting = (0..people)
            .map(|number| people::newcomer(&mut dice, number))
            .collect();
        let steps = 20 + dice.below(41);
        let stage = Stage {
            rates: Rates::draw(&mut dice),
            dice,
            breakage,
            task: 0,
            now: clock.now(),
            trace: Trace {
                digest: seed,
                lines: traced.then(Vec::new),
            },
            records: std::collections::VecDeque::new(),
            changed: Vec::new(),
            history: std::collections::VecDeque::new(),
            suppressed: std::collections::BTreeSet::new(),
            wakes: 0,
            reports: Vec::new(),
            mood: Mood::Open,
        };
        let ledger = Ledger::new(store.clone(), policy.in_flight, clock.now(), traced);
        let watch = Watch::new(stage, ledger);
        let cast = Cast {
            table: Table::new(store.clone(), watch.clone()),
            post: Post {
                watch: watch.clone(),
                clock: clock.clone(),
                per_second,
            },
            wake_up: DeliveryWakeUp {
                watch: watch.clone(),
            },
            entropy: SeededEntropy::following(&clock, seed),
            clock: clock.clone(),
            keys: devices::keys(),
            composer: PlainComposer::default(),
            policy,
            watch: watch.clone(),
            failures: MemoryDeadLetters::default(),
            bus: Bus {
                watch: watch.clone(),
            },
            system: System {
                watch: watch.clone(),
            },
        };
        let next_maintenance = clock.now() + MINUTE;
        Self {
            seed,
            cast,
            watch,
            store,
            clock,
            tasks: Tasks::default(),
            waiting,
            steps,
            next_maintenance,
            turns: 0,
            mended: None,
            spoilt: Vec::new(),
            asides: Vec::new(),
            put_by: Vec::new(),
        }
    }

    /// Plays it to its end.
    pub(super) fn play(mut self) -> Report {
        self.watch.with(|ledger| {
            ledger.counts.stories = 1;
            ledger.counts.steps = self.steps as u64;
        });
        while self.goes_on() && (self.steps > 0 || !self.is_at_rest()) {
            self.turn();
            if self.steps == 0 && self.mended.is_none() {
                self.mend();
            }
        }
        if self.goes_on() && !self.spoilt.is_empty() {
            self.everybody_was_told();
            self.repair();
            while self.goes_on() && !self.is_at_rest() {
                self.turn();
            }
        }
        if self.goes_on() {
            self.pass_judgement();
            self.let_everything_expire();
        }
        if self.goes_on() {
            self.pass_judgement();
            self.let_everything_be_erased();
        }
        self.watch.both(|stage, ledger| Report {
            seed: self.seed,
            violation: ledger.violation.take(),
            digest: stage.trace.digest,
            lines: stage.trace.lines.take().unwrap_or_default(),
            counts: ledger.counts,
        })
    }

    fn goes_on(&mut self) -> bool {
        self.turns += 1;
        let in_time = self.mended.is_none_or(|until| self.clock.now() < until);
        let ends = self.turns < MAX_TURNS && in_time;
        self.watch.with(|ledger| {
            ledger.must(ends, || "it does not come to rest".to_owned());
            ledger.violation.is_none()
        })
    }

    fn is_at_rest(&self) -> bool {
        self.mended.is_some()
            && self.tasks.is_empty()
            && self.waiting.is_empty()
            && self.watch.both(|stage, ledger| {
                stage.records.is_empty()
                    && stage.changed.is_empty()
                    && stage.history.is_empty()
                    && stage.wakes == 0
                    && stage.reports.is_empty()
                    && ledger.unread() == 0
                    && judgement::is_quiet(ledger, &self.spoilt)
            })
    }

    /// Now and then a row becomes one that nobody can read.
    fn spoil(&mut self) {
        if self.mended.is_some() || !self.happens(|rates| rates.spoil) {
            return;
        }
        let users = self.store.all_users().into_iter();
        let mails = self.store.all_mails().into_iter();
        let batches = self.store.all_batches().into_iter();
        let jobs = self.store.all_jobs().into_iter();
        let rows: Vec<RowKey> = match self.roll(6) {
            0 => users.map(|user| keys::user(user.id)).collect(),
            1 => mails.map(|mail| keys::mail(mail.id)).collect(),
            2 => batches.map(|(batch, _)| keys::batch(batch.id)).collect(),
            3 => batches.map(|(batch, _)| keys::cursor(batch.id)).collect(),
            4 => jobs.map(|(job, _)| keys::job(job.id)).collect(),
            _ => jobs.map(|(job, _)| keys::job_cursor(job.id)).collect(),
        };
        if rows.is_empty() {
            return;
        }
        let key = rows[self.roll(rows.len())].clone();
        if self.spoilt.contains(&key) {
            return;
        }
        self.store.spoil(&key);
        self.watch.both(|stage, ledger| {
            ledger.counts.spoilt += 1;
            ledger.spoilt.insert(key.clone());
            stage.say(5, || format!("nobody can read {} {}", key.pk, key.sk));
        });
        self.spoilt.push(key);
    }

    /// The stream will tell of what changed.
    fn tell_of_changes(&mut self) {
        let changed = self.store.newly_changed();
        if !changed.is_empty() {
            self.watch.stage(|stage| stage.changed.extend(changed));
        }
    }

    /// The stream tells of the rows that were set aside.
    fn tell_of_asides(&mut self) {
        for key in self.store.newly_aside() {
            self.asides.push(key.clone());
            self.watch.stage(|stage| {
                stage.say(6, || format!("{} {} is set aside", key.pk, key.sk));
                stage.record(Record::Aside(key));
            });
        }
    }

    /// Each row that somebody met was told of. That none is told of again once it was noted, the
    /// ledger sees.
    fn everybody_was_told(&self) {
        let told = self.cast.failures.all();
        for key in &self.asides {
            let about = format!("\"{} {}\"", key.pk, key.sk);
            let known = told.iter().any(|one| one.event.contains(&about));
            self.watch.with(|ledger| {
                ledger.counts.aside += 1;
                ledger.must(known, || format!("of the row {about} nobody was told"));
            });
        }
    }

    /// An operator repairs what cannot be read, and releases what is set aside.
    fn repair(&mut self) {
        for key in self.spoilt.drain(..) {
            self.store.mend(&key);
        }
        for key in std::mem::take(&mut self.asides) {
            let store = self.store.clone();
            let released = finish(async move { store.release_row(&key).await });
            let done = released.is_ok();
            self.watch
                .with(|ledger| ledger.must(done, || "a row is not released".to_owned()));
        }
        self.store.forget_spoilt();
        self.tell_of_changes();
        self.waiting.append(&mut self.put_by);
        self.mend();
    }

    /// Nothing goes wrong any more.
    fn mend(&mut self) {
        self.store.let_indexes_lag(0);
        self.watch.with(|ledger| ledger.lists_lag(0));
        let until = self.clock.now() + TO_COME_TO_REST;
        self.mended = Some(until);
        self.watch.stage(|stage| {
            stage.rates = Rates {
                sticky: stage.rates.sticky,
                ..Rates::default()
            };
            stage.mood = Mood::Open;
            stage.say(1, || format!("everything is mended; at rest by {until}"));
        });
    }

    /// Some days go by, so that people are reminded, and then all the time that there is.
    fn let_everything_expire(&mut self) {
        let noon = next_noon(self.clock.now());
        let due = self
            .watch
            .with(|ledger| ledger.reminders_due(noon + 3 * DAY));
        if due.is_empty() {
            self.come_to_rest_at(noon);
        } else {
            for day in 0..4 {
                self.come_to_rest_at(noon + day * DAY);
            }
            self.watch.with(|ledger| ledger.judge_reminded(&due));
        }
        self.come_to_rest_at(self.clock.now() + 31 * DAY);
        let now = self.clock.now();
        let open = |user: &beckon_domain::model::user::User| {
            let invitation = user.invitation.as_ref();
            invitation.is_some_and(|one| one.is_open() && one.expires_at <= now)
        };
        let left = self.store.all_users().into_iter().find(open);
        self.watch.with(|ledger| {
            ledger.must(left.is_none(), || "an invitation never expires".to_owned());
        });
    }

    /// The days go by for which the settings keep who is over.
    fn let_everything_be_erased(&mut self) {
        let Some(kept) = self.kept_for() else { return };
        for _ in 0..2 {
            self.begin(Job::Erase);
            self.come_to_rest_at(self.clock.now() + kept + DAY);
        }
        if self.goes_on() {
            self.watch.with(|ledger| {
                ledger.judge_erased();
                ledger.judge_deleted_users();
            });
        }
    }

    /// For how long the settings keep who is over, if not for ever.
    pub(super) fn kept_for(&self) -> Option<SignedDuration> {
        let settings = self.store.settings().settings;
        let kept = settings.retention.erase_after_days?;
        Some(DAY * i32::try_from(kept).unwrap_or(i32::MAX))
    }

    fn come_to_rest_at(&mut self, at: Timestamp) {
        if !self.goes_on() {
            return;
        }
        self.set(at);
        self.mend();
        self.begin(Job::Maintain);
        while self.goes_on() && !self.is_at_rest() {
            self.turn();
        }
    }

    /// When somebody has to be looked at by maintenance or the delivery worker next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let mails = self.store.all_mails().into_iter();
        let mails = mails.filter(|mail| mail.state.is_unsettled());
        let batches = self.store.all_batches().into_iter();
        let cursors = batches.filter(|(_, cursor)| !cursor.done);
        let jobs = self.store.all_jobs().into_iter();
        let jobs = jobs.filter(|(_, cursor)| !cursor.done);
        let messages = self.store.all_device_events().into_iter();
        let messages = messages.filter(|event| event.state == DeviceEventState::Waiting);
        let is_unread = self.watch.with(|ledger| ledger.unread() > 0);
        let asked = self.store.all_source_polls().into_iter();
        // A system that nobody has asked yet has no row: maintenance has it asked at once.
        let asked = asked.map(|poll| poll.due_at).min();
        let asked = is_unread.then(|| asked.unwrap_or_else(|| self.clock.now()));
        let users = self.store.all_users().into_iter();
        let ends = users.filter_map(|user| user.invitation?.due_at());
        mails
            .map(|mail| mail.due_at)
            .chain(cursors.map(|(_, cursor)| cursor.due_at))
            .chain(jobs.map(|(_, cursor)| cursor.due_at))
            .chain(ends)
            .chain(messages.map(|event| event.due_at))
            .chain(asked)
            .min()
    }

    fn pass_judgement(&self) {
        self.watch.with(judgement::pass);
    }
}

/// Noon after this moment.
fn next_noon(now: Timestamp) -> Timestamp {
    let seconds = now.as_second();
    let day = 24 * 60 * 60;
    let noon = (seconds - day / 2).div_euclid(day) * day + day + day / 2;
    Timestamp::from_second(noon).unwrap_or(now)
}

/// The turns.
impl Story {
    pub(super) fn roll(&self, below: usize) -> usize {
        self.watch.stage(|stage| stage.dice.below(below))
    }

    pub(super) fn happens(&self, parts: impl FnOnce(&Rates) -> u32) -> bool {
        self.watch.stage(|stage| {
            let parts = parts(&stage.rates);
            stage.dice.happens(parts)
        })
    }

    fn turn(&mut self) {
        self.spoil();
        let roll = self.roll(100);
        let done = match roll {
            0..84 => self.one_task(),
            84..94 => self.machinery(),
            _ => self.people(),
        };
        let done = done
            || self.one_task()
            || self.machinery()
            || (roll.is_multiple_of(2) && self.people());
        if !done {
            self.leap();
        }
        self.tell_of_asides();
        self.tell_of_changes();
    }

    pub(super) fn set(&mut self, now: Timestamp) {
        self.clock.set(now);
        self.watch.stage(|stage| stage.now = now);
    }

    /// One task goes on, or is killed, or stands still for a while.
    fn one_task(&mut self) -> bool {
        let now = self.clock.now();
        let tasks = &mut self.tasks;
        let task = self.watch.stage(|stage| {
            let sticky = stage.rates.sticky;
            tasks.take_ready(&mut stage.dice, sticky, now)
        });
        let Some(mut task) = task else { return false };
        if self.happens(|rates| rates.crash) {
            self.kill(task);
            return true;
        }
        if self.happens(|rates| rates.stall) {
            let stall = SignedDuration::from_secs(self.watch.stage(|stage| {
                let most = [15, 45, 400, 900][stage.dice.below(4)];
                stage.dice.between(1, most)
            }));
            task.frozen = now + stall;
            let number = task.number;
            self.watch.both(|stage, ledger| {
                ledger.counts.stalls += 1;
                stage.say(number, || {
                    format!("#{number} stands still until {}", now + stall)
                });
            });
            self.tasks.put_back(task);
            return true;
        }
        if roll_of(&self.watch, 3) == 0 {
            let step = SignedDuration::from_millis(self.watch.stage(|s| s.dice.between(0, 40)));
            self.set(now + step);
        }
        self.watch.stage(|stage| stage.task = task.number);
        match task.step() {
            None => self.tasks.put_back(task),
            Some(ended) => {
                let (number, job) = (task.number, task.job);
                let gone = if ended == Ended::Again {
                    Gone::Failed
                } else {
                    Gone::Well
                };
                self.watch.both(|stage, ledger| {
                    ledger.ends(number, gone);
                    stage.say(number << 8, || format!("#{number} ends: {ended:?}"));
                });
                match ended {
                    Ended::Done => {}
                    Ended::Again => self.once_more(job),
                    Ended::PutBy => self.put_by.push(job),
                }
            }
        }
        true
    }

    fn kill(&mut self, task: Task) {
        let (number, job) = (task.number, task.job.clone());
        self.watch.stage(|stage| stage.task = number);
        drop(task);
        self.watch.both(|stage, ledger| {
            ledger.ends(number, Gone::Killed);
            ledger.counts.crashes += 1;
            stage.say(number << 9, || format!("#{number} is killed"));
        });
        self.once_more(job);
    }

    /// What did not come to an end is done again by whoever is bound to.
    fn once_more(&mut self, job: Job) {
        match job {
            Job::Expand(records) => self.watch.stage(|stage| {
                for record in records.into_iter().rev() {
                    stage.records.push_front(record);
                }
            }),
            Job::Report(_) | Job::Tell(_) | Job::Feedback(_) | Job::FollowGroup(_) => {
                self.waiting.push(job);
            }
            Job::Publish(rows) => self.watch.stage(|stage| {
                for row in rows.into_iter().rev() {
                    stage.history.push_front(row);
                }
            }),
            Job::Note(changed) => self.watch.stage(|stage| stage.changed.extend(changed)),
            Job::Deliver
            | Job::Maintain
            | Job::Poll
            | Job::Erase
            | Job::Count
            | Job::CountEarlier => {}
            call => {
                if self.roll(2) == 0 {
                    self.waiting.push(call);
                }
            }
        }
    }

    pub(super) fn begin(&mut self, job: Job) {
        let number = self.tasks.next_number();
        self.watch.both(|stage, ledger| {
            ledger.begins(number, job.clone());
            ledger.counts.tasks += 1;
            stage.say(number << 10, || format!("#{number} begins: {job:?}"));
        });
        let play = self.cast.play(job.clone(), number);
        self.tasks.begin(job, play);
    }

    fn people(&mut self) -> bool {
        if self.steps == 0 || self.tasks.count(Job::is_a_call) > 5 {
            return false;
        }
        let now = self.clock.now();
        let idle = self.tasks.is_empty();
        let step = self
            .watch
            .both(|stage, ledger| people::draw(&mut stage.dice, ledger, now));
        self.steps -= 1;
        match step {
            Step::Do(jobs) => jobs.into_iter().for_each(|job| self.begin(job)),
            Step::Wait(how_long) => {
                let how_long = if idle { how_long } else { how_long.min(MINUTE) };
                self.watch
                    .stage(|stage| stage.say(2, || format!("{how_long:#} go by")));
                self.set(now + how_long);
            }
            Step::Mood(mood) => self.watch.stage(|stage| {
                stage.mood = mood;
                stage.say(3, || format!("the mail service: {mood:?}"));
            }),
            Step::Lag(writes) => {
                self.store.let_indexes_lag(writes);
                self.watch.with(|ledger| ledger.lists_lag(writes));
                let line = || format!("indexes are {writes} writes behind");
                self.watch.stage(|stage| stage.say(4, line));
            }
        }
        true
    }
}

fn roll_of(watch: &Watch, below: usize) -> usize {
    watch.stage(|stage| stage.dice.below(below))
}
