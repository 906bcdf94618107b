//! Calling systems of others.

use std::future::Future;

use crate::model::outgoing_call::{NoAnswer, OutgoingAnswer, OutgoingCall};

/// Calls systems of others: device managements that are asked, and whoever publishes the keys that tokens are checked by.
pub trait Outgoing {
    /// Makes a call, once. It MUST go by `https` and to a public address, which is that of the connection itself, so
    /// that no name can lead elsewhere once it was looked at; only where the program runs on one machine may it go to this very
    /// machine. It MUST follow no redirect, use no proxy, and end within the time and at the size that the call names. Any
    /// answer of HTTP is an answer.
    fn call(
        &self,
        call: &OutgoingCall,
    ) -> impl Future<Output = Result<OutgoingAnswer, NoAnswer>> + Send;
}
