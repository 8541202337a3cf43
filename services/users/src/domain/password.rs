//! Passwords: which are accepted, how they are hashed, when a hash is out of date.

use std::{collections::HashSet, fmt, sync::LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{CustomizedPasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use super::email::Email;

/// What somebody typed; never shown, not even when debugged.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes the text as typed: no trimming, no truncation.
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Why a password is not accepted for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too few characters.
    #[error("must have at least {min} characters")]
    Short {
        /// How many there must be.
        min: usize,
    },
    /// More characters than anybody needs.
    #[error("must have at most {LENGTH_MAX} characters")]
    Long,
    /// On the list that every guesser tries first, or one character after the other.
    #[error("is one of the passwords that are guessed first")]
    Common,
    /// Mostly the e-mail address, which guessers know.
    #[error("must not be made of the e-mail address")]
    Personal,
}

const LENGTH_MAX: usize = 128;
/// So many characters must be left without the words that a guesser knows.
const UNKNOWN_LENGTH_MIN: usize = 8;

// Passwords of 12 characters and more among the most common ones: Django's list (BSD) and
// zxcvbn's (MIT), lower case, sorted.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Checks a new password: at least `length_min` characters, no composition rules (NIST SP 800-63B).
pub fn check(password: &Password, email: &Email, length_min: usize) -> Result<(), Weak> {
    let length = password.0.chars().count();
    if length < length_min {
        return Err(Weak::Short { min: length_min });
    }
    if length > LENGTH_MAX {
        return Err(Weak::Long);
    }
    let lower = password.0.to_lowercase();
    if COMMON.contains(lower.as_str()) || is_monotonous(&lower) {
        return Err(Weak::Common);
    }
    if is_made_of(&lower, email.as_str()) || is_made_of(&lower, email.local_part()) {
        return Err(Weak::Personal);
    }
    Ok(())
}

/// Few different characters, or each the neighbour of the one before.
fn is_monotonous(text: &str) -> bool {
    let distinct: HashSet<char> = text.chars().collect();
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let run = |step: i64| codes.windows(2).all(|pair| pair[1] - pair[0] == step);
    distinct.len() < 4 || run(1) || run(-1)
}

fn is_made_of(text: &str, word: &str) -> bool {
    let known = word.chars().count() >= 3 && text.contains(word);
    known && text.replace(word, "").chars().count() < UNKNOWN_LENGTH_MIN
}

/// What a guess costs: parameters of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// How often the memory is gone over.
    pub passes: u32,
    /// Independent lanes.
    pub lanes: u32,
}

/// The parameters are outside of what Argon2 allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("argon2 does not allow {memory_kib} KiB, {passes} passes, {lanes} lanes")]
pub struct BadCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Hashes and verifies at one cost. CPU-bound: tens of milliseconds at production cost.
#[derive(Debug, Clone)]
pub struct Hashing(Argon2<'static>);

impl Hashing {
    /// Argon2id at `cost`.
    pub fn new(cost: Cost) -> Result<Self, BadCost> {
        let Cost { memory_kib, passes, lanes } = cost;
        let params = Params::new(memory_kib, passes, lanes, None).map_err(|_| BadCost {
            memory_kib,
            passes,
            lanes,
        })?;
        Ok(Self(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)))
    }

    /// The PHC text for a password and a fresh salt.
    pub fn hash(&self, password: &Password, salt: [u8; 16]) -> String {
        let params = self.0.params().clone();
        self.0
            .hash_password_customized(password.0.as_bytes(), &salt, None, None, params)
            .expect("parameters were checked, the salt has 16 bytes, a body bounds the password")
            .to_string()
    }

    /// A hash that no password is known for, at the cost of all others: what is verified when
    /// there is no account, so that the answer takes as long. Costs nothing to make.
    pub fn decoy(&self, salt: [u8; 16], output: [u8; 32]) -> String {
        let params = self.0.params();
        let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
        let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
        format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${output}")
    }

    /// Whether `password` is the one behind `hash`; a hash that cannot be read matches nothing.
    pub fn matches(&self, password: &Password, hash: &str) -> bool {
        self.0.verify_password(password.0.as_bytes(), hash).is_ok()
    }

    /// Whether `hash` was made at another cost, so that it should be made anew.
    pub fn is_outdated(&self, hash: &str) -> bool {
        let params = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|made| {
            let now = self.0.params();
            (made.m_cost(), made.t_cost(), made.p_cost())
                != (now.m_cost(), now.t_cost(), now.p_cost())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_new(text: &str, expected: Result<(), Weak>) {
        let email = Email::parse("margaret@example.com").unwrap();
        assert_eq!(check(&Password::new(text.to_owned()), &email, 12), expected, "{text:?}");
    }

    #[test]
    fn length_counts_and_composition_does_not() {
        check_new("quiet otters", Ok(()));
        check_new("словарь из слов", Ok(()));
        check_new(&"long and winding ".repeat(7), Ok(()));
        check_new("short words", Err(Weak::Short { min: 12 }));
        check_new("日本語の十文字です。", Err(Weak::Short { min: 12 }));
        check_new(&"long and winding ".repeat(8), Err(Weak::Long));
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        check_new("Password1234", Err(Weak::Common));
        check_new("1Q2W3E4R5T6Y", Err(Weak::Common));
        check_new("aaaaaaaaaaaaaaaa", Err(Weak::Common));
        check_new("121212121212", Err(Weak::Common));
        check_new("abcdefghijklmnop", Err(Weak::Common));
    }

    #[test]
    fn the_address_is_no_password() {
        check_new("margaret@example.com", Err(Weak::Personal));
        check_new("Margaret1234", Err(Weak::Personal));
        check_new("margaretmargaret", Err(Weak::Personal));
        check_new("margaret and otters", Ok(()));
    }

    fn hashing(memory_kib: u32) -> Hashing {
        Hashing::new(Cost { memory_kib, passes: 1, lanes: 1 }).unwrap()
    }

    #[test]
    fn only_the_whole_password_matches() {
        let long = "x".repeat(100);
        let hash = hashing(8).hash(&Password::new(long.clone()), [7; 16]);

        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(hashing(8).matches(&Password::new(long.clone()), &hash));
        assert!(!hashing(8).matches(&Password::new(long[..72].to_owned()), &hash));
        assert!(!hashing(8).matches(&Password::new(long.clone()), ""));
    }

    #[test]
    fn a_hash_of_another_cost_still_matches_and_is_outdated() {
        let password = Password::new("quiet otters".to_owned());
        let hash = hashing(8).hash(&password, [7; 16]);

        assert!(hashing(16).matches(&password, &hash));
        assert!(hashing(16).is_outdated(&hash));
        assert!(!hashing(8).is_outdated(&hash));
        assert!(hashing(8).is_outdated("nonsense"));
    }

    #[test]
    fn a_decoy_is_a_hash_like_any_other() {
        let decoy = hashing(8).decoy([1; 16], [2; 32]);
        let real = hashing(8).hash(&Password::new("quiet otters".to_owned()), [1; 16]);

        assert!(PasswordHash::new(&decoy).is_ok());
        assert!(!hashing(8).is_outdated(&decoy));
        assert_eq!(decoy.rsplit_once('$').unwrap().0, real.rsplit_once('$').unwrap().0);
        assert!(!hashing(8).matches(&Password::new("quiet otters".to_owned()), &decoy));
    }

    #[test]
    fn a_cost_that_argon2_does_not_know_is_refused() {
        assert!(Hashing::new(Cost { memory_kib: 1, passes: 1, lanes: 1 }).is_err());
        assert!(Hashing::new(Cost { memory_kib: 8, passes: 0, lanes: 1 }).is_err());
    }
}
