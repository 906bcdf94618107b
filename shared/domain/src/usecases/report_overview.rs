//! How far everybody is, or everybody of a group: the funnel, what needs attention, and whose
//! invitation ends tomorrow.

pub(crate) mod numbers;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::counting::{Counts, EarlierBatches, Scope};
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::counters::Counters;
use crate::ports::delivery::Delivery;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::values::names::GroupName;
use numbers::numbers;

/// How many invitations are looked at to say how many end tomorrow.
const MAX_LOOKED_AT: usize = 1_000;

/// How many of them are read at a time.
const AT_ONCE: usize = 250;

/// From when to when a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Its beginning.
    pub from: Timestamp,
    /// The beginning of the next.
    pub until: Timestamp,
}

/// How many invitations end tomorrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndingTomorrow {
    /// Which day that is.
    pub day: Day,
    /// How many were found.
    pub count: u64,
    /// Whether there may be more.
    pub more: bool,
}

/// How far it is.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The sums.
    pub counts: Counts,
    /// Whether they hold everything.
    pub complete: bool,
    /// What ends tomorrow.
    pub ending: EndingTomorrow,
}

/// Some of those whose invitation ends tomorrow.
#[derive(Debug, Clone)]
pub struct EndingPage {
    /// Which day that is.
    pub day: Day,
    /// Who.
    pub users: Vec<User>,
    /// Where the next ones begin; a page may be short, even empty, and still have a next one.
    pub next: Option<String>,
    /// How many cannot be read.
    pub unreadable: usize,
}

/// Reports how far it is.
#[derive(Debug, Clone)]
pub struct ReportOverview<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> ReportOverview<E>
where
    E: Env<Store: Counters + Users + Batches + Mails + Delivery + SettingsStore>,
{
    /// Of everything, or of those who held a group when they were invited.
    pub async fn run(&self, group: Option<&GroupName>) -> Result<Overview, Unavailable> {
        let scope = group.map_or(Scope::Everything, |group| Scope::Group(group.clone()));
        let mut numbers = numbers(self.env.store(), &[scope], &[]).await?;
        let earlier = match numbers.earlier {
            // Until maintenance has come by once. A new system has nothing of before.
            EarlierBatches::NotBegun => self.nothing_was_sent().await?,
            EarlierBatches::UpTo { .. } => false,
            EarlierBatches::Done => true,
        };
        Ok(Overview {
            counts: numbers.counts.pop().unwrap_or_default(),
            complete: numbers.current && earlier,
            ending: self.ending_tomorrow(group).await?,
        })
    }

    /// Some of those whose invitation ends tomorrow, of a group if one is named: of those who hold it
    /// now. Earliest first as far as a page goes.
    pub async fn ending(
        &self,
        group: Option<&GroupName>,
        position: Option<&str>,
        limit: usize,
    ) -> Result<EndingPage, Unavailable> {
        let day = self.tomorrow().await?;
        let store = self.env.store();
        let due = store.due_by(day.until, position, limit).await?;
        let read = store.read_users(&due.items).await?;
        let ends_then = |user: &User| {
            let open = user.invitation.as_ref().filter(|own| own.is_open());
            open.is_some_and(|open| day.from <= open.expires_at && open.expires_at < day.until)
        };
        let held = |user: &User| group.is_none_or(|group| user.is_in(group));
        let mut users: Vec<User> = read
            .found
            .into_iter()
            .filter(|user| ends_then(user) && held(user))
            .collect();
        users.sort_by_key(|user| (user.invitation.as_ref().map(|own| own.expires_at), user.id));
        Ok(EndingPage {
            day,
            users,
            next: due.next,
            unreadable: read.unreadable.len(),
        })
    }

    async fn ending_tomorrow(
        &self,
        group: Option<&GroupName>,
    ) -> Result<EndingTomorrow, Unavailable> {
        let (mut position, mut count) = (None, 0);
        for _ in 0..MAX_LOOKED_AT / AT_ONCE {
            let page = self.ending(group, position.as_deref(), AT_ONCE).await?;
            count += page.users.len() as u64;
            position = page.next;
            if position.is_none() {
                let day = page.day;
                return Ok(EndingTomorrow {
                    day,
                    count,
                    more: false,
                });
            }
        }
        Ok(EndingTomorrow {
            day: self.tomorrow().await?,
            count,
            more: true,
        })
    }

    async fn nothing_was_sent(&self) -> Result<bool, Unavailable> {
        let listed = self.env.store().list_batches(None, 1).await?;
        Ok(listed.items.is_empty() && listed.next.is_none())
    }

    /// Tomorrow, in the time zone of the settings.
    async fn tomorrow(&self) -> Result<Day, Unavailable> {
        let settings = self.env.store().current_settings().await?.settings;
        Ok(day_after(
            self.env.clock().now(),
            &settings.time_zone.zone(),
        ))
    }
}

/// The day after the one of this moment. A day may have 23 or 25 hours.
#[must_use]
pub fn day_after(now: Timestamp, zone: &TimeZone) -> Day {
    let today = now.to_zoned(zone.clone());
    let begins = |days: i64| {
        use jiff::ToSpan as _;
        let then = today.checked_add(days.days());
        then.and_then(|day| day.start_of_day())
            .map_or(Timestamp::MAX, |day| day.timestamp())
    };
    Day {
        from: begins(1),
        until: begins(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn tomorrow_is_the_next_day_where_the_settings_are_also_when_clocks_change() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();

        let evening = day_after(at("2026-11-27T23:30:00Z"), &berlin);
        assert_eq!(evening.from, at("2026-11-28T23:00:00Z"));
        assert_eq!(evening.until, at("2026-11-29T23:00:00Z"));
        let longer = day_after(at("2026-10-24T10:00:00Z"), &berlin);
        assert_eq!(longer.from, at("2026-10-24T22:00:00Z"));
        assert_eq!(longer.until, at("2026-10-25T23:00:00Z"));
    }
}
