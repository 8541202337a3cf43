//! What the front knows about the call in hand, for everything behind it.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use http::Extensions;

use crate::{Front, Problem, Settings, auth::Verifier, idempotency};

/// One call; in the extensions of every request that passed a [`Front`].
#[derive(Clone)]
pub(crate) struct Call(Arc<Facts>);

struct Facts {
    front: Front,
    /// By the front's clock, in microseconds since it began.
    deadline_us: AtomicU64,
    /// Whether a body is being read, so that running out of time is the caller's doing.
    reading: AtomicBool,
    /// Whether somebody needs the digest of the body.
    digest_wanted: AtomicBool,
    digest: OnceLock<[u8; 32]>,
}

impl Call {
    pub(crate) fn new(front: Front, deadline: Duration) -> Self {
        Self(Arc::new(Facts {
            front,
            deadline_us: AtomicU64::new(micros(deadline)),
            reading: AtomicBool::new(false),
            digest_wanted: AtomicBool::new(false),
            digest: OnceLock::new(),
        }))
    }

    /// The call that a request belongs to. A router without a front is a mistake of ours.
    pub(crate) fn of(extensions: &Extensions) -> Result<&Self, Problem> {
        extensions.get().ok_or_else(|| {
            tracing::error!("a router is served without a front");
            Problem::internal()
        })
    }

    pub(crate) fn front(&self) -> &Front {
        &self.0.front
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.0.front.settings()
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        self.0.front.verifier()
    }

    /// What is left of its time.
    pub(crate) fn left(&self) -> Duration {
        let now = micros(self.0.front.clock().instant());
        Duration::from_micros(self.0.deadline_us.load(Ordering::Relaxed).saturating_sub(now))
    }

    /// Gives it at least `span` from now.
    pub(crate) fn extend(&self, span: Duration) {
        let deadline = micros(self.0.front.clock().instant() + span);
        self.0.deadline_us.fetch_max(deadline, Ordering::Relaxed);
    }

    pub(crate) fn reads_body(&self, reading: bool) {
        self.0.reading.store(reading, Ordering::Relaxed);
    }

    pub(crate) fn is_reading_body(&self) -> bool {
        self.0.reading.load(Ordering::Relaxed)
    }

    pub(crate) fn want_digest(&self) {
        self.0.digest_wanted.store(true, Ordering::Relaxed);
    }

    /// Called with every body that was read whole.
    pub(crate) fn saw_body(&self, bytes: &[u8]) {
        if self.0.digest_wanted.load(Ordering::Relaxed) {
            self.0.digest.get_or_init(|| idempotency::digest(bytes));
        }
    }

    /// The digest of the body; of nothing, when none was read.
    pub(crate) fn digest(&self) -> [u8; 32] {
        *self.0.digest.get_or_init(|| idempotency::digest(&[]))
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
