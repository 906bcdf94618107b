//! `cargo run`: starts Beckon on this machine and says where it is.

use std::path::PathBuf;

use beckon_local::{Options, System};
use clap::Parser;

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
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    beckon_runtime::telemetry::start_locally();
    let options = Options::from_environment(arguments.data, arguments.port)?;
    let system = System::start(options).await?;
    #[expect(clippy::print_stdout, reason = "this is what the program has to say")]
    {
        println!("{}", system.welcome());
    }
    tokio::signal::ctrl_c().await?;
    system.stop().await;
    Ok(())
}
