//! Configuration from environment variables. Everything missing or wrong is reported at once, by
//! name and never by value: a value may be a secret.

use std::fmt;

use beckon_domain::model::settings::Settings;
use beckon_domain::values::address::EmailAddress;

/// Reads variables and collects what is wrong with them.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the configuration is not complete: {}",
            self.0.join("; ")
        )
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// A reader of these variables.
    #[must_use]
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            problems: Vec::new(),
        }
    }

    /// A variable that must be there.
    pub fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problems.push(format!("{name} is missing"));
            String::new()
        })
    }

    /// A variable that may be left out; an empty one counts as left out.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// A variable that must be there and parse.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.required(name);
        if value.is_empty() {
            return None;
        }
        let parsed = parse(&value);
        if parsed.is_none() {
            self.problems.push(format!("{name} is not {expected}"));
        }
        parsed
    }

    /// A number that may be left out.
    pub fn number_or(&mut self, name: &str, default: u64) -> u64 {
        match self.optional(name) {
            None => default,
            Some(value) => value.trim().parse().unwrap_or_else(|_| {
                self.problems.push(format!("{name} is not a whole number"));
                default
            }),
        }
    }

    /// Ends the reading: an error if anything was wrong.
    pub fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError(self.problems))
        }
    }
}

/// What every function that reads the table needs.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The table's name: `BECKON_TABLE`.
    pub table: String,
    /// The sender that holds until the settings name one: `BECKON_SENDER`.
    pub sender: EmailAddress,
}

impl StoreConfig {
    /// Reads it; what is wrong is with the reader.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let table = reader.required("BECKON_TABLE");
        let sender = reader.parsed("BECKON_SENDER", "a mail address", |text| {
            EmailAddress::parse(text).ok()
        })?;
        (!table.is_empty()).then_some(Self { table, sender })
    }

    /// The settings that hold until somebody saves some.
    #[must_use]
    pub fn defaults(&self) -> Settings {
        Settings::default_from(self.sender.clone())
    }
}

/// Reads a whole configuration, or says everything that is wrong with it.
pub fn complete<T>(
    lookup: &dyn Fn(&str) -> Option<String>,
    read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Result<T, ConfigError> {
    let mut reader = Reader::new(lookup);
    let config = read(&mut reader);
    reader.finish()?;
    config.ok_or_else(|| ConfigError(vec!["a value is missing".to_owned()]))
}

/// The process's own environment.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_named_at_once_and_no_value_is_shown() {
        let lookup = |name: &str| (name == "RATE").then(|| "hunter2".to_owned());
        let mut reader = Reader::new(&lookup);
        reader.required("TABLE_NAME");
        reader.number_or("RATE", 1);

        let error = reader.finish().unwrap_err().to_string();

        assert!(error.contains("TABLE_NAME is missing"));
        assert!(error.contains("RATE is not a whole number"));
        assert!(!error.contains("hunter2"));
    }
}
