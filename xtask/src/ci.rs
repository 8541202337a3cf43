//! What has to pass before a change is in: each step, in order, with the time it took.

use std::time::Instant;

use crate::run;

const STEPS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("tidy", &["xtask", "tidy"]),
    ("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ("deny", &["deny", "check", "bans", "licenses", "sources"]),
    ("test", &["xtask", "test"]),
    ("power", &["xtask", "power-cut", "--cuts", "5", "--control"]),
    ("openapi", &["xtask", "openapi", "--check"]),
];

/// Runs every step; stops at the first that fails.
pub fn run() -> anyhow::Result<()> {
    let cargo = run::cargo();
    let mut times = Vec::new();
    for (name, args) in STEPS {
        #[expect(clippy::disallowed_methods, reason = "times a build, not the system")]
        let started = Instant::now();
        let done = run::step(&cargo, args);
        times.push((name, started.elapsed().as_secs()));
        if done.is_err() {
            report(&times);
            return done;
        }
    }
    report(&times);
    Ok(())
}

fn report(times: &[(&&str, u64)]) {
    for (name, seconds) in times {
        println!("{name:>8}  {seconds:>5} s");
    }
}
