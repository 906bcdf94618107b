//! The administration console: its page, the files that the page loads, how it is set up, and the frame in which it
//! shows mails. It reads no table and knows nobody: all it shows, the page asks of the API.

mod assets;
mod pages;
mod sign_in;

use axum::Router;
use serde::Serialize;

pub use sign_in::{SignIn, TokenKind, origin};

/// How a deployment is set up, as the page learns it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    /// How people sign in; absent where nobody does.
    pub sign_in: Option<SignIn>,
    /// Whether this is a system on one machine, which has a mailbox.
    pub local: bool,
}

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Console {
    setup: Setup,
}

impl Console {
    /// The console of a deployment that is set up like this.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self { setup }
    }

    /// The routes. No document describes them: they are the page's own.
    pub fn router(self) -> Router {
        pages::routes().with_state(self)
    }
}
