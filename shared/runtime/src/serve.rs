//! Takes work from the Lambda runtime until the process ends. None of this depends on what the work is, so it is
//! compiled once, here, and not again in each function.

use std::pin::Pin;

use axum::Router;
use lambda_http::lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

/// Answers HTTP requests by these routes, which have the edge around them.
pub async fn requests(router: Router) -> Result<(), Error> {
    lambda_http::run(router).await
}

/// Handles events.
pub async fn events<E, A, F>(handle: impl Fn(E) -> F) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    F: Future<Output = Result<A, Error>>,
{
    let handle = &handle;
    let decoding = move |event: Box<RawValue>| -> Answer<'_> {
        let event = serde_json::from_str::<E>(event.get());
        Box::pin(async move { Ok(serde_json::to_value(handle(event?).await?)?) })
    };
    encoded(&decoding).await
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Error>> + 'a>>;

/// Public, or the compiler would leave it to each function.
#[doc(hidden)]
pub async fn encoded<'a>(handle: &dyn Fn(Box<RawValue>) -> Answer<'a>) -> Result<(), Error> {
    lambda_http::lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| {
        handle(event.payload)
    }))
    .await
}
