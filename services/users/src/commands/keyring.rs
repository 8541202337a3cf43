//! The keys that sign access tokens: kept in the database, held in memory, changed by schedule.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{
    Algorithm, EncodingKey,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use kernel::{Fails, Fault, Timestamp};
use supervisor::{Context, Exit};

use super::desk::{Desk, Tools};
use crate::{
    domain::{
        audit::{Action, Fact},
        key::{self, Schedule, Turn},
    },
    store::signing_keys::{self, StoredKey},
};

/// How often other processes' keys, and the next turn, are looked for: well within the lead.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// The DER of an Ed25519 private key (RFC 8410) up to the 32 bytes of the key itself.
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database failed.
    #[error("signing keys")]
    Store(#[from] store::Error),
    /// A stored key is no Ed25519 key.
    #[error("signing key {generation} cannot be used")]
    Broken {
        /// Which.
        generation: i64,
        /// Why.
        source: jsonwebtoken::errors::Error,
    },
    /// No key was ever made; the service makes one when it starts.
    #[error("there is no signing key")]
    Missing,
    /// Signing itself failed.
    #[error("signing")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

impl Fails for KeyError {
    fn fault(&self) -> Fault {
        match self {
            Self::Store(error) => error.fault(),
            Self::Broken { .. } | Self::Missing | Self::Sign(_) => Fault::Bug,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Broken { .. } | Self::Missing | Self::Sign(_) => "internal",
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            Self::Broken { .. } | Self::Missing | Self::Sign(_) => None,
        }
    }
}

/// A key ready for use.
pub(crate) struct SigningKey {
    turn: Turn,
    pub(crate) kid: String,
    pub(crate) private: EncodingKey,
    public: Jwk,
}

/// The keys in memory.
pub(crate) struct Keyring {
    schedule: Schedule,
    keys: RwLock<Arc<Vec<SigningKey>>>,
}

impl Keyring {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self { schedule, keys: RwLock::new(Arc::default()) }
    }

    /// Calls `sign` with the key whose turn it is.
    pub(crate) fn with_current<T>(
        &self,
        now: Timestamp,
        sign: impl FnOnce(&SigningKey) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        let keys = self.keys();
        let index = key::signing(&turns(&keys), now).ok_or(KeyError::Missing)?;
        sign(&keys[index])
    }

    /// The public keys that verifiers are to know.
    pub(crate) fn published(&self, now: Timestamp) -> JwkSet {
        let keys = self.keys();
        let turns = turns(&keys);
        let known = |index: &usize| key::is_published(&turns, *index, &self.schedule, now);
        JwkSet { keys: (0..keys.len()).filter(known).map(|i| keys[i].public.clone()).collect() }
    }

    fn keys(&self) -> Arc<Vec<SigningKey>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, keys: Vec<SigningKey>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}

fn turns(keys: &[SigningKey]) -> Vec<Turn> {
    keys.iter().map(|key| key.turn).collect()
}

/// Loads the keys, and makes the next one when it is due: at the first start, and by schedule.
pub(crate) async fn look(desk: &Desk) -> Result<(), KeyError> {
    let turns = load(desk).await?;
    if let Some(turn) = key::due(&turns, &desk.keyring.schedule, desk.now()) {
        add(desk, turn, &turns).await?;
    }
    Ok(())
}

/// Makes the next key now, whatever the schedule says: it is published at once and signs after
/// the lead. Returns from when.
pub async fn add_key(desk: &Desk) -> Result<Timestamp, KeyError> {
    let turns = load(desk).await?;
    let turn = key::forced(&turns, &desk.keyring.schedule, desk.now());
    add(desk, turn, &turns).await?;
    Ok(turn.active_from)
}

/// The child that keeps the keys: looks for due turns and for keys of other processes.
pub async fn keep_keys(desk: Desk, context: Context) -> Result<(), Exit> {
    context.ready();
    while !context.is_stopping() {
        if let Err(error) = look(&desk).await {
            // The keys at hand still sign; a lead and an overlap leave time to try again.
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "signing keys could not be looked after");
        }
        context.unless_stopping(desk.clock.sleep(LOOK_EVERY)).await;
    }
    Ok(())
}

async fn load(desk: &Tools) -> Result<Vec<Turn>, KeyError> {
    let stored = signing_keys::every(&desk.store).await?;
    let keys = stored.iter().map(ready).collect::<Result<Vec<_>, _>>()?;
    let turns = turns(&keys);
    desk.keyring.replace(keys);
    Ok(turns)
}

async fn add(desk: &Tools, turn: Turn, before: &[Turn]) -> Result<(), KeyError> {
    let mut key = StoredKey { turn, kid: String::new(), seed: desk.bits() };
    key.kid = ready(&key)?.kid;
    let fact = Fact {
        action: Action::SigningKeyAdded,
        actor: "system".to_owned(),
        subject: key.kid.clone(),
        detail: format!("generation {}", turn.generation),
    };
    // Keys that nobody needs any more go: what is not kept cannot be stolen.
    let now = desk.now();
    let kept = (0..before.len())
        .find(|index| key::is_published(before, *index, &desk.keyring.schedule, now))
        .map_or(turn.generation, |index| before[index].generation);
    let committed = desk
        .trail
        .commit(&desk.store, &desk.clock, "add_signing_key", &[fact], |batch| {
            signing_keys::insert(batch, &key);
            signing_keys::delete_before(batch, kept);
        })
        .await;
    match committed {
        // Another process made this generation a moment ago, which is just as well.
        Err(error) if error.conflicts_on(&signing_keys::INSERT) => {}
        done => done?,
    }
    load(desk).await?;
    Ok(())
}

fn ready(stored: &StoredKey) -> Result<SigningKey, KeyError> {
    let der = [PKCS8_HEAD.as_slice(), stored.seed.as_slice()].concat();
    let private = EncodingKey::from_ed_der(&der);
    let named = || {
        let mut public = Jwk::from_encoding_key(&private, Algorithm::EdDSA)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok((kid, public))
    };
    let (kid, public) = named()
        .map_err(|source| KeyError::Broken { generation: stored.turn.generation, source })?;
    Ok(SigningKey { turn: stored.turn, kid, private, public })
}
