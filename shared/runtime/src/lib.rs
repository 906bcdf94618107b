//! What every function needs at its edge: configuration, telemetry, who calls, requests and
//! answers in HTTP's terms. The only crate that knows HTTP status codes; it knows no AWS service.

pub mod body;
pub mod caller;
pub mod config;
pub mod cursor;
pub mod device_report;
pub mod edge;
pub mod etag;
pub mod function_env;
pub mod funnel;
pub mod idempotency;
mod identity_provider;
#[cfg(test)]
mod identity_provider_tests;
mod log_line;
pub mod metrics;
pub mod objects;
pub mod parameters;
pub mod problem;
pub mod processors;
pub mod refusals;
pub mod rejected;
pub mod request;
pub mod routes;
pub mod serve;
pub mod start;
pub mod system;
pub mod telemetry;
mod token;
pub mod user_files;
pub mod wire;

pub use body::JsonBody;
pub use caller::{Authorised, ClientAddress};
pub use cursor::Pages;
pub use device_report::DeviceReport;
pub use function_env::{FunctionEnv, NotGiven};
pub use lambda_http::Error;
pub use parameters::{Path, Query};
pub use problem::Problem;
pub use system::{SystemClock, SystemEntropy};
