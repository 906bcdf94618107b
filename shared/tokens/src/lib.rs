//! Tokens that identity providers sign: whether one counts, and whose it is. It owns keys, signatures and claims; what a
//! sender may do by a token is the domain's to say, and how keys are fetched is the port `Outgoing`.

mod issuers;
pub mod signatures;

pub use issuers::Issuers;
