//! As many threads as Lambda gives a function processors.

use std::io;

use tokio::runtime::Builder;

/// How much memory comes with one whole processor. Functions with less get a part of one, and more threads
/// would only take turns on it.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const MEBIBYTES_OF_ONE_PROCESSOR: u64 = 1769;

/// Runs what a function's `main` does: on the thread it is called on where the function has no more than one
/// processor, and on a thread for each otherwise.
pub fn run<T, E: From<io::Error>>(main: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let memory = crate::config::environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    let mut builder = if at_most_one_processor(memory.as_deref()) {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    builder.enable_all().build()?.block_on(main)
}

/// Of a size that is not known, it takes the smaller: that is right everywhere, if slower where there is more.
fn at_most_one_processor(memory: Option<&str>) -> bool {
    memory
        .and_then(|mebibytes| mebibytes.parse::<u64>().ok())
        .is_none_or(|mebibytes| mebibytes <= MEBIBYTES_OF_ONE_PROCESSOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_threads_than_one_come_with_more_than_one_processor() {
        for little in [None, Some("256"), Some("1769"), Some("much")] {
            assert!(at_most_one_processor(little), "{little:?}");
        }
        for much in ["1770", "10240"] {
            assert!(!at_most_one_processor(Some(much)), "{much}");
        }
    }
}
