//! Secrets that are handed out once: only their SHA-256 is kept, so a stolen database opens nothing.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// A secret in the hands of its owner: 256 random bits behind a prefix that says what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The SHA-256 of a secret, as it is stored and looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash(Vec<u8>);

const REFRESH_PREFIX: &str = "stoa_refresh_";
const API_KEY_PREFIX: &str = "stoa_live_";
const SETUP_PREFIX: &str = "stoa_setup_";

impl Secret {
    /// A refresh token.
    pub fn refresh(bits: [u8; 32]) -> Self {
        Self::new(REFRESH_PREFIX, bits)
    }

    /// An API key.
    pub fn api_key(bits: [u8; 32]) -> Self {
        Self::new(API_KEY_PREFIX, bits)
    }

    /// The token of the one-time link to the first administrator.
    pub fn setup(bits: [u8; 32]) -> Self {
        Self::new(SETUP_PREFIX, bits)
    }

    fn new(prefix: &str, bits: [u8; 32]) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bits)))
    }

    /// What somebody presents; anything may come in, and what was never handed out has no match.
    pub fn presented(text: String) -> Self {
        Self(text)
    }

    /// The refresh token that follows this one. Only who holds this one can compute it, and only
    /// with the salt that was drawn when it was first used: so the successor can be told again to
    /// a client that lost it, although it is stored nowhere.
    pub fn successor(&self, salt: &[u8; 32]) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"stoa refresh successor\0");
        digest.update(salt);
        digest.update(self.0.as_bytes());
        Self::refresh(digest.finalize().into())
    }

    /// What is stored of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).to_vec())
    }

    /// The text to hand out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The first characters, by which an owner recognises a key in a list.
    pub fn hint(&self) -> &str {
        self.0.get(..API_KEY_PREFIX.len() + 4).unwrap_or_default()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl SecretHash {
    /// The bytes as they are stored.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_follows_from_the_token_and_the_salt_together() {
        let token = Secret::refresh([1; 32]);
        let next = token.successor(&[2; 32]);

        assert_eq!(token.successor(&[2; 32]), next);
        assert_ne!(token.successor(&[3; 32]), next);
        assert_ne!(Secret::refresh([9; 32]).successor(&[2; 32]), next);
        assert_eq!(next.reveal().len(), "stoa_refresh_".len() + 43);
    }

    #[test]
    fn a_secret_says_what_it_is_and_hides_the_rest() {
        let key = Secret::api_key([0; 32]);
        assert_eq!(key.hint(), "stoa_live_AAAA");
        assert_eq!(format!("{key:?}"), "Secret(..)");
        assert_eq!(Secret::presented(key.reveal().to_owned()).hash(), key.hash());
        assert_eq!(Secret::presented("x".to_owned()).hint(), "");
    }
}
