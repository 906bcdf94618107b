//! Ivanti EPMM, as it was `MobileIron Core`: <https://help.ivanti.com/mi/help/en_us/core/11.3.0.0/api2/APIv2/APIv2Devices.htm>.
//! `offset` is the index of the first row.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::rows::Place;
use super::{Page, PollFailed, called};
use crate::model::polling::Position;
use crate::model::settings::device_sources::SourceApi;
use crate::values::service_url::ServiceUrl;

/// How many are asked for at once.
const LIMIT: u64 = 200;

/// The space that holds every device.
const GLOBAL_SPACE: u64 = 1;

/// What is asked for of a device: the names of fields must be given.
const FIELDS: &str = "common.uuid,common.id,common.status,common.registration_date,common.model,common.platform,\
common.platform_name,common.os_version,common.owner,common.SerialNumber,user.email_address,user.user_id,user.display_name";

pub(super) fn page(api: &SourceApi, position: Option<&Position>) -> Result<ServiceUrl, PollFailed> {
    let offset = Place::of(position).offset;
    let space = api.space.unwrap_or(GLOBAL_SPACE);
    called(
        api,
        &format!(
            "/api/v2/devices?adminDeviceSpaceId={space}&query=common.status%20%3D%20%22ACTIVE%22&fields={FIELDS}&limit={LIMIT}&offset={offset}"
        ),
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
    has_more: bool,
}

pub(super) fn read<'a>(
    body: &'a [u8],
    position: Option<&Position>,
) -> Result<Page<'a>, PollFailed> {
    let answer: Answer<'a> = serde_json::from_slice(body).map_err(|_| PollFailed::NotUnderstood)?;
    let more = Some(answer.has_more);
    Ok(Place::of(position).page(answer.results, "common.uuid", more, LIMIT))
}
