//! Somebody changes their own account. Address and password change only with the present password.

use std::time::Duration;

use contracts::ids::{SessionId, UserId};
use kernel::{Fails, Fault, FieldError};

use super::{
    ATTEMPTS_MAX,
    desk::{self, Tools, retry_after_s},
    hashing::Overloaded,
    take,
};
use crate::{
    domain::{
        audit::{Action, Fact},
        email::Email,
        name::Name,
        password::{self, Password},
        user::{Change, User},
    },
    events,
    store::{sessions, users},
};

/// What is to change; absent parts stay.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// Another name, as typed.
    pub name: Option<String>,
    /// Another address, as typed.
    pub email: Option<String>,
    /// Another password.
    pub password: Option<String>,
    /// The present password, for the two above.
    pub current_password: Option<String>,
}

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Something about the input.
    #[error("the account cannot be changed to this")]
    Invalid(Vec<FieldError>),
    /// The present password is missing or wrong.
    #[error("the current password is not right")]
    WrongPassword,
    /// Too many wrong guesses at the present password.
    #[error("too many attempts; wait before the next one")]
    TooManyAttempts {
        /// How long.
        wait: Duration,
    },
    /// Somebody has an account with the new address.
    #[error("there is an account with this address")]
    EmailTaken,
    /// The account is not at the version that was expected.
    #[error("version {expected} was expected, the current one is {current}")]
    Stale {
        /// What was expected.
        expected: i64,
        /// What there is.
        current: i64,
    },
    /// The account was erased.
    #[error("there is no such account")]
    Unknown,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database failed.
    #[error("change profile")]
    Store(#[from] store::Error),
}

impl Fails for ProfileError {
    fn fault(&self) -> Fault {
        match self {
            Self::Invalid(_) => Fault::Invalid,
            Self::WrongPassword => Fault::Forbidden,
            Self::TooManyAttempts { .. } => Fault::Exhausted,
            Self::EmailTaken => Fault::Conflict,
            Self::Stale { .. } => Fault::Precondition,
            Self::Unknown => Fault::NotFound,
            Self::Overloaded(error) => error.fault(),
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-body",
            Self::WrongPassword => "wrong-password",
            Self::TooManyAttempts { .. } => "too-many-attempts",
            Self::EmailTaken => "email-taken",
            Self::Stale { .. } => "stale-version",
            Self::Unknown => "not-found",
            Self::Overloaded(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::WrongPassword => vec![FieldError::new("/current_password", self.to_string())],
            Self::EmailTaken => vec![FieldError::new("/email", self.to_string())],
            Self::TooManyAttempts { .. }
            | Self::Stale { .. }
            | Self::Unknown
            | Self::Overloaded(_)
            | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooManyAttempts { wait } => Some(retry_after_s(*wait)),
            Self::Overloaded(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
            Self::Invalid(_)
            | Self::WrongPassword
            | Self::EmailTaken
            | Self::Stale { .. }
            | Self::Unknown => None,
        }
    }
}

/// Changes an account. With a new password, every session but `session` is ended. `expected` is
/// the version that the caller saw; without it, the change is made to whatever there is.
pub async fn change_profile(
    desk: &Tools,
    id: UserId,
    session: SessionId,
    asked: ProfileChange,
    expected: Option<i64>,
) -> Result<User, ProfileError> {
    let mut attempt = 1;
    loop {
        let user = users::by_id(&desk.store, id).await?.ok_or(ProfileError::Unknown)?;
        if let Some(expected) = expected.filter(|expected| *expected != user.version) {
            return Err(ProfileError::Stale { expected, current: user.version });
        }
        let change = decide(desk, &user, &asked).await?;
        if change == Change::default() {
            return Ok(user);
        }
        let changed = user.changed(change, desk.now());
        match save(desk, &changed, session, asked.password.is_some()).await {
            Err(error) if is_stale(&error) && attempt < ATTEMPTS_MAX => attempt += 1,
            Err(error) if error.conflicts_on(&users::UPDATE) => {
                return Err(ProfileError::EmailTaken);
            }
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(changed),
        }
    }
}

fn is_stale(error: &store::Error) -> bool {
    matches!(error, store::Error::Conflict { sql, cause: store::Cause::NotOne }
        if *sql == users::UPDATE)
}

/// Checks the input against the account as it is; hashes at most twice.
async fn decide(desk: &Tools, user: &User, asked: &ProfileChange) -> Result<Change, ProfileError> {
    let mut errors = Vec::new();
    let name = asked.name.as_deref().and_then(|n| take(&mut errors, "/name", Name::parse(n)));
    let email = asked.email.as_deref().and_then(|e| take(&mut errors, "/email", Email::parse(e)));
    let password = asked.password.clone().map(Password::new);
    if let Some(password) = &password {
        let of = email.as_ref().unwrap_or(&user.email);
        let checked = password::check(password, of, desk.settings.password_length_min);
        take(&mut errors, "/password", checked);
    }
    if !errors.is_empty() {
        return Err(ProfileError::Invalid(errors));
    }
    let email = email.filter(|email| *email != user.email);
    if email.is_some() || password.is_some() {
        check_current(desk, user, asked.current_password.clone()).await?;
    }
    let password_hash = match password {
        Some(password) => Some(desk.hasher.hash(password).await?),
        None => None,
    };
    Ok(Change { name: name.filter(|name| *name != user.name), email, password_hash })
}

async fn check_current(
    desk: &Tools,
    user: &User,
    current: Option<String>,
) -> Result<(), ProfileError> {
    let current = current.ok_or(ProfileError::WrongPassword)?;
    let account = desk::account(&user.email);
    if let Some(wait) = desk.guess_wait(&account) {
        return Err(ProfileError::TooManyAttempts { wait });
    }
    let hash = Some(user.password_hash.as_str());
    if desk.hasher.matches(Password::new(current), hash).await? {
        desk.guess_succeeded(&account);
        Ok(())
    } else {
        desk.guess_failed(account);
        Err(ProfileError::WrongPassword)
    }
}

async fn save(
    desk: &Tools,
    user: &User,
    session: SessionId,
    password_changed: bool,
) -> Result<(), store::Error> {
    let action = if password_changed { Action::UserPasswordChanged } else { Action::UserUpdated };
    let fact = Fact {
        action,
        actor: user.id.to_string(),
        subject: user.id.to_string(),
        detail: format!("version {}", user.version),
    };
    desk.trail
        .commit(&desk.store, &desk.clock, "change_profile", &[fact], |batch| {
            users::update(batch, user);
            if password_changed {
                sessions::end_others(batch, user.id, session, user.updated_at);
            }
            events::updated(&desk.outbox, batch, user.id);
        })
        .await
}
