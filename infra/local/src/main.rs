//! `cargo run`: starts Beckon on this machine and says where it is.

use std::io::Write as _;
use std::path::PathBuf;

use beckon_domain::values::permission::{Caller, CallerKind, Role};
use beckon_local::{Options, SignIn, System};
use clap::Parser;
use clap::builder::PossibleValuesParser;

/// Most of what the embedded engine and the SDK do is to allocate and free: with the system's own
/// allocator a mail costs half as much again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Beckon on one machine. Loopback only, nothing leaves this computer, and nobody signs in unless --issuer is given.
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

    /// Asks for tokens of this identity provider and checks them as API Gateway does: signature, `iss`, `aud` or
    /// `client_id`, and times. One on this machine may answer at http://.
    ///
    /// The variables `BECKON_ROLE_CLAIM`, `BECKON_SCOPE_PREFIX` and `BECKON_MACHINE_CLAIM` mean what they mean in AWS.
    #[arg(long, value_name = "URL", requires = "audience")]
    issuer: Option<String>,

    /// What tokens must be for, as `aud` or `client_id` names it; several with commas between them.
    #[arg(long, value_name = "NAME", requires = "issuer", value_delimiter = ',')]
    audience: Vec<String>,

    /// The console's client id at the issuer, if --audience names the API and not the console itself. The console then
    /// asks for an access token for that audience; else it sends the id token.
    #[arg(long, value_name = "ID", requires = "issuer")]
    client_id: Option<String>,

    /// What the console asks the issuer for, in the place of `openid profile email offline_access`.
    #[arg(long, value_name = "SCOPES", requires = "issuer")]
    scope: Option<String>,

    /// Plays a role, in the place of a caller who may do everything; several with commas between them.
    #[arg(long, value_name = "ROLE", conflicts_with = "issuer", value_delimiter = ',', value_parser = PossibleValuesParser::new(Role::ALL.map(Role::name)))]
    role: Vec<String>,
}

impl Arguments {
    fn options(self) -> anyhow::Result<Options> {
        let usual = Options::from_environment(self.data, self.port)?;
        let sign_in = self
            .issuer
            .map(|issuer| SignIn::of(&issuer, &self.audience))
            .transpose()?
            .map(|sign_in| SignIn {
                client: self.client_id,
                scope: self.scope,
                ..sign_in
            });
        Ok(Options {
            aws: self.aws,
            caller: playing(&self.role, usual.caller),
            sign_in,
            ..usual
        })
    }
}

/// The usual caller, or one with these roles alone. What is for machines makes a machine of it.
fn playing(roles: &[String], usual: Caller) -> Caller {
    if roles.is_empty() {
        return usual;
    }
    let is_machine = roles.iter().any(|role| role == Role::Mdm.name());
    let kind = if is_machine {
        CallerKind::Machine
    } else {
        CallerKind::Person
    };
    Caller::with_roles(kind, &usual.name, roles.iter().map(String::as_str))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    beckon_runtime::telemetry::start_locally();
    let options = arguments.options()?;
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
