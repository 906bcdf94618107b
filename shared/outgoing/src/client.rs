//! Making a call.

use std::error::Error;
use std::io::Cursor;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use beckon_domain::model::outgoing_call::{
    CallMethod, NoAnswer, NotReached, OutgoingAnswer, OutgoingCall,
};
use beckon_domain::ports::outgoing::Outgoing;
use http::header::{ACCEPT, CACHE_CONTROL, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::connect::{Connect, NoneAllowed, Reach};

/// Who calls.
const CALLER: &str = concat!("Beckon/", env!("CARGO_PKG_VERSION"));

/// How long a connection is kept for the next call of the same round. A function that stood still for longer would
/// find it closed.
const IDLE: Duration = Duration::from_secs(5);

/// What is handed over.
type Body = Full<Cursor<Vec<u8>>>;

type Hyper = Client<HttpsConnector<Connect>, Body>;

/// Calls systems of others by `https`, at public addresses alone. Clones share connections.
#[derive(Debug, Clone)]
pub struct HttpsClient {
    reach: Reach,
    /// Whose certificates are believed; without, those that the machine believes.
    trust: Option<ClientConfig>,
    /// Made at the first call: to read the machine's certificates takes a moment.
    client: Arc<OnceLock<Hyper>>,
}

impl HttpsClient {
    /// Calls machines of the internet.
    #[must_use]
    pub fn new() -> Self {
        Self::reaching(Reach::Internet, None)
    }

    /// Calls this very machine, too, with `http` if need be. It is for the system that runs on one machine; no function
    /// that is deployed may use it.
    #[must_use]
    pub fn on_one_machine() -> Self {
        Self::reaching(Reach::InternetAndThisMachine, None)
    }

    fn reaching(reach: Reach, trust: Option<ClientConfig>) -> Self {
        Self {
            reach,
            trust,
            client: Arc::default(),
        }
    }

    fn client(&self) -> Result<&Hyper, NoAnswer> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = self.made()?;
        Ok(self.client.get_or_init(|| made))
    }

    fn made(&self) -> Result<Hyper, NoAnswer> {
        let builder = HttpsConnectorBuilder::new();
        let builder = match &self.trust {
            Some(trust) => builder.with_tls_config(trust.clone()),
            None => builder
                .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
                .map_err(|_| NoAnswer::Unreachable(NotReached::NoCertificates))?,
        };
        let builder = match self.reach {
            Reach::Internet => builder.https_only(),
            Reach::InternetAndThisMachine => builder.https_or_http(),
        };
        let connect = builder
            .enable_http1()
            .wrap_connector(Connect { reach: self.reach });
        Ok(Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connect))
    }

    async fn answer(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, NoAnswer> {
        if self.reach == Reach::Internet && !call.url.as_str().starts_with("https://") {
            return Err(NoAnswer::NotPublic);
        }
        let request = request(call)?;
        let answered = self.client()?.request(request).await;
        let answered = answered.map_err(|error| no_answer(&error))?;
        let (head, body) = answered.into_parts();
        let body = Limited::new(body, call.max_bytes).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                NoAnswer::TooLarge
            } else {
                NoAnswer::Unreachable(NotReached::AnswerBroke)
            }
        })?;
        Ok(OutgoingAnswer {
            status: head.status.as_u16(),
            retry_after: text_of(&head.headers, &RETRY_AFTER),
            max_age_seconds: text_of(&head.headers, &CACHE_CONTROL).and_then(|text| max_age(&text)),
            body: body.to_bytes().to_vec(),
        })
    }
}

impl Default for HttpsClient {
    fn default() -> Self {
        Self::new()
    }
}

impl Outgoing for HttpsClient {
    async fn call(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, NoAnswer> {
        let within = call.within.unsigned_abs();
        tokio::time::timeout(within, self.answer(call))
            .await
            .unwrap_or(Err(NoAnswer::TooLate))
    }
}

fn request(call: &OutgoingCall) -> Result<Request<Body>, NoAnswer> {
    let cannot = |_| NoAnswer::Unreachable(NotReached::CallNotWritable);
    let method = match call.method {
        CallMethod::Get => Method::GET,
        CallMethod::Post => Method::POST,
    };
    let body = Full::new(Cursor::new(call.body.clone()));
    let mut request = Request::builder()
        .method(method)
        .uri(call.url.as_str())
        .header(USER_AGENT, CALLER)
        .header(ACCEPT, "application/json")
        .body(body)
        .map_err(cannot)?;
    for (name, value) in &call.headers {
        let cannot = || NoAnswer::Unreachable(NotReached::HeaderNotSendable);
        let mut value = HeaderValue::from_str(value).map_err(|_| cannot())?;
        value.set_sensitive(true);
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| cannot())?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// Why a call failed, without the address that an error's own text may hold.
fn no_answer(error: &hyper_util::client::legacy::Error) -> NoAnswer {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(one) = cause {
        if one.is::<NoneAllowed>() {
            return NoAnswer::NotPublic;
        }
        if one.is::<rustls::Error>() {
            return NoAnswer::Unreachable(NotReached::NotTrusted);
        }
        if let Some(error) = one.downcast_ref::<std::io::Error>()
            && let Some(inner) = error.get_ref()
        {
            cause = Some(inner);
            continue;
        }
        cause = one.source();
    }
    NoAnswer::Unreachable(if error.is_connect() {
        NotReached::NotListening
    } else {
        NotReached::ConnectionBroke
    })
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.chars().take(200).collect())
}

/// The seconds of `max-age` in a `Cache-Control`.
fn max_age(text: &str) -> Option<u64> {
    text.split(',')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("max-age"))
        .and_then(|(_, seconds)| seconds.trim_matches('"').parse().ok())
}

#[cfg(test)]
mod tests;
