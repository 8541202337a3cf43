//! The process's own figures, from `/proc`; elsewhere than on Linux there are none.

use std::fs;

use metrics::{Gauge, Unit, describe_gauge, gauge};

pub(crate) struct Process {
    resident_memory: Gauge,
    open_fds: Gauge,
    threads: Gauge,
}

impl Process {
    pub(crate) fn new() -> Self {
        let text = "Memory that is in RAM.";
        describe_gauge!("process_resident_memory_bytes", Unit::Bytes, text);
        describe_gauge!("process_open_fds", Unit::Count, "Open file descriptors.");
        describe_gauge!("process_threads", Unit::Count, "Threads of the process.");
        Self {
            resident_memory: gauge!("process_resident_memory_bytes"),
            open_fds: gauge!("process_open_fds"),
            threads: gauge!("process_threads"),
        }
    }

    pub(crate) fn refresh(&self) {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        if let Some(kib) = figure(&status, "VmRSS:") {
            self.resident_memory.set((kib * 1024) as f64);
        }
        if let Some(threads) = figure(&status, "Threads:") {
            self.threads.set(threads as f64);
        }
        if let Ok(fds) = fs::read_dir("/proc/self/fd") {
            // Reading the directory takes one itself.
            self.open_fds.set(fds.count().saturating_sub(1) as f64);
        }
    }
}

/// The number on the line that starts with `name`.
fn figure(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_first_number_of_its_line() {
        let status = "Name:\tstoa\nVmRSS:\t   27648 kB\nThreads:\t5\n";
        let check = |name, expected| assert_eq!(figure(status, name), expected, "{name}");
        check("VmRSS:", Some(27_648));
        check("Threads:", Some(5));
        check("Name:", None);
        check("VmSwap:", None);
    }
}
