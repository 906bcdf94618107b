//! Stored rows outlive the program that wrote them. `0.1` holds a row of each kind as Beckon 0.1 wrote
//! it: every later version must read it, and its files never change. `current` holds the rows that this
//! version writes, so that no stored name changes unnoticed.
//!
//! `BECKON_RECORD_ROWS=1 cargo test -p beckon-aws --test rows` writes `current` anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

mod engine;
mod fields;
mod later;
mod specimens;
mod stored;
mod unreadable;

use std::collections::BTreeMap;

use beckon_domain::model::batch::Cursor;
use beckon_domain::model::change::{Identifier, UserChange};
use beckon_domain::model::counting::{CountSheet, CountedStep, Counts, Scope, SheetKey};
use beckon_domain::model::device_event::LatestEvent;
use beckon_domain::model::group::{GroupIdentifier, MembershipChange};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::job::{Job, JobCursor, JobStep};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::settings::UNSAVED;
use beckon_domain::model::stored::Carried;
use beckon_domain::model::user::User;
use beckon_domain::ports::batches::Batches as _;
use beckon_domain::ports::counters::Counters as _;
use beckon_domain::ports::delivery::Delivery as _;
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::ports::idempotency::Idempotency as _;
use beckon_domain::ports::jobs::Jobs as _;
use beckon_domain::ports::mails::Mails as _;
use beckon_domain::ports::settings::SettingsStore as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::ids::Version;
use beckon_testkit::builders::{a_stamp, monday_morning};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use engine::Engine;
use specimens::{Specimen, Value};

/// Whoever reads rows that other versions wrote finds what was in them.
#[tokio::test]
async fn rows_of_every_earlier_version_are_read() {
    for version in ["0.1", "current"] {
        let engine = Engine::start().await;
        let rows = stored::read_folder(&stored::folder(version));
        for row in rows.values() {
            engine.put(stored::from_json(row)).await;
        }
        let specimens: BTreeMap<String, Value> = specimens::of_rows(&rows)
            .into_iter()
            .map(|specimen| (specimen.name, specimen.value))
            .collect();

        assert!(rows.len() > 80, "{} rows of {version}", rows.len());
        for name in rows.keys() {
            let expected = specimens
                .get(name)
                .unwrap_or_else(|| panic!("no specimen is named like the row {name} of {version}"));
            let read = read_like(&engine, expected).await;
            assert_eq!(read.as_ref(), Some(expected), "{name} of {version}");
        }
    }
}

/// The indexes of a table that another version filled answer, too.
#[tokio::test]
async fn rows_of_version_0_1_are_listed_and_due() {
    let engine = Engine::start().await;
    for row in stored::read_folder(&stored::folder("0.1")).values() {
        engine.put(stored::from_json(row)).await;
    }

    let users = engine
        .table
        .list_users(&UserFilter::default(), None, 100, monday_morning())
        .await
        .unwrap();
    let due = engine.table.tombstones(Timestamp::MAX, 10).await.unwrap();

    assert_eq!(users.items.len(), 9);
    assert_eq!(due, [specimens::user_id(99)]);
}

/// A name that changes makes the rows of the version before unreadable, or loses what they said.
#[tokio::test]
async fn no_stored_name_or_shape_changes() {
    let rows = written().await;
    let folder = stored::folder("current");
    if std::env::var_os("BECKON_RECORD_ROWS").is_some() {
        stored::write_folder(&folder, &rows);
    }

    let recorded = stored::read_folder(&folder);
    let mut wrong = Vec::new();
    for (name, row) in &recorded {
        let Some(now) = rows.get(name) else {
            wrong.push(format!("no row is written any more like {name}"));
            continue;
        };
        let names = paths(now);
        let missing: Vec<String> = paths(row)
            .into_iter()
            .filter(|path| !names.contains(path))
            .collect();
        if !missing.is_empty() {
            wrong.push(format!(
                "the row {name} has lost or renamed {missing:?}. A stored name never changes: rows that are in \
                 tables now have the old one. Keep it (`#[serde(rename)]`)."
            ));
        } else if now != row {
            wrong.push(format!(
                "the row {name} is written in another shape than {folder:?} holds. If that only adds an optional \
                 attribute, record it: BECKON_RECORD_ROWS=1 cargo test -p beckon-aws --test rows"
            ));
        }
    }
    for name in rows.keys().filter(|name| !recorded.contains_key(*name)) {
        wrong.push(format!(
            "the row {name} is new; record it: BECKON_RECORD_ROWS=1 cargo test -p beckon-aws --test rows"
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names in a row, with the names and places around them.
fn paths(row: &Json) -> Vec<String> {
    match row {
        Json::Object(map) => map
            .iter()
            .flat_map(|(name, value)| {
                let below = paths(value)
                    .into_iter()
                    .map(move |path| format!("{name}.{path}"));
                std::iter::once(name.clone()).chain(below)
            })
            .collect(),
        Json::Array(items) => items.iter().flat_map(paths).collect(),
        _ => Vec::new(),
    }
}

/// Writes every specimen through the ports, and gives their rows.
async fn written() -> BTreeMap<String, Json> {
    let engine = Engine::start().await;
    for specimen in specimens::all() {
        write(&engine, specimen.value).await;
    }
    let specimens = specimens::all();
    let mut rows = BTreeMap::new();
    for item in engine.scan().await {
        let row = stored::to_json(&item);
        let (pk, sk) = (text(&row, "pk"), text(&row, "sk"));
        let specimen = specimens
            .iter()
            .find(|specimen| key(specimen) == (pk.clone(), sk.clone()))
            .unwrap_or_else(|| panic!("no specimen has the row {pk} {sk}"));
        rows.insert(specimen.name.clone(), row);
    }
    assert_eq!(rows.len(), specimens.len(), "each specimen has a row");
    rows
}

fn text(row: &Json, name: &str) -> String {
    row[name]["S"].as_str().expect("a text").to_owned()
}

/// Where a specimen's row stands. These never change either.
#[expect(
    clippy::too_many_lines,
    reason = "a table: one arm for each kind of row"
)]
fn key(specimen: &Specimen) -> (String, String) {
    let (pk, sk) = match &specimen.value {
        Value::User(user) => (format!("user#{}", user.id), "user".to_owned()),
        Value::Tombstone(left) => (format!("user#{}", left.user), "tombstone".to_owned()),
        Value::Identifier(Identifier::Address(address), _) => (
            format!("address#{}", address.as_str()),
            "address".to_owned(),
        ),
        Value::Identifier(Identifier::External(id), _) => {
            (format!("external#{}", id.as_str()), "external".to_owned())
        }
        Value::Identifier(Identifier::UserName(name), _) => {
            (format!("userName#{}", name.as_str()), "userName".to_owned())
        }
        Value::Group(group) => (format!("group#{}", group.id), "group".to_owned()),
        Value::GroupIdentifier(GroupIdentifier::Name(name), _) => (
            format!("groupName#{}", name.comparison_key()),
            "groupName".to_owned(),
        ),
        Value::GroupIdentifier(GroupIdentifier::External(id), _) => (
            format!("groupExternal#{}", id.as_str()),
            "groupExternal".to_owned(),
        ),
        Value::Member(group, user) => (format!("group#{group}"), format!("member#{user}")),
        Value::DirectoryNews(_) => ("directory".to_owned(), "news".to_owned()),
        Value::Device(registration) => (
            format!("user#{}", registration.user),
            format!("device#{}", registration.device.id.as_str()),
        ),
        Value::History(row) => (format!("user#{}", row.user), format!("event#{}", row.id)),
        Value::Mail(mail) => (format!("mail#{}", mail.id), "mail".to_owned()),
        Value::Batch(batch) => (format!("batch#{}", batch.id), "batch".to_owned()),
        Value::Cursor(cursor) => (format!("batch#{}", cursor.batch), "cursor".to_owned()),
        Value::Named(batch, page, _) => (format!("batch#{batch}"), format!("ids#{page:08}")),
        Value::Page(page) => (
            format!("batch#{}", page.batch),
            format!("page#{:08}", page.number),
        ),
        Value::Job(job) => (format!("job#{}", job.id), "job".to_owned()),
        Value::JobCursor(cursor) => (format!("job#{}", cursor.job), "cursor".to_owned()),
        Value::JobUsers(job, row, _) => (format!("job#{job}"), format!("ids#{row:08}")),
        Value::JobFile(job, _) => (format!("job#{job}"), "file#00000000".to_owned()),
        Value::JobPage(page) => (
            format!("job#{}", page.job),
            format!("page#{:08}", page.number),
        ),
        Value::Bounce(batch, mail) => (format!("batch#{batch}"), format!("bounce#{mail}")),
        Value::Session(session) => (
            format!("session#{}", session.digest.as_str()),
            "session".to_owned(),
        ),
        Value::DeviceEvent(event) => (
            format!("deviceEvent#{}", event.id),
            "deviceEvent".to_owned(),
        ),
        Value::SourcePoll(poll) => (
            format!("sourcePoll#{}", poll.source),
            "sourcePoll".to_owned(),
        ),
        Value::Reported(device) => (
            format!("reported#{}", device.id.as_str()),
            "reported".to_owned(),
        ),
        Value::LatestOf(event) => (format!("source#{}", event.source), "latest".to_owned()),
        Value::MessageOf(event) => {
            let device = event.device.as_ref().expect("it told of a device");
            let pk = format!("reported#{}", device.as_str());
            (pk, format!("message#{}", event.id))
        }
        Value::Unassigned(name, device) => {
            let name = match name {
                Identifier::Address(address) => format!("address#{}", address.as_str()),
                Identifier::External(id) => format!("external#{}", id.as_str()),
                Identifier::UserName(name) => format!("userName#{}", name.as_str()),
            };
            let sk = format!("device#{}", device.as_str());
            (format!("unassigned#{name}"), sk)
        }
        Value::CurrentSettings(_) => ("settings".to_owned(), "current".to_owned()),
        Value::SettingsVersion(saved) => (
            "settings".to_owned(),
            format!("version#{:010}", saved.version.get()),
        ),
        Value::Template(template) => (
            "template".to_owned(),
            format!("{}#{}", template.name.kind.name(), template.name.locale),
        ),
        Value::Answer(answer) => (format!("answer#{}", answer.key), "answer".to_owned()),
        Value::Tally(name, _) => (format!("tally#{name}"), "tally".to_owned()),
        Value::Lease(..) => ("postman".to_owned(), "lease".to_owned()),
        Value::Pause(_) => ("postman".to_owned(), "pause".to_owned()),
        Value::Pace(_) => ("postman".to_owned(), "pace".to_owned()),
        Value::Sheet(sheet) => match sheet.key {
            SheetKey::Own { batch, number } => {
                (format!("batch#{batch}"), format!("sheet#{number:010}"))
            }
            SheetKey::Shared { additions, number } => (
                format!("sheets#{additions:012}"),
                format!("sheet#{number:010}"),
            ),
        },
        Value::Sums(Scope::Everything, _) => ("counts".to_owned(), "everything".to_owned()),
        Value::Sums(Scope::Group(group), _) => (
            "counts".to_owned(),
            format!("group#{}", group.comparison_key()),
        ),
        Value::Sums(Scope::Batch(batch), _) => (format!("batch#{batch}"), "counts".to_owned()),
        Value::Ledger(_) => ("counting".to_owned(), "ledger".to_owned()),
        Value::Uncounted(row) => (
            "counting".to_owned(),
            format!("uncounted#{:012}#{:06}", row.generation, row.number),
        ),
    };
    (pk, sk)
}

/// Writes a value as the use cases do, with what belongs to the same write. What is written with
/// another value is left to that.
async fn write(engine: &Engine, value: Value) {
    let table = &engine.table;
    let now = monday_morning();
    match value {
        Value::User(user) => write_user(engine, &user).await,
        Value::Tombstone(left) => {
            let user = specimens::deleted(left.user);
            save(engine, first_change(&user)).await;
            let row = rows_of(&user).pop().expect("the row of the deletion");
            table.remove_user(&user, &row, &left).await.unwrap();
        }
        Value::Mail(mail) => {
            let is_first = specimens::first_mail() == mail.id;
            let answer = is_first.then(specimens::answer);
            table.add_mail(&mail, answer.as_ref()).await.unwrap();
        }
        Value::Batch(batch) => {
            let cursor = specimens::cursor_of(batch.id);
            let before = Cursor {
                version: cursor.version.replaces().unwrap_or(Version::FIRST),
                ..cursor
            };
            let named = specimens::named_in(batch.id);
            let started = table.start_batch(&batch, &before, &named, None).await;
            started.unwrap();
        }
        Value::Page(page) => {
            let cursor = specimens::cursor_of(page.batch);
            table.finish_page(&page, &cursor).await.unwrap();
        }
        Value::Job(job) => write_job(engine, &job).await,
        Value::Bounce(batch, mail) => assert_eq!(table.note_bounce(batch, mail).await.unwrap(), 1),
        Value::SettingsVersion(saved) => {
            let before = saved.version.replaces().unwrap_or(UNSAVED);
            let stamp = a_stamp();
            let written = table.save_settings(&saved.settings, before, &stamp).await;
            written.unwrap();
        }
        Value::Group(group) => table.save_group(&group, None).await.unwrap(),
        Value::DirectoryNews(news) => table.note_directory(&news).await.unwrap(),
        Value::DeviceEvent(event) => table.save_device_event(&event).await.unwrap(),
        Value::SourcePoll(poll) => table.save_source_poll(&poll).await.unwrap(),
        Value::Reported(device) => {
            let saved = table.save_reported_device(&device, None).await;
            saved.unwrap();
        }
        Value::Template(template) => table.save_template(&template).await.unwrap(),
        Value::Tally(name, until) => table.add_to_tally(name, now, until).await.unwrap(),
        Value::Lease(run, until) => assert!(table.take_lease(run, now, until).await.unwrap()),
        Value::Pause(pause) => table.set_delivery_pause(Some(&pause)).await.unwrap(),
        Value::Pace(pace) => table.note_send_rate(pace).await.unwrap(),
        Value::Sheet(sheet) => count(engine, vec![sheet], BTreeMap::new()).await,
        Value::Sums(scope, counts) => {
            count(engine, Vec::new(), BTreeMap::from([(scope, counts)])).await;
        }
        Value::Ledger(ledger) => table.save_ledger(&ledger).await.unwrap(),
        Value::Uncounted(row) => {
            let entries: Vec<_> = row.entries.into_iter().collect();
            let noted = table.note_uncounted(row.generation, row.number, &entries);
            noted.await.unwrap();
        }
        Value::Identifier(..)
        | Value::GroupIdentifier(..)
        | Value::Member(..)
        | Value::Device(_)
        | Value::History(_)
        | Value::Session(_)
        | Value::Answer(_)
        | Value::Cursor(_)
        | Value::JobCursor(_)
        | Value::JobUsers(..)
        | Value::JobFile(..)
        | Value::JobPage(_)
        | Value::Named(..)
        | Value::Unassigned(..)
        | Value::MessageOf(_)
        | Value::LatestOf(_)
        | Value::CurrentSettings(_) => {}
    }
}

/// Adds to the sums, before there is a ledger.
async fn count(engine: &Engine, sheets: Vec<CountSheet>, adds: BTreeMap<Scope, Counts>) {
    let step = CountedStep {
        ledger: Version::default(),
        sheets,
        adds,
    };
    engine.table.add_counts(&step).await.unwrap();
}

/// Writes a job and, where it has moved, the step that moved it.
async fn write_job(engine: &Engine, job: &Job) {
    let table = &engine.table;
    let cursor = specimens::job_cursor_of(job.id);
    let moved = cursor.version.replaces();
    let before = JobCursor {
        version: Version::FIRST,
        ..cursor.clone()
    };
    let file = specimens::file_of(job.id);
    let named = match file {
        Some(_) => Vec::new(),
        None => vec![specimens::users_of_jobs()],
    };
    let started = table.start_job(job, &before, &named, file.as_deref(), None);
    started.await.unwrap();
    if moved.is_some() {
        let step = JobStep {
            cursor,
            page: specimens::outcomes_of(job.id),
            gathered: None,
            changes: Vec::new(),
            erases_file: false,
        };
        table.finish_step(&step).await.unwrap();
    }
}

/// Writes a user in as many versions as they say, with their history, devices and sessions.
async fn write_user(engine: &Engine, user: &User) {
    let mut devices = specimens::devices_of(user.id).into_iter();
    let mut sessions = specimens::sessions_of(user.id).into_iter();
    for version in 1..=user.version.get() {
        let mut change = first_change(&User {
            version: Version::from_number(version),
            ..user.clone()
        });
        if version == 1 {
            change.history = rows_of(user);
            let joins = |group| MembershipChange {
                group,
                is_member: true,
            };
            change.memberships = user.memberships.ids().map(joins).collect();
        } else {
            change.claims.clear();
        }
        change.registration = devices.next();
        change.session = sessions.next();
        save(engine, change).await;
    }
    assert!(devices.next().is_none() && sessions.next().is_none());
}

fn first_change(user: &User) -> UserChange {
    UserChange {
        claims: Identifier::all_of(user),
        ..UserChange::of(user.clone())
    }
}

async fn save(engine: &Engine, change: UserChange) {
    assert!(engine.table.save_user(&change).await.unwrap().is_saved());
}

fn rows_of(user: &User) -> Vec<HistoryEntry> {
    let mut rows = specimens::history();
    rows.retain(|row| row.user == user.id);
    rows
}

/// The value without what a later version wrote.
fn without_more(mut value: Value) -> Value {
    let nothing = Carried::default();
    match &mut value {
        Value::User(user) => user.carried = nothing,
        Value::Group(group) => group.carried = nothing,
        Value::Device(registration) => registration.carried = nothing,
        Value::Mail(mail) => mail.carried = nothing,
        Value::Batch(batch) => batch.carried = nothing,
        Value::Cursor(cursor) => cursor.carried = nothing,
        Value::Job(job) => job.carried = nothing,
        Value::JobCursor(cursor) => cursor.carried = nothing,
        Value::Session(session) => session.carried = nothing,
        Value::Template(template) => template.carried = nothing,
        Value::DeviceEvent(event) => event.carried = nothing,
        Value::Reported(device) => device.carried = nothing,
        Value::SourcePoll(poll) => poll.carried = nothing,
        _ => {}
    }
    value
}

/// Reads through the ports what a specimen should be, as far as the rows hold it.
#[expect(
    clippy::too_many_lines,
    reason = "a table: one arm for each kind of row"
)]
async fn read_like(engine: &Engine, value: &Value) -> Option<Value> {
    let table = &engine.table;
    let now = monday_morning();
    match value {
        Value::User(user) => table
            .load_users(&[user.id])
            .await
            .unwrap()
            .pop()
            .map(Value::User),
        Value::Tombstone(left) => {
            let found = table.tombstones(left.over_since, 10).await.unwrap();
            found.contains(&left.user).then(|| value.clone())
        }
        Value::Identifier(name, _) => {
            let found = match name {
                Identifier::Address(address) => table.user_by_address(address).await.unwrap(),
                Identifier::External(id) => table.user_by_external_id(id).await.unwrap(),
                Identifier::UserName(_) => {
                    let names = std::slice::from_ref(name);
                    table.users_by_names(names).await.unwrap().found.pop()
                }
            };
            found.map(|user| Value::Identifier(name.clone(), user.id))
        }
        Value::Group(group) => {
            let read = table.read_groups(&[group.id]).await.unwrap();
            read.one().unwrap().map(Value::Group)
        }
        Value::GroupIdentifier(by, _) => {
            let found = table.find_group(by).await.unwrap();
            found.map(|group| Value::GroupIdentifier(by.clone(), group.id))
        }
        Value::Member(group, user) => {
            let members = table.members_of(*group, None, 10).await.unwrap();
            members.contains(user).then(|| value.clone())
        }
        Value::DirectoryNews(_) => {
            let news = table.directory_news().await.unwrap();
            Some(Value::DirectoryNews(news))
        }
        Value::Device(registration) => table
            .load_registration(registration.user, &registration.device.id)
            .await
            .unwrap()
            .map(Value::Device),
        Value::History(row) => {
            let rows = table.history_of(row.user, None, 100).await.unwrap().items;
            rows.into_iter()
                .find(|read| read.id == row.id)
                .map(Value::History)
        }
        Value::Mail(mail) => table
            .load_mails(&[mail.id])
            .await
            .unwrap()
            .pop()
            .map(Value::Mail),
        Value::Batch(batch) => {
            let found = table.load_batch(batch.id).await.unwrap();
            found.map(|(batch, _)| Value::Batch(batch))
        }
        Value::Cursor(cursor) => {
            let found = table.load_batch(cursor.batch).await.unwrap();
            found.map(|(_, cursor)| Value::Cursor(cursor))
        }
        Value::Named(batch, page, _) => {
            let users = table.named_users(*batch, *page).await.unwrap();
            Some(Value::Named(*batch, *page, users))
        }
        Value::Page(page) => {
            let mut pages = table.batch_pages(page.batch, page.number, 1).await.unwrap();
            pages.items.pop().map(Value::Page)
        }
        Value::Job(job) => {
            let found = table.load_job(job.id).await.unwrap();
            found.map(|(job, _)| Value::Job(job))
        }
        Value::JobCursor(cursor) => {
            let found = table.load_job(cursor.job).await.unwrap();
            found.map(|(_, cursor)| Value::JobCursor(cursor))
        }
        Value::JobUsers(job, row, _) => {
            let users = table.job_users(*job, *row).await.unwrap();
            Some(Value::JobUsers(*job, *row, users))
        }
        Value::JobFile(job, _) => {
            let file = table.job_file(*job).await.unwrap();
            file.map(|file| Value::JobFile(*job, file))
        }
        Value::JobPage(page) => {
            let mut pages = table.job_pages(page.job, page.number, 1).await.unwrap();
            pages.items.pop().map(Value::JobPage)
        }
        // Beside another one it is the second.
        Value::Bounce(batch, _) => {
            let another = specimens::unwritten_mail();
            let count = table.note_bounce(*batch, another).await.unwrap();
            (count == 2).then(|| value.clone())
        }
        Value::DeviceEvent(event) => {
            let found = table.load_device_event(event.id).await.unwrap();
            found.map(Value::DeviceEvent)
        }
        Value::SourcePoll(poll) => {
            let found = table.load_source_poll(&poll.source).await.unwrap();
            found.map(Value::SourcePoll)
        }
        Value::Reported(device) => {
            let found = table.load_reported_device(&device.id).await.unwrap();
            found.map(Value::Reported)
        }
        Value::LatestOf(event) => {
            let sources = [event.source.clone()];
            let latest = table.latest_device_events(&sources).await.unwrap();
            (latest == Vec::from_iter(LatestEvent::of(event))).then(|| value.clone())
        }
        Value::MessageOf(event) => {
            // With the device goes what is found by it.
            let device = specimens::of_device(event);
            let row = table.load_device_event(event.id).await.unwrap();
            assert!(row.is_some(), "the message is there");
            table.forget_reported_device(&device, 10).await.unwrap();
            let left = table.load_device_event(event.id).await.unwrap();
            left.is_none().then(|| value.clone())
        }
        Value::Unassigned(name, device) => {
            let found = table.unassigned_devices_of(name, 10).await.unwrap();
            found.contains(device).then(|| value.clone())
        }
        Value::Session(session) => table
            .load_session(&session.digest)
            .await
            .unwrap()
            .map(Value::Session),
        Value::CurrentSettings(_) => Some(Value::CurrentSettings(
            table.current_settings().await.unwrap(),
        )),
        Value::SettingsVersion(saved) => table
            .settings_at(saved.version)
            .await
            .unwrap()
            .map(Value::SettingsVersion),
        Value::Template(template) => {
            let found = table.template(&template.name).await.unwrap();
            found.map(Value::Template)
        }
        Value::Answer(answer) => {
            let found = table.recall_answer(&answer.key, now).await.unwrap();
            found.map(Value::Answer)
        }
        Value::Tally(name, until) => {
            let last = *until - SignedDuration::from_millis(1);
            let (count, over) = (
                table.tally(name, last).await,
                table.tally(name, *until).await,
            );
            ((count.unwrap(), over.unwrap()) == (1, 0)).then(|| value.clone())
        }
        // Another run gets it when its time is over, and not before.
        Value::Lease(_, until) => {
            let other = specimens::another_run();
            let last = *until - SignedDuration::from_millis(1);
            let early = table.take_lease(other, last, *until).await.unwrap();
            let late = table.take_lease(other, *until, *until).await.unwrap();
            (!early && late).then(|| value.clone())
        }
        Value::Pause(_) => table.delivery_pause().await.unwrap().map(Value::Pause),
        Value::Pace(_) => table.pace().await.unwrap().map(Value::Pace),
        Value::Sheet(sheet) => {
            let found = table.sheets(&[sheet.key]).await.unwrap();
            found.into_iter().next().map(Value::Sheet)
        }
        Value::Sums(scope, _) => {
            let (_, mut found) = table.counts(std::slice::from_ref(scope)).await.unwrap();
            let counts = found.pop()?;
            Some(Value::Sums(scope.clone(), counts))
        }
        Value::Ledger(_) => Some(Value::Ledger(table.uncounted().await.unwrap().0)),
        Value::Uncounted(row) => {
            let (_, rows) = table.uncounted().await.unwrap();
            let mut rows = rows.into_iter();
            rows.find(|read| read.number == row.number)
                .map(Value::Uncounted)
        }
    }
}
