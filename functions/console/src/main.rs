//! Starts `console` on the Lambda runtime.

use beckon_runtime::start;
use console::{Console, Setup};

fn main() -> Result<(), start::Error> {
    start::http(
        |_| Some(Setup::default()),
        async |setup| Ok(Console::new(setup).router()),
    )
}
