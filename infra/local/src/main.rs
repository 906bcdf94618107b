//! `cargo run`: starts Beckon on this machine and says where it is.

use std::io::Write as _;
use std::path::PathBuf;

use beckon_local::{Options, System};
use clap::Parser;

/// Most of what the embedded engine and the SDK do is to allocate and free: with the system's own
/// allocator a mail costs half as much again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Beckon on one machine. Loopback only, no sign-in, nothing leaves this computer.
#[derive(Debug, Parser)]
#[command(name = "beckon", version)]
struct Arguments {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,

    /// Where data is kept.
    #[arg(long, default_value = ".beckon", value_name = "DIR")]
    data: PathBuf,

    /// Serves AWS's APIs on loopback as well, and writes DIR/lambda.env, so that `cargo lambda`
    /// can run single functions against this data.
    #[arg(long)]
    aws: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    beckon_runtime::telemetry::start_locally();
    let options = Options {
        aws: arguments.aws,
        ..Options::from_environment(arguments.data, arguments.port)?
    };
    // Before it says that it runs: whoever reads that may end it at once.
    let ending = ending()?;
    let system = System::start(options).await?;
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stdout(), "{}", system.welcome());
    ending.await;
    system.stop().await;
    Ok(())
}

/// Ends with Ctrl-C or, where there is such a thing, a request to terminate.
#[cfg(unix)]
fn ending() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn ending() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
