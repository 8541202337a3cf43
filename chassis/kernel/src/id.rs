//! Typed, prefixed, time-ordered ids (TypeID shape over UUIDv7) and the only source of randomness.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use base64::Engine as _;
use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Clock;

/// What an id identifies; its prefix is part of the text.
pub trait IdKind: Copy + Send + Sync + 'static {
    /// Lower-case, without the underscore: `order` for `order_01h455vb4pex5vsknk084sn02q`.
    const PREFIX: &'static str;
}

/// A typed id: 128 bits (UUIDv7, RFC 9562), ordered by the time of its making.
/// Text: TypeID 0.3, `prefix_` and 26 characters of Crockford base32.
pub struct Id<K>(u128, PhantomData<fn() -> K>);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl<K> Id<K> {
    /// From the bits of a UUID.
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits, PhantomData)
    }

    /// The bits of the UUID.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0_u8; 26];
        let mut rest = self.0;
        for slot in text.iter_mut().rev() {
            *slot = ALPHABET[usize::try_from(rest & 31).expect("five bits fit")];
            rest >>= 5;
        }
        f.write_str(K::PREFIX)?;
        f.write_str("_")?;
        f.write_str(std::str::from_utf8(&text).expect("the alphabet is ASCII"))
    }
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_..., 26 characters of base32 after the prefix")]
pub struct IdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = IdError { prefix: K::PREFIX };
        let suffix = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_'));
        let suffix = suffix.filter(|s| s.len() == 26).ok_or_else(|| bad.clone())?;
        let mut bits = 0_u128;
        for (at, byte) in suffix.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|a| *a == byte).ok_or_else(|| bad.clone())?;
            // 26 characters hold 130 bits: the first one may only use three.
            if at == 0 && digit > 7 {
                return Err(bad);
            }
            bits = bits << 5 | digit as u128;
        }
        Ok(Self::from_u128(bits))
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Makes ids and secrets. Clones share one generator, whose ids only ever rise.
#[derive(Debug, Clone)]
pub struct Ids {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    random: StdRng,
    last: u128,
}

impl Ids {
    /// Seeded by the operating system.
    #[expect(clippy::disallowed_methods, reason = "this is where randomness enters the system")]
    pub fn system(clock: Clock) -> Self {
        Self::with(clock, StdRng::from_rng(&mut rand::rng()))
    }

    /// The same ids for the same seed and clock; for tests only.
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self::with(clock, StdRng::seed_from_u64(seed))
    }

    fn with(clock: Clock, random: StdRng) -> Self {
        Self { clock, state: Arc::new(Mutex::new(State { random, last: 0 })) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new id, higher than every one that this generator made before.
    pub fn next<K: IdKind>(&self) -> Id<K> {
        Id::from_u128(self.uuid())
    }

    /// A new UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits; it only ever rises,
    /// even when the wall clock goes back.
    pub fn uuid(&self) -> u128 {
        let ms = u64::try_from(self.clock.now().ms()).unwrap_or(0);
        let mut state = self.state();
        let mut entropy = [0_u8; 10];
        state.random.fill_bytes(&mut entropy);
        let fresh = uuid::Builder::from_unix_timestamp_millis(ms, &entropy).into_uuid().as_u128();
        // Within one millisecond, or behind it, the next id is the last one plus a small step in
        // the lowest bits, so that order is kept and neighbours stay hard to guess.
        let step = u128::from(u32::from_be_bytes([entropy[0], entropy[1], entropy[2], 0]) >> 8) + 1;
        state.last = if fresh > state.last { fresh } else { state.last + step };
        state.last
    }

    /// 256 random bits as 43 characters of base64url.
    pub fn secret(&self) -> String {
        let mut bytes = [0_u8; 32];
        self.fill(&mut bytes);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Fills `bytes` with random ones.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.state().random.fill_bytes(bytes);
    }

    /// A number in `0..bound`, for jitter; zero when `bound` is zero.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.state().random.next_u64() % bound }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[derive(Clone, Copy)]
    struct Order;
    impl IdKind for Order {
        const PREFIX: &'static str = "order";
    }

    #[test]
    fn the_published_example_of_the_type_id_specification_is_read_and_written() {
        let text = "order_01h455vb4pex5vsknk084sn02q";
        let id: Id<Order> = text.parse().unwrap();
        assert_eq!(id.as_u128(), 0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn another_kind_or_a_broken_text_is_refused() {
        for text in
            ["cart_01h455vb4pex5vsknk084sn02q", "order_8zzzzzzzzzzzzzzzzzzzzzzzzz", "order_"]
        {
            assert!(text.parse::<Id<Order>>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_rise_even_when_time_stands_still() {
        let ids = Ids::seeded(Clock::manual(Timestamp::from_ms(1_795_561_836_123)), 7);
        let made: Vec<Id<Order>> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert_eq!(uuid::Uuid::from_u128(made[0].as_u128()).get_version_num(), 7);
    }
}
