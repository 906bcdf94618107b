//! The embedded DynamoDB engine: `SQLite` in the data folder, behind the AWS SDK's client in the
//! place of a connection.

use std::fmt;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use anyhow::Context as _;
use beckon_aws::Call;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The engine, which answers for as long as this is held.
pub(crate) struct Engine {
    database: Database,
    messages: mpsc::Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

/// What the engine's thread is sent.
enum Message {
    Call(Call),
    End,
}

impl Engine {
    /// What the table is called.
    pub(crate) const TABLE: &'static str = "beckon";

    /// Opens the database and serves it.
    pub(crate) fn start(data: &Path) -> anyhow::Result<Self> {
        let path = data.join("table.db");
        let path = path
            .to_str()
            .context("the data folder's name is not UTF-8")?;
        let database = Database::new(path).with_context(|| format!("{path} cannot be opened"))?;
        // The engine opens SQLite as it comes, which waits for the disk at every write. This puts
        // it to `synchronous = NORMAL`: with the write-ahead log a crash of the process loses
        // nothing, and a power cut at most the last moment, never the database.
        database
            .disable_bulk_loading()
            .with_context(|| format!("{path} cannot be set up"))?;
        index_stream(path).with_context(|| format!("{path} cannot be set up"))?;
        let (messages, received) = mpsc::channel();
        let thread = answer_on_its_own_thread(database.clone(), received)?;
        Ok(Self {
            database,
            messages,
            thread: Some(thread),
        })
    }

    /// The database itself, for its stream.
    pub(crate) fn database(&self) -> Database {
        self.database.clone()
    }

    /// Hands the SDK's requests to the engine.
    pub(crate) fn calls(&self) -> impl Fn(Call) + Send + Sync + 'static {
        let caller = self.caller();
        move |call| caller.call(call)
    }

    /// Whoever may call the engine.
    pub(crate) fn caller(&self) -> Caller {
        Caller(self.messages.clone())
    }
}

/// Calls the engine, for as long as it lives.
#[derive(Clone)]
pub(crate) struct Caller(mpsc::Sender<Message>);

impl Caller {
    fn call(&self, call: Call) {
        // An engine that has ended drops the call, and whoever asked is told that it is gone.
        let _ = self.0.send(Message::Call(call));
    }

    /// A request from outside this process: status and body of the answer.
    pub(crate) async fn ask(&self, operation: &str, body: Vec<u8>) -> (u16, String) {
        let (call, answered) = Call::new(operation.to_owned(), body);
        self.call(call);
        answered.await.unwrap_or_else(|_| (500, String::new()))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

/// It ends with what holds it: nothing is written to the data folder after that.
impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::End);
        if let Some(thread) = self.thread.take() {
            // It can only fail by a panic of the engine's, which has been printed.
            let _ = thread.join();
        }
    }
}

/// Answers on a thread of its own until it is told to end. The engine does one thing at a time and
/// blocks while it does: among the other tasks it would hold up all of them.
fn answer_on_its_own_thread(
    database: Database,
    messages: mpsc::Receiver<Message>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || {
            while let Ok(Message::Call(call)) = messages.recv() {
                match answer(&database, &call.operation, &call.body) {
                    Ok(body) => call.answer(200, body),
                    Err(error) => call.answer(error.status_code(), error.to_json()),
                }
            }
        })
}

/// Carries out the operations that the table uses.
fn answer(database: &Database, operation: &str, body: &[u8]) -> dynoxide::Result<String> {
    /// Reads the request, carries it out and writes the response.
    fn with<Q: DeserializeOwned, A: Serialize>(
        body: &[u8],
        carry_out: impl FnOnce(Q) -> dynoxide::Result<A>,
    ) -> dynoxide::Result<String> {
        let request = serde_json::from_slice(body)
            .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
        serde_json::to_string(&carry_out(request)?)
            .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
    }
    match operation {
        "GetItem" => with(body, |request| database.get_item(request)),
        "BatchGetItem" => with(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => with(body, |request| database.batch_write_item(request)),
        "Query" => with(body, |request| database.query(request)),
        "Scan" => with(body, |request| database.scan(request)),
        "PutItem" => with(body, |request| database.put_item(request)),
        "UpdateItem" => with(body, |request| database.update_item(request)),
        "DeleteItem" => with(body, |request| database.delete_item(request)),
        "TransactWriteItems" => with(body, |request: TransactWriteItemsRequest| {
            // No answer is lost in here. The engine goes through every token of the last ten
            // minutes at each transaction.
            database.transact_write_items(TransactWriteItemsRequest {
                client_request_token: None,
                ..request
            })
        }),
        "CreateTable" => with(body, |request| database.create_table(request)),
        "UpdateTimeToLive" => with(body, |request| database.update_time_to_live(request)),
        _ => Err(DynoxideError::ValidationException(format!(
            "{operation} is not used by Beckon's table"
        ))),
    }
}

/// The engine numbers its stream records by asking for the highest number so far, of a table that
/// has no index for that: every write would read the whole stream, and ten thousand invitations
/// would take hours instead of seconds.
fn index_stream(path: &str) -> rusqlite::Result<()> {
    rusqlite::Connection::open(path)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS beckon_stream_order
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
    )
}
