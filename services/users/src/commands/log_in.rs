//! Somebody logs in with a password. The answer takes as long whether or not there is an account.

use std::time::Duration;

use contracts::ids::{SessionId, UserId};
use kernel::{Fails, Fault, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{
    ATTEMPTS_MAX, Opened,
    desk::{self, Tools, retry_after_s},
    hashing::Overloaded,
    keyring::KeyError,
    tokens::Origin,
};
use crate::{
    domain::{
        audit::{Action, Fact},
        email::Email,
        password::Password,
        secret::Secret,
        session::Session,
        throttle::Account,
        user::User,
    },
    store::{sessions, users},
};

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// No account with this address and password; which of the two is not told.
    #[error("there is no account with this address and password")]
    Refused,
    /// Too many wrong guesses at this account.
    #[error("too many attempts; wait before the next one")]
    TooManyAttempts {
        /// How long.
        wait: Duration,
    },
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// No token could be signed.
    #[error("log in")]
    Key(#[from] KeyError),
    /// The database failed.
    #[error("log in")]
    Store(#[from] store::Error),
}

impl Fails for LogInError {
    fn fault(&self) -> Fault {
        match self {
            Self::Refused => Fault::Unauthenticated,
            Self::TooManyAttempts { .. } => Fault::Exhausted,
            Self::Overloaded(error) => error.fault(),
            Self::Key(error) => error.fault(),
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused => "invalid-credentials",
            Self::TooManyAttempts { .. } => "too-many-attempts",
            Self::Overloaded(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Refused => None,
            Self::TooManyAttempts { wait } => Some(retry_after_s(*wait)),
            Self::Overloaded(error) => error.retry_after_s(),
            Self::Key(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
        }
    }
}

const AGENT_LENGTH_MAX: usize = 200;

/// Opens a session. `email` is taken as it was typed: what is no address has no account, and is
/// answered like one that has none. `agent` is what the client calls itself.
pub async fn log_in(
    desk: &Tools,
    email: &str,
    password: Password,
    agent: &str,
) -> Result<Opened, LogInError> {
    let email = Email::parse(email).ok();
    let account = email.as_ref().map_or_else(nobody, desk::account);
    if let Some(wait) = desk.guess_wait(&account) {
        return Err(LogInError::TooManyAttempts { wait });
    }
    let mut attempt = 1;
    loop {
        let user = find(desk, email.as_ref()).await?;
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let matches = desk.hasher.matches(password.clone(), hash).await?;
        let Some(user) = user.filter(|_| matches) else {
            return Err(refuse(desk, account, email.as_ref()).await?);
        };
        let kept = upgraded(desk, &user, &password).await;
        match open(desk, &user, &kept, agent).await {
            // The password was changed, or made anew, under our hands: look again.
            Err(LogInError::Store(error))
                if error.conflicts_on(&users::LOGGED_IN) && attempt < ATTEMPTS_MAX =>
            {
                attempt += 1;
            }
            Err(error) => return Err(error),
            Ok(opened) => {
                desk.guess_succeeded(&account);
                return Ok(opened);
            }
        }
    }
}

async fn find(desk: &Tools, email: Option<&Email>) -> Result<Option<User>, store::Error> {
    match email {
        Some(email) => users::by_email(&desk.store, email).await,
        None => Ok(None),
    }
}

/// The account of everything that is no address.
fn nobody() -> Account {
    Sha256::digest(b"").into()
}

/// Notes a wrong guess. Whether there is such an account makes no difference to what is done.
async fn refuse(
    desk: &Tools,
    account: Account,
    email: Option<&Email>,
) -> Result<LogInError, store::Error> {
    if let Some(failures) = desk.guess_failed(account) {
        let user = find(desk, email).await?;
        let fact = Fact {
            action: Action::SessionRefused,
            actor: "guest".to_owned(),
            subject: user.map(|user| user.id.to_string()).unwrap_or_default(),
            detail: format!("{failures} failures in a row"),
        };
        desk.trail.commit(&desk.store, &desk.clock, "refuse_log_in", &[fact], |_| {}).await?;
    }
    Ok(LogInError::Refused)
}

/// The hash to keep: made anew when the cost of hashing has changed since.
async fn upgraded(desk: &Tools, user: &User, password: &Password) -> String {
    if !desk.hasher.is_outdated(&user.password_hash) {
        return user.password_hash.clone();
    }
    // Under load the old hash will do until the next log-in.
    let anew = desk.hasher.hash(password.clone()).await;
    anew.unwrap_or_else(|Overloaded| user.password_hash.clone())
}

async fn open(desk: &Tools, user: &User, kept: &str, agent: &str) -> Result<Opened, LogInError> {
    let now = desk.now();
    let id = desk.ids.next::<contracts::ids::kinds::Session>();
    let session = session(desk, id, user.id, agent, now);
    let refresh_token = Secret::refresh(desk.bits());
    let token_ends_at = now.plus(desk.settings.lifetimes().idle).min(session.expires_at);
    let fact = Fact {
        action: Action::SessionOpened,
        actor: user.id.to_string(),
        subject: user.id.to_string(),
        detail: session.id.to_string(),
    };
    desk.trail
        .commit(&desk.store, &desk.clock, "log_in", &[fact], |batch| {
            users::logged_in(batch, user.id, &user.password_hash, kept, now);
            sessions::insert(batch, &session, &refresh_token, token_ends_at);
        })
        .await?;
    let access_token = desk.access_token(user.id, &user.access, Origin::Session(id))?;
    Ok(desk.opened(access_token, Some(refresh_token)))
}

fn session(desk: &Tools, id: SessionId, user_id: UserId, agent: &str, now: Timestamp) -> Session {
    let visible = agent.chars().filter(|c| !c.is_control());
    Session {
        id,
        user_id,
        agent: visible.take(AGENT_LENGTH_MAX).collect(),
        created_at: now,
        refreshed_at: now,
        expires_at: now.plus(desk.settings.lifetimes().session),
        ended_at: None,
    }
}
