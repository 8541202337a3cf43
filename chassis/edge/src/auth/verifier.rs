//! Verifies access tokens with the public keys of the users service, fetched rarely and kept long.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet},
};
use kernel::{Clock, Timestamp};

use super::{
    AUDIENCE, Claims, ISSUER, Identity, Refusal, TOKEN_TYPE,
    verified::{Verified, hash},
};
use crate::Peer;

/// Where the users service publishes its keys.
const JWKS_PATH: &str = "/.well-known/jwks.json";
/// Keys are asked for again after so long.
const KEYS_FRESH: Duration = Duration::from_secs(300);
/// Keys are used so long when they cannot be asked for again.
const KEYS_KEPT: Duration = Duration::from_secs(3600);
/// Between two fetches, however many unknown key ids come.
const FETCH_GAP: Duration = Duration::from_secs(30);
/// Between two fetches when there are no keys at all.
const FETCH_GAP_EMPTY: Duration = Duration::from_secs(1);
/// How long a fetch may take.
const FETCH_MAX: Duration = Duration::from_secs(2);
/// How far the clocks of two machines may be apart.
pub(super) const SKEW: Duration = Duration::from_secs(60);

/// Says who a token is. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    /// None when the keys are given once and for all.
    source: Option<Peer>,
    clock: Clock,
    validation: Validation,
    keys: RwLock<Keys>,
    fetched: tokio::sync::Mutex<Option<Fetch>>,
    verified: Verified<Identity>,
}

#[derive(Default)]
struct Keys {
    by_id: HashMap<String, Arc<DecodingKey>>,
    as_of: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Fetch {
    at: Duration,
    succeeded: bool,
}

impl Verifier {
    /// With the keys that `users` publishes.
    pub fn new(users: Peer, clock: Clock) -> Self {
        Self::with(Some(users), Keys::default(), clock)
    }

    /// With keys that never change: for tests, and for processes that hold the keys themselves.
    pub fn fixed(keys: &JwkSet, clock: Clock) -> Self {
        let keys = Keys { by_id: decoding_keys(keys), as_of: Some(clock.instant()) };
        Self::with(None, keys, clock)
    }

    fn with(source: Option<Peer>, keys: Keys, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            source,
            clock,
            validation: validation(Algorithm::EdDSA),
            keys: RwLock::new(keys),
            fetched: tokio::sync::Mutex::new(None),
            verified: Verified::new(),
        }))
    }

    /// The user that presents `token`. A token seen before costs a hash; a new one a signature
    /// check; an unknown key at most one fetch in 30 s, however many ask.
    pub async fn verify(&self, token: &str) -> Result<Arc<Identity>, Refusal> {
        let now = self.0.clock.now();
        let hash = hash(token);
        if let Some(identity) = self.0.verified.find(&hash, now) {
            return Ok(identity);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::NotAToken)?;
        let key = self.key(key_id(&header)?).await?;
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &self.0.validation);
        let claims = decoded.map_err(refusal_of)?.claims;
        check(&claims, now)?;
        let expires_at = timestamp(claims.exp);
        let identity = Arc::new(Identity {
            id: claims.sub,
            role: claims.role,
            permissions: claims.permissions,
            session_id: claims.sid,
            expires_at,
        });
        self.0.verified.remember(hash, expires_at, &identity);
        Ok(identity)
    }

    /// Whether tokens can be verified now; for `/readyz`.
    pub fn has_keys(&self) -> bool {
        !self.read_keys().by_id.is_empty()
    }

    async fn key(&self, kid: &str) -> Result<Arc<DecodingKey>, Refusal> {
        let (key, age) = self.known(kid);
        let Some(users) = &self.0.source else { return key.ok_or(Refusal::UnknownKey) };
        match key {
            Some(key) if age < KEYS_FRESH => Ok(key),
            Some(key) => {
                // Who finds old keys fetches new ones, unless somebody does; all others go on.
                if let Ok(mut last) = self.0.fetched.try_lock() {
                    self.fetch(users, &mut last).await;
                }
                let (key_now, age) = self.known(kid);
                match key_now {
                    Some(key) if age < KEYS_KEPT => Ok(key),
                    Some(_) => Err(Refusal::NoKeys),
                    // The keys are new, and this one is not among them: it was withdrawn.
                    None => {
                        drop(key);
                        Err(Refusal::UnknownKey)
                    }
                }
            }
            None => {
                self.fetch(users, &mut *self.0.fetched.lock().await).await;
                self.known(kid).0.ok_or_else(|| self.why_unknown())
            }
        }
    }

    fn why_unknown(&self) -> Refusal {
        if self.has_keys() { Refusal::UnknownKey } else { Refusal::NoKeys }
    }

    fn known(&self, kid: &str) -> (Option<Arc<DecodingKey>>, Duration) {
        let keys = self.read_keys();
        let age = keys.as_of.map_or(Duration::MAX, |as_of| self.0.clock.instant() - as_of);
        (keys.by_id.get(kid).cloned(), age)
    }

    /// Fetches the keys, unless that was done a moment ago. A failure leaves what is known.
    async fn fetch(&self, users: &Peer, last: &mut Option<Fetch>) {
        let now = self.0.clock.instant();
        let gap = match last {
            Some(Fetch { succeeded: false, .. }) if !self.has_keys() => FETCH_GAP_EMPTY,
            Some(_) | None => FETCH_GAP,
        };
        if last.is_some_and(|last| now.saturating_sub(last.at) < gap) {
            return;
        }
        let fetched = users.get_json::<JwkSet>(JWKS_PATH, FETCH_MAX).await;
        *last = Some(Fetch { at: now, succeeded: fetched.is_ok() });
        match fetched {
            Ok(set) => self.replace(&set),
            Err(error) => {
                let error = crate::problem::chain(&error);
                tracing::warn!(error, "the keys for access tokens could not be fetched");
            }
        }
    }

    fn replace(&self, set: &JwkSet) {
        let by_id = decoding_keys(set);
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        let withdrawn = keys.by_id.keys().any(|kid| !by_id.contains_key(kid));
        *keys = Keys { by_id, as_of: Some(self.0.clock.instant()) };
        drop(keys);
        if withdrawn {
            self.0.verified.forget_all();
        }
    }

    fn read_keys(&self) -> std::sync::RwLockReadGuard<'_, Keys> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The Ed25519 keys of a set; others are not ours to use.
fn decoding_keys(set: &JwkSet) -> HashMap<String, Arc<DecodingKey>> {
    let key = |jwk: &Jwk| {
        let kid = jwk.common.key_id.clone()?;
        let AlgorithmParameters::OctetKeyPair(parameters) = &jwk.algorithm else { return None };
        if parameters.curve != EllipticCurve::Ed25519 {
            return None;
        }
        Some((kid, Arc::new(DecodingKey::from_ed_components(&parameters.x).ok()?)))
    };
    set.keys.iter().filter_map(key).collect()
}

/// The key id of a header that is of the one form we accept.
fn key_id(header: &Header) -> Result<&str, Refusal> {
    let typ = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
    let right_type = typ == TOKEN_TYPE || typ == "application/at+jwt";
    if !right_type || header.alg != Algorithm::EdDSA || header.crit.is_some() {
        return Err(Refusal::NotAToken);
    }
    header.kid.as_deref().ok_or(Refusal::NotAToken)
}

fn check(claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
    let named = !claims.sub.is_empty() && !claims.jti.is_empty();
    if claims.iss != ISSUER || claims.aud != AUDIENCE || !named {
        return Err(Refusal::WrongClaims);
    }
    if timestamp(claims.exp) <= now {
        return Err(Refusal::Expired);
    }
    let begins = claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat));
    if timestamp(begins) > now.plus(SKEW) {
        return Err(Refusal::TooEarly);
    }
    Ok(())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is foreign and non-exhaustive")]
fn refusal_of(error: jsonwebtoken::errors::Error) -> Refusal {
    match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => Refusal::Forged,
        _ => Refusal::NotAToken,
    }
}

/// Only the algorithm is left to the library: claims are compared here, times by our clock.
pub(super) fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Seconds since 1970, as tokens have them.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.ms() / 1000
}

pub(super) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds.saturating_mul(1000))
}
