//! The embedded DynamoDB engine: `SQLite` in the data folder, served to the AWS SDK on loopback.

use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::Context as _;
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The engine.
#[derive(Clone)]
pub(crate) struct Engine {
    database: Database,
    endpoint: String,
}

impl Engine {
    /// What the table is called.
    pub(crate) const TABLE: &'static str = "beckon";

    /// Opens the database and serves it.
    pub(crate) async fn start(data: &Path, tasks: &mut JoinSet<()>) -> anyhow::Result<Self> {
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
        let listener = hidden_listener().await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let served = database.clone();
        tasks.spawn(async move { dynoxide::server::serve_on(listener, served).await });
        Ok(Self { database, endpoint })
    }

    /// The database itself, for its stream.
    pub(crate) fn database(&self) -> Database {
        self.database.clone()
    }

    /// Where the SDK finds it.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
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

/// The engine checks no signature and answers every web page that asks it (it allows all
/// origins). So it listens where no page can guess: at a random one of the sixteen million
/// loopback addresses, where the system has them all, and at a random port.
async fn hidden_listener() -> anyhow::Result<TcpListener> {
    let mut random = [0_u8; 3];
    getrandom::fill(&mut random).context("the operating system gives no random numbers")?;
    let [a, b, c] = random;
    let hidden = Ipv4Addr::new(127, a, b, c.clamp(1, 254));
    match TcpListener::bind((hidden, 0)).await {
        Ok(listener) => Ok(listener),
        // macOS has only 127.0.0.1.
        Err(_) => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
    }
}
