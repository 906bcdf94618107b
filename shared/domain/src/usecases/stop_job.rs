//! Stopping a job: what was done stays done, and nobody further is touched. The cursor says so, which
//! every step replaces; so no step is written after it.

use crate::model::actor::Actor;
use crate::model::job::{Job, JobCursor};
use crate::ports::clock::Clock;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::jobs::Jobs;
use crate::ports::turns::Turns;
use crate::values::ids::JobId;

/// Stops jobs.
#[derive(Debug, Clone)]
pub struct StopJob<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Jobs>> StopJob<E> {
    /// Stops a job. `None` if there is none. One that is done or stopped stays as it is.
    pub async fn run(
        &self,
        id: JobId,
        who: &Actor,
    ) -> Result<Option<(Job, JobCursor)>, Unavailable> {
        let mut turns = Turns::new(&self.env, "stopping a job");
        loop {
            let Some((job, cursor)) = self.env.store().load_job(id).await? else {
                return Ok(None);
            };
            if cursor.stopped_at.is_some() || cursor.done {
                return Ok(Some((job, cursor)));
            }
            let stopped = JobCursor {
                version: cursor.version.next(),
                stopped_at: Some(self.env.clock().now()),
                stopped_by: Some(who.clone()),
                // What is left to do, a run does for which this write asks.
                in_hand: false,
                ..cursor
            };
            match self.env.store().save_job_cursor(&stopped).await {
                Ok(()) => return Ok(Some((job, stopped))),
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
    }
}
