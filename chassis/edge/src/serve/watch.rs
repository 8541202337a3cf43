//! What a connection is doing, so that those that do nothing can be closed.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use kernel::Clock;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Settings, peer::Socket};

/// A connection that was told to close and has no work may say goodbye for so long.
const GOODBYE: Duration = Duration::from_secs(1);
/// How a connection of HTTP/2 begins.
const PREFACE: &[u8] = b"PRI";

/// The state of one connection. Times are microseconds of the clock; 0 is "not".
pub(super) struct Watch {
    clock: Clock,
    head_max: Duration,
    idle_max: Duration,
    /// How many of the first bytes were seen, and whether they are those of HTTP/2.
    seen: AtomicUsize,
    is_http2: AtomicBool,
    /// Requests whose answer has not been sent whole.
    running: AtomicUsize,
    /// Since when the head of a request is being received.
    head_since: AtomicU64,
    /// When the last request ended, or its answer last moved.
    idle_since: AtomicU64,
    /// Since when a write makes no progress.
    stuck_since: AtomicU64,
    /// Since when it is to close.
    closing_since: AtomicU64,
}

impl Watch {
    /// A connection just accepted: the head of its first request is awaited.
    pub(super) fn new(clock: Clock, settings: &Settings) -> Self {
        let now = micros(clock.instant());
        Self {
            clock,
            head_max: settings.head_max(),
            idle_max: settings.idle_max(),
            seen: AtomicUsize::new(0),
            is_http2: AtomicBool::new(false),
            running: AtomicUsize::new(0),
            head_since: AtomicU64::new(now),
            idle_since: AtomicU64::new(now),
            stuck_since: AtomicU64::new(0),
            closing_since: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        micros(self.clock.instant())
    }

    fn read(&self, bytes: &[u8]) {
        let seen = self.seen.load(Ordering::Relaxed);
        if seen < PREFACE.len() {
            let fresh = &bytes[..bytes.len().min(PREFACE.len() - seen)];
            let fits = (seen == 0 || self.is_http2.load(Ordering::Relaxed))
                && PREFACE[seen..seen + fresh.len()] == *fresh;
            self.is_http2.store(fits, Ordering::Relaxed);
            self.seen.store(seen + fresh.len(), Ordering::Relaxed);
            if fits && seen + fresh.len() == PREFACE.len() {
                // Frames come and go as they like; only silence without requests counts.
                self.head_since.store(0, Ordering::Relaxed);
                self.idle_since.store(self.now(), Ordering::Relaxed);
            }
        }
        let is_head = !self.is_http2.load(Ordering::Relaxed)
            && self.running.load(Ordering::Relaxed) == 0
            && self.head_since.load(Ordering::Relaxed) == 0;
        if is_head {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// An answer may still be on its way when its request has ended: what moves is not idle.
    fn wrote(&self, progress: bool) {
        if progress {
            self.stuck_since.store(0, Ordering::Relaxed);
            if self.running.load(Ordering::Relaxed) == 0 {
                self.idle_since.store(self.now(), Ordering::Relaxed);
            }
        } else if self.stuck_since.load(Ordering::Relaxed) == 0 {
            self.stuck_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// A request has come whole; it runs until the guard goes.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.head_since.store(0, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// From now on it may only finish what it has.
    pub(super) fn close(&self) {
        let _ = self.closing_since.compare_exchange(
            0,
            self.now().max(1),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing_since.load(Ordering::Relaxed) != 0
    }

    /// When the connection has done too little, by the clock; and whether that is only silence,
    /// which is answered by a polite close. Nothing while it works.
    pub(super) fn deadline(&self) -> Option<(Duration, bool)> {
        let at = |since: &AtomicU64, span: Duration| {
            let since = since.load(Ordering::Relaxed);
            (since != 0).then(|| Duration::from_micros(since) + span)
        };
        let stuck = at(&self.stuck_since, self.idle_max).map(|at| (at, false));
        let head = at(&self.head_since, self.head_max).map(|at| (at, false));
        let quiet = if self.running.load(Ordering::Relaxed) > 0 || stuck.is_some() {
            None
        } else if self.is_closing() {
            let last = self.closing_since.load(Ordering::Relaxed);
            let last = last.max(self.idle_since.load(Ordering::Relaxed));
            Some((Duration::from_micros(last) + GOODBYE, false))
        } else {
            at(&self.idle_since, self.idle_max).map(|at| (at, true))
        };
        [stuck, head, quiet].into_iter().flatten().min()
    }
}

/// One request in work on a connection.
pub(super) struct Running(Arc<Watch>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer; the request runs until it is sent.
pub(super) struct RunningBody {
    pub(super) inner: Body,
    pub(super) _running: Running,
}

impl http_body::Body for RunningBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A socket that tells its [`Watch`] what moves.
pub(super) struct Watched {
    pub(super) socket: Socket,
    pub(super) watch: Arc<Watch>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(cx, buf);
        let fresh = &buf.filled()[before..];
        if !fresh.is_empty() {
            self.watch.read(fresh);
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.watch.wrote(polled.is_ready());
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.watch.wrote(polled.is_ready());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

fn micros(span: Duration) -> u64 {
    // At least 1, because 0 is "not".
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX).max(1)
}
