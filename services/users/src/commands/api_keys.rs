//! Keys for programs: made by staff, exchanged for access tokens, deleted.

use contracts::ids::{KeyId, UserId};
use kernel::{Fails, Fault, FieldError, Timestamp};

use super::{
    LogInError, Opened,
    access::{describe, parse_permissions},
    desk::Tools,
    take,
    tokens::Origin,
};
use crate::{
    domain::{
        access::Access,
        audit::{Action, Fact},
        name::required_text,
        secret::Secret,
    },
    store::{
        api_keys::{self, ApiKey},
        users,
    },
};

/// What a key is to be.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// What it may do, by name.
    pub permissions: Vec<String>,
    /// When it ends, if it is to end.
    pub expires_at: Option<Timestamp>,
}

/// How many keys one user may have.
const KEYS_MAX: usize = 100;

/// Why a key was not made or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// Something about the input.
    #[error("this is no key that can be made")]
    Invalid(Vec<FieldError>),
    /// It would reach further than the access of who asks.
    #[error("nobody can give more than they may do themselves")]
    BeyondOwn,
    /// There is room for so many.
    #[error("one user has at most {KEYS_MAX} keys")]
    TooMany,
    /// There is no such key.
    #[error("there is no such key")]
    Unknown,
    /// The database failed.
    #[error("API key")]
    Store(#[from] store::Error),
}

impl Fails for ApiKeyError {
    fn fault(&self) -> Fault {
        match self {
            Self::Invalid(_) => Fault::Invalid,
            Self::BeyondOwn => Fault::Forbidden,
            Self::TooMany => Fault::Conflict,
            Self::Unknown => Fault::NotFound,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-body",
            Self::BeyondOwn => "grant-exceeds-own",
            Self::TooMany => "too-many-api-keys",
            Self::Unknown => "not-found",
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::BeyondOwn | Self::TooMany | Self::Unknown | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            Self::Invalid(_) | Self::BeyondOwn | Self::TooMany | Self::Unknown => None,
        }
    }
}

/// Makes a key for `owner`, who has `own`. The secret is told now and never again.
pub async fn create_api_key(
    desk: &Tools,
    (owner, own): (UserId, &Access),
    asked: NewApiKey,
) -> Result<(ApiKey, Secret), ApiKeyError> {
    let secret = Secret::api_key(desk.bits());
    let key = prepare(desk, owner, asked, &secret)?;
    let access = Access::staff(key.permissions.clone());
    own.may_change(&Access::customer(), &access).map_err(|_| ApiKeyError::BeyondOwn)?;
    if api_keys::of_user(&desk.store, owner).await?.len() >= KEYS_MAX {
        return Err(ApiKeyError::TooMany);
    }
    let fact = fact(Action::ApiKeyCreated, owner, key.id, describe(&access));
    let committed = desk
        .trail
        .commit(&desk.store, &desk.clock, "create_api_key", &[fact], |batch| {
            api_keys::insert(batch, &key, &secret);
        })
        .await;
    match committed {
        Err(error) if error.conflicts_on(&users::STANDS) => Err(ApiKeyError::Unknown),
        Err(error) => Err(error.into()),
        Ok(()) => Ok((key, secret)),
    }
}

fn prepare(
    desk: &Tools,
    owner: UserId,
    asked: NewApiKey,
    secret: &Secret,
) -> Result<ApiKey, ApiKeyError> {
    let mut errors = Vec::new();
    let name = take(&mut errors, "/name", required_text(&asked.name, 100));
    let permissions = parse_permissions(&mut errors, &asked.permissions);
    if asked.permissions.is_empty() {
        errors.push(FieldError::new("/permissions", "must name at least one permission"));
    }
    if asked.expires_at.is_some_and(|ends| ends <= desk.now()) {
        errors.push(FieldError::new("/expires_at", "must be in the future"));
    }
    match name {
        Some(name) if errors.is_empty() => Ok(ApiKey {
            id: desk.ids.next(),
            user_id: owner,
            name,
            hint: secret.hint().to_owned(),
            permissions,
            created_at: desk.now(),
            expires_at: asked.expires_at,
            used_at: None,
        }),
        Some(_) | None => Err(ApiKeyError::Invalid(errors)),
    }
}

/// Deletes a key; it cannot be exchanged any more.
pub async fn delete_api_key(desk: &Tools, actor: UserId, id: KeyId) -> Result<(), ApiKeyError> {
    let fact = fact(Action::ApiKeyDeleted, actor, id, String::new());
    let committed = desk
        .trail
        .commit(&desk.store, &desk.clock, "delete_api_key", &[fact], |batch| {
            api_keys::delete(batch, id);
        })
        .await;
    match committed {
        Err(error) if error.conflicts_on(&api_keys::DELETE) => Err(ApiKeyError::Unknown),
        done => Ok(done?),
    }
}

/// Exchanges a key for an access token with the key's permissions, as far as its owner still has
/// them. There is no refresh token: the key is exchanged again.
pub async fn exchange_api_key(desk: &Tools, secret: Secret) -> Result<Opened, LogInError> {
    let now = desk.now();
    let found = api_keys::by_hash(&desk.store, secret.hash()).await?;
    let (key, owner) = found.filter(|(key, _)| key.is_live(now)).ok_or(LogInError::Refused)?;
    let access = Access::staff(key.permissions.clone()).within(&owner.access);
    let fact = fact(Action::SessionOpened, owner.id, key.id, String::new());
    let committed = desk
        .trail
        .commit(&desk.store, &desk.clock, "exchange_api_key", &[fact], |batch| {
            api_keys::used(batch, key.id, now);
        })
        .await;
    match committed {
        Err(error) if error.conflicts_on(&api_keys::USED) => return Err(LogInError::Refused),
        done => done?,
    }
    let access_token = desk.access_token(owner.id, &access, Origin::Key(key.id))?;
    Ok(desk.opened(access_token, None))
}

fn fact(action: Action, actor: UserId, key: KeyId, detail: String) -> Fact {
    Fact { action, actor: actor.to_string(), subject: key.to_string(), detail }
}
