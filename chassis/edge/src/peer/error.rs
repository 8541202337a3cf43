//! Why a call to another service has no answer, the same for every transport.

use http::StatusCode;
use kernel::{Fails, Fault};
use tonic::{Code, Status};

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It does not run, or takes no more calls: the call had no effect.
    #[error("{peer} is not available: {reason}")]
    Unavailable {
        /// Whom the call was for.
        peer: &'static str,
        /// What is the matter.
        reason: String,
    },
    /// The connection broke: whether the call had an effect is not known.
    #[error("the connection to {peer} broke: {reason}")]
    Broken {
        /// Whom the call was for.
        peer: &'static str,
        /// What is the matter.
        reason: String,
    },
    /// The deadline passed: whether the call had an effect is not known.
    #[error("{peer} did not answer in time")]
    Timeout {
        /// Whom the call was for.
        peer: &'static str,
    },
    /// Its handler panicked.
    #[error("{peer} failed")]
    Failed {
        /// Whom the call was for.
        peer: &'static str,
    },
    /// It answered with a status that is no success.
    #[error("{peer} answered {status}")]
    Status {
        /// Whom the call was for.
        peer: &'static str,
        /// What it answered.
        status: StatusCode,
    },
    /// It answered something else than it promises.
    #[error("the answer of {peer} cannot be read: {reason}")]
    Answer {
        /// Whom the call was for.
        peer: &'static str,
        /// What is the matter.
        reason: String,
    },
    /// The request could not even be made: a bug.
    #[error("the request cannot be made: {0}")]
    Request(String),
}

impl PeerError {
    /// The same as a gRPC client sees it.
    pub(super) fn status(&self) -> Status {
        let code = match self {
            Self::Unavailable { .. } | Self::Broken { .. } => Code::Unavailable,
            Self::Timeout { .. } => Code::DeadlineExceeded,
            Self::Failed { .. } | Self::Status { .. } | Self::Answer { .. } | Self::Request(_) => {
                Code::Internal
            }
        };
        Status::new(code, self.to_string())
    }
}

impl Fails for PeerError {
    fn fault(&self) -> Fault {
        match self {
            Self::Unavailable { .. } | Self::Broken { .. } | Self::Failed { .. } => {
                Fault::Unavailable
            }
            Self::Timeout { .. } => Fault::Timeout,
            Self::Status { .. } | Self::Answer { .. } => Fault::Unavailable,
            Self::Request(_) => Fault::Bug,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. }
            | Self::Broken { .. }
            | Self::Failed { .. }
            | Self::Status { .. }
            | Self::Answer { .. } => "peer-unavailable",
            Self::Timeout { .. } => "peer-timeout",
            Self::Request(_) => "internal",
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        (self.fault() == Fault::Unavailable).then_some(1)
    }
}
