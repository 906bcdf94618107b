//! What Beckon is, apart from where it runs: the model, the rules, the ports and the use cases.
//!
//! Nothing here knows a table, a mail service, HTTP or AWS. Time, randomness and everything
//! outside come in through [`ports`]; every rule is a function of its arguments. A use case is a
//! struct with one `run` (see [`usecases`]) that runs in an environment of ports ([`ports::env`]);
//! whoever embeds it decodes a request, calls it, and encodes the answer.

pub mod model;
pub mod ports;
pub mod rules;
pub mod usecases;
pub mod values;
