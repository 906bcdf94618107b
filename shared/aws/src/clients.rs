//! SDK clients with the timeouts that the SDKs leave unset. A call that hangs must end before the
//! function that made it does.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::in_process::{Call, http_client};

/// For how long a connection may lie idle and be used again. While a function is frozen, the other
/// end closes it unseen, and a mail that is handed over on it then gets no answer.
const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(20);

/// What every client is made from: what Lambda puts into the environment. The SDK's own loader would look for
/// profiles, roles and metadata services besides, which no function has and each would carry.
#[must_use]
pub fn load() -> SdkConfig {
    from_environment(environment)
}

/// The same, with another way to look up a variable.
fn from_environment(lookup: fn(&str) -> Option<String>) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(OnFirstRequest(https_client()))
        .timeout_config(timeouts())
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .service_config(EndpointOfService(lookup));
    config
        .set_endpoint_url(lookup("AWS_ENDPOINT_URL"))
        .set_region(lookup("AWS_REGION").map(Region::new))
        .set_credentials_provider(credentials(lookup).map(SharedCredentialsProvider::new));
    config.build()
}

/// Those of the function's role, if they are there. Lambda ends a process before they do.
fn credentials(lookup: fn(&str) -> Option<String>) -> Option<Credentials> {
    Some(Credentials::new(
        lookup("AWS_ACCESS_KEY_ID")?,
        lookup("AWS_SECRET_ACCESS_KEY")?,
        lookup("AWS_SESSION_TOKEN"),
        None,
        "environment",
    ))
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where one service is, if it is elsewhere than the others: `AWS_ENDPOINT_URL_LAMBDA` and its like.
#[derive(Debug)]
struct EndpointOfService(fn(&str) -> Option<String>);

impl LoadServiceConfig for EndpointOfService {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().replace(' ', "_").to_uppercase();
        (self.0)(&format!("{}_{service}", key.env()))
    }
}

/// The SDK's own default, but with ring, and another time for which connections are kept.
fn https_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(ProxyConfig::from_env())
            .pool_idle_timeout(IDLE_CONNECTION_TIMEOUT)
            .tls_provider(Provider::Rustls(CryptoMode::Ring));
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
    unsigned()
        .into_builder()
        .endpoint_url(endpoint)
        .http_client(OnFirstRequest(https_client()))
        .build()
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
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::config::ProvideCredentials as _;
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;

    #[test]
    fn clients_are_made_without_a_connector() {
        let made = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&made);
        let client = Builder::new().build_with_connector_fn(move |_, _| {
            counting.fetch_add(1, Ordering::Relaxed);
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
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

    /// As Lambda has it, with the endpoints of a local run.
    fn variable(name: &str) -> Option<String> {
        let value = match name {
            "AWS_REGION" => "eu-central-1",
            "AWS_ACCESS_KEY_ID" => "id",
            "AWS_SECRET_ACCESS_KEY" => "secret",
            "AWS_SESSION_TOKEN" => "token",
            "AWS_ENDPOINT_URL" => "http://127.0.0.1:1",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER" => "http://127.0.0.1:2",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[tokio::test]
    async fn region_and_credentials_are_those_of_the_environment() {
        let config = from_environment(variable);

        assert_eq!(config.region().unwrap().as_ref(), "eu-central-1");
        let provider = config.credentials_provider().unwrap();
        let credentials = provider.provide_credentials().await.unwrap();
        assert_eq!(credentials.access_key_id(), "id");
        assert_eq!(credentials.secret_access_key(), "secret");
        assert_eq!(credentials.session_token(), Some("token"));
        assert!(from_environment(|_| None).credentials_provider().is_none());
    }

    /// A connector that reaches nothing, and notes where it was to go.
    #[derive(Debug, Clone, Default)]
    struct Asked(Arc<Mutex<Vec<String>>>);

    impl HttpConnector for Asked {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.0.lock().unwrap().push(request.uri().to_owned());
            HttpConnectorFuture::ready(Err(ConnectorError::user("nothing is there".into())))
        }
    }

    #[tokio::test]
    async fn a_service_may_be_elsewhere_than_the_others() {
        let asked = Asked::default();
        let connector = SharedHttpConnector::new(asked.clone());
        let config = from_environment(variable)
            .into_builder()
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();

        let table = aws_sdk_dynamodb::Client::new(&config);
        table.list_tables().send().await.unwrap_err();
        let keys = aws_sdk_secretsmanager::Client::new(&config);
        keys.list_secrets().send().await.unwrap_err();

        let addresses = asked.0.lock().unwrap();
        assert_eq!(*addresses, ["http://127.0.0.1:1/", "http://127.0.0.1:2/"]);
    }
}
