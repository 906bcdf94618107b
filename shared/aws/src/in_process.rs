//! A DynamoDB in this very process: the SDK's requests are handed to a function instead of a
//! socket. So an embedded engine answers nobody but us, and no port has to be hidden.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::sync::oneshot;

/// One request to the engine.
pub struct Call {
    /// What is asked for: `PutItem`, `Query`, …
    pub operation: String,
    /// The request's JSON.
    pub body: Vec<u8>,
    answer: oneshot::Sender<(u16, String)>,
}

impl Call {
    /// A request, and where its answer comes: status and body.
    #[must_use]
    pub fn new(operation: String, body: Vec<u8>) -> (Self, oneshot::Receiver<(u16, String)>) {
        let (answer, answered) = oneshot::channel();
        let call = Self {
            operation,
            body,
            answer,
        };
        (call, answered)
    }

    /// Answers it, as the service would over HTTP.
    pub fn answer(self, status: u16, body: String) {
        // Whoever asked may have stopped waiting.
        let _ = self.answer.send((status, body));
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// An HTTP client for the SDK that gives each request to `engine`. A call that is dropped without
/// an answer fails as a broken connection does.
pub(crate) fn http_client(engine: impl Fn(Call) + Send + Sync + 'static) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(InProcess(Arc::new(engine)));
    http_client_fn(move |_, _| connector.clone())
}

struct InProcess(Arc<dyn Fn(Call) + Send + Sync>);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.rsplit_once('.'))
            .map(|(_, operation)| operation.to_owned())
            .unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let (call, answered) = Call::new(operation, body);
        (self.0)(call);
        HttpConnectorFuture::new(async move {
            let (status, body) = answered
                .await
                .map_err(|gone| ConnectorError::io(gone.into()))?;
            let status = status
                .try_into()
                .map_err(|error| ConnectorError::other(Box::new(error), None))?;
            Ok(HttpResponse::new(status, body.into()))
        })
    }
}
