//! The thread that writes the log, so that whoever logs never waits for standard error.

use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use kernel::Clock;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait to be written; further ones are lost.
const LINES_MAX: usize = 8192;
/// Bytes written at once, unless one line is longer.
const CHUNK_BYTES: usize = 64 * 1024;
const UPKEEP_EVERY: Duration = Duration::from_secs(1);
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Where log lines go; never blocks.
pub(crate) struct Sink {
    queue: SyncSender<Vec<u8>>,
    progress: Arc<Progress>,
}

/// How many lines were taken, lost and written.
#[derive(Default)]
struct Progress {
    taken: AtomicU64,
    lost: AtomicU64,
    written: Mutex<u64>,
    changed: Condvar,
}

/// Keeps the log going; dropping it writes what is left, which may take up to a second.
#[must_use = "the last lines are written when it is dropped"]
pub struct Guard {
    progress: Arc<Progress>,
}

/// Starts the thread, which also calls `upkeep` once a second.
#[expect(clippy::disallowed_methods, reason = "the log is written also when the runtime is stuck")]
pub(crate) fn start(upkeep: fn()) -> io::Result<(Sink, Guard)> {
    let (queue, lines) = sync_channel(LINES_MAX);
    let progress = Arc::new(Progress::default());
    let (sink, guard) = (Sink { queue, progress: progress.clone() }, progress.clone());
    let work = move || run(&lines, &progress, upkeep);
    thread::Builder::new().name("telemetry".to_owned()).stack_size(256 * 1024).spawn(work)?;
    Ok((sink, Guard { progress: guard }))
}

fn run(lines: &Receiver<Vec<u8>>, progress: &Progress, upkeep: fn()) {
    let clock = Clock::system();
    let mut next_upkeep = UPKEEP_EVERY;
    loop {
        match lines.recv_timeout(next_upkeep.saturating_sub(clock.instant())) {
            Ok(line) => progress.wrote(write_with_those_behind(line, lines)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if clock.instant() >= next_upkeep {
            next_upkeep = clock.instant() + UPKEEP_EVERY;
            upkeep();
            progress.tell_lost();
        }
    }
}

/// Writes this line and those that wait behind it, as many as fit in one write; returns how many.
fn write_with_those_behind(line: Vec<u8>, lines: &Receiver<Vec<u8>>) -> u64 {
    let mut chunk = line;
    let mut count = 1;
    while chunk.len() < CHUNK_BYTES
        && let Ok(line) = lines.try_recv()
    {
        chunk.extend_from_slice(&line);
        count += 1;
    }
    // There is nowhere left to say that standard error is closed.
    let _ = io::stderr().lock().write_all(&chunk);
    count
}

impl Progress {
    fn wrote(&self, lines: u64) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) += lines;
        self.changed.notify_all();
    }

    fn tell_lost(&self) {
        let lines = self.lost.swap(0, Ordering::Relaxed);
        if lines > 0 {
            tracing::warn!(log.lines = lines, "log lines were lost: they came faster than written");
            metrics::counter!("stoa_log_lines_lost_total").increment(lines);
        }
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = &'a Sink;

    fn make_writer(&'a self) -> &'a Sink {
        self
    }
}

impl Write for &Sink {
    /// Takes one whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.progress.taken.fetch_add(1, Ordering::SeqCst);
        match self.queue.try_send(line.to_vec()) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.progress.taken.fetch_sub(1, Ordering::SeqCst);
                self.progress.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Guard {
    /// Waits until all lines so far are written, at most a second.
    pub fn flush(&self) {
        let Progress { taken, written, changed, .. } = &*self.progress;
        let written = written.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = |written: &mut u64| *written < taken.load(Ordering::SeqCst);
        // Too slow a reader keeps the rest from being seen, not the program from ending.
        let _ = changed.wait_timeout_while(written, FLUSH_LIMIT, behind);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.flush();
    }
}
