//! What every function does between its `main` and its first event: threads, log, configuration, its own preparations,
//! the word that it is ready, and Lambda's loop. What is prepared differs, and is what a `main` says.

use axum::Router;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{Reader, complete, environment};
use crate::{edge, processors, serve, telemetry};

/// Why a function did not start, or what its handler may fail with.
pub use lambda_http::Error;

/// Starts a function that answers HTTP requests: reads its configuration, and prepares the router that answers.
pub fn http<C>(
    read: impl FnOnce(&mut Reader<'_>) -> Option<C>,
    prepare: impl AsyncFnOnce(C) -> Result<Router, Error>,
) -> Result<(), Error> {
    processors::run(async {
        let router = prepare(begin(read)?).await?;
        telemetry::ready();
        serve::requests(edge::in_lambda(router)).await
    })
}

/// Starts a function that answers HTTP requests and names the enrolment page: what it prepares makes the router from
/// that page's address.
pub fn http_with_links<C, Routes>(
    read: impl FnOnce(&mut Reader<'_>) -> Option<C>,
    prepare: impl AsyncFnOnce(C) -> Result<Routes, Error>,
) -> Result<(), Error>
where
    Routes: Fn(String) -> Router + Send + Sync + 'static,
{
    processors::run(async {
        let (page, config) = begin(|variables| {
            let page = variables.optional("BECKON_ENROLMENT_PAGE");
            Some((page, read(variables)?))
        })?;
        let routes = prepare(config).await?;
        telemetry::ready();
        serve::requests(edge::in_lambda_at(page, routes)).await
    })
}

/// Starts a function that takes events: reads its configuration, and prepares what handles one.
pub fn events<C, Event, Answer, Failure, Handler>(
    read: impl FnOnce(&mut Reader<'_>) -> Option<C>,
    prepare: impl AsyncFnOnce(C) -> Result<Handler, Error>,
) -> Result<(), Error>
where
    Event: DeserializeOwned,
    Answer: Serialize,
    Failure: Into<Error>,
    Handler: AsyncFn(Event) -> Result<Answer, Failure>,
{
    processors::run(async {
        let handler = prepare(begin(read)?).await?;
        let handler = &handler;
        telemetry::ready();
        serve::events(|event: Event| async { handler(event).await.map_err(Into::into) }).await
    })
}

fn begin<C>(read: impl FnOnce(&mut Reader<'_>) -> Option<C>) -> Result<C, Error> {
    telemetry::start_in_lambda();
    Ok(complete(&environment, read)?)
}
