//! Somebody has their account and everything personal erased.

use contracts::ids::UserId;
use kernel::{Fails, Fault};

use super::{ATTEMPTS_MAX, desk::Tools};
use crate::{
    domain::{
        access::Role,
        audit::{Action, Fact},
        user::{Administrators, User},
    },
    events,
    store::{api_keys, installation, possessions, sessions, users},
};

/// Why an account was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Nobody could look after the shop.
    #[error("the last administrator cannot leave; make somebody else one first")]
    LastAdmin,
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// The database failed.
    #[error("erase")]
    Store(#[from] store::Error),
}

impl Fails for EraseError {
    fn fault(&self) -> Fault {
        match self {
            Self::LastAdmin => Fault::Conflict,
            Self::Unknown => Fault::NotFound,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::LastAdmin => "last-admin",
            Self::Unknown => "not-found",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::LastAdmin | Self::Unknown => None,
            Self::Store(error) => error.retry_after_s(),
        }
    }
}

/// Erases an account: what remains is its id, and lines in the audit log that name nothing but
/// ids. Other services hear of it and do the same.
pub async fn erase(desk: &Tools, id: UserId) -> Result<(), EraseError> {
    let mut attempt = 1;
    loop {
        let user = users::by_id(&desk.store, id).await?.ok_or(EraseError::Unknown)?;
        match save(desk, &user).await {
            Err(error) if error.conflicts_on(&users::ERASE) && attempt < ATTEMPTS_MAX => {
                attempt += 1;
            }
            Err(error) if error.conflicts_on(&installation::LOST) => {
                return Err(EraseError::LastAdmin);
            }
            done => return Ok(done?),
        }
    }
}

async fn save(desk: &Tools, user: &User) -> Result<(), store::Error> {
    let now = desk.now();
    let moved = match user.access.role() {
        Role::Admin => Administrators::Lost,
        Role::Customer | Role::Staff => Administrators::Same,
    };
    let fact = Fact {
        action: Action::UserErased,
        actor: user.id.to_string(),
        subject: user.id.to_string(),
        detail: String::new(),
    };
    desk.trail
        .commit(&desk.store, &desk.clock, "erase", &[fact], |batch| {
            users::erase(batch, user, now);
            installation::moved(batch, moved);
            possessions::delete(batch, user.id);
            sessions::delete_of_user(batch, user.id);
            api_keys::delete_of_user(batch, user.id);
            events::erased(&desk.outbox, batch, user.id);
        })
        .await
}
