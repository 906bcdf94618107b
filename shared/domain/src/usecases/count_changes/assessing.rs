//! What became of those who are uncounted, read from their rows, and how it differs from what is
//! counted. It writes nothing: whoever asks for numbers adds the differences to the sums.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::model::counting::{
    CountSheet, CountedFate, Counts, Fate, Member, PageNumbers, Scope, SheetKey, Uncounted,
};
use crate::model::history::HistoryEntry;
use crate::model::mail::Mail;
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::counters::Counters;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::users::Users;
use crate::rules::counting::{
    Known, fate_of, followers, known_by_history, known_by_row, mail_that_counts, numbers_of,
};
use crate::rules::issuing::mail_of_member;
use crate::values::ids::{BatchId, MailId, UserId};
use crate::values::names::GroupName;

/// How many histories are read at the same time, and how many of their rows at once.
const HISTORIES_AT_A_TIME: usize = 8;
const HISTORY_ROWS: usize = 200;

/// What stands on a sheet.
#[derive(Debug, Clone)]
enum Entry {
    Person(Member, CountedFate),
    Page(PageNumbers),
}

/// Something that is not as it is counted.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The sheet on which it stands.
    pub(crate) key: SheetKey,
    entry: Entry,
    /// What has to be added to the sums.
    pub(crate) adds: BTreeMap<Scope, Counts>,
}

impl Change {
    /// Puts it on its sheet.
    pub(crate) fn put_on(self, sheet: &mut CountSheet) {
        match self.entry {
            Entry::Person(member, fate) => {
                sheet.fates.insert(member, fate);
            }
            Entry::Page(numbers) => sheet.page = Some(numbers),
        }
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Assessment {
    /// The sheets that were read.
    pub(crate) sheets: BTreeMap<SheetKey, CountSheet>,
    /// What is not as they have it.
    pub(crate) changes: Vec<Change>,
}

/// What is known of one member.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) member: Member,
    pub(crate) user: Option<User>,
    /// Whether they are there and cannot be read.
    unreadable: bool,
    /// The batch's own mail to them.
    pub(crate) mail: Mail,
    /// Those that followed it, the latest first, as far as they are needed.
    later: Vec<Mail>,
    pub(crate) known: Option<Known>,
    pub(crate) confirmation: Option<Mail>,
}

impl Found {
    fn sheet(&self) -> SheetKey {
        SheetKey::of(self.member, &self.mail)
    }

    /// What became of them.
    pub(crate) fn fate(&self, before: Option<&Fate>) -> Fate {
        let confirmation = self.confirmation.as_ref();
        let gone = self.user.is_none() && !self.unreadable;
        let mails = (&self.mail, &*self.later);
        fate_of(gone, mails, self.known.as_ref(), confirmation, before)
    }

    /// The mails that followed the batch's own, as far as that is known.
    fn later_mails(&self) -> &[MailId] {
        self.known.as_ref().map_or(&[], |known| &known.later_mails)
    }

    /// The mail that says where theirs stands.
    pub(crate) fn mail_that_counts(&self) -> &Mail {
        mail_that_counts(&self.mail, &self.later)
    }

    /// The groups that they count under: those they held when they were invited, or, of before that
    /// was noted, when they were counted first.
    fn groups(&self, before: Option<&CountedFate>) -> (BTreeSet<GroupName>, bool) {
        if self.mail.page.is_some() {
            return (self.mail.groups.clone(), true);
        }
        let first = before.and_then(|before| before.groups.clone());
        let now = || self.user.as_ref().map(User::all_groups);
        (first.or_else(now).unwrap_or_default(), false)
    }
}

/// Reads what became of all of these: first the sheets, then the people. So whoever writes a sheet in its
/// next version has read everybody on it after it was as it is, and no older news replaces newer.
pub(crate) async fn assess(
    store: &(impl Counters + Users + Batches + Mails),
    entries: &[Uncounted],
) -> Result<Assessment, Unavailable> {
    let members: Vec<Member> = entries
        .iter()
        .filter_map(|entry| match entry {
            Uncounted::Person(member) => Some(*member),
            Uncounted::Page { .. } => None,
        })
        .collect();
    let mut pages = Vec::new();
    for entry in entries {
        if let Uncounted::Page { batch, number } = entry {
            let read = store.batch_pages(*batch, *number, 1).await?.items.pop();
            if let Some(page) = read.filter(|page| page.number == *number && !page.without_sums) {
                let numbers = numbers_of(&page);
                pages.push((*batch, SheetKey::of_page(*batch, *number), numbers));
            }
        }
    }
    let mut keys = sheets_of(store, &members).await?;
    keys.extend(pages.iter().map(|(_, key, _)| *key));
    let keys: Vec<SheetKey> = keys.into_iter().collect();
    let sheets: BTreeMap<SheetKey, CountSheet> = store
        .sheets(&keys)
        .await?
        .into_iter()
        .map(|sheet| (sheet.key, sheet))
        .collect();
    let mut changes: Vec<Change> = Vec::new();
    for one in &find(store, &members).await? {
        let sheet = sheets.get(&one.sheet());
        changes.extend(sheet.and_then(|sheet| changed(one, sheet)));
    }
    for (batch, key, numbers) in pages {
        let counted = sheets.get(&key).and_then(|sheet| sheet.page);
        if counted != Some(numbers) {
            let mut adds = Counts::of_page(numbers);
            if let Some(counted) = counted {
                adds.add_all(&Counts::of_page(counted), -1);
            }
            changes.push(Change {
                key,
                entry: Entry::Page(numbers),
                adds: BTreeMap::from([(Scope::Batch(batch), adds)]),
            });
        }
    }
    Ok(Assessment { sheets, changes })
}

/// The numbers of a batch of which no sums are kept, by the rows of these people, for whom it is; and whether
/// they say who will get a confirmation, which its page does. Sheets are read last: of those whose history was
/// erased meanwhile they tell what it told.
pub(crate) async fn live(
    store: &(impl Counters + Users + Batches + Mails),
    batch: BatchId,
    users: &[UserId],
) -> Result<(Counts, bool), Unavailable> {
    let members: Vec<Member> = users
        .iter()
        .map(|user| Member { batch, user: *user })
        .collect();
    let found = find(store, &members).await?;
    let keys: BTreeSet<SheetKey> = found.iter().map(Found::sheet).collect();
    let keys: Vec<SheetKey> = keys.into_iter().collect();
    let sheets = store.sheets(&keys).await?;
    let mut counts = Counts::default();
    for one in &found {
        let key = one.sheet();
        let sheet = sheets.iter().find(|sheet| sheet.key == key);
        let before = sheet.and_then(|sheet| sheet.fates.get(&one.member));
        let fate = one.fate(before.map(|before| &before.fate));
        counts.add_all(&Counts::of_batch(&fate), 1);
    }
    let page = store.batch_pages(batch, 0, 1).await?.items.pop();
    if let Some(page) = &page {
        counts.add_all(&Counts::of_page(numbers_of(page)), 1);
    }
    Ok((counts, page.is_some()))
}

/// On which sheets these members stand. That never changes.
async fn sheets_of(
    store: &impl Mails,
    members: &[Member],
) -> Result<BTreeSet<SheetKey>, Unavailable> {
    let ids: Vec<MailId> = members
        .iter()
        .map(|member| mail_of_member(*member))
        .collect();
    let mails = mails_of(store, &ids).await?;
    let sheet = |member: &Member| {
        let mail = mails.get(&mail_of_member(*member))?;
        Some(SheetKey::of(*member, mail))
    };
    Ok(members.iter().filter_map(sheet).collect())
}

/// How somebody differs from what is counted of them.
fn changed(one: &Found, sheet: &CountSheet) -> Option<Change> {
    let counted = sheet.fates.get(&one.member);
    let before = counted.map(|counted| &counted.fate);
    let fate = one.fate(before);
    if before == Some(&fate) {
        return None;
    }
    let (groups, noted) = one.groups(counted);
    let mut adds: BTreeMap<Scope, Counts> = BTreeMap::new();
    let mut difference = |scope: Scope, of: fn(&Fate) -> Counts| {
        let mut counts = of(&fate);
        if let Some(before) = before {
            counts.add_all(&of(before), -1);
        }
        if !counts.is_empty() {
            adds.insert(scope, counts);
        }
    };
    if let SheetKey::Own { batch, .. } = sheet.key {
        difference(Scope::Batch(batch), Counts::of_batch);
    }
    difference(Scope::Everything, Counts::of_everything);
    for group in &groups {
        difference(Scope::Group(group.clone()), Counts::of_everything);
    }
    let counted = CountedFate {
        fate,
        groups: (!noted).then_some(groups),
    };
    Some(Change {
        key: one.sheet(),
        entry: Entry::Person(one.member, counted),
        adds,
    })
}

/// Reads what is known of these members. Left out is whom no mail of the batch went to, or one that
/// cannot be read; somebody whose own row cannot be read counts by their history.
pub(crate) async fn find(
    store: &(impl Users + Mails),
    members: &[Member],
) -> Result<Vec<Found>, Unavailable> {
    let ids: BTreeSet<UserId> = members.iter().map(|member| member.user).collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let read = store.read_users(&ids).await?;
    let users: HashMap<UserId, User> = read
        .found
        .iter()
        .map(|user| (user.id, user.clone()))
        .collect();
    let own: Vec<MailId> = members
        .iter()
        .map(|member| mail_of_member(*member))
        .collect();
    let mut mails = mails_of(store, &own).await?;
    let mut found: Vec<Found> = members
        .iter()
        .filter_map(|member| {
            let user = users.get(&member.user).cloned();
            Some(Found {
                member: *member,
                mail: mails.remove(&mail_of_member(*member))?,
                later: Vec::new(),
                known: known_by_row(*member, user.as_ref()),
                user,
                unreadable: read.why_unreadable(&member.user).is_some(),
                confirmation: None,
            })
        })
        .collect();
    let unknown: BTreeSet<UserId> = found
        .iter()
        .filter(|one| one.known.is_none())
        .map(|one| one.member.user)
        .collect();
    let histories: HashMap<UserId, Vec<HistoryEntry>> = futures_util::stream::iter(unknown)
        .map(async |user| Ok::<_, Unavailable>((user, history_of(store, user).await?)))
        .buffer_unordered(HISTORIES_AT_A_TIME)
        .try_collect()
        .await?;
    // A history is erased after its user is removed: of whoever is still there now, all of it was read.
    let removed = removed_meanwhile(store, &found).await?;
    for one in &mut found {
        if removed.contains(&one.member.user) {
            one.user = None;
        }
        if let Some(history) = histories.get(&one.member.user)
            && one.known.is_none()
        {
            one.known = known_by_history(one.member, one.user.as_ref(), &one.mail, history);
            if one.unreadable {
                one.known = Some(Known::of_unreadable(one.known.take()));
            }
        }
    }
    let confirming = |one: &Found| one.known.as_ref().and_then(|known| known.confirmation);
    let confirming_ids = found.iter().filter_map(confirming);
    let later_ids = found.iter().flat_map(Found::later_mails).copied();
    let ids: BTreeSet<MailId> = confirming_ids.chain(later_ids).collect();
    let mails = mails_of(store, &ids.into_iter().collect::<Vec<_>>()).await?;
    for one in &mut found {
        one.confirmation = confirming(one).and_then(|id| mails.get(&id).cloned());
        let followed = one
            .later_mails()
            .iter()
            .filter_map(|id| mails.get(id).cloned());
        one.later = followers(&one.mail, followed.collect());
    }
    Ok(found)
}

/// Who was there before their histories were read, and is no longer.
async fn removed_meanwhile(
    store: &impl Users,
    found: &[Found],
) -> Result<BTreeSet<UserId>, Unavailable> {
    let by_history = |one: &&Found| one.known.is_none() && one.user.is_some();
    let ids: BTreeSet<UserId> = found
        .iter()
        .filter(by_history)
        .map(|one| one.member.user)
        .collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let now = store
        .read_users(&ids.iter().copied().collect::<Vec<_>>())
        .await?;
    let is_there = |id: &UserId| {
        now.found.iter().any(|user| user.id == *id) || now.why_unreadable(id).is_some()
    };
    Ok(ids.into_iter().filter(|id| !is_there(id)).collect())
}

async fn mails_of(
    store: &impl Mails,
    ids: &[MailId],
) -> Result<HashMap<MailId, Mail>, Unavailable> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mails = store.load_mails(ids).await?;
    Ok(mails.into_iter().map(|mail| (mail.id, mail)).collect())
}

/// The whole history of somebody.
pub(crate) async fn history_of(
    store: &impl Users,
    user: UserId,
) -> Result<Vec<HistoryEntry>, Unavailable> {
    let mut rows = Vec::new();
    let mut position: Option<String> = None;
    loop {
        let page = store
            .history_of(user, position.as_deref(), HISTORY_ROWS)
            .await?;
        rows.extend(page.items);
        position = page.next;
        if position.is_none() {
            return Ok(rows);
        }
    }
}
