//! Every accepted mail, on disk.
//!
//! Owns: `mailbox.jsonl` and the index over it. Must not know HTTP, limits, or events.
//!
//! The file is append-only JSON, two lines a mail: a short summary that says how long the next line
//! is, and the mail. The index is read from the summaries alone, so that ten thousand mails open at
//! once, and bodies stay on disk until somebody looks at them. Both lines go to the operating system
//! in one write before the mail counts as accepted: enough to survive a killed process, and cheap
//! enough for hundreds a second, which a file per mail would not be.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    events::Outcome,
    request::{Attachment, Message, Pair, bare_address, shown},
};

/// One mail, as it is stored and as `GET /local/mailbox` shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mail {
    /// The SES message id.
    pub(super) id: String,
    /// The first recipient's address.
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) html: Option<String>,
    pub(super) text: Option<String>,
    pub(super) attachments: Vec<Attachment>,
    #[serde(with = "milliseconds")]
    pub(super) sent_at: Timestamp,
    /// As it stands in the header.
    pub(super) from: String,
    /// As a mail program shows it, where that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from_shown: Option<String>,
    pub(super) reply_to: Vec<String>,
    pub(super) headers: Vec<Pair>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) configuration_set: Option<String>,
    /// As typed by the sender, display names and all.
    pub(super) to_addresses: Vec<String>,
    pub(super) cc_addresses: Vec<String>,
    pub(super) bcc_addresses: Vec<String>,
    /// All of them, bare.
    pub(super) destination: Vec<String>,
    pub(super) outcome: Outcome,
}

impl Mail {
    /// The mail that a message becomes when it is accepted.
    pub(super) fn new(
        id: String,
        message: Message,
        sent_at: Timestamp,
        configuration_set: Option<String>,
        outcomes: &[(String, Outcome)],
    ) -> Self {
        let destination = message.recipients();
        Self {
            id,
            to: destination.first().cloned().unwrap_or_default(),
            subject: message.subject,
            html: message.html,
            text: message.text,
            attachments: message.attachments,
            sent_at,
            from_shown: Some(shown(&message.from)).filter(|shown| *shown != message.from),
            from: message.from,
            reply_to: message.reply_to,
            headers: message.headers,
            tags: message
                .tags
                .into_iter()
                .map(|tag| (tag.name, tag.value))
                .collect(),
            configuration_set,
            to_addresses: message.to,
            cc_addresses: message.cc,
            bcc_addresses: message.bcc,
            destination,
            outcome: outcomes
                .first()
                .map_or(Outcome::Delivered, |(_, outcome)| *outcome),
        }
    }

    fn summary(&self, length: u64) -> Summary {
        Summary {
            id: self.id.clone(),
            to: self.to.clone(),
            from: bare_address(&self.from).to_owned(),
            subject: self.subject.clone(),
            sent_at: self.sent_at,
            kind: self
                .tags
                .iter()
                .find(|(name, _)| name.as_str() == "kind" || name.ends_with("-kind"))
                .map(|(_, kind)| kind.clone()),
            outcome: self.outcome,
            attachments: self.attachments.len(),
            recipients: u32::try_from(self.destination.len()).unwrap_or(u32::MAX),
            length,
        }
    }
}

/// What a list shows of a mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) id: String,
    pub(super) to: String,
    pub(super) from: String,
    pub(super) subject: String,
    #[serde(with = "milliseconds")]
    pub(super) sent_at: Timestamp,
    /// The value of the tag `kind`, or of one that ends in `-kind`.
    pub(super) kind: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) attachments: usize,
    pub(super) recipients: u32,
    /// Bytes of the mail's own line.
    length: u64,
}

/// Where a mail lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The mails, one a line.
const FILE: &str = "mailbox.jsonl";

/// Where the mailbox is kept. A folder of an earlier version, which was called `outbox`, is taken over.
///
/// # Errors
///
/// When that folder cannot be moved.
pub(super) fn folder_in(data: &Path) -> io::Result<PathBuf> {
    let (folder, earlier) = (data.join("mailbox"), data.join("outbox"));
    if !folder.exists() && earlier.exists() {
        std::fs::rename(&earlier, &folder)?;
        let mails = folder.join("outbox.jsonl");
        if mails.exists() {
            std::fs::rename(mails, folder.join(FILE))?;
        }
    }
    Ok(folder)
}

/// The mailbox.
#[derive(Debug)]
pub(super) struct Mailbox {
    path: PathBuf,
    file: File,
    length: u64,
    index: Vec<(Summary, Place)>,
    positions: HashMap<String, usize>,
    times_emptied: u64,
}

impl Mailbox {
    /// Opens or creates the mailbox. The torn end that a killed process may have left, which is a mail
    /// that was never answered for, is cut off.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, or is damaged anywhere but at its end.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let on_disk = file.metadata()?.len();
        let (index, length) = read_index(&file, on_disk).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        if length < on_disk {
            tracing::warn!(
                bytes = on_disk - length,
                "the mailbox ended in an unfinished mail, which is cut off"
            );
            file.set_len(length)?;
        }
        file.seek(SeekFrom::Start(length))?;

        let positions = index
            .iter()
            .enumerate()
            .map(|(position, (summary, _))| (summary.id.clone(), position))
            .collect();
        Ok(Self {
            path,
            file,
            length,
            index,
            positions,
            times_emptied: 0,
        })
    }

    /// Adds a mail.
    ///
    /// # Errors
    ///
    /// When it cannot be written as a whole; then nothing of it stays.
    pub(super) fn append(&mut self, mail: &Mail) -> io::Result<()> {
        let body = serde_json::to_vec(mail)?;
        let length = u64::try_from(body.len()).map_err(io::Error::other)?;
        let summary = mail.summary(length);
        let mut record = serde_json::to_vec(&summary)?;
        record.push(b'\n');
        let offset = self.length + u64::try_from(record.len()).map_err(io::Error::other)?;
        record.extend_from_slice(&body);
        record.push(b'\n');

        if let Err(error) = self.file.write_all(&record) {
            self.cut_to(self.length)?;
            return Err(error);
        }
        self.length = offset + length + 1;
        self.positions.insert(summary.id.clone(), self.index.len());
        self.index.push((summary, Place { offset, length }));
        Ok(())
    }

    /// Removes every mail. Whoever is reading the file at this moment sees it end.
    ///
    /// # Errors
    ///
    /// When the file cannot be shortened.
    pub(super) fn empty(&mut self) -> io::Result<()> {
        self.cut_to(0)?;
        self.length = 0;
        self.index.clear();
        self.positions.clear();
        self.times_emptied += 1;
        Ok(())
    }

    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length))?;
        Ok(())
    }

    /// The file, to be read outside the lock.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How often it was emptied since it was opened, so that a page can tell.
    pub(super) fn times_emptied(&self) -> u64 {
        self.times_emptied
    }

    /// Every mail's summary, oldest first.
    pub(super) fn summaries(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Summary> + ExactSizeIterator {
        self.index.iter().map(|(summary, _)| summary)
    }

    /// The summaries of what came after this mail, oldest first; all when it is unknown.
    pub(super) fn after(&self, id: &str) -> impl DoubleEndedIterator<Item = &Summary> {
        let start = self.positions.get(id).map_or(0, |position| position + 1);
        self.summaries().skip(start)
    }

    /// The summaries of what came before this mail, oldest first; none when it is unknown.
    pub(super) fn before(&self, id: &str) -> impl DoubleEndedIterator<Item = &Summary> {
        let end = self.positions.get(id).copied().unwrap_or(0);
        self.summaries().take(end)
    }

    /// Where a mail lies.
    pub(super) fn place(&self, id: &str) -> Option<Place> {
        let position = self.positions.get(id)?;
        self.index.get(*position).map(|(_, place)| *place)
    }

    /// Where the newest `limit` mails to this address lie, oldest first.
    pub(super) fn places(&self, to: Option<&str>, limit: Option<usize>) -> Vec<Place> {
        let mut places: Vec<Place> = self
            .index
            .iter()
            .rev()
            .filter(|(summary, _)| to.is_none_or(|to| summary.to == to))
            .map(|(_, place)| *place)
            .take(limit.unwrap_or(usize::MAX))
            .collect();
        places.reverse();
        places
    }
}

/// Reads one mail's bytes, which are JSON.
///
/// # Errors
///
/// When the file is gone or shorter than it was.
pub(super) fn read(file: &mut File, place: Place, into: &mut Vec<u8>) -> io::Result<()> {
    file.seek(SeekFrom::Start(place.offset))?;
    let read = file.take(place.length).read_to_end(into)?;
    if u64::try_from(read).is_ok_and(|read| read == place.length) {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// The index, and where the last whole mail ends.
fn read_index(file: &File, on_disk: u64) -> io::Result<(Vec<(Summary, Place)>, u64)> {
    let mut reader = BufReader::new(file);
    let mut index = Vec::new();
    let mut end = 0_u64;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok((index, end));
        }
        let summary: Summary = serde_json::from_slice(&line).map_err(|error| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("damaged at byte {end}: {error}"),
            )
        })?;
        let place = Place {
            offset: end + u64::try_from(read).map_err(io::Error::other)?,
            length: summary.length,
        };
        let next = place.offset.saturating_add(place.length).saturating_add(1);
        if next > on_disk {
            return Ok((index, end));
        }
        let skip = i64::try_from(place.length.saturating_add(1)).map_err(io::Error::other)?;
        reader.seek_relative(skip)?;
        index.push((summary, place));
        end = next;
    }
}

/// Times with three decimals, always: `jiff` alone would drop trailing zeros, and text that sorts as
/// the times do is worth more.
mod milliseconds {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        time: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{time:.3}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
