//! Jobs with their cursors.

use beckon_domain::model::batch::BatchSelection;
use beckon_domain::model::job::{Job, JobAction, JobCursor, JobSelection};
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::stored::Carried;
use beckon_domain::values::ids::{JobId, UserId, Version};
use jiff::{SignedDuration, Timestamp};

use super::{an_administrator, monday_morning};
use crate::entropy::fresh_ulid;

/// A job for these users, at its beginning. They are its one row.
pub fn a_job(action: JobAction, users: &[UserId]) -> (Job, JobCursor) {
    a_job_at(action, users, monday_morning())
}

/// The same, ordered at this moment.
pub fn a_job_at(action: JobAction, users: &[UserId], at: Timestamp) -> (Job, JobCursor) {
    let job = Job {
        id: JobId::new(ulid::Ulid::from_parts(
            u64::try_from(at.as_millisecond()).unwrap_or_default(),
            fresh_ulid().random(),
        )),
        version: Version::FIRST,
        who: an_administrator(),
        action,
        selection: JobSelection::People {
            whom: BatchSelection::Few {
                users: users.to_vec(),
            },
        },
        class: MailClass::Small,
        created_at: at,
        carried: Carried::default(),
        request_id: None,
    };
    let due_at = at + SignedDuration::from_mins(1);
    let cursor = JobCursor::at_the_start(&job, 1, Some(users.len() as u64), due_at);
    (job, cursor)
}
