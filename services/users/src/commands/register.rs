//! Somebody opens an account.

use contracts::ids::UserId;
use kernel::{Fails, Fault, FieldError};

use super::{desk::Tools, hashing::Overloaded, take};
use crate::{
    domain::{
        access::Access,
        audit::{Action, Fact},
        email::Email,
        name::Name,
        password::{self, Password},
        user::User,
    },
    events,
    store::users,
};

/// What a new account is made of, checked.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Where to write to.
    pub email: Email,
    /// What to call them.
    pub name: Name,
    /// What they log in with.
    pub password: Password,
}

/// Why an account was not opened.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Something about the input.
    #[error("the account cannot be opened with this")]
    Invalid(Vec<FieldError>),
    /// Somebody has an account with this address.
    #[error("there is an account with this address")]
    EmailTaken,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database failed.
    #[error("register")]
    Store(#[from] store::Error),
}

impl Fails for RegisterError {
    fn fault(&self) -> Fault {
        match self {
            Self::Invalid(_) => Fault::Invalid,
            Self::EmailTaken => Fault::Conflict,
            Self::Overloaded(error) => error.fault(),
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-body",
            Self::EmailTaken => "email-taken",
            Self::Overloaded(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::EmailTaken => vec![FieldError::new("/email", self.to_string())],
            Self::Overloaded(_) | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Invalid(_) | Self::EmailTaken => None,
            Self::Overloaded(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
        }
    }
}

impl Registration {
    /// Checks what somebody typed, and tells everything that is wrong with it at once.
    pub fn parse(
        email: &str,
        name: &str,
        password: String,
        password_length_min: usize,
    ) -> Result<Self, RegisterError> {
        let mut errors = Vec::new();
        let email = take(&mut errors, "/email", Email::parse(email));
        let name = take(&mut errors, "/name", Name::parse(name));
        let password = Password::new(password);
        if let Some(email) = &email {
            take(&mut errors, "/password", password::check(&password, email, password_length_min));
        }
        match (email, name) {
            (Some(email), Some(name)) if errors.is_empty() => Ok(Self { email, name, password }),
            _ => Err(RegisterError::Invalid(errors)),
        }
    }
}

/// Opens an account for a customer. One password hash, one commit.
pub async fn register(desk: &Tools, asked: Registration) -> Result<User, RegisterError> {
    let id = desk.ids.next::<contracts::ids::kinds::User>();
    let user = prepare(desk, id, asked, Access::customer()).await?;
    let fact = Fact {
        action: Action::UserRegistered,
        actor: id.to_string(),
        subject: id.to_string(),
        detail: String::new(),
    };
    let committed = desk
        .trail
        .commit(&desk.store, &desk.clock, "register", &[fact], |batch| {
            users::insert(batch, &user);
            events::registered(&desk.outbox, batch, id);
        })
        .await;
    committed.map_err(refused)?;
    Ok(user)
}

/// The account to insert. The address is looked up first: a hash costs more than a read.
pub(super) async fn prepare(
    desk: &Tools,
    id: UserId,
    asked: Registration,
    access: Access,
) -> Result<User, RegisterError> {
    if users::by_email(&desk.store, &asked.email).await?.is_some() {
        return Err(RegisterError::EmailTaken);
    }
    let hash = desk.hasher.hash(asked.password).await?;
    Ok(User::register(id, asked.email, asked.name, hash, access, desk.now()))
}

pub(super) fn refused(error: store::Error) -> RegisterError {
    if error.conflicts_on(&users::INSERT) {
        RegisterError::EmailTaken
    } else {
        RegisterError::Store(error)
    }
}
