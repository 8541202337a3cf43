//! Why a token is not accepted, and what its bearer is told.

use http::{HeaderValue, header};
use kernel::Fault;

use crate::Problem;

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none.
    #[error("an access token is needed")]
    NoToken,
    /// The header is not `Bearer <token>`.
    #[error("the Authorization header is not of the form: Bearer <token>")]
    NotBearer,
    /// It is not a token, or of another kind or algorithm than ours.
    #[error("this is not an access token")]
    NotAToken,
    /// No key of ours has its key id.
    #[error("the token is signed with a key that is not known")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token is not signed by us")]
    Forged,
    /// Issuer, audience or subject are not the right ones.
    #[error("the token is not for this")]
    WrongClaims,
    /// It is over.
    #[error("the token has expired")]
    Expired,
    /// It has not begun.
    #[error("the token is not valid yet")]
    TooEarly,
    /// The keys cannot be fetched, so nothing can be said about the token.
    #[error("the keys that tokens are verified with cannot be fetched")]
    NoKeys,
}

impl Refusal {
    /// 401 with a challenge; 503 when the keys are missing.
    pub fn into_problem(self) -> Problem {
        let (code, challenge) = match self {
            Self::NoKeys => {
                return Problem::new(Fault::Unavailable, "keys-unavailable", self.to_string())
                    .retry_after_s(1);
            }
            Self::NoToken => ("unauthenticated", HeaderValue::from_static("Bearer")),
            Self::NotBearer
            | Self::NotAToken
            | Self::UnknownKey
            | Self::Forged
            | Self::WrongClaims
            | Self::Expired
            | Self::TooEarly => {
                let challenge =
                    format!("Bearer error=\"invalid_token\", error_description=\"{self}\"");
                let challenge = HeaderValue::from_str(&challenge);
                ("invalid-token", challenge.expect("our own sentences are header values"))
            }
        };
        Problem::new(Fault::Unauthenticated, code, self.to_string())
            .header(header::WWW_AUTHENTICATE, challenge)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        refusal.into_problem()
    }
}
