//! Tokens by which services know each other: HS256 under a secret that only they share.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderValue;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kernel::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    ISSUER, Refusal,
    verified::{Verified, hash},
    verifier::{SKEW, seconds, timestamp, validation},
};

/// How long a service token is good.
const LIFE: Duration = Duration::from_secs(300);
/// A minted token is used again until so little of its life is left.
const RENEW: Duration = Duration::from_secs(60);
/// The `typ` of service tokens: one kind of token is never taken for another.
const SERVICE_TOKEN_TYPE: &str = "service+jwt";

/// Mints and verifies service tokens. Cheap to clone.
#[derive(Clone)]
pub struct ServiceKey(Arc<Inner>);

struct Inner {
    clock: Clock,
    sign: EncodingKey,
    check: DecodingKey,
    validation: Validation,
    minted: Mutex<Minted>,
    verified: Verified<Verdict>,
}

/// By service and audience: when to mint anew, and the token.
type Minted = HashMap<(&'static str, &'static str), (Timestamp, HeaderValue)>;

#[derive(Debug, Serialize, Deserialize)]
struct ServiceClaims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// What a good token says.
struct Verdict {
    service: Arc<str>,
    aud: String,
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey")
    }
}

impl ServiceKey {
    /// From the secret that the services share; at least 32 random bytes.
    pub fn new(secret: &[u8], clock: Clock) -> Self {
        Self(Arc::new(Inner {
            clock,
            sign: EncodingKey::from_secret(secret),
            check: DecodingKey::from_secret(secret),
            validation: validation(Algorithm::HS256),
            minted: Mutex::default(),
            verified: Verified::new(),
        }))
    }

    /// `Bearer <token>` for calls of `service` to `audience`; minted anew every few minutes.
    pub fn bearer(&self, service: &'static str, audience: &'static str) -> HeaderValue {
        let now = self.0.clock.now();
        let mut minted = self.0.minted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((renew_at, value)) = minted.get(&(service, audience))
            && now < *renew_at
        {
            return value.clone();
        }
        let value = self.mint(service, audience, now);
        minted.insert((service, audience), (now.plus(LIFE - RENEW), value.clone()));
        value
    }

    fn mint(&self, service: &str, audience: &str, now: Timestamp) -> HeaderValue {
        let claims = ServiceClaims {
            iss: ISSUER.to_owned(),
            sub: format!("service:{service}"),
            aud: audience.to_owned(),
            iat: seconds(now),
            exp: seconds(now.plus(LIFE)),
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(SERVICE_TOKEN_TYPE.to_owned());
        let token = jsonwebtoken::encode(&header, &claims, &self.0.sign);
        let token = token.expect("plain claims are signed with a key of the right family");
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .expect("base64 and dots are a header value");
        value.set_sensitive(true);
        value
    }

    /// The service that presents `token` to `audience`.
    pub fn verify(&self, token: &str, audience: &str) -> Result<Arc<str>, Refusal> {
        let now = self.0.clock.now();
        let hash = hash(token);
        let claims = match self.0.verified.find(&hash, now) {
            Some(claims) => claims,
            None => self.decode(token, hash, now)?,
        };
        if claims.aud != audience {
            return Err(Refusal::WrongClaims);
        }
        Ok(Arc::clone(&claims.service))
    }

    fn decode(&self, token: &str, hash: [u8; 32], now: Timestamp) -> Result<Arc<Verdict>, Refusal> {
        let decoded =
            jsonwebtoken::decode::<ServiceClaims>(token, &self.0.check, &self.0.validation);
        let decoded = decoded.map_err(|_| Refusal::Forged)?;
        let (header, claims) = (decoded.header, decoded.claims);
        let service = claims.sub.strip_prefix("service:").ok_or(Refusal::WrongClaims)?;
        let right = header.typ.as_deref() == Some(SERVICE_TOKEN_TYPE)
            && header.crit.is_none()
            && claims.iss == ISSUER;
        if !right || timestamp(claims.iat) > now.plus(SKEW) {
            return Err(Refusal::WrongClaims);
        }
        let expires_at = timestamp(claims.exp);
        if expires_at <= now {
            return Err(Refusal::Expired);
        }
        let verdict = Arc::new(Verdict { service: Arc::from(service), aud: claims.aud });
        self.0.verified.remember(hash, expires_at, &verdict);
        Ok(verdict)
    }
}
