//! What an access token says (RFC 9068), and who that makes the caller.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// The `iss` of every token.
pub const ISSUER: &str = "stoa";
/// The `aud` of access tokens.
pub const AUDIENCE: &str = "stoa";
/// The `typ` of access tokens.
pub const TOKEN_TYPE: &str = "at+jwt";

/// What somebody is in the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys.
    Customer,
    /// Works here, with permissions.
    Staff,
    /// May do everything.
    Admin,
}

/// The claims of an access token. Times are seconds since 1970, as JWT has them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Always [`ISSUER`].
    pub iss: String,
    /// Always [`AUDIENCE`].
    pub aud: String,
    /// The user's id.
    pub sub: String,
    /// The user's role.
    pub role: Role,
    /// What staff may do.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// The session that it belongs to.
    pub sid: String,
    /// The token's own id.
    pub jti: String,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// When it begins, if that is not when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
}

/// Signs an access token with an Ed25519 key.
pub fn sign(
    claims: &Claims,
    kid: &str,
    key: &EncodingKey,
) -> Result<String, jsonwebtoken::errors::Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TOKEN_TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, key)
}

/// A user whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's id.
    pub id: String,
    /// The user's role.
    pub role: Role,
    /// What staff may do.
    pub permissions: Vec<String>,
    /// The session that the token belongs to.
    pub session_id: String,
    /// When the token ends.
    pub expires_at: Timestamp,
}

impl Identity {
    /// Whether the user works here and has the permission; administrators have all.
    pub fn may(&self, permission: &str) -> bool {
        match self.role {
            Role::Customer => false,
            Role::Staff => self.permissions.iter().any(|held| held == permission),
            Role::Admin => true,
        }
    }
}
