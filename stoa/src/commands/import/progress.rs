//! What the importer shows while it works: a bar on a terminal, plain lines elsewhere.
use indicatif::{ProgressBar, ProgressStyle};
use kernel::Clock;
use std::io::IsTerminal;
use std::time::Duration;

/// How far apart plain lines are.
const LINE_EVERY: Duration = Duration::from_secs(2);

pub struct Progress {
    shown: Shown,
    clock: Clock,
    begun: Duration,
}

enum Shown {
    Bar(ProgressBar),
    Lines { bytes_total: u64, last: Duration },
}

impl Progress {
    /// Over a file of `bytes_total` bytes; a bar when stderr is a terminal.
    pub fn begin(bytes_total: u64, clock: Clock) -> Self {
        let begun = clock.instant();
        let shown = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(bytes_total);
            let style = "{bar:40} {percent:>3} %  {msg}  {eta} left";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            Shown::Bar(bar)
        } else {
            Shown::Lines { bytes_total, last: begun }
        };
        Self { shown, clock, begun }
    }

    /// `byte` of the file is behind us, with `rows` rows handled in this run.
    pub fn at(&mut self, byte: u64, rows: u64) {
        let speed = per_second(rows, self.elapsed());
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_position(byte);
                bar.set_message(format!("{rows} rows, {speed}/s"));
            }
            Shown::Lines { bytes_total, last } => {
                let now = self.clock.instant();
                if now.saturating_sub(*last) >= LINE_EVERY {
                    *last = now;
                    let percent = byte * 100 / (*bytes_total).max(1);
                    eprintln!("{percent:>3} %  {rows} rows, {speed}/s");
                }
            }
        }
    }

    /// A line that stays.
    pub fn say(&self, line: &str) {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(|| eprintln!("{line}")),
            Shown::Lines { .. } => eprintln!("{line}"),
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.clock.instant().saturating_sub(self.begun)
    }

    pub fn end(self) {
        match self.shown {
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Lines { .. } => {}
        }
    }
}

/// How many of `count` per second, over `span`.
pub fn per_second(count: u64, span: Duration) -> u64 {
    let ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1000) / ms
}
