//! Waking the delivery worker, and what asks device managements: an asynchronous invocation of `deliver` or `poll`, or a
//! task of this very process.

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
    /// They are tasks that wait for these.
    Here {
        /// The delivery worker.
        delivery: Arc<Notify>,
        /// What asks device managements.
        polling: Arc<Notify>,
    },
}

impl WakeUp for DeliveryWakeUp {
    async fn wake_delivery(&self) -> Result<(), Unavailable> {
        match self {
            Self::Lambda(function) => function.wake_delivery().await,
            Self::Here { delivery, .. } => {
                delivery.notify_one();
                Ok(())
            }
        }
    }

    async fn wake_polling(&self) -> Result<(), Unavailable> {
        match self {
            Self::Lambda(function) => function.wake_polling().await,
            Self::Here { polling, .. } => {
                polling.notify_one();
                Ok(())
            }
        }
    }
}

/// The functions that deliver and, for whoever wakes it, that asks device managements.
#[derive(Debug, Clone)]
pub struct LambdaWakeUp {
    client: Client,
    function: String,
    polling: Option<String>,
}

impl LambdaWakeUp {
    /// The function with this name or ARN.
    #[must_use]
    pub fn new(config: &aws_types::SdkConfig, function: &str) -> Self {
        Self {
            client: Client::new(config),
            function: function.to_owned(),
            polling: None,
        }
    }

    /// The same with the function of this name or ARN, which asks device managements.
    #[must_use]
    pub fn with_polling(self, function: &str) -> Self {
        Self {
            polling: Some(function.to_owned()),
            ..self
        }
    }

    async fn invoke(&self, function: &str, what: &'static str) -> Result<(), Unavailable> {
        let invoke = self.client.invoke().function_name(function);
        let invoke = invoke.invocation_type(InvocationType::Event);
        let invoked = invoke.payload(Blob::new("{}")).call().await;
        invoked
            .map(|_| ())
            .map_err(|error| Unavailable::new(what, DisplayErrorContext(error).to_string()))
    }
}

impl WakeUp for LambdaWakeUp {
    async fn wake_delivery(&self) -> Result<(), Unavailable> {
        self.invoke(&self.function, "the deliver function").await
    }

    async fn wake_polling(&self) -> Result<(), Unavailable> {
        let what = "the poll function";
        let function = self.polling.as_deref();
        let function = function.ok_or_else(|| Unavailable::new(what, "it was not named"))?;
        self.invoke(function, what).await
    }
}
