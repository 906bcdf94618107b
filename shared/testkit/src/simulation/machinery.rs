//! The machinery around Beckon: the reader of the stream, the delivery worker's wake-up, maintenance, the
//! mail service's reports, and everybody who tries again; and how time passes.

use beckon_domain::ports::clock::Clock as _;
use jiff::{SignedDuration, Timestamp};

use super::jobs::Job;
use super::story::{MINUTE, Story};

impl Story {
    pub(super) fn machinery(&mut self) -> bool {
        let first = self.roll(7);
        (0..7).any(|offset| match (first + offset) % 7 {
            6 => self.begin_noting(),
            0 => self.begin_expand(),
            1 => self.begin_delivery(),
            2 => self.begin_maintenance(),
            3 => self.begin_feedback(),
            4 => self.begin_publishing(),
            _ => self.begin_waiting(),
        })
    }

    /// The stream's reader takes the next records; now and then it takes them a second time.
    fn begin_expand(&mut self) -> bool {
        if self.tasks.count(|job| matches!(job, Job::Expand(_))) > 1 {
            return false;
        }
        let records: Vec<_> = self.watch.stage(|stage| {
            let most = 1 + stage.dice.below(3);
            let taken: Vec<_> = stage.records.iter().take(most).cloned().collect();
            let repeat = stage.rates.repeat;
            if !stage.dice.happens(repeat) {
                stage.records.drain(..taken.len());
            }
            taken
        });
        if records.is_empty() {
            return false;
        }
        self.begin(Job::Expand(records));
        true
    }

    /// The stream tells what changed: in any order, now and then a second time. Sometimes it is counted.
    fn begin_noting(&mut self) -> bool {
        if self
            .tasks
            .count(|job| matches!(job, Job::Note(_) | Job::Count))
            > 2
        {
            return false;
        }
        let told: Vec<_> = self.watch.stage(|stage| {
            let most = 1 + stage.dice.below(12);
            let mut told = Vec::new();
            while told.len() < most && !stage.changed.is_empty() {
                let place = stage.dice.below(stage.changed.len());
                let repeat = stage.rates.repeat;
                if stage.dice.happens(repeat) {
                    told.push(stage.changed[place]);
                } else {
                    told.push(stage.changed.swap_remove(place));
                }
            }
            told
        });
        if told.is_empty() {
            return false;
        }
        self.begin(Job::Note(told));
        match self.roll(12) {
            0..2 => self.begin(Job::Count),
            2 => self.begin(Job::CountEarlier),
            _ => {}
        }
        true
    }

    fn begin_delivery(&mut self) -> bool {
        let woken = self.watch.stage(|stage| {
            let woken = stage.wakes > 0;
            stage.wakes = stage.wakes.saturating_sub(1);
            woken
        });
        if woken {
            self.begin(Job::Deliver);
        }
        woken
    }

    fn begin_maintenance(&mut self) -> bool {
        let now = self.clock.now();
        if now < self.next_maintenance {
            return false;
        }
        self.next_maintenance = now + MINUTE;
        if !self.happens(|rates| rates.lost) {
            self.begin(Job::Maintain);
            self.begin(Job::Poll);
            if self.roll(4) == 0 && self.kept_for().is_some() {
                self.begin(Job::Erase);
            }
        }
        true
    }

    /// The reader of the stream that tells the world waits for some rows, as it does in AWS.
    fn begin_publishing(&mut self) -> bool {
        if self.tasks.count(|job| matches!(job, Job::Publish(_))) > 0 {
            return false;
        }
        let patient = self.mended.is_none();
        let rows: Vec<_> = self.watch.stage(|stage| {
            if patient && stage.history.len() < 6 && stage.dice.below(12) > 0 {
                return Vec::new();
            }
            let most = stage.history.len().min(12);
            stage.history.drain(..most).collect()
        });
        if rows.is_empty() {
            return false;
        }
        self.begin(Job::Publish(rows));
        true
    }

    fn begin_feedback(&mut self) -> bool {
        let now = self.clock.now();
        let due = self.watch.stage(|stage| {
            let index = stage.reports.iter().position(|(at, _)| *at <= now)?;
            Some(stage.reports.swap_remove(index).1)
        });
        let Some(feedback) = due else { return false };
        self.begin(Job::Feedback(feedback));
        true
    }

    fn begin_waiting(&mut self) -> bool {
        if self.waiting.is_empty() || self.tasks.count(|_| true) > 12 {
            return false;
        }
        let job = self.waiting.swap_remove(self.roll(self.waiting.len()));
        if matches!(job, Job::Report(_) | Job::Tell(_)) && self.happens(|rates| rates.repeat) {
            self.waiting.push(job.clone());
        }
        self.begin(job);
        true
    }

    /// Nobody can go on: time leaps to when somebody can.
    pub(super) fn leap(&mut self) {
        let next_report = self
            .watch
            .stage(|stage| stage.reports.iter().map(|(at, _)| *at).min());
        let (now, mut round) = (self.clock.now(), self.next_maintenance);
        if self.mended.is_some() {
            // Rounds of maintenance in which nothing is due change nothing, and are left out.
            let due = self.next_due().filter(|due| *due > round);
            round = due.unwrap_or(round);
        }
        let next = [
            self.clock.next_waking(),
            self.tasks.next_thaw(now),
            next_report,
        ]
        .into_iter()
        .flatten()
        .fold(round, Timestamp::min);
        self.set(next.max(now + SignedDuration::from_millis(1)));
    }
}
