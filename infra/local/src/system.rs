//! The whole system: what is started, in which order, and how it ends.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use beckon_aws::table::key_of_user;
use beckon_aws::{DeliveryWakeUp, EventBridgeBus, KeySource, SesMailService, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_domain::ports::env::{WithMailService as _, WithWakeUp as _};
use beckon_domain::rules::content::Links;
use beckon_domain::usecases::deliver::{Deliver, DeliveryPolicy};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::UserId;
use beckon_domain::values::permission::Caller;
use beckon_mail::Composer;
use beckon_outgoing::HttpsClient;
use beckon_runtime::config::{complete, environment};
use beckon_runtime::{Authorised, FunctionEnv, caller, edge};
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use expand::Expand;
use feedback::Reports;
use futures_util::StreamExt as _;
use jiff::SignedDuration;
use publish::Publish;
use registration_confirmed::Confirmations;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;

use crate::bus::Bus;
use crate::dead_letters::DeadLetterFile;
use crate::engine::Engine;
use crate::published::PublishedEvents;
use crate::ses::{SesConfig, SesEndpoint};
use crate::sign_in::{Gateway, Issuer, SignIn};
use crate::{aws, docs, host, keys, openapi, stream};

/// The sender until the settings name one.
const SENDER: &str = "beckon@example.com";

/// What can be chosen.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where data is kept.
    pub data: PathBuf,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// How the delivery worker goes about it.
    pub delivery: DeliveryPolicy,
    /// How often maintenance comes by.
    pub maintenance_every: Duration,
    /// How long a refused redemption takes.
    pub refuse_after: Duration,
    /// Wrong tries that one source has in an hour.
    pub wrong_tries_per_hour: u64,
    /// Whether AWS's APIs are served too, for functions that run elsewhere on this machine.
    pub aws: bool,
    /// As whom everybody calls where nobody signs in.
    pub caller: Caller,
    /// Whose tokens are asked for; without, nobody signs in.
    pub sign_in: Option<SignIn>,
}

impl Options {
    /// What holds on one machine. Waits are shorter than in the cloud: whoever tries Beckon out
    /// should not have to wait for them.
    #[must_use]
    pub fn new(data: PathBuf, port: u16) -> Self {
        Self {
            data,
            port,
            delivery: DeliveryPolicy {
                lease: SignedDuration::from_secs(5),
                unknown_wait: SignedDuration::from_secs(10),
                pause: SignedDuration::from_secs(30),
                ..DeliveryPolicy::default()
            },
            maintenance_every: Duration::from_secs(5),
            refuse_after: Duration::from_millis(400),
            // Everybody here comes from 127.0.0.1.
            wrong_tries_per_hour: 10_000,
            aws: false,
            caller: caller::local().0,
            sign_in: None,
        }
    }

    /// The same, with what the environment says about waits. The variables are those of the
    /// functions in the cloud.
    pub fn from_environment(data: PathBuf, port: u16) -> anyhow::Result<Self> {
        let usual = Self::new(data, port);
        let options = complete(&environment, |reader| {
            let mut seconds = |name: &str, usual: SignedDuration| {
                let given = reader.number_or(name, usual.unsigned_abs().as_secs());
                SignedDuration::from_secs(i64::try_from(given).unwrap_or(i64::MAX))
            };
            let delivery = DeliveryPolicy {
                lease: seconds("BECKON_LEASE_SECONDS", usual.delivery.lease),
                unknown_wait: seconds("BECKON_UNKNOWN_WAIT_SECONDS", usual.delivery.unknown_wait),
                pause: seconds("BECKON_PAUSE_SECONDS", usual.delivery.pause),
                ..usual.delivery.clone()
            };
            let every = reader
                .number_or(
                    "BECKON_MAINTENANCE_SECONDS",
                    usual.maintenance_every.as_secs(),
                )
                .max(1);
            let refuse_after = reader.number_or("BECKON_REFUSE_AFTER_MILLIS", 400);
            let wrong_tries_per_hour =
                reader.number_or("BECKON_WRONG_TRIES_PER_HOUR", usual.wrong_tries_per_hour);
            Some(Self {
                delivery,
                maintenance_every: Duration::from_secs(every),
                refuse_after: Duration::from_millis(refuse_after),
                wrong_tries_per_hour,
                ..usual
            })
        })?;
        Ok(options)
    }
}

/// A running system.
#[derive(Debug)]
pub struct System {
    address: String,
    data: PathBuf,
    /// Who may call, for whoever started it.
    callers: String,
    table: Table,
    openapi: serde_json::Value,
    tasks: JoinSet<()>,
    round: Arc<Mutex<()>>,
    // Dropped in this order: the folder is free when the engine has let go of it.
    engine: Engine,
    _lock: File,
}

/// What the tasks and the routes share.
struct Shared {
    table: Table,
    keys: KeySource,
    failures: DeadLetterFile,
    published: PublishedEvents,
    ses: SesEndpoint,
    sender: EmailAddress,
    links: Links,
    /// What the delivery worker's task waits for.
    woken: Arc<Notify>,
    /// What the task waits for that asks device managements.
    polling: Arc<Notify>,
    wake_up: DeliveryWakeUp,
}

impl System {
    /// Starts everything; when this returns, it answers.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.data)
            .with_context(|| format!("the folder {} cannot be made", options.data.display()))?;
        for_its_owner_alone(&options.data)?;
        let lock = only_one(&options.data)?;
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await.with_context(|| {
            format!(
                "port {} cannot be listened on; is Beckon running already? `--port 0` takes a free one",
                options.port
            )
        })?;
        let address = format!("http://{}", listener.local_addr()?);
        let callers = Callers::of(&options).await?;
        let callers_in_words = callers.in_words();

        let mut tasks = JoinSet::new();
        let engine = Engine::start(&options.data)?;
        let (reports, reported) = tokio::sync::mpsc::unbounded_channel();
        let shared = Shared::open(&options, &engine, &address, reports).await?;
        // The folder is ours alone, so a lease can only be that of a process that was killed.
        shared.table.free_lease().await?;
        let service = shared.mail_service(&mut tasks).await?;
        let env = shared.env(service)?;
        let (router, openapi) = shared.router(
            &env,
            redeem::Limits {
                refuse_after: options.refuse_after,
                wrong_tries_per_hour: options.wrong_tries_per_hour,
            },
            callers,
        )?;
        if options.aws {
            shared.serve_aws(&options, &engine, &mut tasks).await?;
        }
        let round = Arc::new(Mutex::new(()));
        let worker = Deliver {
            env: env.clone(),
            links: shared.links.clone(),
            policy: options.delivery.clone(),
        };
        tasks.spawn(deliver_when_woken(
            worker,
            Arc::clone(&shared.woken),
            Arc::clone(&round),
        ));
        tasks.spawn(stream::follow(
            engine.database(),
            options.data.clone(),
            Expand { env: env.clone() },
        ));
        tasks.spawn(stream::follow(
            engine.database(),
            options.data.clone(),
            Publish { env: env.clone() },
        ));
        tasks.spawn(record_reports(Reports { env: env.clone() }, reported));
        tasks.spawn(poll_when_woken(env.clone(), Arc::clone(&shared.polling)));
        tasks.spawn(come_by(env, options.maintenance_every));
        tasks.spawn(async move {
            if let Err(error) = axum::serve(
                listener,
                router.into_make_service_with_connect_info::<SocketAddr>(),
            )
            .await
            {
                tracing::error!(%error, "the server stopped");
            }
        });
        Ok(Self {
            address,
            data: options.data,
            callers: callers_in_words,
            table: shared.table,
            openapi,
            tasks,
            round,
            engine,
            _lock: lock,
        })
    }

    /// Where it answers: `http://127.0.0.1:8080`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The table, for tests that look behind the API.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Puts an item into the table past every port, for tests: as another version, or a hand that
    /// slipped, may have left it there.
    pub fn put_item(&self, item: serde_json::Value) -> anyhow::Result<()> {
        self.engine.database().put_item(PutItemRequest {
            table_name: Engine::TABLE.to_owned(),
            item: serde_json::from_value(item)?,
            ..PutItemRequest::default()
        })?;
        Ok(())
    }

    /// A user's row as it stands in the table, for tests.
    pub fn row_of_user(&self, id: UserId) -> anyhow::Result<Option<serde_json::Value>> {
        let answer = self.engine.database().get_item(GetItemRequest {
            table_name: Engine::TABLE.to_owned(),
            key: serde_json::from_value(key_of_user(id))?,
            ..GetItemRequest::default()
        })?;
        Ok(answer.item.map(serde_json::to_value).transpose()?)
    }

    /// The document of all routes, as the code has them.
    #[must_use]
    pub fn openapi(&self) -> &serde_json::Value {
        &self.openapi
    }

    /// What to tell whoever started it.
    #[must_use]
    pub fn welcome(&self) -> String {
        let address = &self.address;
        format!(
            "Beckon is running at {address}
  {address}/              the console: add people and invite them
  {address}/mailbox       the mails it sent: nothing leaves this machine
  {address}/enroll        the page that invited people see
  {address}/docs          the API, to read and to try
Data is kept in {}. {}

Open the console and add somebody, then look into the mailbox. Without a browser:
  curl -s -X POST {address}/v1/users -H 'Content-Type: application/json' \\
    -d '{{\"email\": \"a.user@example.com\", \"displayName\": \"A. User\"}}'

Ctrl-C ends it; start it again and it goes on where it was.",
            self.data.display(),
            self.callers
        )
    }

    /// Ends it: lets the delivery worker finish what is in flight, then stops every task.
    pub async fn stop(mut self) {
        // Whatever is not finished by then is taken up at the next start.
        let finished = tokio::time::timeout(Duration::from_secs(3), self.round.lock()).await;
        drop(finished);
        self.tasks.shutdown().await;
        // It waits for its thread, which no task must.
        let _ = tokio::task::spawn_blocking(move || drop(self.engine)).await;
    }
}

impl Shared {
    async fn open(
        options: &Options,
        engine: &Engine,
        address: &str,
        reports: UnboundedSender<serde_json::Value>,
    ) -> anyhow::Result<Self> {
        let sender =
            EmailAddress::parse(SENDER).map_err(|problem| anyhow::anyhow!(problem.detail))?;
        let config = clients::in_process(engine.calls());
        let (woken, polling) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        beckon_aws::table::create_table(&config, Engine::TABLE).await?;
        Ok(Self {
            table: Table::new(
                &config,
                Engine::TABLE,
                Settings::default_from(sender.clone()),
            ),
            keys: KeySource::held(keys::ring(&options.data)?, keys::senders(&options.data)),
            failures: DeadLetterFile::open(&options.data)?,
            published: PublishedEvents::open(&options.data)?,
            ses: SesEndpoint::open(SesConfig::new(&options.data), Some(reports))?,
            sender,
            links: Links {
                enrolment_page: format!("{address}/enroll"),
            },
            wake_up: DeliveryWakeUp::Here {
                delivery: Arc::clone(&woken),
                polling: Arc::clone(&polling),
            },
            woken,
            polling,
        })
    }

    /// Every route on one port.
    fn router(
        &self,
        env: &LocalEnv,
        guessing: redeem::Limits,
        callers: Callers,
    ) -> anyhow::Result<(Router, serde_json::Value)> {
        let bus = Bus::new(Confirmations { env: env.clone() });
        let (functions, document) = openapi::merged(openapi::Parts {
            directory: directory::Directory::new(self.table.clone(), self.keys.clone()),
            desk: desk::Desk::new(
                self.table.clone(),
                self.keys.clone(),
                Composer::new()?,
                self.links.clone(),
            ),
            previews: preview::Previews::new(
                self.table.clone(),
                Composer::new()?,
                self.links.clone(),
            ),
            sending: send::Sending::new(
                self.table.clone(),
                env.mail_service().clone(),
                self.wake_up.clone(),
            ),
            device_events: device_events::DeviceEvents::new(
                self.table.clone(),
                self.keys.clone(),
                HttpsClient::on_one_machine(),
            ),
            settings: settings::SettingsRoutes::new(
                self.table.clone(),
                self.keys.clone(),
                self.sender.clone(),
                Composer::new()?,
                self.links.clone(),
            ),
            redemptions: redeem::Redemptions::new(
                self.table.clone(),
                self.keys.clone(),
                HttpsClient::on_one_machine(),
                guessing,
            ),
        })?;
        let people = scim::Scim::new(
            self.table.clone(),
            self.keys.clone(),
            &self.links.enrolment_page,
        );
        let all = functions
            .merge(people.router())
            .merge(self.ses.mailbox_router())
            .merge(self.ses.control_router())
            .merge(bus.router())
            .merge(self.published.router())
            .merge(self.failures.router())
            .merge(docs::router())
            .merge(
                console::Console::new(console::Setup {
                    sign_in: callers.sign_in(),
                    local: true,
                })
                .router(),
            );
        let router = callers
            .around(all, &document)
            .layer(from_fn(host::only_loopback));
        Ok((router, document))
    }

    /// The mail service, served on an address of its own.
    async fn mail_service(&self, tasks: &mut JoinSet<()>) -> anyhow::Result<SesMailService> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let ses = self.ses.clone();
        tasks.spawn(async move {
            if let Err(error) = ses.serve(listener).await {
                tracing::error!(%error, "the local mail service stopped");
            }
        });
        Ok(SesMailService::new(&clients::local(&endpoint), None))
    }

    /// AWS's APIs for functions that `cargo lambda` runs.
    async fn serve_aws(
        &self,
        options: &Options,
        engine: &Engine,
        tasks: &mut JoinSet<()>,
    ) -> anyhow::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let names = aws::Names {
            table: Engine::TABLE,
            sender: SENDER,
            enrolment_page: &self.links.enrolment_page,
        };
        aws::write_environment(&options.data, &listener, &names)?;
        let services = aws::Services {
            engine: engine.caller(),
            failures: self.failures.clone(),
            published: self.published.clone(),
            data: options.data.clone(),
        };
        let router = aws::router(services, self.ses.api_router());
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "AWS's APIs are served no longer");
            }
        });
        Ok(())
    }

    /// What the functions that answer events run in.
    fn env(&self, service: SesMailService) -> anyhow::Result<LocalEnv> {
        let bus = clients::in_process(self.published.calls());
        Ok(FunctionEnv::over(self.table.clone())
            .with_keys(self.keys.clone())
            .with_composer(Composer::new()?)
            .with_mail_service(service)
            .with_wake_up(self.wake_up.clone())
            .with_event_bus(EventBridgeBus::new(&bus, PublishedEvents::BUS))
            .with_dead_letters(self.failures.clone())
            .with_outgoing(HttpsClient::on_one_machine()))
    }
}

/// The folder holds mails with PINs, and addresses.
fn for_its_owner_alone(data: &std::path::Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(data, std::fs::Permissions::from_mode(0o700))
            .with_context(|| format!("{} cannot be closed to others", data.display()))?;
    }
    #[cfg(not(unix))]
    let _ = data;
    Ok(())
}

/// Two processes on one folder would be two delivery workers and two engines.
fn only_one(data: &std::path::Path) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file =
        File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    file.try_lock().map_err(|_| {
        anyhow::anyhow!(
            "Beckon is running already on the folder {}; stop it, or choose another with --data",
            data.display()
        )
    })?;
    Ok(file)
}

/// Who may call.
enum Callers {
    /// Nobody signs in: whoever calls is this caller.
    Everybody(Caller),
    /// Those with a token.
    SignedIn(Issuer, SignIn),
}

impl Callers {
    async fn of(options: &Options) -> anyhow::Result<Self> {
        let Some(sign_in) = options.sign_in.clone() else {
            return Ok(Self::Everybody(options.caller.clone()));
        };
        let issuer = Issuer::discover(&sign_in.issuer).await?;
        Ok(Self::SignedIn(issuer, sign_in))
    }

    /// How they sign in to the console.
    fn sign_in(&self) -> Option<console::SignIn> {
        match self {
            Self::Everybody(_) => None,
            Self::SignedIn(issuer, sign_in) => Some(sign_in.to_the_console(issuer)),
        }
    }

    /// The routes with what lies around them: for those who signed in, the same as in AWS.
    fn around(self, router: Router, document: &serde_json::Value) -> Router {
        match self {
            Self::Everybody(caller) => {
                edge::around(router).layer(axum::Extension(Authorised(caller)))
            }
            Self::SignedIn(issuer, sign_in) => {
                let gateway = Gateway::new(issuer, sign_in, document);
                let gateway = from_fn_with_state(Arc::new(gateway), Gateway::check);
                edge::in_lambda(router).layer(gateway)
            }
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Everybody(caller) if *caller == caller::local().0 => {
                "There is no sign-in here; in AWS there is.".to_owned()
            }
            Self::Everybody(caller) => {
                let roles: Vec<&str> = caller.roles.iter().map(|role| role.name()).collect();
                let roles = roles.join(" and ");
                format!("There is no sign-in here: whoever calls has the role {roles}.")
            }
            Self::SignedIn(_, sign_in) => {
                format!("Whoever calls needs a token of {}.", sign_in.issuer)
            }
        }
    }
}

/// What the functions run in on one machine.
pub(crate) type LocalEnv = FunctionEnv<
    Table,
    KeySource,
    Composer,
    SesMailService,
    DeliveryWakeUp,
    EventBridgeBus,
    DeadLetterFile,
    HttpsClient,
>;

async fn deliver_when_woken(worker: Deliver<LocalEnv>, woken: Arc<Notify>, round: Arc<Mutex<()>>) {
    loop {
        woken.notified().await;
        let _busy = round.lock().await;
        let round = async { deliver::conclude(worker.run().await?, worker.env.wake_up()).await };
        if let Err(error) = round.await {
            tracing::error!(error = %beckon_runtime::problem::chain(&error), "the delivery worker's round failed; maintenance has it begin again");
        }
    }
}

async fn poll_when_woken(env: LocalEnv, woken: Arc<Notify>) {
    loop {
        woken.notified().await;
        // What failed is in the log, and begins again when it is due.
        let _ = poll::handle(&env).await;
    }
}

/// How many reports are recorded at the same time; in the cloud a function does each.
const REPORTS_AT_A_TIME: usize = 4;

async fn record_reports(
    reports: Reports<LocalEnv>,
    reported: tokio::sync::mpsc::UnboundedReceiver<serde_json::Value>,
) {
    futures_util::stream::unfold(reported, async |mut reported| {
        Some((reported.recv().await?, reported))
    })
    .for_each_concurrent(REPORTS_AT_A_TIME, async |event| {
        let Ok(event) = serde_json::from_value(event) else {
            tracing::error!("the local mail service sent an event that is none");
            return;
        };
        if let Err(error) = reports.handle(event).await {
            tracing::error!(error = %beckon_runtime::problem::chain(&error), "a report of the mail service was lost");
        }
    })
    .await;
}

async fn come_by(env: LocalEnv, every: Duration) {
    // At once: what was due while the system was down is late already.
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = maintenance::handle(&env).await {
            tracing::error!(error = %beckon_runtime::problem::chain(&error), "maintenance's round failed");
        }
        if let Err(error) = maintenance::carry(&env).await {
            tracing::error!(error = %beckon_runtime::problem::chain(&error), "maintenance could not carry messages on");
        }
        if let Err(error) = maintenance::poll(&env).await {
            tracing::error!(error = %beckon_runtime::problem::chain(&error), "maintenance could not have device managements asked");
        }
        if let Err(error) = maintenance::erase(&env).await {
            tracing::error!(error = %beckon_runtime::problem::chain(&error), "maintenance could not erase");
        }
        if let Err(error) = maintenance::count(&env).await {
            tracing::error!(error = %beckon_runtime::problem::chain(&error), "maintenance could not count");
        }
    }
}
