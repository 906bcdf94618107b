//! Kandji, which is becoming Iru: <https://api-docs.kandji.io>, *List Devices*. A page is a list and nothing around it, so it
//! does not say whether more is behind it. A tenant has 10,000 requests an hour.

use serde_json::value::RawValue;

use super::rows::Place;
use super::{Page, PollFailed, called};
use crate::model::polling::Position;
use crate::model::settings::device_sources::SourceApi;
use crate::values::service_url::ServiceUrl;

/// The most that is given at once.
const LIMIT: u64 = 300;

pub(super) fn page(api: &SourceApi, position: Option<&Position>) -> Result<ServiceUrl, PollFailed> {
    let offset = Place::of(position).offset;
    called(
        api,
        &format!("/api/v1/devices?limit={LIMIT}&offset={offset}"),
    )
}

pub(super) fn read<'a>(
    body: &'a [u8],
    position: Option<&Position>,
) -> Result<Page<'a>, PollFailed> {
    let rows: Vec<&'a RawValue> =
        serde_json::from_slice(body).map_err(|_| PollFailed::NotUnderstood)?;
    Ok(Place::of(position).page(rows, "device_id", None, LIMIT))
}
