//! Starts `deliver` on the Lambda runtime.

use beckon_aws::{LambdaWakeUp, SesMailService, Table, clients};
use beckon_domain::ports::env::WithWakeUp as _;
use beckon_domain::rules::content::Links;
use beckon_domain::usecases::deliver::{Deliver, DeliveryPolicy};
use beckon_mail::Composer;
use beckon_runtime::config::{Reader, StoreConfig};
use beckon_runtime::{FunctionEnv, start};
use deliver::conclude;
use jiff::SignedDuration;

/// What the function's environment says.
struct Config {
    store: StoreConfig,
    key_secret: String,
    own_name: String,
    enrolment_page: String,
    configuration_set: Option<String>,
    policy: DeliveryPolicy,
}

fn main() -> Result<(), start::Error> {
    start::events(Config::read, async |config: Config| {
        let aws = clients::load();
        let defaults = config.store.defaults();
        let (table, keys) =
            Table::open_with_keys(&aws, &config.store.table, defaults, &config.key_secret).await?;
        let ses = SesMailService::new(&aws, config.configuration_set.as_deref());
        let worker = Deliver {
            env: FunctionEnv::over(table)
                .with_keys(keys)
                .with_composer(Composer::new()?)
                .with_mail_service(ses)
                .with_wake_up(LambdaWakeUp::new(&aws, &config.own_name)),
            links: Links {
                enrolment_page: config.enrolment_page,
            },
            policy: config.policy,
        };
        Ok(async move |_: serde_json::Value| {
            conclude(worker.run().await?, worker.env.wake_up())
                .await
                .map(|_| ())
        })
    })
}

impl Config {
    fn read(variables: &mut Reader<'_>) -> Option<Self> {
        let policy = policy(variables);
        let key_secret = variables.required("BECKON_KEY_SECRET");
        let own_name = variables.required("AWS_LAMBDA_FUNCTION_NAME");
        let enrolment_page = variables.required("BECKON_ENROLMENT_PAGE");
        Some(Self {
            configuration_set: variables.optional("BECKON_CONFIGURATION_SET"),
            store: StoreConfig::read(variables)?,
            key_secret,
            own_name,
            enrolment_page,
            policy,
        })
    }
}

fn policy(variables: &mut Reader<'_>) -> DeliveryPolicy {
    let usual = DeliveryPolicy::default();
    let seconds = |given: u64| SignedDuration::from_secs(i64::try_from(given).unwrap_or(i64::MAX));
    DeliveryPolicy {
        lease: seconds(variables.number_or("BECKON_LEASE_SECONDS", 30)),
        unknown_wait: seconds(variables.number_or("BECKON_UNKNOWN_WAIT_SECONDS", 300)),
        longest_run: seconds(variables.number_or("BECKON_LONGEST_RUN_SECONDS", 600)),
        #[expect(clippy::cast_precision_loss, reason = "a rate of mails a second")]
        most_per_second: match variables.number_or("BECKON_MOST_PER_SECOND", 0) {
            0 => usual.most_per_second,
            most => most as f64,
        },
        ..usual
    }
}
