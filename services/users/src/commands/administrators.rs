//! The first administrator: from the settings, from the command line, or by a one-time link.

use std::time::Duration;

use kernel::{Fails, Fault, FieldError};
use store::Store;

use super::{
    RegisterError, Registration,
    desk::Tools,
    register::{prepare, refused},
};
use crate::{
    domain::{
        access::Access,
        audit::{Action, Fact},
        secret::Secret,
        user::{Administrators, User},
    },
    events,
    store::{installation, users},
};

/// Why an administrator was not made by the program's owner.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The account cannot be opened with this address and password.
    #[error("{}", told(.0))]
    Register(#[from] RegisterError),
    /// The database failed.
    #[error("administrators")]
    Store(#[from] store::Error),
}

/// An error with the fields that are wrong, for people at a terminal.
fn told(error: &RegisterError) -> String {
    let fields = error.fields().into_iter().map(|FieldError { pointer, detail }| {
        format!("; {}: {detail}", pointer.trim_start_matches('/'))
    });
    format!("{error}{}", fields.collect::<String>())
}

/// Why the one-time link did not make an administrator.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// There is an administrator; who wants to be another one asks them.
    #[error("this shop has an administrator already")]
    Done,
    /// The link was never given out, was replaced by a newer one, or is too old.
    #[error("the link is not valid any more; the program prints a new one when it starts")]
    Invalid,
    /// The account cannot be opened.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

impl Fails for SetupError {
    fn fault(&self) -> Fault {
        match self {
            Self::Done => Fault::NotFound,
            Self::Invalid => Fault::Forbidden,
            Self::Register(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Done => "setup-done",
            Self::Invalid => "invalid-setup-token",
            Self::Register(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Done | Self::Invalid => Vec::new(),
            Self::Register(error) => error.fields(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Done | Self::Invalid => None,
            Self::Register(error) => error.retry_after_s(),
        }
    }
}

impl From<store::Error> for SetupError {
    fn from(error: store::Error) -> Self {
        Self::Register(error.into())
    }
}

/// Whether there is an administrator.
pub async fn has_admin(store: &Store) -> Result<bool, store::Error> {
    Ok(installation::admins(store).await? > 0)
}

/// Makes the first administrator with an address and password from the settings. Does nothing
/// when there is one. Returns whether it made one.
pub async fn ensure_admin(desk: &Tools, email: &str, password: &str) -> Result<bool, AdminError> {
    if has_admin(&desk.store).await? {
        return Ok(false);
    }
    let user = prepared(desk, email, password).await?;
    match save(desk, &user, installation::first).await {
        Err(error) if error.conflicts_on(&installation::FIRST) => Ok(false),
        Err(error) => Err(refused(error).into()),
        Ok(()) => Ok(true),
    }
}

/// Makes an administrator, the first or another one: for whoever holds the database.
pub async fn create_admin(desk: &Tools, email: &str, password: &str) -> Result<User, AdminError> {
    let user = prepared(desk, email, password).await?;
    let gained = |batch: &mut _| installation::moved(batch, Administrators::Gained);
    save(desk, &user, gained).await.map_err(refused)?;
    Ok(user)
}

/// A new link token to the first administrator; the one before is dead. None when there is one.
pub async fn issue_setup_token(desk: &Tools) -> Result<Option<String>, store::Error> {
    let token = Secret::setup(desk.bits());
    let expires_at = desk.now().plus(Duration::from_secs(desk.settings.setup_link_s));
    let fact = Fact {
        action: Action::SetupIssued,
        actor: "system".to_owned(),
        subject: String::new(),
        detail: format!("until {expires_at}"),
    };
    let committed = desk
        .trail
        .commit(&desk.store, &desk.clock, "issue_setup_token", &[fact], |batch| {
            installation::issue_setup(batch, token.hash(), expires_at);
        })
        .await;
    match committed {
        Err(error) if error.conflicts_on(&installation::ISSUE_SETUP) => Ok(None),
        Err(error) => Err(error),
        Ok(()) => Ok(Some(token.reveal().to_owned())),
    }
}

/// Whether a link would still make an administrator.
pub(crate) async fn check_setup(desk: &Tools, token: &Secret) -> Result<(), SetupError> {
    if has_admin(&desk.store).await? {
        return Err(SetupError::Done);
    }
    if installation::is_setup_open(&desk.store, token, desk.now()).await? {
        Ok(())
    } else {
        Err(SetupError::Invalid)
    }
}

/// Makes the first administrator by a link. However many try at once, one succeeds.
pub async fn complete_setup(
    desk: &Tools,
    token: Secret,
    email: &str,
    password: String,
) -> Result<User, SetupError> {
    check_setup(desk, &token).await?;
    let asked = Registration::parse(email, "", password, desk.settings.password_length_min)?;
    let user = prepare(desk, desk.ids.next(), asked, Access::admin()).await?;
    let now = desk.now();
    let first = |batch: &mut _| installation::first_by_setup(batch, token.hash(), now);
    match save(desk, &user, first).await {
        Err(error) if error.conflicts_on(&installation::FIRST_BY_SETUP) => {
            check_setup(desk, &token).await?;
            Err(SetupError::Invalid)
        }
        Err(error) => Err(refused(error).into()),
        Ok(()) => Ok(user),
    }
}

async fn prepared(desk: &Tools, email: &str, password: &str) -> Result<User, RegisterError> {
    let length_min = desk.settings.password_length_min;
    let asked = Registration::parse(email, "", password.to_owned(), length_min)?;
    prepare(desk, desk.ids.next(), asked, Access::admin()).await
}

async fn save(
    desk: &Tools,
    user: &User,
    count: impl Fn(&mut store::Batch),
) -> Result<(), store::Error> {
    let fact = Fact {
        action: Action::AdminCreated,
        actor: "system".to_owned(),
        subject: user.id.to_string(),
        detail: String::new(),
    };
    desk.trail
        .commit(&desk.store, &desk.clock, "create_admin", &[fact], |batch| {
            count(batch);
            users::insert(batch, user);
            events::registered(&desk.outbox, batch, user.id);
        })
        .await
}
