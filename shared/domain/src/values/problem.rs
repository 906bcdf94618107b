//! What is wrong with an input: one entry per field, in words that say what to do.

use std::collections::BTreeMap;

use serde::Serialize;

/// One field that cannot be accepted, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Where it stands, as a path through the document: `pin.length`, `userIds[3]`.
    pub field: String,
    /// A stable name for programs.
    pub code: &'static str,
    /// A sentence for people. It never repeats a secret.
    pub detail: String,
    /// What the sentence says in numbers and names, so that it can be said in other languages: `least`, `most`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<&'static str, String>,
}

impl FieldProblem {
    /// A problem of `field`.
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.into(),
            parameters: BTreeMap::new(),
        }
    }

    /// The same problem with something that its sentence says.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers have numbers and texts"
    )]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.parameters.insert(name, value.to_string());
        self
    }

    /// The same problem, seen from the document that holds this one under `parent`.
    #[must_use]
    pub fn under(mut self, parent: &str) -> Self {
        self.field = if self.field.is_empty() {
            parent.to_owned()
        } else {
            format!("{parent}.{}", self.field)
        };
        self
    }
}

/// Collects the problems of a document, so that one answer names them all.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldProblem>);

impl Problems {
    /// Keeps the value of a good field, remembers the problem of a bad one.
    pub fn check<T>(&mut self, parsed: Result<T, FieldProblem>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(problem) => {
                self.0.push(problem);
                None
            }
        }
    }

    /// Remembers a problem.
    pub fn add(&mut self, problem: FieldProblem) {
        self.0.push(problem);
    }

    /// Remembers the problem unless `holds`.
    pub fn ensure(&mut self, holds: bool, problem: impl FnOnce() -> FieldProblem) {
        if !holds {
            self.0.push(problem());
        }
    }

    /// Whether nothing was wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was collected.
    #[must_use]
    pub fn into_vec(self) -> Vec<FieldProblem> {
        self.0
    }
}
