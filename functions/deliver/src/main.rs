//! Starts `deliver` on the Lambda runtime.

use beckon_aws::{KeySource, LambdaWakeUp, SesMailService, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_domain::rules::content::Links;
use beckon_domain::usecases::deliver::{Deliver, DeliveryPolicy};
use beckon_mail::Composer;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, FunctionEnv, processors, serve, telemetry};
use deliver::DeliveryWorker;
use jiff::SignedDuration;

struct Config {
    store: StoreConfig,
    key_secret: String,
    own_name: String,
    enrolment_page: String,
    configuration_set: Option<String>,
    policy: DeliveryPolicy,
}

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let config = complete(&environment, |reader| {
        let usual = DeliveryPolicy::default();
        let seconds =
            |given: u64| SignedDuration::from_secs(i64::try_from(given).unwrap_or(i64::MAX));
        let policy = DeliveryPolicy {
            lease: seconds(reader.number_or("BECKON_LEASE_SECONDS", 30)),
            unknown_wait: seconds(reader.number_or("BECKON_UNKNOWN_WAIT_SECONDS", 300)),
            longest_run: seconds(reader.number_or("BECKON_LONGEST_RUN_SECONDS", 600)),
            #[expect(clippy::cast_precision_loss, reason = "a rate of mails a second")]
            most_per_second: match reader.number_or("BECKON_MOST_PER_SECOND", 0) {
                0 => usual.most_per_second,
                most => most as f64,
            },
            ..usual
        };
        let (key_secret, own_name, enrolment_page) = (
            reader.required("BECKON_KEY_SECRET"),
            reader.required("AWS_LAMBDA_FUNCTION_NAME"),
            reader.required("BECKON_ENROLMENT_PAGE"),
        );
        Some(Config {
            configuration_set: reader.optional("BECKON_CONFIGURATION_SET"),
            store: StoreConfig::read(reader)?,
            key_secret,
            own_name,
            enrolment_page,
            policy,
        })
    })?;
    let aws = clients::load();
    let table = Table::new(
        &aws,
        &config.store.table,
        Settings::default_from(config.store.sender),
    );
    let keys = KeySource::secret(&aws, &config.key_secret);
    let (table_stands, ()) = tokio::join!(table.warm_up(), keys.warm_up());
    table_stands?;
    let ses = SesMailService::new(&aws, config.configuration_set.as_deref());
    let worker = DeliveryWorker {
        deliver: Deliver {
            env: FunctionEnv::over(table)
                .with_keys(keys)
                .with_composer(Composer::new()?)
                .with_mail_service(ses)
                .with_wake_up(LambdaWakeUp::new(&aws, &config.own_name)),
            links: Links {
                enrolment_page: config.enrolment_page,
            },
            policy: config.policy,
        },
    };
    telemetry::ready();
    serve::events(|_: serde_json::Value| async {
        worker.handle().await.map(|_| ()).map_err(Error::from)
    })
    .await
}
