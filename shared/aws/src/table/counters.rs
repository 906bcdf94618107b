//! Counting: what is uncounted, sheets of what is counted, and sums.
//!
//! Sums are numbers that are added to, so that writes about different sheets do not stand in each
//! other's way. A sum is only ever added to together with the sheets that say what is in it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};
use beckon_domain::model::counting::{
    CountSheet, CountedStep, Counts, Ledger, Scope, SheetKey, Uncounted, UncountedRow,
};
use beckon_domain::ports::counters::Counters;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::values::ids::Version;
use jiff::Timestamp;

use super::keys::{self, Key};
use super::mails::saved;
use super::reading::{KNOWN_SCHEMA, SCHEMA, check_schema, key_of, known_schema};
use super::rows::{self, Item, part};
use super::{Table, foreign, number, text};

mod layout;

/// What a row of what is uncounted lists.
const ENTRIES: &str = "entries";

/// How often sums were added to: an attribute of the sum over everything.
const ADDITIONS: &str = "additions";

/// A tally of which something else was made is begun anew: guesses at it must be counted.
const COUNTABLE: &str = "(attribute_type(#until, :number) AND attribute_type(#count, :number))";

impl Counters for Table {
    async fn uncounted(&self) -> Result<(Ledger, Vec<UncountedRow>), Unavailable> {
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :counting")
            .expression_attribute_values(":counting", text(keys::COUNTING))
            .consistent_read(true);
        let (items, _) = self.query_rows(query, usize::MAX).await?;
        let (mut ledger, mut listed) = (Ledger::default(), Vec::new());
        for item in items {
            let sk = key_of(&item).sk;
            let read = check_schema(&item).and_then(|()| {
                if sk == keys::LEDGER {
                    ledger = layout::ledger_of(&item)?;
                } else if let Some((generation, number)) = keys::uncounted_in(&sk) {
                    listed.push(UncountedRow {
                        generation,
                        number,
                        entries: layout::entries_of(item.get(ENTRIES))?,
                    });
                }
                Ok(())
            });
            if let Err(reason) = read {
                return Err(self.put_aside(&item, reason).await.into());
            }
        }
        Ok((ledger, listed))
    }

    async fn note_uncounted(
        &self,
        generation: u64,
        row: u32,
        entries: &[Uncounted],
    ) -> Result<(), Unavailable> {
        let entries = entries.iter().map(layout::bytes_of).map(Blob::new);
        let update = self
            .update(keys::uncounted(generation, row))
            .update_expression("ADD #entries :entries SET #schema = :schema")
            .expression_attribute_names("#entries", ENTRIES)
            .expression_attribute_names("#schema", keys::SCHEMA)
            .expression_attribute_values(":entries", AttributeValue::Bs(entries.collect()))
            .expression_attribute_values(":schema", number(SCHEMA));
        self.updated(update).await?;
        Ok(())
    }

    async fn save_ledger(&self, ledger: &Ledger) -> Result<(), SaveError> {
        let item = layout::ledger(ledger);
        if self.put(self.replace(item, ledger.version)?).await? {
            Ok(())
        } else {
            Err(SaveError::Conflict)
        }
    }

    async fn add_counts(&self, step: &CountedStep) -> Result<(), SaveError> {
        let mut items: Vec<TransactWriteItem> = Vec::new();
        for sheet in &step.sheets {
            items.push(part(self.replace(layout::sheet(sheet), sheet.version)?));
        }
        items.push(self.ledger_is(step.ledger)?);
        let nothing = Counts::default();
        let everything = step.adds.get(&Scope::Everything).unwrap_or(&nothing);
        items.push(self.added(&Scope::Everything, everything)?);
        for (scope, counts) in &step.adds {
            if *scope != Scope::Everything && !counts.is_empty() {
                items.push(self.added(scope, counts)?);
            }
        }
        saved(self.transact(items).await)
    }

    async fn forget_uncounted(&self, row: &UncountedRow) -> Result<(), Unavailable> {
        let key = keys::uncounted(row.generation, row.number);
        // It is only ever added to: if it lists as many, it lists the same.
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.into_item()))
            .condition_expression("size(#entries) = :listed")
            .expression_attribute_names("#entries", ENTRIES)
            .expression_attribute_values(":listed", number(row.entries.len()))
            .build()
            .map_err(foreign)?;
        self.delete(delete).await?;
        Ok(())
    }

    async fn sheets(&self, wanted: &[SheetKey]) -> Result<Vec<CountSheet>, Unavailable> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self
            .by_key(wanted.iter().map(|key| keys::sheet(*key)))
            .await?;
        let mut sheets = Vec::with_capacity(wanted.len());
        for key in wanted {
            let Some(item) = found.remove(&keys::sheet(*key).parts()) else {
                sheets.push(CountSheet::empty(*key));
                continue;
            };
            match check_schema(&item).and_then(|()| layout::sheet_of(*key, &item)) {
                Ok(sheet) => sheets.push(sheet),
                Err(reason) => return Err(self.put_aside(&item, reason).await.into()),
            }
        }
        Ok(sheets)
    }

    async fn counts(&self, scopes: &[Scope]) -> Result<(u64, Vec<Counts>), Unavailable> {
        // First, and by itself: what is added while the others are read must show.
        let everything = self.get(keys::counts(&Scope::Everything)).await?;
        let additions = everything.as_ref().and_then(|item| item.get(ADDITIONS));
        let additions = match additions {
            Some(AttributeValue::N(number)) => number.parse().unwrap_or(0),
            _ => 0,
        };
        let others = scopes
            .iter()
            .filter(|scope| **scope != Scope::Everything)
            .map(keys::counts);
        let found = self.by_key(others).await?;
        let mut sums = Vec::with_capacity(scopes.len());
        for scope in scopes {
            let item = match scope {
                Scope::Everything => everything.as_ref(),
                Scope::Group(_) | Scope::Batch(_) => found.get(&keys::counts(scope).parts()),
            };
            match item.map(|item| (item, check_schema(item))) {
                None => sums.push(Counts::default()),
                Some((item, Ok(()))) => sums.push(layout::counts_of(item)),
                Some((item, Err(reason))) => {
                    return Err(self.put_aside(item, reason).await.into());
                }
            }
        }
        Ok((additions, sums))
    }

    async fn tally(&self, name: &str, now: Timestamp) -> Result<u64, Unavailable> {
        let Some(item) = self.get(keys::tally(name)).await? else {
            return Ok(0);
        };
        let stored = |attribute: &str| match item.get(attribute) {
            Some(AttributeValue::N(number)) => number.parse::<i64>().unwrap_or(0),
            _ => 0,
        };
        if stored("until") <= now.as_millisecond() {
            return Ok(0);
        }
        Ok(u64::try_from(stored("count")).unwrap_or(0))
    }

    async fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        if self.add_to_running(name, now).await? {
            return Ok(());
        }
        // None runs, or its time is over: begin anew, unless somebody else just did.
        let mut item = rows::fresh(keys::tally(name));
        item.insert("count".to_owned(), number(1));
        item.insert("until".to_owned(), number(until.as_millisecond()));
        item.insert(keys::TTL.to_owned(), number(until.as_second()));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(format!(
                "attribute_not_exists(pk) OR #until <= :now OR NOT {COUNTABLE}"
            ))
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":number", text("N"))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .build()
            .map_err(foreign)?;
        if !self.put(put).await? {
            self.add_to_running(name, now).await?;
        }
        Ok(())
    }
}

impl Table {
    async fn by_key(
        &self,
        wanted: impl Iterator<Item = Key>,
    ) -> Result<HashMap<(String, String), Item>, Unavailable> {
        let wanted: Vec<Key> = wanted.collect();
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let items = self.get_many(wanted).await?.into_iter();
        let keyed = items.map(|item| {
            let key = key_of(&item);
            ((key.pk, key.sk), item)
        });
        Ok(keyed.collect())
    }

    /// That the ledger is still in this version, as a part of a transaction.
    fn ledger_is(&self, version: Version) -> Result<TransactWriteItem, Unavailable> {
        let check = ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(keys::ledger().into_item()));
        let check = if version == Version::default() {
            check.condition_expression("attribute_not_exists(pk)")
        } else {
            check
                .condition_expression("#version = :read")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":read", number(version.get()))
        };
        let check = check.build().map_err(foreign)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// What adds to a sum, as a part of a transaction.
    fn added(&self, scope: &Scope, counts: &Counts) -> Result<TransactWriteItem, Unavailable> {
        let mut adds: BTreeMap<String, i64> = counts
            .iter()
            .map(|(figure, times)| (figure.name(), times))
            .collect();
        if *scope == Scope::Everything {
            adds.insert(ADDITIONS.to_owned(), 1);
        }
        let mut update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(keys::counts(scope).into_item()))
            .condition_expression(KNOWN_SCHEMA)
            .expression_attribute_names("#schema", keys::SCHEMA)
            .expression_attribute_values(":schema", known_schema());
        let mut parts = Vec::with_capacity(adds.len());
        for (place, (name, times)) in adds.into_iter().enumerate() {
            parts.push(format!("#f{place} :f{place}"));
            update = update
                .expression_attribute_names(format!("#f{place}"), name)
                .expression_attribute_values(format!(":f{place}"), number(times));
        }
        let update = update
            .update_expression(format!("SET #schema = :schema ADD {}", parts.join(", ")))
            .build()
            .map_err(foreign)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Table {
    /// Adds to a tally whose time is not over; `false` if there is none.
    async fn add_to_running(&self, name: &str, now: Timestamp) -> Result<bool, Unavailable> {
        let update = self
            .update(keys::tally(name))
            .condition_expression(format!("#until > :now AND {COUNTABLE}"))
            .expression_attribute_values(":number", text("N"))
            .update_expression("ADD #count :one")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":one", number(1));
        Ok(self.updated(update).await?.is_some())
    }
}
