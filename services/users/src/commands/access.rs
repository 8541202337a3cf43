//! Staff give somebody another role or other permissions.

use std::collections::BTreeSet;

use contracts::ids::UserId;
use kernel::{Fails, Fault, FieldError};

use super::{ATTEMPTS_MAX, desk::Tools, take};
use crate::{
    domain::{
        access::{Access, AccessError, Permission, Role},
        audit::{Action, Fact},
        user::User,
    },
    events,
    store::{installation, users},
};

/// What is to change; absent parts stay, except that only staff keep permissions.
#[derive(Debug, Clone, Default)]
pub struct AccessChange {
    /// Another role, by name.
    pub role: Option<String>,
    /// Other permissions, by name.
    pub permissions: Option<Vec<String>>,
}

/// Why an access was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessChangeError {
    /// Something about the input.
    #[error("this is no access that can be given")]
    Invalid(Vec<FieldError>),
    /// It would reach further than the access of who asks.
    #[error("nobody can give or take more than they may do themselves")]
    BeyondOwn,
    /// Nobody could look after the shop.
    #[error("the last administrator must stay one; make somebody else one first")]
    LastAdmin,
    /// The account is not at the version that was expected.
    #[error("version {expected} was expected, the current one is {current}")]
    Stale {
        /// What was expected.
        expected: i64,
        /// What there is.
        current: i64,
    },
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// The database failed.
    #[error("change access")]
    Store(#[from] store::Error),
}

impl Fails for AccessChangeError {
    fn fault(&self) -> Fault {
        match self {
            Self::Invalid(_) => Fault::Invalid,
            Self::BeyondOwn => Fault::Forbidden,
            Self::LastAdmin => Fault::Conflict,
            Self::Stale { .. } => Fault::Precondition,
            Self::Unknown => Fault::NotFound,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-body",
            Self::BeyondOwn => "grant-exceeds-own",
            Self::LastAdmin => "last-admin",
            Self::Stale { .. } => "stale-version",
            Self::Unknown => "not-found",
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::BeyondOwn
            | Self::LastAdmin
            | Self::Stale { .. }
            | Self::Unknown
            | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            Self::Invalid(_)
            | Self::BeyondOwn
            | Self::LastAdmin
            | Self::Stale { .. }
            | Self::Unknown => None,
        }
    }
}

/// Changes what `id` may do, on behalf of `actor`, who has `own`.
pub async fn change_access(
    desk: &Tools,
    (actor, own): (UserId, &Access),
    id: UserId,
    asked: AccessChange,
    expected: Option<i64>,
) -> Result<User, AccessChangeError> {
    let mut attempt = 1;
    loop {
        let user = users::by_id(&desk.store, id).await?.ok_or(AccessChangeError::Unknown)?;
        if let Some(expected) = expected.filter(|expected| *expected != user.version) {
            return Err(AccessChangeError::Stale { expected, current: user.version });
        }
        let access = decide(&user.access, &asked)?;
        if access == user.access {
            return Ok(user);
        }
        let granted = user.granted(own, access, desk.now());
        let (user, moved) = granted.map_err(|error| match error {
            AccessError::BeyondOwn => AccessChangeError::BeyondOwn,
            AccessError::PermissionsOfRole => permissions_of_role(),
        })?;
        let fact = Fact {
            action: Action::UserAccessChanged,
            actor: actor.to_string(),
            subject: user.id.to_string(),
            detail: describe(&user.access),
        };
        let committed = desk
            .trail
            .commit(&desk.store, &desk.clock, "change_access", &[fact], |batch| {
                users::update(batch, &user);
                installation::moved(batch, moved);
                events::updated(&desk.outbox, batch, user.id);
            })
            .await;
        match committed {
            Err(error) if error.conflicts_on(&users::UPDATE) && attempt < ATTEMPTS_MAX => {
                attempt += 1;
            }
            Err(error) if error.conflicts_on(&installation::LOST) => {
                return Err(AccessChangeError::LastAdmin);
            }
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(user),
        }
    }
}

fn decide(before: &Access, asked: &AccessChange) -> Result<Access, AccessChangeError> {
    let mut errors = Vec::new();
    let role = match &asked.role {
        Some(role) => take(&mut errors, "/role", role.parse::<Role>()),
        None => Some(before.role()),
    };
    let permissions = match (&asked.permissions, role) {
        (Some(names), _) => parse_permissions(&mut errors, names),
        (None, Some(Role::Staff)) => before.permissions().clone(),
        (None, Some(Role::Customer | Role::Admin) | None) => BTreeSet::new(),
    };
    match role {
        Some(role) if errors.is_empty() => {
            Access::of(role, permissions).map_err(|_| permissions_of_role())
        }
        Some(_) | None => Err(AccessChangeError::Invalid(errors)),
    }
}

fn permissions_of_role() -> AccessChangeError {
    let why = AccessError::PermissionsOfRole.to_string();
    AccessChangeError::Invalid(vec![FieldError::new("/permissions", why)])
}

/// Reads the names of permissions; each wrong one is pointed at.
pub(super) fn parse_permissions(
    errors: &mut Vec<FieldError>,
    names: &[String],
) -> BTreeSet<Permission> {
    let parsed = names.iter().enumerate().filter_map(|(at, name)| {
        take(errors, &format!("/permissions/{at}"), name.parse::<Permission>())
    });
    parsed.collect()
}

/// An access in a few words, for the audit log.
pub(super) fn describe(access: &Access) -> String {
    let names: Vec<&str> = access.permissions().iter().map(|one| one.as_str()).collect();
    format!("{} [{}]", access.role().as_str(), names.join(", "))
}
