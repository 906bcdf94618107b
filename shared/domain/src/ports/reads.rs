//! What a read of several rows gives, those that cannot be read included.

use crate::model::stored::Unreadable;
use crate::ports::error::Unavailable;

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// A before Z.
    #[default]
    Ascending,
    /// Z before A.
    Descending,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct ListPage<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; `None` at the end. A page may be short, even empty, and still
    /// have a next one: an adapter bounds the reads of one page.
    pub next: Option<String>,
    /// How many rows were left out because they cannot be read.
    pub unreadable: usize,
}

impl<I> ListPage<I> {
    /// The rows of a page of ids, each loaded for itself. One that is gone since is left out; one that cannot be read
    /// is left out and counted.
    pub async fn loaded<T, F>(
        self,
        load: impl Fn(I) -> F + Send,
    ) -> Result<ListPage<T>, Unavailable>
    where
        I: Send,
        T: Send,
        F: Future<Output = Result<Option<T>, Unavailable>> + Send,
    {
        let mut page = ListPage {
            items: Vec::new(),
            next: self.next,
            unreadable: self.unreadable,
        };
        for id in self.items {
            match load(id).await {
                Ok(row) => page.items.extend(row),
                Err(error) if error.unreadable().is_some() => page.unreadable += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }
}

/// A read in which a row that cannot be read counts as absent: for public routes, whose refusals all
/// look alike.
pub fn readable<T>(read: Result<Option<T>, Unavailable>) -> Result<Option<T>, Unavailable> {
    match read {
        Err(error) if error.unreadable().is_some() => Ok(None),
        other => other,
    }
}

/// Rows that were asked for by their ids.
#[derive(Debug, Clone)]
pub struct Loaded<T, I> {
    /// Those that were found, in any order.
    pub found: Vec<T>,
    /// Those that are there and cannot be read.
    pub unreadable: Vec<(I, Unreadable)>,
}

impl<T, I> Loaded<T, I> {
    /// The row, where one was asked for.
    pub fn one(mut self) -> Result<Option<T>, Unavailable> {
        match self.unreadable.pop() {
            Some((_, row)) => Err(row.into()),
            None => Ok(self.found.pop()),
        }
    }
}

impl<T, I: PartialEq> Loaded<T, I> {
    /// Why this one cannot be read, if it cannot.
    #[must_use]
    pub fn why_unreadable(&self, id: &I) -> Option<&Unreadable> {
        let mut rows = self.unreadable.iter();
        rows.find(|(of, _)| of == id).map(|(_, row)| row)
    }
}

/// Rows of a kind that were read together.
#[derive(Debug, Clone)]
pub struct Readable<T> {
    /// Those that could be read.
    pub items: Vec<T>,
    /// How many could not.
    pub unreadable: usize,
}
