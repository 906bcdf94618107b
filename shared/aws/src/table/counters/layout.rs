//! How the rows of counting are laid out. What somebody's fate is takes six bytes behind their id, and behind the batch's
//! where batches share a sheet: a sheet of some thirty people stays below 1 KB.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::counting::{
    Bucket, CountSheet, CountedFate, Counts, EarlierBatches, Fate, Figure, Ledger, Member,
    PageNumbers, SheetKey, Standing, Uncounted,
};
use beckon_domain::model::mail::MailState;
use beckon_domain::values::ids::{BatchId, UserId, Version};
use beckon_domain::values::names::GroupName;

use super::super::rows::{self, Item};
use super::super::{keys, number, text};

/// The first byte of an entry that names a person, and of one that names a page.
const PERSON: u8 = 1;
const PAGE: u8 = 2;

/// An entry of what is uncounted: what it is, the batch, and the person or the page.
pub(super) fn bytes_of(entry: &Uncounted) -> Vec<u8> {
    let (kind, batch, rest) = match entry {
        Uncounted::Person(Member { batch, user }) => (PERSON, batch, user.to_bytes().to_vec()),
        Uncounted::Page { batch, number } => (PAGE, batch, number.to_be_bytes().to_vec()),
    };
    let mut bytes = vec![kind];
    bytes.extend(batch.to_bytes());
    bytes.extend(rest);
    bytes
}

fn entry_of(bytes: &[u8]) -> Option<Uncounted> {
    let (kind, rest) = bytes.split_first()?;
    let (batch, rest) = rest.split_first_chunk::<16>()?;
    let batch = BatchId::from_bytes(*batch);
    match *kind {
        PERSON => Some(Uncounted::Person(Member {
            batch,
            user: UserId::from_bytes(rest.try_into().ok()?),
        })),
        PAGE => Some(Uncounted::Page {
            batch,
            number: u32::from_be_bytes(rest.try_into().ok()?),
        }),
        _ => None,
    }
}

pub(super) fn entries_of(value: Option<&AttributeValue>) -> Result<BTreeSet<Uncounted>, String> {
    let Some(AttributeValue::Bs(entries)) = value else {
        return Err("entries: they are not bytes".to_owned());
    };
    let entries = entries.iter().map(|bytes| entry_of(bytes.as_ref()));
    let read: Option<BTreeSet<Uncounted>> = entries.collect();
    read.ok_or_else(|| "entries: one names neither a person nor a page".to_owned())
}

pub(super) fn ledger(ledger: &Ledger) -> Item {
    let mut item = rows::fresh(keys::ledger());
    item.insert("version".to_owned(), number(ledger.version.get()));
    match &ledger.earlier {
        EarlierBatches::NotBegun => {}
        EarlierBatches::UpTo { batch, page, older } => {
            item.insert("batch".to_owned(), text(batch.to_string()));
            item.insert("page".to_owned(), number(page));
            if let Some(older) = older {
                item.insert("older".to_owned(), text(older.clone()));
            }
        }
        EarlierBatches::Done => {
            item.insert("done".to_owned(), AttributeValue::Bool(true));
        }
    }
    item
}

pub(super) fn ledger_of(item: &Item) -> Result<Ledger, String> {
    let version = unsigned(item, "version").ok_or("version: it is not a number")?;
    let earlier = match (item.get("done"), item.get("batch")) {
        (Some(_), _) => EarlierBatches::Done,
        (None, Some(AttributeValue::S(batch))) => EarlierBatches::UpTo {
            batch: batch.parse().map_err(|_| "batch: it is no id")?,
            page: unsigned(item, "page")
                .and_then(|page| page.try_into().ok())
                .ok_or("page: it is not a number")?,
            older: match item.get("older") {
                Some(AttributeValue::S(older)) => Some(older.clone()),
                _ => None,
            },
        },
        (None, _) => EarlierBatches::NotBegun,
    };
    Ok(Ledger {
        version: Version::from_number(version),
        earlier,
    })
}

fn unsigned(item: &Item, name: &str) -> Option<u64> {
    match item.get(name) {
        Some(AttributeValue::N(number)) => number.parse().ok(),
        _ => None,
    }
}

/// A fate as six bytes: the mail's state, the invitation's with a mark for one mailed again, and the
/// steps: 0, not reached; 1, at a time that is not known; otherwise the bucket, and 2.
fn bytes_of_fate(fate: &Fate) -> [u8; 6] {
    let mail = MailState::ALL.iter().position(|state| *state == fate.mail);
    let standing = Standing::ALL
        .iter()
        .position(|standing| *standing == fate.standing);
    let small = |place: Option<usize>| u8::try_from(place.unwrap_or(0)).unwrap_or(0);
    let [delivered, redeemed, registered, confirmed] = fate.steps.map(|step| match step {
        None => 0,
        Some(None) => 1,
        Some(Some(bucket)) => bucket.number() + 2,
    });
    [
        small(mail),
        small(standing) | if fate.again { AGAIN } else { 0 },
        delivered,
        redeemed,
        registered,
        confirmed,
    ]
}

const AGAIN: u8 = 0x80;

fn fate_of(bytes: [u8; 6]) -> Option<Fate> {
    let [mail, standing, steps @ ..] = bytes;
    let step = |byte: u8| match byte {
        0 => Some(None),
        1 => Some(Some(None)),
        bucket => Bucket::numbered(bucket - 2).map(|bucket| Some(Some(bucket))),
    };
    let [delivered, redeemed, registered, confirmed] = steps;
    Some(Fate {
        mail: *MailState::ALL.get(usize::from(mail))?,
        standing: *Standing::ALL.get(usize::from(standing & !AGAIN))?,
        again: standing & AGAIN != 0,
        steps: [
            step(delivered)?,
            step(redeemed)?,
            step(registered)?,
            step(confirmed)?,
        ],
    })
}

pub(super) fn sheet(sheet: &CountSheet) -> Item {
    let mut item = rows::fresh(keys::sheet(sheet.key));
    item.insert("version".to_owned(), number(sheet.version.get()));
    let mut fates = Vec::with_capacity(sheet.fates.len() * 38);
    let mut groups: HashMap<String, AttributeValue> = HashMap::new();
    for (Member { batch, user }, counted) in &sheet.fates {
        if matches!(sheet.key, SheetKey::Shared { .. }) {
            fates.extend(batch.to_bytes());
        }
        fates.extend(user.to_bytes());
        fates.extend(bytes_of_fate(&counted.fate));
        if let Some(names) = &counted.groups {
            let names = names.iter().map(|name| text(name.as_str())).collect();
            groups.insert(user.to_string(), AttributeValue::L(names));
        }
    }
    item.insert("fates".to_owned(), AttributeValue::B(Blob::new(fates)));
    if !groups.is_empty() {
        item.insert("groups".to_owned(), AttributeValue::M(groups));
    }
    if let Some(page) = sheet.page {
        for (name, count) in [
            ("issued", page.issued),
            ("skipped", page.skipped),
            ("confirming", page.confirmed),
        ] {
            item.insert(name.to_owned(), number(count));
        }
    }
    item
}

pub(super) fn sheet_of(key: SheetKey, item: &Item) -> Result<CountSheet, String> {
    let version = unsigned(item, "version").ok_or("version: it is not a number")?;
    let Some(AttributeValue::B(bytes)) = item.get("fates") else {
        return Err("fates: they are not bytes".to_owned());
    };
    let mut fates = BTreeMap::new();
    let mut rest = bytes.as_ref();
    while !rest.is_empty() {
        let batch = match key {
            SheetKey::Own { batch, .. } => batch,
            SheetKey::Shared { .. } => BatchId::from_bytes(taken(&mut rest)?),
        };
        let user = UserId::from_bytes(taken(&mut rest)?);
        let fate =
            fate_of(taken(&mut rest)?).ok_or("fates: one says what this version does not know")?;
        let groups = groups_of(item, user)?;
        fates.insert(Member { batch, user }, CountedFate { fate, groups });
    }
    let count = |name: &str| unsigned(item, name).and_then(|count| count.try_into().ok());
    let page = match (count("issued"), count("skipped"), count("confirming")) {
        (Some(issued), Some(skipped), Some(confirmed)) => Some(PageNumbers {
            issued,
            skipped,
            confirmed,
        }),
        _ => None,
    };
    Ok(CountSheet {
        key,
        version: Version::from_number(version),
        fates,
        page,
    })
}

/// The next bytes of some.
fn taken<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], String> {
    let (next, rest) = bytes
        .split_first_chunk::<N>()
        .ok_or("fates: they are not whole")?;
    *bytes = rest;
    Ok(*next)
}

fn groups_of(item: &Item, user: UserId) -> Result<Option<BTreeSet<GroupName>>, String> {
    let Some(AttributeValue::M(groups)) = item.get("groups") else {
        return Ok(None);
    };
    let Some(AttributeValue::L(names)) = groups.get(&user.to_string()) else {
        return Ok(None);
    };
    let names = names.iter().map(|name| match name {
        AttributeValue::S(name) => GroupName::parse(name).ok(),
        _ => None,
    });
    let names: Option<BTreeSet<GroupName>> = names.collect();
    names
        .map(Some)
        .ok_or_else(|| "groups: one is no name".to_owned())
}

/// The sums that a row holds. What a later version counts besides is let be.
pub(super) fn counts_of(item: &Item) -> Counts {
    let mut counts = Counts::default();
    for (name, value) in item {
        if let (Some(figure), AttributeValue::N(number)) = (Figure::named(name), value) {
            counts.add(figure, number.parse().unwrap_or(0));
        }
    }
    counts
}
