//! A client asks for the next access token, and gets the next refresh token with it.

use contracts::ids::SessionId;
use kernel::{Fails, Fault};
use store::Batch;

use super::{ATTEMPTS_MAX, Opened, desk::Tools, keyring::KeyError, tokens::Origin};
use crate::{
    domain::{
        audit::{Action, Fact},
        secret::Secret,
        session::{Session, Verdict, judge},
    },
    store::sessions::{self, Family},
};

/// Why there is no next token.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token was never given out, or its session is over.
    #[error("the refresh token is not valid")]
    Invalid,
    /// The token was used before; whoever holds its successors is logged out too.
    #[error("the refresh token was used before; its session has been revoked")]
    Reused,
    /// No token could be signed.
    #[error("refresh")]
    Key(#[from] KeyError),
    /// The database failed.
    #[error("refresh")]
    Store(#[from] store::Error),
}

impl Fails for RefreshError {
    fn fault(&self) -> Fault {
        match self {
            Self::Invalid | Self::Reused => Fault::Unauthenticated,
            Self::Key(error) => error.fault(),
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "invalid-refresh-token",
            Self::Reused => "refresh-token-reused",
            Self::Key(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Invalid | Self::Reused => None,
            Self::Key(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
        }
    }
}

/// Rotates a refresh token. One commit, which is not in the audit log: nothing new is allowed.
pub async fn refresh(desk: &Tools, token: Secret) -> Result<Opened, RefreshError> {
    let mut attempt = 1;
    loop {
        let family = sessions::by_token(&desk.store, token.hash()).await?;
        let Some(family) = family else { return Err(RefreshError::Invalid) };
        match judged(desk, &token, &family).await? {
            Verdict::Over => return Err(RefreshError::Invalid),
            Verdict::Reused => return Err(revoke(desk, &family.session).await?),
            Verdict::Repeat => return issue(desk, &family, token.successor(&family.salt)).await,
            Verdict::Rotate => match rotate(desk, &token, &family.session).await {
                // Somebody was faster with this token; it is judged anew.
                Err(error) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(error.into()),
                Ok(successor) => return issue(desk, &family, successor).await,
            },
        }
    }
}

async fn judged(desk: &Tools, token: &Secret, family: &Family) -> Result<Verdict, store::Error> {
    let successor_waits = match family.token.used_at {
        Some(_) => {
            let successor = token.successor(&family.salt);
            sessions::is_token_unused(&desk.store, successor.hash()).await?
        }
        None => false,
    };
    let lifetimes = desk.settings.lifetimes();
    Ok(judge(&family.session, &family.token, successor_waits, &lifetimes, desk.now()))
}

async fn rotate(desk: &Tools, token: &Secret, session: &Session) -> Result<Secret, store::Error> {
    let (now, salt) = (desk.now(), desk.bits());
    let successor = token.successor(&salt);
    let ends_at = now.plus(desk.settings.lifetimes().idle).min(session.expires_at);
    let mut batch = Batch::new("refresh");
    sessions::rotate(&mut batch, session, token.hash(), (&successor, salt, ends_at), now);
    desk.store.commit(batch).await?;
    Ok(successor)
}

async fn issue(desk: &Tools, family: &Family, next: Secret) -> Result<Opened, RefreshError> {
    let id: SessionId = family.session.id;
    // The access is what the user has now, not what they had at log-in.
    let found = sessions::with_user(&desk.store, id).await?;
    let (_, user) = found.ok_or(RefreshError::Invalid)?;
    let access_token = desk.access_token(user.id, &user.access, Origin::Session(id))?;
    Ok(desk.opened(access_token, Some(next)))
}

/// Ends the session: the token or its successor is in the wrong hands, and who holds which
/// cannot be told.
async fn revoke(desk: &Tools, session: &Session) -> Result<RefreshError, store::Error> {
    let now = desk.now();
    let fact = Fact {
        action: Action::SessionReused,
        actor: "guest".to_owned(),
        subject: session.user_id.to_string(),
        detail: session.id.to_string(),
    };
    let ended = desk
        .trail
        .commit(&desk.store, &desk.clock, "revoke_session", &[fact], |batch| {
            sessions::end(batch, session.id, session.user_id, now);
        })
        .await;
    match ended {
        // It was ended a moment ago, which is all that was wanted.
        Err(error) if error.conflicts_on(&sessions::END) => {}
        done => done?,
    }
    Ok(RefreshError::Reused)
}
