//! The index that lists rows.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::ListPage;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::keys::{ListKind, SHARDS, id_in};
use super::rows::Item;
use super::{Table, keys, text, unavailable};
use crate::sdk_calls::SdkCall as _;

/// An entry of the index that lists rows.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) order: String,
    pub(super) pk: String,
}

impl Table {
    /// The ids of a list, newest first.
    pub(super) async fn list_ids<I: std::str::FromStr>(
        &self,
        kind: ListKind,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<I>, Unavailable> {
        self.ids_in(kind, position, limit, false).await
    }

    /// The ids of a list, from either end.
    pub(super) async fn ids_in<I: std::str::FromStr>(
        &self,
        kind: ListKind,
        position: Option<&str>,
        limit: usize,
        ascending: bool,
    ) -> Result<ListPage<I>, Unavailable> {
        let slice = self.list_slice(kind, position, limit, ascending).await?;
        let entries = slice.items.iter();
        Ok(ListPage {
            items: entries
                .filter_map(|entry| id_in(&entry.pk).parse().ok())
                .collect(),
            next: slice.next,
            unreadable: 0,
        })
    }

    /// The next entries of a list, merged from its partitions. Each partition is asked for a
    /// little more than its share; where one has still more, entries behind its last one wait
    /// for the next slice.
    pub(super) async fn list_slice(
        &self,
        kind: ListKind,
        position: Option<&str>,
        limit: usize,
        ascending: bool,
    ) -> Result<ListPage<Entry>, Unavailable> {
        let is_before = |a: &String, b: &String| if ascending { a <= b } else { a >= b };
        let parts: Vec<(Vec<Entry>, bool)> = if let Some(mut all) = self.small_list(kind).await? {
            if let Some(position) = position.map(str::to_owned) {
                all.retain(|entry| !is_before(&entry.order, &position));
            }
            vec![(all, false)]
        } else {
            let share = limit / usize::from(SHARDS) * 2 + 8;
            futures_util::stream::iter(0..SHARDS)
                .map(|shard| self.list_part(kind.partition(shard), position, share, ascending))
                .buffer_unordered(self.partitions_at_a_time())
                .try_collect()
                .await?
        };
        let mut horizon: Option<String> = None;
        for (entries, more) in &parts {
            if let Some(last) = entries.last().filter(|_| *more) {
                horizon = Some(match horizon {
                    Some(nearest) if is_before(&nearest, &last.order) => nearest,
                    _ => last.order.clone(),
                });
            }
        }
        let mut more = horizon.is_some();
        let mut items: Vec<Entry> = parts.into_iter().flat_map(|(entries, _)| entries).collect();
        if let Some(horizon) = &horizon {
            items.retain(|entry| is_before(&entry.order, horizon));
        }
        items.sort();
        if !ascending {
            items.reverse();
        }
        if items.len() > limit {
            items.truncate(limit);
            more = true;
        }
        let next = items
            .last()
            .filter(|_| more)
            .map(|entry| entry.order.clone());
        Ok(ListPage {
            items,
            next,
            unreadable: 0,
        })
    }

    /// All entries of a list, if the index is a small one.
    async fn small_list(&self, kind: ListKind) -> Result<Option<Vec<Entry>>, Unavailable> {
        let rows = self.small_index(keys::LIST).await?;
        Ok(rows.map(|mut rows| {
            rows.retain(|row| {
                matches!(row.get(keys::LIST_PK), Some(AttributeValue::S(partition)) if kind.has(partition))
            });
            entries(rows)
        }))
    }

    async fn list_part(
        &self,
        partition: String,
        position: Option<&str>,
        limit: usize,
        ascending: bool,
    ) -> Result<(Vec<Entry>, bool), Unavailable> {
        let mut query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(keys::LIST)
            .expression_attribute_values(":partition", text(partition))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .scan_index_forward(ascending)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
        query = match position {
            None => query.key_condition_expression("listPk = :partition"),
            Some(position) => query
                .key_condition_expression(if ascending {
                    "listPk = :partition AND listSk > :position"
                } else {
                    "listPk = :partition AND listSk < :position"
                })
                .expression_attribute_values(":position", text(position)),
        };
        let answer = query.call().await.map_err(|error| unavailable(&error))?;
        self.note(false, answer.consumed_capacity());
        let entries = entries(answer.items.unwrap_or_default());
        Ok((entries, answer.last_evaluated_key.is_some()))
    }
}

fn entries(items: impl IntoIterator<Item = Item>) -> Vec<Entry> {
    let entry = |item: Item| match (item.get(keys::LIST_SK), item.get(keys::PK)) {
        (Some(AttributeValue::S(order)), Some(AttributeValue::S(pk))) => Some(Entry {
            order: order.clone(),
            pk: pk.clone(),
        }),
        _ => None,
    };
    items.into_iter().filter_map(entry).collect()
}
