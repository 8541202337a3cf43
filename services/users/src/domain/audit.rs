//! The audit log: what is written down, and the chain of hashes that shows when it was altered.

use kernel::Timestamp;
use sha2::{Digest as _, Sha256};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The first administrator, or one from the command line, was made.
    AdminCreated,
    /// A key for programs was made.
    ApiKeyCreated,
    /// A key for programs was deleted.
    ApiKeyDeleted,
    /// Somebody logged out or ended another session.
    SessionEnded,
    /// Somebody logged in.
    SessionOpened,
    /// Log-ins to one account failed repeatedly.
    SessionRefused,
    /// A refresh token was used again after it was replaced; the family was revoked.
    SessionReused,
    /// A one-time link to the first administrator was issued.
    SetupIssued,
    /// A new signing key was made.
    SigningKeyAdded,
    /// Another role or other permissions were given.
    UserAccessChanged,
    /// An account and its personal data were erased.
    UserErased,
    /// Another password was set; the other sessions were ended.
    UserPasswordChanged,
    /// Somebody registered.
    UserRegistered,
    /// A profile changed.
    UserUpdated,
}

impl Action {
    /// The name in answers and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AdminCreated => "admin.created",
            Self::ApiKeyCreated => "api_key.created",
            Self::ApiKeyDeleted => "api_key.deleted",
            Self::SessionEnded => "session.ended",
            Self::SessionOpened => "session.opened",
            Self::SessionRefused => "session.refused",
            Self::SessionReused => "session.refresh_reused",
            Self::SetupIssued => "setup.issued",
            Self::SigningKeyAdded => "signing_key.added",
            Self::UserAccessChanged => "user.access_changed",
            Self::UserErased => "user.erased",
            Self::UserPasswordChanged => "user.password_changed",
            Self::UserRegistered => "user.registered",
            Self::UserUpdated => "user.updated",
        }
    }
}

/// Something to write down. Ids and names of things only, never personal data: what is chained
/// cannot be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What happened.
    pub action: Action,
    /// Who did it: an id, or `system`.
    pub actor: String,
    /// To whom or what: an id; empty when that is not known.
    pub subject: String,
    /// What else matters, in a few words.
    pub detail: String,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// 1 for the first, without gaps.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// See [`Action`].
    pub action: String,
    /// See [`Fact`].
    pub actor: String,
    /// See [`Fact`].
    pub subject: String,
    /// See [`Fact`].
    pub detail: String,
    /// The request it came with; empty when there was none.
    pub trace_id: String,
    /// The hash of the line before; empty for the first.
    pub previous_hash: String,
    /// The hash of this line and, by way of the one before, of everything before.
    pub hash: String,
}

/// The end of the chain: where the next line goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The last sequence; 0 when the log is empty.
    pub sequence: i64,
    /// Its hash; empty when the log is empty.
    pub hash: String,
}

impl Entry {
    /// The line that follows `head`.
    pub fn following(head: &Head, fact: Fact, trace_id: String, at: Timestamp) -> Self {
        let Fact { action, actor, subject, detail } = fact;
        let mut entry = Self {
            sequence: head.sequence + 1,
            at,
            action: action.as_str().to_owned(),
            actor,
            subject,
            detail,
            trace_id,
            previous_hash: head.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.digest();
        entry
    }

    /// The chain's end after this line.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash.clone() }
    }

    /// Whether this line follows `head` and says what it said when it was written.
    pub fn is_intact_after(&self, head: &Head) -> bool {
        let in_place = self.sequence == head.sequence + 1 && self.previous_hash == head.hash;
        in_place && self.hash == self.digest()
    }

    /// SHA-256 over every field, each behind its length, so that no two lines read the same.
    fn digest(&self) -> String {
        let (sequence, at_ms) = (self.sequence.to_string(), self.at.ms().to_string());
        let fields: [&str; 8] = [
            &sequence,
            &at_ms,
            &self.action,
            &self.actor,
            &self.subject,
            &self.detail,
            &self.trace_id,
            &self.previous_hash,
        ];
        let mut digest = Sha256::new();
        for field in fields {
            digest.update(field.len().to_string());
            digest.update(b":");
            digest.update(field);
        }
        kernel::hex(&digest.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<Entry> {
        let mut head = Head::default();
        let mut entries = Vec::new();
        for (s, action) in [(1, Action::UserRegistered), (2, Action::SessionOpened)] {
            let (actor, subject) = ("user_1".to_owned(), "user_1".to_owned());
            let fact = Fact { action, actor, subject, detail: String::new() };
            let entry = Entry::following(&head, fact, String::new(), Timestamp::from_ms(s));
            head = entry.head();
            entries.push(entry);
        }
        entries
    }

    fn is_intact(entries: &[Entry]) -> bool {
        let mut head = Head::default();
        entries.iter().all(|entry| {
            let intact = entry.is_intact_after(&head);
            head = entry.head();
            intact
        })
    }

    fn check(what: &str, alter: impl FnOnce(&mut Vec<Entry>)) {
        let mut entries = chain();
        alter(&mut entries);
        assert!(!is_intact(&entries), "{what}");
    }

    #[test]
    fn a_chain_that_nobody_touched_is_intact() {
        assert!(is_intact(&chain()));
    }

    #[test]
    fn every_alteration_shows() {
        check("a changed field", |entries| entries[0].subject = "user_2".to_owned());
        check("a moved boundary", |entries| {
            entries[0].actor = "user_1user_1".to_owned();
            entries[0].subject = String::new();
        });
        check("a changed time", |entries| entries[1].at = Timestamp::from_ms(9));
        check("a removed first line", |entries| {
            entries.remove(0);
        });
        check("swapped lines", |entries| entries.swap(0, 1));
        check("a line hashed anew", |entries| {
            entries[0].detail = "nothing".to_owned();
            entries[0].hash = entries[0].digest();
        });
    }
}
