//! Sessions: how long they live, and what a presented refresh token means.

use std::time::Duration;

use contracts::ids::{SessionId, UserId};
use kernel::Timestamp;

/// One log-in: the family of refresh tokens that descend from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// What the client called itself at log-in; may be empty.
    pub agent: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub refreshed_at: Timestamp,
    /// When it ends, however busy it is.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub ended_at: Option<Timestamp>,
}

impl Session {
    /// Whether it still stands.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// How long sessions and their tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// A session, from log-in.
    pub session: Duration,
    /// A refresh token that nobody uses.
    pub idle: Duration,
    /// How long the client that lost the answer may ask for it again.
    pub grace: Duration,
}

/// What is stored of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// When it ends if it is not used.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// What a presented refresh token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// First use: a successor is made.
    Rotate,
    /// Used a moment ago, and the successor never was: the answer was lost and is given again.
    Repeat,
    /// Somebody uses a token that was already replaced: the family is revoked.
    Reused,
    /// The session is over.
    Over,
}

/// Judges a token. `successor_waits` says whether the one made from it is still unused.
pub fn judge(
    session: &Session,
    token: &Issued,
    successor_waits: bool,
    lifetimes: &Lifetimes,
    now: Timestamp,
) -> Verdict {
    if !session.is_live(now) {
        return Verdict::Over;
    }
    match token.used_at {
        None if now < token.expires_at => Verdict::Rotate,
        None => Verdict::Over,
        Some(at) if successor_waits && now.since(at) <= lifetimes.grace => Verdict::Repeat,
        Some(_) => Verdict::Reused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIMES: Lifetimes = Lifetimes {
        session: Duration::from_secs(1000),
        idle: Duration::from_secs(100),
        grace: Duration::from_secs(10),
    };

    fn at(s: i64) -> Timestamp {
        Timestamp::from_ms(s * 1000)
    }

    fn session(ended_at: Option<Timestamp>) -> Session {
        Session {
            id: SessionId::from_u128(1),
            user_id: UserId::from_u128(2),
            agent: String::new(),
            created_at: at(0),
            refreshed_at: at(0),
            expires_at: at(1000),
            ended_at,
        }
    }

    fn fresh() -> Issued {
        Issued { expires_at: at(100), used_at: None }
    }

    fn used(s: i64) -> Issued {
        Issued { used_at: Some(at(s)), ..fresh() }
    }

    fn check(session: &Session, token: &Issued, successor_waits: bool, now_s: i64, is: Verdict) {
        let verdict = judge(session, token, successor_waits, &LIFETIMES, at(now_s));
        assert_eq!(verdict, is, "{token:?} at {now_s} s");
    }

    #[test]
    fn a_token_is_good_for_one_use_and_a_lost_answer() {
        let live = session(None);
        check(&live, &fresh(), false, 50, Verdict::Rotate);
        check(&live, &used(50), true, 50, Verdict::Repeat);
        check(&live, &used(50), true, 60, Verdict::Repeat);
        check(&live, &used(50), true, 61, Verdict::Reused);
        check(&live, &used(50), false, 51, Verdict::Reused);
        check(&live, &used(50), true, 500, Verdict::Reused);
    }

    #[test]
    fn nothing_outlives_its_time() {
        check(&session(None), &fresh(), false, 100, Verdict::Over);
        check(&session(None), &used(995), true, 1000, Verdict::Over);
        check(&session(Some(at(40))), &fresh(), false, 50, Verdict::Over);
        check(&session(Some(at(40))), &used(30), false, 50, Verdict::Over);
    }
}
