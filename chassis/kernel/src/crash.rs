//! Named moments at which a test may kill the process: before and after every commit and every
//! external effect.
//!
//! Off unless the environment says otherwise, at the cost of one atomic load:
//! `STOA_CRASH_RECORD=<file>` appends the name of each moment as it is passed, with `#n` from the
//! second time on: each line is a value for the other variable.
//! `STOA_CRASH_AT=<name>[#n]` aborts the process when the moment is passed for the n-th time.

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

enum Plan {
    Off,
    Record { file: Mutex<std::fs::File>, passed: Mutex<HashMap<String, u64>> },
    Abort { name: String, left: AtomicU64 },
}

static PLAN: OnceLock<Plan> = OnceLock::new();

fn plan() -> &'static Plan {
    PLAN.get_or_init(|| {
        if let Some(path) = std::env::var_os("STOA_CRASH_RECORD") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
            let file = Mutex::new(file.expect("the file named by STOA_CRASH_RECORD is writable"));
            return Plan::Record { file, passed: Mutex::default() };
        }
        let Ok(at) = std::env::var("STOA_CRASH_AT") else { return Plan::Off };
        let (name, count) = at.split_once('#').unwrap_or((&at, "1"));
        let left = count.parse().expect("STOA_CRASH_AT is <name> or <name>#<n>");
        Plan::Abort { name: name.to_owned(), left: AtomicU64::new(left) }
    })
}

/// Whether any moment is watched; callers that must build a name ask first.
pub fn watched() -> bool {
    !matches!(plan(), Plan::Off)
}

/// Passes the moment `name`.
pub fn point(name: &str) {
    match plan() {
        Plan::Off => {}
        Plan::Record { file, passed } => {
            let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
            let times = passed.entry(name.to_owned()).or_default();
            *times += 1;
            let line = if *times == 1 { name.to_owned() } else { format!("{name}#{times}") };
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(file, "{line}").expect("the record of crash points is writable");
        }
        Plan::Abort { name: wanted, left } => {
            if wanted == name && left.fetch_sub(1, Ordering::SeqCst) == 1 {
                std::process::abort();
            }
        }
    }
}
