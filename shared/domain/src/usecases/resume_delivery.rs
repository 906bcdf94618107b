//! Ending a pause of delivery before its time. Mail goes out at once: whoever resumes does not
//! wait for maintenance.

use crate::model::delivery::Pause;
use crate::ports::delivery::Delivery;
use crate::ports::env::{Env, WithWakeUp};
use crate::ports::error::Unavailable;
use crate::ports::wake_up::WakeUp;

/// What became of it.
#[derive(Debug)]
pub struct Resumed {
    /// The pause that was ended, if there was one.
    pub ended: Option<Pause>,
    /// Why the delivery worker could not be woken; then maintenance does it within a minute.
    pub not_woken: Option<Unavailable>,
}

/// Resumes delivery.
#[derive(Debug, Clone)]
pub struct ResumeDelivery<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> ResumeDelivery<E>
where
    E: Env<Store: Delivery> + WithWakeUp,
{
    /// Ends whatever pause there is and wakes the delivery worker, in this order: a delivery worker that is woken
    /// first would still find the pause.
    pub async fn run(&self) -> Result<Resumed, Unavailable> {
        let ended = self.env.store().delivery_pause().await?;
        if ended.is_some() {
            self.env.store().set_delivery_pause(None).await?;
        }
        let not_woken = self.env.wake_up().wake_delivery().await.err();
        Ok(Resumed { ended, not_woken })
    }
}
