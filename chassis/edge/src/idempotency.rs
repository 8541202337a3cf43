//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header): one effect and one answer per key.
//!
//! The record with the whole answer is written in the batch of the effect, so either both exist
//! or neither does. Whoever repeats the request gets the same bytes back, also after a crash.

mod canonical;
mod key;
mod stored;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{FromRequestParts, MatchedPath, OptionalFromRequestParts},
    response::Response,
};
use delivery::idempotency::{self as records, Key};
use http::{HeaderName, HeaderValue, StatusCode, request::Parts};
use kernel::{Fails, Fault, Timestamp};
use sha2::{Digest as _, Sha256};
use store::{Batch, Store};

use crate::{Caller, Problem, call::Call};

pub(crate) use canonical::digest;
pub use stored::StoredResponse;

/// Where the key comes from.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const ACCESS_TOKEN: HeaderName = HeaderName::from_static("stoa-access-token");

/// The key of a request, taken for as long as the request is in work: a twin meanwhile is 409
/// `idempotency-key-in-flight`. Required (400 `idempotency-key-missing`); `Option<Idempotency>`
/// takes requests without.
///
/// A handler asks for the answer of before, has its command write the record with the effect, and
/// on a conflict asks again; [`Idempotency::once`] is that.
pub struct Idempotency {
    key: Key,
    target: String,
    call: Call,
    _taken: Taken,
}

impl Idempotency {
    /// Answers from the record, or does `effect` and answers with what it wrote by
    /// [`Idempotency::record`]. A twin in another process that was faster is answered from.
    pub async fn once<E: Fails>(
        &self,
        store: &Store,
        effect: impl Future<Output = Result<StoredResponse, E>>,
    ) -> Result<Response, Problem> {
        if let Some(answer) = self.replay(store).await? {
            return Ok(answer);
        }
        match effect.await {
            Ok(answer) => Ok(answer.into_response()),
            Err(error) if error.fault() == Fault::Conflict => {
                let twin = self.replay(store).await?;
                twin.map_or_else(|| Err(error.into()), Ok)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The answer of before, if there is one; 422 `idempotency-key-reused` if it was to another
    /// request. From then on nothing amends it.
    pub async fn replay(&self, store: &Store) -> Result<Option<Response>, Problem> {
        let Some(record) = records::find(store, &self.key).await? else { return Ok(None) };
        if record.fingerprint != self.fingerprint() {
            let detail = "the idempotency key was used for another request";
            return Err(Problem::new(Fault::Invalid, "idempotency-key-reused", detail));
        }
        // None when the record was purged a moment ago: what was read still answers.
        let record = records::replay(store, &self.key).await?.unwrap_or(record);
        let mut response = StoredResponse::of(record.answer)?.into_response();
        let replayed = HeaderValue::from_static("true");
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, replayed);
        Ok(Some(response))
    }

    /// Adds the record with the whole answer to the batch that has the effect. When the batch
    /// fails on it, a twin was faster: [`Idempotency::replay`] has its answer.
    pub fn record(&self, batch: &mut Batch, answer: &StoredResponse, now: Timestamp) {
        records::record(batch, &self.key, &self.fingerprint(), &answer.to_record(), now);
    }

    /// Replaces the recorded answer by a later one before any answer has left, and gives back the
    /// answer to send: the later one, or the recorded one when somebody has received that already.
    pub async fn amend(&self, store: &Store, later: StoredResponse) -> Result<Response, Problem> {
        if records::amend(store, &self.key, &later.to_record()).await? {
            return Ok(later.into_response());
        }
        match records::find(store, &self.key).await? {
            Some(record) => Ok(StoredResponse::of(record.answer)?.into_response()),
            None => Ok(later.into_response()),
        }
    }

    /// The key itself.
    pub fn key(&self) -> &str {
        &self.key.key
    }

    /// What makes the request this one and no other: where it goes and what it says.
    fn fingerprint(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.target.as_bytes());
        hash.update([0]);
        hash.update(self.call.digest());
        hash.finalize().to_vec()
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        let Some(key) = key::of(&parts.headers)? else { return Ok(None) };
        let caller = Caller::from_request_parts(parts, state).await?;
        let call = Call::of(&parts.extensions)?.clone();
        let path = parts.extensions.get::<MatchedPath>();
        let route = path.map_or(parts.uri.path(), MatchedPath::as_str);
        let scope = format!("{} {} {route}", caller_scope(&caller, parts), parts.method);
        let key = Key { scope, key };
        let taken = call.front().in_flight().take(&key)?;
        call.want_digest();
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str()).to_owned();
        Ok(Some(Self { key, target, call, _taken: taken }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        found.ok_or_else(|| {
            let detail = "the header Idempotency-Key is required here";
            Problem::new(Fault::Invalid, "idempotency-key-missing", detail)
                .status(StatusCode::BAD_REQUEST)
        })
    }
}

/// Whose key it is. Guests are told apart by the secret they were given, if any: what only its
/// holder may see is never replayed to another.
fn caller_scope(caller: &Caller, parts: &Parts) -> String {
    match caller {
        Caller::User(identity) => identity.id.clone(),
        Caller::Guest => match parts.headers.get(ACCESS_TOKEN) {
            Some(secret) => {
                let digest = kernel::hex(&Sha256::digest(secret.as_bytes()));
                format!("guest:{}", &digest[..32])
            }
            None => "guest".to_owned(),
        },
    }
}

/// The keys whose requests are in work in this process.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<Key>>>);

impl InFlight {
    fn take(&self, key: &Key) -> Result<Taken, Problem> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(key.clone()) {
            let detail = "a request with this idempotency key is in work";
            return Err(
                Problem::new(Fault::Conflict, "idempotency-key-in-flight", detail).retry_after_s(1)
            );
        }
        Ok(Taken { keys: self.clone(), key: key.clone() })
    }
}

/// A key that is taken until this is dropped.
struct Taken {
    keys: InFlight,
    key: Key,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
