//! Who may see and change what: owners, holders of its secret, staff. For others it does not exist.

use axum::extract::FromRequestParts;
use contracts::ids::UserId;
use edge::{
    Caller, Problem,
    auth::{OrdersRead, OrdersWrite},
};
use http::{HeaderName, request::Parts};
use kernel::{Fault, Ids};
use sha2::{Digest as _, Sha256};

use crate::domain::Owner;

/// Carries the secret of a guest's cart or order.
const ACCESS_TOKEN: HeaderName = HeaderName::from_static("stoa-access-token");

/// Whoever makes a request: a user or a guest, with or without a secret.
pub struct Visitor {
    caller: Caller,
    token: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let token = parts.headers.get(ACCESS_TOKEN).and_then(|value| value.to_str().ok());
        Ok(Self { caller, token: token.map(str::to_owned) })
    }
}

impl Visitor {
    /// Whether they may see what belongs to `owner`.
    pub fn may_see(&self, owner: &Owner) -> bool {
        self.caller.may::<OrdersRead>() || self.owns(owner)
    }

    /// Whether they may change what belongs to `owner`.
    pub fn may_change(&self, owner: &Owner) -> bool {
        self.caller.may::<OrdersWrite>() || self.owns(owner)
    }

    /// Whether they are staff who see the orders of all customers.
    pub fn sees_all(&self) -> bool {
        self.caller.may::<OrdersRead>()
    }

    fn owns(&self, owner: &Owner) -> bool {
        let user = owner.user.map(|user| user.to_string());
        let is_user = user.is_some() && user.as_deref() == self.caller.user_id();
        let held = self.token.as_deref().map(hash);
        is_user || held.is_some() && held == owner.access_hash
    }

    /// Who they are, if they are signed in.
    pub fn user(&self) -> Result<Option<UserId>, Problem> {
        let parse = |id: &str| {
            id.parse().map_err(|_| {
                let detail = "the access token does not name a user";
                Problem::new(Fault::Unauthenticated, "invalid-token", detail)
            })
        };
        self.caller.user_id().map(parse).transpose()
    }

    /// The secret they sent.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The owner of what they make now: the user; for a guest a new secret, which is told once.
    pub fn claim(&self, ids: &Ids) -> Result<(Owner, Option<String>), Problem> {
        if let Some(user) = self.user()? {
            return Ok((Owner { user: Some(user), access_hash: None }, None));
        }
        let secret = ids.secret();
        Ok((Owner { user: None, access_hash: Some(hash(&secret)) }, Some(secret)))
    }
}

/// SHA-256 in hexadecimal: what is kept of a secret. Its 256 random bits need no salt.
fn hash(secret: &str) -> String {
    kernel::hex(&Sha256::digest(secret.as_bytes()))
}
