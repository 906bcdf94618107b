//! Waking the postman: an asynchronous invocation of `deliver`, or a task of this very process.

use std::sync::Arc;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::DisplayErrorContext;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::wake_up::WakePostman;
use tokio::sync::Notify;

/// How the postman is woken, by those who may run in AWS or on one machine.
#[derive(Debug, Clone)]
pub enum Bell {
    /// `deliver` is a function.
    Lambda(LambdaPostman),
    /// It is a task that waits for this.
    Here(Arc<Notify>),
}

impl WakePostman for Bell {
    async fn wake_postman(&self) -> Result<(), Unavailable> {
        match self {
            Self::Lambda(postman) => postman.wake_postman().await,
            Self::Here(task) => {
                task.notify_one();
                Ok(())
            }
        }
    }
}

/// The function that delivers.
#[derive(Debug, Clone)]
pub struct LambdaPostman {
    client: Client,
    function: String,
}

impl LambdaPostman {
    /// The function with this name or ARN.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, function: &str) -> Self {
        Self {
            client: Client::new(config),
            function: function.to_owned(),
        }
    }
}

impl WakePostman for LambdaPostman {
    async fn wake_postman(&self) -> Result<(), Unavailable> {
        self.client
            .invoke()
            .function_name(&self.function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new("{}"))
            .send()
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
