//! A scheduler of one thread: tasks go on one at a time, from one call of a port to the next, in
//! an order that the seed draws. A task that is dropped is a process that was killed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use jiff::Timestamp;

use super::dice::Dice;
use super::jobs::Job;

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// With an answer.
    Done,
    /// Something was out of reach; whoever asked may ask again.
    Again,
    /// It needs a row that nobody can read, and was put by until somebody repairs it.
    PutBy,
}

/// A job on its way.
pub(super) type Play = Pin<Box<dyn Future<Output = Ended>>>;

struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(super) struct Task {
    pub(super) number: u64,
    pub(super) job: Job,
    /// Until when it stands still, whatever it waits for.
    pub(super) frozen: Timestamp,
    play: Play,
    ready: Arc<Ready>,
    waker: Waker,
}

impl Task {
    fn can_go_on(&self, now: Timestamp) -> bool {
        now >= self.frozen && self.ready.0.load(Ordering::Relaxed)
    }

    /// Goes on to the next call of a port, or to the end.
    pub(super) fn step(&mut self) -> Option<Ended> {
        self.ready.0.store(false, Ordering::Relaxed);
        match self
            .play
            .as_mut()
            .poll(&mut Context::from_waker(&self.waker))
        {
            Poll::Ready(ended) => Some(ended),
            Poll::Pending => None,
        }
    }
}

/// Everything that is under way.
#[derive(Default)]
pub(super) struct Tasks {
    running: Vec<Task>,
    begun: u64,
    last: u64,
}

impl Tasks {
    /// The number the next task will have.
    pub(super) const fn next_number(&self) -> u64 {
        self.begun + 1
    }

    pub(super) fn begin(&mut self, job: Job, play: Play) {
        self.begun += 1;
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        self.running.push(Task {
            number: self.begun,
            job,
            frozen: Timestamp::MIN,
            play,
            waker: Waker::from(Arc::clone(&ready)),
            ready,
        });
    }

    /// Takes one of the tasks that can go on. In `sticky` of a thousand cases it is the one that
    /// went on last.
    pub(super) fn take_ready(
        &mut self,
        dice: &mut Dice,
        sticky: u32,
        now: Timestamp,
    ) -> Option<Task> {
        let ready: Vec<usize> = (0..self.running.len())
            .filter(|index| self.running[*index].can_go_on(now))
            .collect();
        let last = ready
            .iter()
            .find(|index| self.running[**index].number == self.last);
        let index = match last {
            Some(index) if dice.happens(sticky) => *index,
            _ => *dice.pick(&ready)?,
        };
        self.last = self.running[index].number;
        Some(self.running.swap_remove(index))
    }

    /// Puts a task back that has not ended.
    pub(super) fn put_back(&mut self, task: Task) {
        self.running.push(task);
    }

    /// When the next of those that stand still goes on.
    pub(super) fn next_thaw(&self, now: Timestamp) -> Option<Timestamp> {
        let frozen = self.running.iter().map(|task| task.frozen);
        frozen.filter(|until| *until > now).min()
    }

    pub(super) fn count(&self, which: impl Fn(&Job) -> bool) -> usize {
        self.running.iter().filter(|task| which(&task.job)).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}

/// Plays something alone to its end.
pub(super) fn finish<T>(play: impl Future<Output = T>) -> T {
    let mut play = Box::pin(play);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = play.as_mut().poll(&mut context) {
            return result;
        }
    }
}
