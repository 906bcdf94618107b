//! Plays many stories, `simulate --seeds 200000 [--from 1] [--failures 5]`; some, `simulate --seed 7 --seed 8`;
//! or one, and prints all that happens in it, `simulate --seed 7`.
#![allow(clippy::print_stdout, reason = "what it found is read on a terminal")]

use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use beckon_testkit::simulation::{Counts, play, play_traced};

struct Asked {
    from: u64,
    seeds: u64,
    /// These and no others.
    named: Vec<u64>,
    most: u64,
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked {
        from: 1,
        seeds: 2_000,
        named: Vec::new(),
        most: 5,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next().and_then(|text| text.parse::<u64>().ok());
        let number = number.ok_or_else(|| format!("{word} takes a number"))?;
        match word.as_str() {
            "--from" => asked.from = number,
            "--seeds" => asked.seeds = number,
            "--seed" => asked.named.push(number),
            "--failures" => asked.most = number,
            _ => {
                return Err(format!(
                    "{word} is not known: --seeds, --from, --seed, --failures"
                ));
            }
        }
    }
    Ok(asked)
}

fn one(seed: u64) -> ExitCode {
    let report = play_traced(seed);
    for line in &report.lines {
        println!("{line}");
    }
    println!("{}digest {:016x}", report.counts, report.digest);
    match &report.violation {
        None => ExitCode::SUCCESS,
        Some(violation) => {
            println!("seed {seed}: {violation}");
            ExitCode::FAILURE
        }
    }
}

fn main() -> ExitCode {
    let asked = match asked() {
        Ok(asked) => asked,
        Err(problem) => {
            println!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let seeds: Vec<u64> = match asked.named[..] {
        [seed] => return one(seed),
        [] => (asked.from..asked.from + asked.seeds).collect(),
        [..] => asked.named,
    };
    let (began, mut failures) = (Instant::now(), 0);
    let counts = play_all(&seeds, |seed, violation| {
        println!("seed {seed}: {violation}");
        failures += 1;
        failures < asked.most
    });
    println!("{counts}{failures} failures in {:.1?}", began.elapsed());
    if failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Plays these on all processors, until told that it is enough of failures; each is told as it is found.
fn play_all(seeds: &[u64], mut go_on: impl FnMut(u64, &str) -> bool) -> Counts {
    let next = AtomicUsize::new(0);
    let (found, reports) = mpsc::channel();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut counts = Counts::default();
    thread::scope(|scope| {
        for _ in 0..processors {
            let (next, found) = (&next, found.clone());
            scope.spawn(move || {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if found.send((*seed, play(*seed))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(found);
        for (seed, report) in reports {
            counts.add(&report.counts);
            if report
                .violation
                .is_some_and(|violation| !go_on(seed, &violation))
            {
                // Whoever still plays finds nobody listening.
                break;
            }
        }
    });
    counts
}
