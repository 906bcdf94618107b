//! Rows: a domain value's own fields, its key, and the index attributes that follow from its
//! state. A row that is not due or not listed has no index attributes, and the indexes stay
//! sparse.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::change::Identifier;
use beckon_domain::model::device_event::{
    DeviceEvent, DeviceEventState, FAILED_KEPT_DAYS, LatestEvent, SETTLED_KEPT_DAYS,
};
use beckon_domain::model::erasure::{Tombstone, over_since};
use beckon_domain::model::group::Group;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::job::{Job, JobCursor, JobPage};
use beckon_domain::model::mail::{Mail, MailKind};
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::reported_device::ReportedDevice;
use beckon_domain::model::session::Session;
use beckon_domain::model::stored::Carried;
use beckon_domain::model::template::Template;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::values::ids::Version;
use serde::Serialize;

use super::carrying::put_back;
use super::keys::{self, DueKind, Key, ListKind};
use super::reading::{KNOWN_SCHEMA, SCHEMA, known_schema};
use super::{Table, foreign, number, text};

/// A row of the table.
pub(super) type Item = HashMap<String, AttributeValue>;

/// How long a registration session is kept after it ended: a device may be reported that late.
const SESSION_KEPT_DAYS: i64 = 60;

/// How long a mail can be asked after whose row holds more of people than ids. Longer than any
/// mail waits, and than a hand-over's secret is good for.
const WORDS_KEPT_DAYS: i64 = 45;

/// A row of this key that says nothing yet but in which schema it is written.
pub(super) fn fresh(key: Key) -> Item {
    let mut item = key.into_item();
    item.insert(keys::SCHEMA.to_owned(), number(SCHEMA));
    item
}

/// The row of a value.
pub(super) fn row(key: Key, value: &impl Serialize) -> Result<Item, Unavailable> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(foreign)?;
    item.extend(fresh(key));
    Ok(item)
}

/// The row of a value that carries what a later version wrote.
pub(super) fn carrying_row(
    key: Key,
    value: &impl Serialize,
    carried: &Carried,
) -> Result<Item, Unavailable> {
    let mut item = row(key, value)?;
    put_back(carried, &mut item);
    Ok(item)
}

/// Where somebody stands in the list of users.
pub(super) fn list_order(user: &User) -> String {
    format!("{}#{}", user.email.normalised().as_str(), user.id)
}

pub(super) fn user(user: &User) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::user(user.id), user, &user.carried)?;
    item.extend(keys::list_attributes(
        ListKind::Users,
        user.id.to_bytes(),
        list_order(user),
    ));
    if let Some((invitation, due)) = user
        .invitation
        .as_ref()
        .and_then(|invitation| invitation.due_at().map(|due| (invitation, due)))
    {
        item.extend(keys::due_attributes(
            DueKind::Invitation,
            user.id.to_bytes(),
            due,
        ));
        item.insert(
            keys::OPEN_UNTIL.to_owned(),
            text(keys::moment(invitation.expires_at)),
        );
    } else if let Some(since) = over_since(user) {
        item.extend(keys::due_attributes(
            DueKind::Over,
            user.id.to_bytes(),
            since,
        ));
    }
    Ok(item)
}

pub(super) fn group(group: &Group) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::group(group.id), group, &group.carried)?;
    let order = format!("{}#{}", group.name.comparison_key(), group.id);
    item.extend(keys::list_attributes(
        ListKind::Groups,
        group.id.to_bytes(),
        order,
    ));
    Ok(item)
}

pub(super) fn tombstone(left: &Tombstone) -> Result<Item, Unavailable> {
    let mut item = row(keys::tombstone(left.user), left)?;
    item.extend(keys::due_attributes(
        DueKind::Tombstone,
        left.user.to_bytes(),
        left.over_since,
    ));
    Ok(item)
}

pub(super) fn mail(mail: &Mail) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::mail(mail.id), mail, &mail.carried)?;
    if holds_more_than_ids(&mail.kind) {
        let gone = mail.created_at.as_second() + WORDS_KEPT_DAYS * 24 * 60 * 60;
        item.insert(keys::TTL.to_owned(), number(gone));
    }
    if mail.state.is_unsettled() {
        item.extend(keys::due_attributes(
            DueKind::Mail(mail.class),
            mail.id.to_bytes(),
            mail.due_at,
        ));
    }
    Ok(item)
}

/// An administrator's address, or words that somebody typed about somebody: nothing else would take
/// them away. Whom every other mail is for stands in the user's row alone.
const fn holds_more_than_ids(kind: &MailKind) -> bool {
    match kind {
        MailKind::Test(_) | MailKind::Notice { .. } | MailKind::HandOver { .. } => true,
        MailKind::Invitation { .. } | MailKind::Reminder { .. } | MailKind::Confirmation { .. } => {
            false
        }
    }
}

pub(super) fn template(template: &Template) -> Result<Item, Unavailable> {
    carrying_row(keys::template(&template.name), template, &template.carried)
}

pub(super) fn batch(batch: &Batch) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::batch(batch.id), batch, &batch.carried)?;
    item.extend(keys::list_attributes(
        ListKind::Batches,
        batch.id.to_bytes(),
        batch.id.to_string(),
    ));
    Ok(item)
}

pub(super) fn cursor(cursor: &Cursor) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::cursor(cursor.batch), cursor, &cursor.carried)?;
    if !cursor.done {
        item.extend(keys::due_attributes(
            DueKind::Cursor,
            cursor.batch.to_bytes(),
            cursor.due_at,
        ));
    }
    Ok(item)
}

pub(super) fn page(page: &Page) -> Result<Item, Unavailable> {
    row(keys::page(page.batch, page.number), page)
}

pub(super) fn job(job: &Job) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::job(job.id), job, &job.carried)?;
    item.extend(keys::list_attributes(
        ListKind::Jobs,
        job.id.to_bytes(),
        job.id.to_string(),
    ));
    Ok(item)
}

pub(super) fn job_cursor(cursor: &JobCursor) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::job_cursor(cursor.job), cursor, &cursor.carried)?;
    if !cursor.done {
        item.extend(keys::due_attributes(
            DueKind::Job,
            cursor.job.to_bytes(),
            cursor.due_at,
        ));
    }
    Ok(item)
}

pub(super) fn job_page(page: &JobPage) -> Result<Item, Unavailable> {
    let mut item = row(keys::job_page(page.job, page.number), page)?;
    if let Some(until) = page.kept_until {
        item.insert(keys::TTL.to_owned(), number(until.as_second()));
    }
    Ok(item)
}

pub(super) fn history(history: &HistoryEntry) -> Result<Item, Unavailable> {
    row(keys::event(history.user, history.id), history)
}

pub(super) fn registration(registration: &Registration) -> Result<Item, Unavailable> {
    carrying_row(
        keys::device(registration.user, &registration.device.id),
        registration,
        &registration.carried,
    )
}

pub(super) fn session(session: &Session) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::session(&session.digest), session, &session.carried)?;
    let gone = session.expires_at.as_second() + SESSION_KEPT_DAYS * 24 * 60 * 60;
    item.insert(keys::TTL.to_owned(), number(gone));
    Ok(item)
}

/// How long a device is remembered that belongs to nobody, or of which only facts are known.
const UNASSIGNED_KEPT_DAYS: i64 = 90;

/// How long a device of somebody is remembered of which nothing more is told: facts that come later find the person
/// by it.
const ASSIGNED_KEPT_DAYS: i64 = 400;

pub(super) fn device_event(event: &DeviceEvent) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::device_event(event.id), event, &event.carried)?;
    let kept_days = match event.state {
        DeviceEventState::Waiting => {
            let id = event.id.to_bytes();
            item.extend(keys::due_attributes(DueKind::DeviceEvent, id, event.due_at));
            return Ok(item);
        }
        DeviceEventState::Settled => SETTLED_KEPT_DAYS,
        DeviceEventState::Failed => {
            item.extend(keys::list_attributes(
                ListKind::FailedEvents,
                event.id.to_bytes(),
                event.id.to_string(),
            ));
            FAILED_KEPT_DAYS
        }
    };
    item.insert(keys::TTL.to_owned(), number(gone_after(event, kept_days)));
    Ok(item)
}

/// How long it is remembered how far the asking of a source is that is asked no longer.
const SOURCE_POLL_KEPT_DAYS: i64 = 90;

pub(super) fn source_poll(poll: &SourcePoll) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::source_poll(&poll.source), poll, &poll.carried)?;
    let gone = poll.due_at.as_second() + SOURCE_POLL_KEPT_DAYS * 24 * 60 * 60;
    item.insert(keys::TTL.to_owned(), number(gone));
    Ok(item)
}

/// What is kept of a message as its source's latest.
pub(super) fn latest_event(event: &DeviceEvent) -> Result<Option<Item>, Unavailable> {
    let Some(latest) = LatestEvent::of(event) else {
        return Ok(None);
    };
    let mut item = row(keys::latest_of(&latest.source), &latest)?;
    item.insert(
        keys::TTL.to_owned(),
        number(gone_after(event, FAILED_KEPT_DAYS)),
    );
    Ok(Some(item))
}

/// What finds a message by the device that it told of, if it told of one.
pub(super) fn message_of_device(event: &DeviceEvent) -> Option<Item> {
    let mut item = fresh(keys::message_of(event.device.as_ref()?, event.id));
    item.insert(
        keys::TTL.to_owned(),
        number(gone_after(event, FAILED_KEPT_DAYS)),
    );
    Some(item)
}

fn gone_after(event: &DeviceEvent, kept_days: i64) -> i64 {
    event.due_at.as_second() + kept_days * 24 * 60 * 60
}

pub(super) fn reported_device(device: &ReportedDevice) -> Result<Item, Unavailable> {
    let mut item = carrying_row(keys::reported(&device.id), device, &device.carried)?;
    if device.is_unassigned() {
        let order = format!("{}#{}", keys::moment(device.changed_at), device.id.as_str());
        item.extend(keys::list_attributes(
            ListKind::Unassigned,
            keys::spread(&device.id),
            order,
        ));
    }
    item.insert(keys::TTL.to_owned(), number(gone_at(device)));
    Ok(item)
}

/// What finds a device that belongs to nobody by a name of somebody.
pub(super) fn unassigned(name: &Identifier, device: &ReportedDevice) -> Item {
    let mut item = fresh(keys::unassigned(name, &device.id));
    item.insert(keys::TTL.to_owned(), number(gone_at(device)));
    item
}

fn gone_at(device: &ReportedDevice) -> i64 {
    let kept_days = match device.user {
        Some(_) => ASSIGNED_KEPT_DAYS,
        None => UNASSIGNED_KEPT_DAYS,
    };
    device.changed_at.as_second() + kept_days * 24 * 60 * 60
}

/// Whether a put may replace what there is: see [`Version`]. What was written in a later schema is
/// never written over.
fn replacing(put: PutBuilder, version: Version) -> PutBuilder {
    match version.replaces() {
        None => put.condition_expression("attribute_not_exists(pk)"),
        Some(before) => put
            .condition_expression(format!("#version = :before AND {KNOWN_SCHEMA}"))
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":before", number(before.get()))
            .expression_attribute_names("#schema", keys::SCHEMA)
            .expression_attribute_values(":schema", known_schema()),
    }
}

impl Table {
    /// Puts a row whatever there is, unless that is of a later schema.
    pub(super) fn set(&self, item: Item) -> Result<Put, Unavailable> {
        Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(KNOWN_SCHEMA)
            .expression_attribute_names("#schema", keys::SCHEMA)
            .expression_attribute_values(":schema", known_schema())
            .build()
            .map_err(foreign)
    }

    /// Puts a row in the place of its version before.
    pub(super) fn replace(&self, item: Item, version: Version) -> Result<Put, Unavailable> {
        replacing(
            Put::builder().table_name(&self.name).set_item(Some(item)),
            version,
        )
        .build()
        .map_err(foreign)
    }
}

/// A put as a part of a transaction.
pub(super) fn part(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}
