//! What a log-in hands out: a signed access token, and for people a refresh token.

use contracts::ids::{KeyId, SessionId, UserId};
use edge::auth::{self, Claims};
use kernel::IdKind;

use super::{desk::Tools, keyring::KeyError};
use crate::domain::{
    access::{Access, Role},
    secret::Secret,
};

/// What opens the other doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Sent with every request.
    pub access_token: String,
    /// Sent to get the next access token; absent for API keys, which are exchanged again.
    pub refresh_token: Option<Secret>,
    /// Life of the access token, in seconds.
    pub expires_in_s: u64,
}

/// What an access token descends from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A log-in.
    Session(SessionId),
    /// An API key.
    Key(KeyId),
}

impl Origin {
    /// Reads the `sid` of a token.
    pub fn parse(sid: &str) -> Option<Self> {
        let session = sid.parse().map(Self::Session);
        session.or_else(|_| sid.parse().map(Self::Key)).ok()
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Session(id) => id.fmt(f),
            Self::Key(id) => id.fmt(f),
        }
    }
}

#[derive(Clone, Copy)]
struct Token;
impl IdKind for Token {
    const PREFIX: &'static str = "token";
}

impl Tools {
    /// Signs an access token (RFC 9068) for a user.
    pub(crate) fn access_token(
        &self,
        user: UserId,
        access: &Access,
        origin: Origin,
    ) -> Result<String, KeyError> {
        let now = self.now();
        let issued_at_s = now.ms() / 1000;
        let life_s = i64::try_from(self.settings.access_token_s).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: auth::ISSUER.to_owned(),
            aud: auth::AUDIENCE.to_owned(),
            sub: user.to_string(),
            role: role(access.role()),
            permissions: access.permissions().iter().map(|p| p.as_str().to_owned()).collect(),
            sid: origin.to_string(),
            jti: self.ids.next::<Token>().to_string(),
            iat: issued_at_s,
            exp: issued_at_s.saturating_add(life_s),
            nbf: None,
        };
        self.keyring.with_current(now, |key| {
            auth::sign(&claims, &key.kid, &key.private).map_err(KeyError::Sign)
        })
    }

    pub(crate) fn opened(&self, access_token: String, refresh_token: Option<Secret>) -> Opened {
        Opened { access_token, refresh_token, expires_in_s: self.settings.access_token_s }
    }
}

fn role(role: Role) -> auth::Role {
    match role {
        Role::Customer => auth::Role::Customer,
        Role::Staff => auth::Role::Staff,
        Role::Admin => auth::Role::Admin,
    }
}
