//! Extractors that say who calls, and refuse those who may not.

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use axum::extract::FromRequestParts;
use http::{HeaderValue, header, request::Parts};
use kernel::Fault;

use super::{Identity, Permission, Refusal};
use crate::{Problem, call::Call};

/// Who calls: anybody, or a user whose token is good. A token that is not good is 401.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody that we know.
    Guest,
    /// A user with a good token.
    User(Arc<Identity>),
}

impl Caller {
    /// The user's id, if it is a user.
    pub fn user_id(&self) -> Option<&str> {
        match self {
            Self::Guest => None,
            Self::User(identity) => Some(&identity.id),
        }
    }

    /// Whether it is staff with the permission.
    pub fn may<P: Permission>(&self) -> bool {
        match self {
            Self::Guest => false,
            Self::User(identity) => identity.may(P::NAME),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(Self::Guest) };
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let call = Call::of(&parts.extensions)?;
        let token = bearer(value).ok_or(Refusal::NotBearer)?;
        let caller = Self::User(call.verifier().verify(token).await?);
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

/// The token of `Bearer <token>`.
pub(super) fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

/// A user; 401 for anybody else.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Arc<Identity>);

impl Deref for SignedIn {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, state).await? {
            Caller::User(identity) => Ok(Self(identity)),
            Caller::Guest => Err(Refusal::NoToken.into_problem()),
        }
    }
}

/// Staff with the permission `P`, or an administrator; 401 for guests, 403 for others.
#[derive(Debug, Clone)]
pub struct Staff<P>(pub Arc<Identity>, PhantomData<fn() -> P>);

impl<P> Deref for Staff<P> {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}

impl<P: Permission, S: Send + Sync> FromRequestParts<S> for Staff<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let SignedIn(identity) = SignedIn::from_request_parts(parts, state).await?;
        if identity.may(P::NAME) {
            Ok(Self(identity, PhantomData))
        } else {
            let detail = format!("the permission {} is needed", P::NAME);
            Err(Problem::new(Fault::Forbidden, "forbidden", detail))
        }
    }
}
