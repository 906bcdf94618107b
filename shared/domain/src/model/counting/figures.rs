//! What is counted, by name, and how often.

use std::collections::BTreeMap;

use super::{Bucket, Fate, PageNumbers, Range, Standing};
use crate::model::mail::MailState;

/// A step of the way from the invitation to the confirmation. Each is a fact of its own: one without a
/// PIN redeems nothing, and a PIN may be read out whose mail never arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The batch issued an invitation.
    Invited,
    /// The recipient's server took the batch's mail.
    Delivered,
    /// The secret was shown, and a session opened.
    Redeemed,
    /// A device was recorded that completed the invitation.
    Registered,
    /// The recipient's server took the confirmation.
    Confirmed,
}

impl Step {
    /// Every step, in their order.
    pub const ALL: [Self; 5] = [
        Self::Invited,
        Self::Delivered,
        Self::Redeemed,
        Self::Registered,
        Self::Confirmed,
    ];

    /// The name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Delivered => "delivered",
            Self::Redeemed => "redeemed",
            Self::Registered => "registered",
            Self::Confirmed => "confirmed",
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Figure {
    /// People who reached this step.
    Reached(Step),
    /// People who reached this step in a time of this bucket.
    Took(Step, Bucket),
    /// Invitations that stand so.
    Standing(Standing),
    /// Open invitations whose mail came back.
    Bounced,
    /// Open invitations whose mail the mail service refused.
    Refused,
    /// The batch's mails that stand so.
    Mail(MailState),
    /// People on pages who were invited.
    Issued,
    /// People on pages who were not.
    Skipped,
    /// People on pages who will get a confirmation.
    Confirming,
}

impl Figure {
    /// The name in rows, which never changes.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Reached(step) => step.name().to_owned(),
            Self::Took(step, bucket) => format!("{}.{}", step.name(), bucket.number()),
            Self::Standing(standing) => format!("is.{}", standing.name()),
            Self::Bounced => "bounced".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::Mail(state) => format!("mail.{}", state.name()),
            Self::Issued => "issued".to_owned(),
            Self::Skipped => "skipped".to_owned(),
            Self::Confirming => "confirming".to_owned(),
        }
    }

    /// The figure of this name; `None` if it is none that this version knows.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let step = |name: &str| Step::ALL.into_iter().find(|step| step.name() == name);
        match name.split_once('.') {
            Some(("is", name)) => Standing::ALL
                .into_iter()
                .find(|standing| standing.name() == name)
                .map(Self::Standing),
            Some(("mail", name)) => MailState::ALL
                .into_iter()
                .find(|state| state.name() == name)
                .map(Self::Mail),
            Some((name, bucket)) => {
                let bucket = Bucket::numbered(bucket.parse().ok()?)?;
                Some(Self::Took(step(name)?, bucket))
            }
            None => match name {
                "bounced" => Some(Self::Bounced),
                "refused" => Some(Self::Refused),
                "issued" => Some(Self::Issued),
                "skipped" => Some(Self::Skipped),
                "confirming" => Some(Self::Confirming),
                name => step(name).map(Self::Reached),
            },
        }
    }
}

/// How often each figure; what is not there counts as none. Differences may be below nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts(BTreeMap<Figure, i64>);

impl Counts {
    /// How often.
    #[must_use]
    pub fn of(&self, figure: Figure) -> u64 {
        let count = self.0.get(&figure).copied().unwrap_or(0);
        u64::try_from(count).unwrap_or(0)
    }

    /// Adds to a figure.
    pub fn add(&mut self, figure: Figure, number: i64) {
        let count = self.0.entry(figure).or_default();
        *count += number;
        if *count == 0 {
            self.0.remove(&figure);
        }
    }

    /// Adds each figure, so many times.
    pub fn add_all(&mut self, others: &Self, times: i64) {
        for (figure, number) in &others.0 {
            self.add(*figure, number * times);
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each figure that is there, with how often.
    pub fn iter(&self) -> impl Iterator<Item = (Figure, i64)> {
        self.0.iter().map(|(figure, number)| (*figure, *number))
    }

    /// How many reached a step in a time that is known.
    #[must_use]
    pub fn timed(&self, step: Step) -> u64 {
        self.times(step).map(|(_, number)| number).sum()
    }

    /// Between which times the median of the times is that a step took; `None` if none is known. Of
    /// an even number it is the lower of the two in the middle.
    #[must_use]
    pub fn median(&self, step: Step) -> Option<Range> {
        let middle = self.timed(step).div_ceil(2);
        let mut passed = 0;
        let bucket = self.times(step).find(|(_, number)| {
            passed += number;
            passed >= middle
        });
        bucket
            .filter(|_| middle > 0)
            .map(|(bucket, _)| bucket.range())
    }

    fn times(&self, step: Step) -> impl Iterator<Item = (Bucket, u64)> {
        self.0
            .iter()
            .filter_map(move |(figure, number)| match figure {
                Figure::Took(of, bucket) if *of == step => {
                    Some((*bucket, u64::try_from(*number).unwrap_or(0)))
                }
                _ => None,
            })
    }

    /// What one person adds to the sums of their batch.
    #[must_use]
    pub fn of_batch(fate: &Fate) -> Self {
        let mut counts = Self::of_person(fate);
        counts.add(Figure::Mail(fate.mail), 1);
        counts
    }

    /// What one person adds to the sums of everything, and of each of their groups.
    #[must_use]
    pub fn of_everything(fate: &Fate) -> Self {
        if fate.again {
            Self::default()
        } else {
            Self::of_person(fate)
        }
    }

    fn of_person(fate: &Fate) -> Self {
        let mut counts = Self::default();
        for step in Step::ALL {
            if let Some(time) = fate.step(step) {
                counts.add(Figure::Reached(step), 1);
                if let Some(bucket) = time {
                    counts.add(Figure::Took(step, bucket), 1);
                }
            }
        }
        counts.add(Figure::Standing(fate.standing), 1);
        let needs_attention = match fate.mail {
            MailState::SoftBounced | MailState::HardBounced => Some(Figure::Bounced),
            MailState::Failed => Some(Figure::Refused),
            MailState::Waiting
            | MailState::Sending
            | MailState::Unknown
            | MailState::Sent
            | MailState::Delayed
            | MailState::Delivered
            | MailState::Complained
            | MailState::Dropped => None,
        };
        if let Some(figure) = needs_attention.filter(|_| fate.standing.is_open()) {
            counts.add(figure, 1);
        }
        counts
    }

    /// What a page adds to the sums of its batch.
    #[must_use]
    pub fn of_page(page: PageNumbers) -> Self {
        let mut counts = Self::default();
        counts.add(Figure::Issued, i64::from(page.issued));
        counts.add(Figure::Skipped, i64::from(page.skipped));
        counts.add(Figure::Confirming, i64::from(page.confirmed));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_is_found_by_its_name() {
        let steps = Step::ALL.into_iter();
        let mut figures: Vec<Figure> = steps.clone().map(Figure::Reached).collect();
        figures.extend(steps.flat_map(|step| {
            (0..48).map(move |n| Figure::Took(step, Bucket::numbered(n).unwrap()))
        }));
        figures.extend(Standing::ALL.map(Figure::Standing));
        figures.extend(MailState::ALL.map(Figure::Mail));
        figures.extend([Figure::Bounced, Figure::Refused, Figure::Issued]);
        figures.extend([Figure::Skipped, Figure::Confirming]);

        for figure in figures {
            assert_eq!(Figure::named(&figure.name()), Some(figure));
        }
        for unknown in [
            "",
            "redeemed.99",
            "is.lost",
            "mail.",
            "invited.x",
            "version",
        ] {
            assert_eq!(Figure::named(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_median_is_the_bucket_in_which_half_of_the_times_are() {
        let mut counts = Counts::default();
        assert_eq!(counts.median(Step::Redeemed), None);
        for (bucket, number) in [(2, 3), (10, 1), (40, 3)] {
            let bucket = Bucket::numbered(bucket).unwrap();
            counts.add(Figure::Took(Step::Redeemed, bucket), number);
        }

        let tenth = Bucket::numbered(10).unwrap().range();
        assert_eq!(counts.timed(Step::Redeemed), 7);
        assert_eq!(counts.median(Step::Redeemed), Some(tenth));
        assert_eq!(counts.median(Step::Registered), None);
    }

    #[test]
    fn adding_the_difference_gives_what_adding_all_would() {
        let fate = Fate {
            mail: MailState::HardBounced,
            standing: Standing::Locked,
            again: false,
            steps: [None; 4],
        };
        let later = Fate {
            mail: MailState::Delivered,
            standing: Standing::Completed,
            steps: [Some(None), Some(Bucket::numbered(3)), Some(None), None],
            ..fate
        };
        let mut counts = Counts::of_batch(&fate);
        assert_eq!(counts.of(Figure::Bounced), 1);

        counts.add_all(&Counts::of_batch(&later), 1);
        counts.add_all(&Counts::of_batch(&fate), -1);

        assert_eq!(counts, Counts::of_batch(&later));
        assert_eq!(
            Counts::of_everything(&Fate {
                again: true,
                ..later
            }),
            Counts::default()
        );
    }
}
