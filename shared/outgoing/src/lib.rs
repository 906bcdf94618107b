//! Calls to systems of others: what administrators name as the address of a system is called by `https` alone, at public
//! addresses alone, without redirects or a proxy, within a time and a size. It owns how a call is made; what is asked and what
//! an answer means is the domain's.

mod address;
mod client;
mod connect;

pub use client::HttpsClient;
