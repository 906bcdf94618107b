//! Waking the delivery worker: an asynchronous invocation of `deliver`, or a task of this very process.

use std::sync::Arc;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::DisplayErrorContext;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::wake_up::WakeUp;
use tokio::sync::Notify;

use crate::sdk_calls::SdkCall as _;

/// How the delivery worker is woken, by those who may run in AWS or on one machine.
#[derive(Debug, Clone)]
pub enum DeliveryWakeUp {
    /// `deliver` is a function.
    Lambda(LambdaWakeUp),
    /// It is a task that waits for this.
    Here(Arc<Notify>),
}

impl WakeUp for DeliveryWakeUp {
    async fn wake_delivery(&self) -> Result<(), Unavailable> {
        match self {
            Self::Lambda(function) => function.wake_delivery().await,
            Self::Here(task) => {
                task.notify_one();
                Ok(())
            }
        }
    }
}

/// The function that delivers.
#[derive(Debug, Clone)]
pub struct LambdaWakeUp {
    client: Client,
    function: String,
}

impl LambdaWakeUp {
    /// The function with this name or ARN.
    #[must_use]
    pub fn new(config: &aws_types::SdkConfig, function: &str) -> Self {
        Self {
            client: Client::new(config),
            function: function.to_owned(),
        }
    }
}

impl WakeUp for LambdaWakeUp {
    async fn wake_delivery(&self) -> Result<(), Unavailable> {
        self.client
            .invoke()
            .function_name(&self.function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new("{}"))
            .call()
            .await
            .map(|_| ())
            .map_err(|error| {
                Unavailable::new(
                    "the deliver function",
                    DisplayErrorContext(error).to_string(),
                )
            })
    }
}
