//! Starts `console` on the Lambda runtime.

use beckon_runtime::start;
use console::{Console, Setup, SignIn};

fn main() -> Result<(), start::Error> {
    start::http(
        |variables| {
            Some(Setup {
                sign_in: Some(SignIn::read(variables)?),
                local: false,
            })
        },
        async |setup| Ok(Console::new(setup).router()),
    )
}
