//! Somebody ends a session: the present one, or another of theirs.

use contracts::ids::{SessionId, UserId};
use kernel::{Fails, Fault};

use super::desk::Tools;
use crate::{
    domain::audit::{Action, Fact},
    store::sessions,
};

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum LogOutError {
    /// The user has no such session, or it has ended.
    #[error("there is no such session")]
    Unknown,
    /// The database failed.
    #[error("log out")]
    Store(#[source] store::Error),
}

impl Fails for LogOutError {
    fn fault(&self) -> Fault {
        match self {
            Self::Unknown => Fault::NotFound,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "not-found",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Unknown => None,
            Self::Store(error) => error.retry_after_s(),
        }
    }
}

/// Ends a session of a user; its refresh tokens are worth nothing from then on.
pub async fn log_out(desk: &Tools, user: UserId, session: SessionId) -> Result<(), LogOutError> {
    let now = desk.now();
    let fact = Fact {
        action: Action::SessionEnded,
        actor: user.to_string(),
        subject: user.to_string(),
        detail: session.to_string(),
    };
    let ended = desk
        .trail
        .commit(&desk.store, &desk.clock, "log_out", &[fact], |batch| {
            sessions::end(batch, session, user, now);
        })
        .await;
    ended.map_err(|error| {
        if error.conflicts_on(&sessions::END) {
            LogOutError::Unknown
        } else {
            LogOutError::Store(error)
        }
    })
}
