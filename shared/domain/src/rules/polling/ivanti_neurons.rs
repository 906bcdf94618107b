//! Ivanti Neurons for MDM, as it was `MobileIron Cloud`.
//!
//! The list of devices, of which at most 500 are given at once:
//! <https://help.ivanti.com/mi/help/en_US/cld/8x/api/MDMCustomerIntegrationAPIGuide/MobileIron%20Cloud%20API%20Basics.htm>.
//! A tenant has partitions of devices, and each is a list of its own; `start` is the number of the first row, and what an answer
//! calls `offset` is not to be relied on: <https://github.com/demisto/content/tree/master/Packs/MobileIronUEM>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::rows::Place;
use super::{Page, PollFailed, called};
use crate::model::polling::Position;
use crate::model::settings::device_sources::SourceApi;
use crate::values::service_url::ServiceUrl;

/// The most that is given at once.
const LIMIT: u64 = 500;

/// The most partitions of a tenant.
const MAX_PARTITIONS: usize = 200;

pub(super) fn page(api: &SourceApi, position: Option<&Position>) -> Result<ServiceUrl, PollFailed> {
    let place = Place::of(position);
    // First, which lists there are, unless the settings name the only one that is wanted.
    let Some(partition) = place.spaces.first().copied().or(api.space) else {
        return called(
            api,
            &format!("/api/v1/tenant/partition/device?rows={MAX_PARTITIONS}&start=0"),
        );
    };
    let start = place.offset;
    called(
        api,
        &format!(
            "/api/v1/device?dmPartitionId={partition}&fq=registrationState%3DACTIVE&rows={LIMIT}&start={start}"
        ),
    )
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Found<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    #[serde(borrow)]
    search_results: Vec<&'a RawValue>,
    #[serde(default)]
    total_count: Option<u64>,
}

#[derive(Deserialize)]
struct Partition {
    id: u64,
}

pub(super) fn read<'a>(
    api: &SourceApi,
    body: &'a [u8],
    position: Option<&Position>,
) -> Result<Page<'a>, PollFailed> {
    let answer: Answer<'a> = serde_json::from_slice(body).map_err(|_| PollFailed::NotUnderstood)?;
    let (rows, total) = (answer.result.search_results, answer.result.total_count);
    let place = Place::of(position);
    if place.spaces.is_empty() && api.space.is_none() {
        let ids: Result<Vec<Partition>, _> = rows
            .iter()
            .map(|row| serde_json::from_str(row.get()))
            .collect();
        let ids = ids.map_err(|_| PollFailed::NotUnderstood)?;
        let spaces: Vec<u64> = ids.into_iter().map(|partition| partition.id).collect();
        let is_part = |total| u64::try_from(spaces.len()).is_ok_and(|read| read < total);
        let more = total.is_some_and(is_part);
        if spaces.is_empty() || more {
            return Err(PollFailed::NotUnderstood);
        }
        return Ok(Page {
            rows: Vec::new(),
            next: Some(first_of(spaces)),
        });
    }
    let read = u64::try_from(rows.len()).map_or(u64::MAX, |rows| place.offset + rows);
    let page = place.page(rows, "guid", total.map(|total| read < total), LIMIT);
    let next = page.next.or_else(|| {
        let left = place.spaces.get(1..).unwrap_or_default();
        (!left.is_empty()).then(|| first_of(left.to_vec()))
    });
    Ok(Page { next, ..page })
}

/// The begin of the first of these lists.
fn first_of(spaces: Vec<u64>) -> Position {
    Position::Behind {
        spaces,
        offset: 0,
        tail: Vec::new(),
    }
}
