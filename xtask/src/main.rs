//! The project's commands: `cargo xtask` lists them, `cargo xtask NAME` carries one out.
//!
//! Each stands here and nowhere else. CI, the workflows and the documents name it.
#![expect(
    clippy::print_stdout,
    reason = "a list is what `cargo xtask` is asked for"
)]

use std::env;
use std::process::{Command, ExitCode};

struct Task {
    name: &'static str,
    about: &'static str,
    /// For bash, in the root of the repository; what else is given follows it.
    command: &'static str,
}

/// What CI carries out, in this order: first what says soonest that something is wrong, and last what may go on beside the
/// emulator, which mostly waits.
const CI: &[Task] = &[
    Task {
        name: "fmt",
        about: "whether all code is formatted",
        command: "cargo fmt --all --check",
    },
    Task {
        name: "typos",
        about: "whether all words are spelt right",
        command: ".ci/with typos typos",
    },
    Task {
        name: "documents",
        about: "whether the documents name only what is there",
        command: ".ci/documents",
    },
    Task {
        name: "direction",
        about: "whether packages depend on each other in the right direction",
        command: ".ci/direction",
    },
    Task {
        name: "words",
        about: "whether a word that was given up came back",
        command: ".ci/words",
    },
    Task {
        name: "console",
        about: "whether the console's modules keep their types and are written as they should be",
        command: "tests/console/run",
    },
    Task {
        name: "template",
        about: "every check of template.yaml that needs no deployment",
        command: "tests/template/run",
    },
    Task {
        name: "faults",
        about: "whether those checks find each of the faults that a template could have",
        command: "tests/template/mutations",
    },
    Task {
        name: "test",
        about: "every test in Rust",
        command: "cargo test --no-fail-fast",
    },
    Task {
        name: "walk",
        about: "the walk of docs/walk.md, pasted into a shell",
        command: ".ci/walk",
    },
    Task {
        name: "browser",
        about: "what people do on the enrolment page, in Chromium",
        command: "cargo build --quiet --bin beckon && tests/browser/run --binary ${CARGO_TARGET_DIR:-target}/debug/beckon",
    },
    Task {
        name: "pages",
        about: "what administrators do on the pages of the console, in Chromium",
        command: "cargo build --quiet --bin beckon && tests/console/browse --binary ${CARGO_TARGET_DIR:-target}/debug/beckon",
    },
    Task {
        name: "redocly",
        about: "whether the API's document is a valid OpenAPI document",
        command: "cargo build --quiet --bin beckon && tests/clients/run redocly --binary ${CARGO_TARGET_DIR:-target}/debug/beckon",
    },
    Task {
        name: "typescript",
        about: "the walk with a generated client in TypeScript",
        command: "cargo build --quiet --bin beckon && tests/clients/run typescript --binary ${CARGO_TARGET_DIR:-target}/debug/beckon",
    },
    Task {
        name: "python",
        about: "the walk with a generated client in Python",
        command: "cargo build --quiet --bin beckon && tests/clients/run python --binary ${CARGO_TARGET_DIR:-target}/debug/beckon",
    },
    Task {
        name: "schemathesis",
        about: "made-up requests, and whether the answers are as described",
        command: "cargo build --quiet --bin beckon && tests/clients/run schemathesis --binary ${CARGO_TARGET_DIR:-target}/debug/beckon",
    },
    Task {
        name: "scim",
        about: "SCIM against its specification, by scim2-tester",
        command: "cargo build --quiet --bin beckon && tests/clients/run scim --binary ${CARGO_TARGET_DIR:-target}/debug/beckon",
    },
    Task {
        name: "release",
        about: "the functions as they run in Lambda, into target/lambda",
        command: ".ci/with cargo-lambda infra/build/build --architecture x86_64",
    },
    Task {
        name: "sam-build",
        about: "`sam build`, after `release`",
        command: ".ci/with cargo-lambda .ci/sam-build",
    },
    Task {
        name: "emulator",
        about: "the template in an emulator of AWS, after `release`",
        command: "tests/emulator/run --binaries target/lambda",
    },
    Task {
        name: "clippy",
        about: "what clippy says; a warning is an error",
        command: "cargo clippy --workspace --all-targets -- -D warnings",
    },
    Task {
        name: "doc",
        about: "the documentation of the code; a warning is an error",
        command: r#"RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps"#,
    },
    Task {
        name: "dynamodb-local",
        about: "the contract of the ports on Amazon's DynamoDB Local",
        command: ".ci/dynamodb-local",
    },
    Task {
        name: "deny",
        about: "licences, bans and sources of what we depend on",
        command: ".ci/with cargo-deny cargo deny --workspace --log-level warn check --hide-inclusion-graph --show-stats licenses bans sources",
    },
    Task {
        name: "advisories",
        about: "known weaknesses of what we depend on",
        command: ".ci/advisories",
    },
    Task {
        name: "machete",
        about: "whether each dependency is used",
        command: ".ci/with cargo-machete cargo machete",
    },
];

/// What else there is.
const MORE: &[Task] = &[
    Task {
        name: "check",
        about: "compiles everything, tests included: the quickest answer while you write",
        command: "cargo check --workspace --all-targets",
    },
    Task {
        name: "quick",
        about: "what to try before each commit, beside the tests of what you touched",
        command: "cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings && .ci/documents && .ci/direction && .ci/words",
    },
    Task {
        name: "ci",
        about: "all that CI carries out, for most of an hour",
        command: ".ci/run",
    },
    Task {
        name: "bench",
        about: "how fast 10,000 invitations go out",
        command: "cargo bench -p beckon-tests",
    },
    Task {
        name: "starts",
        about: "how long the functions take to start, after `release`",
        command: "tests/starts/run",
    },
    Task {
        name: "openapi",
        about: "writes the API's document that AWS serves",
        command: "BECKON_WRITE_OPENAPI=1 cargo test -p beckon-tests --test openapi",
    },
];

fn main() -> ExitCode {
    let mut given = env::args().skip(1);
    match given.next().as_deref() {
        None => {
            println!("cargo xtask NAME [WHAT THE COMMAND TAKES BESIDES]\n\nCI carries out:");
            list(CI);
            println!("\nWhat else there is:");
            list(MORE);
            ExitCode::SUCCESS
        }
        Some("--ci") => {
            for task in CI {
                println!("{}", task.name);
            }
            ExitCode::SUCCESS
        }
        Some(name) => {
            if let Some(task) = CI.iter().chain(MORE).find(|task| task.name == name) {
                carry_out(task, given)
            } else {
                eprintln!("there is no command {name}; `cargo xtask` lists them");
                ExitCode::from(2)
            }
        }
    }
}

fn list(tasks: &[Task]) {
    for task in tasks {
        println!("  {:15} {}", task.name, task.about);
    }
}

fn carry_out(task: &Task, given: impl Iterator<Item = String>) -> ExitCode {
    let mut bash = Command::new("bash");
    // What cargo tells this program of its own package is nothing for the programs that it starts.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ]
        .iter()
        .any(|prefix| text.starts_with(prefix))
        {
            bash.env_remove(&name);
        }
    }
    let result = bash
        .args([
            "-euo",
            "pipefail",
            "-c",
            &format!("{} \"$@\"", task.command),
            task.name,
        ])
        .args(given)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status();
    match result {
        // A command that a signal ended has no code.
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("bash cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workflow_runs_each_step_of_ci() {
        let workflow = include_str!("../../.github/workflows/ci.yml");
        let advisories = include_str!("../../.github/workflows/advisories.yml");

        let named = |name: &str| {
            let line = format!("cargo xtask {name}");
            workflow
                .lines()
                .chain(advisories.lines())
                .any(|each| each.trim().trim_start_matches("- run: ") == line)
        };
        let missing: Vec<_> = CI
            .iter()
            .map(|task| task.name)
            .filter(|name| !named(name))
            .collect();
        assert!(missing.is_empty(), "no workflow runs {missing:?}");
    }

    #[test]
    fn no_two_commands_have_one_name() {
        let mut names: Vec<_> = CI.iter().chain(MORE).map(|task| task.name).collect();
        names.sort_unstable();

        let all = names.len();
        names.dedup();

        assert_eq!(names.len(), all);
    }
}
