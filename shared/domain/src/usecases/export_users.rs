//! Exporting users as a file, page by page: what spreadsheets read, what an import reads again,
//! and no secret. Pages in their order, one behind the other, are one file.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::mail::Mail;
use crate::model::selection::UserFilter;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::users::Users;
use crate::rules::csv_users::{self, Column, EXPORT_ONLY_COLUMNS};
use crate::rules::importing::text_of;
use crate::values::ids::MailId;

/// The most rows on a page. One is 300 bytes as a rule, and 4 KB at most: a page is one answer.
const PAGE_SIZE: usize = 1_000;

/// A page of an export.
#[derive(Clone)]
pub struct ExportPage {
    /// Its bytes; those of the first begin with a byte order mark and the header.
    pub file: Vec<u8>,
    /// Where the next one begins; `None` at the end. A page may have no row and still a next one.
    pub next: Option<String>,
}

/// It holds addresses and names.
impl std::fmt::Debug for ExportPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportPage")
            .field("bytes", &self.file.len())
            .finish_non_exhaustive()
    }
}

/// Exports users.
#[derive(Debug, Clone)]
pub struct ExportUsers<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users + Mails>> ExportUsers<E> {
    /// The page that begins at a position.
    pub async fn run(
        &self,
        filter: &UserFilter,
        position: Option<&str>,
    ) -> Result<ExportPage, Unavailable> {
        let now = self.env.clock().now();
        let page = self
            .env
            .store()
            .list_users(filter, position, PAGE_SIZE, now)
            .await?;
        let ids: Vec<MailId> = page
            .items
            .iter()
            .filter_map(|user| user.invitation.as_ref().map(|invitation| invitation.mail))
            .collect();
        let mails: HashMap<MailId, Mail> = self
            .env
            .store()
            .load_mails(&ids)
            .await?
            .into_iter()
            .map(|mail| (mail.id, mail))
            .collect();
        let mut rows = Vec::with_capacity(page.items.len() + 1);
        let mut file = Vec::new();
        if position.is_none() {
            // Without it some spreadsheets take UTF-8 for something older.
            file.extend("\u{FEFF}".as_bytes());
            let headers = particulars().map(Column::header).chain(EXPORT_ONLY_COLUMNS);
            let headers = headers.chain([Column::UserId.header()]);
            rows.push(headers.map(str::to_owned).collect());
        }
        rows.extend(page.items.iter().map(|user| {
            let invitation = user.invitation.as_ref();
            let mail = invitation.and_then(|invitation| mails.get(&invitation.mail));
            cells(user, mail, now)
        }));
        file.extend(csv_users::write(&rows));
        Ok(ExportPage {
            file,
            next: page.next,
        })
    }
}

fn cells(user: &User, mail: Option<&Mail>, now: Timestamp) -> Vec<String> {
    let invitation = user.invitation.as_ref();
    let read = particulars().map(|column| text_of(user, column).unwrap_or_default());
    // In the order of `EXPORT_ONLY_COLUMNS`.
    let told = [
        user.invitation_state_at(now).name().to_owned(),
        name_of(mail.map(|mail| mail.state)),
        moment(invitation.map(|invitation| invitation.issued_at)),
        moment(invitation.map(|invitation| invitation.expires_at)),
        name_of(invitation.map(|invitation| invitation.ownership)),
        user.devices.to_string(),
        name_of(user.address_mark),
    ];
    let id = text_of(user, Column::UserId);
    read.chain(told).chain(id).collect()
}

/// The columns that people change; the id by which a row is found again stands at its end.
fn particulars() -> impl Iterator<Item = Column> {
    let columns = Column::ALL.into_iter();
    columns.filter(|column| *column != Column::UserId)
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| format!("{at:.0}"))
}

/// The name that the API has for a value.
fn name_of(value: Option<impl Serialize>) -> String {
    let json = value.and_then(|value| serde_json::to_value(value).ok());
    let name = json.as_ref().and_then(serde_json::Value::as_str);
    text(name)
}
