//! SDK clients with the timeouts that the SDKs leave unset. A call that hangs must end before the
//! function that made it does.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::in_process::{Call, http_client};

/// For how long a connection may lie idle and be used again. While a function is frozen, the other
/// end closes it unseen, and a mail that is handed over on it then gets no answer.
const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(20);

/// What every client is made from: region, credentials and timeouts from the environment. Lambda puts the
/// credentials there; the SDK's other ways to find some would be prepared at every start and never taken.
pub async fn load() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(OnFirstRequest(https_client()))
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .timeout_config(timeouts())
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .load()
        .await
}

/// The SDK's own default, but for how long connections are kept.
fn https_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(ProxyConfig::from_env())
            .pool_idle_timeout(IDLE_CONNECTION_TIMEOUT)
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}

/// A client that is not made before it is needed. The SDK's makes a connector for each service as well, only to
/// throw it away: each reads all the certificates that the system trusts.
#[derive(Debug)]
struct OnFirstRequest(SharedHttpClient);

impl HttpClient for OnFirstRequest {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// For an endpoint on this machine, which checks no signature.
#[must_use]
pub fn local(endpoint: &str) -> SdkConfig {
    unsigned().into_builder().endpoint_url(endpoint).build()
}

/// For an engine in this process, which is given each request as a [`Call`] and answers it.
#[must_use]
pub fn in_process(engine: impl Fn(Call) + Send + Sync + 'static) -> SdkConfig {
    unsigned()
        .into_builder()
        .endpoint_url("http://in-process")
        .http_client(http_client(engine))
        .build()
}

fn unsigned() -> SdkConfig {
    use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "local", "local", None, None, "local",
        )))
        .timeout_config(timeouts())
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .build()
}

/// A second to connect, five for a call with its retries' share, as DynamoDB answers in
/// milliseconds and SES in tens of them.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(20))
        .build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn clients_are_made_without_a_connector() {
        let made = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&made);
        let client = Builder::new().build_with_connector_fn(move |_, _| {
            counting.fetch_add(1, Ordering::Relaxed);
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .build()
        });
        let config = unsigned()
            .into_builder()
            .http_client(OnFirstRequest(client))
            .build();

        aws_sdk_dynamodb::Client::new(&config);
        aws_sdk_secretsmanager::Client::new(&config);

        assert_eq!(made.load(Ordering::Relaxed), 0);
    }
}
