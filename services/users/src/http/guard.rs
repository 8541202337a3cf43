//! Who is let in: a good token is not enough, what it descends from must still stand.
//!
//! Other services trust a token for the ten minutes that it lives. This one knows what was ended
//! or taken away since, so it looks.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use contracts::ids::SessionId;
use edge::{Problem, auth};
use http::{HeaderValue, header, request::Parts};
use kernel::Fault;

use crate::{
    commands::{Desk, Origin},
    domain::{
        access::{Access, Permission},
        user::User,
    },
    store::{api_keys, sessions},
};

/// A person who is logged in. Programs with an API key are refused: 403 `session-required`.
pub struct Account {
    /// Who.
    pub user: User,
    /// By which session.
    pub session: SessionId,
}

/// Staff with the permission `P`, or an administrator; a person or a program.
pub struct Officer<P> {
    /// Who, or on whose behalf.
    pub user: User,
    /// What they may do now, whatever the token says.
    pub access: Access,
    permission: PhantomData<fn() -> P>,
}

struct Present {
    user: User,
    access: Access,
    origin: Origin,
}

impl FromRequestParts<Desk> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        let present = present(parts, desk).await?;
        match present.origin {
            Origin::Session(session) => Ok(Self { user: present.user, session }),
            Origin::Key(_) => {
                let detail = "this is for people who are logged in, not for API keys";
                Err(Problem::new(Fault::Forbidden, "session-required", detail))
            }
        }
    }
}

impl<P: auth::Permission> FromRequestParts<Desk> for Officer<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        let Present { user, access, origin: _ } = present(parts, desk).await?;
        let permission: Permission = P::NAME.parse().expect("every permission is known here");
        if access.allows(permission) {
            Ok(Self { user, access, permission: PhantomData })
        } else {
            let detail = format!("the permission {} is needed", P::NAME);
            Err(Problem::new(Fault::Forbidden, "forbidden", detail))
        }
    }
}

async fn present(parts: &mut Parts, desk: &Desk) -> Result<Present, Problem> {
    let identity = auth::SignedIn::from_request_parts(parts, desk).await?;
    let origin = Origin::parse(&identity.session_id).ok_or_else(ended)?;
    let found = match origin {
        Origin::Session(id) => by_session(desk, id).await?,
        Origin::Key(id) => by_key(desk, id).await?,
    };
    let (user, access) = found.ok_or_else(ended)?;
    if user.id.to_string() != identity.id {
        return Err(ended());
    }
    Ok(Present { user, access, origin })
}

async fn by_session(desk: &Desk, id: SessionId) -> Result<Option<(User, Access)>, store::Error> {
    let found = sessions::with_user(&desk.store, id).await?;
    let live = found.filter(|(session, _)| session.is_live(desk.now()));
    Ok(live.map(|(_, user)| (user.clone(), user.access)))
}

async fn by_key(
    desk: &Desk,
    id: contracts::ids::KeyId,
) -> Result<Option<(User, Access)>, store::Error> {
    let found = api_keys::with_user(&desk.store, id).await?;
    let live = found.filter(|(key, _)| key.is_live(desk.now()));
    Ok(live.map(|(key, user)| {
        let access = Access::staff(key.permissions).within(&user.access);
        (user, access)
    }))
}

fn ended() -> Problem {
    let detail = "the session of this token has ended";
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    Problem::new(Fault::Unauthenticated, "session-ended", detail)
        .header(header::WWW_AUTHENTICATE, challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_of_the_edge_is_one_of_ours() {
        let mut theirs = auth::PERMISSIONS.to_vec();
        theirs.sort_unstable();

        let ours: Vec<&str> = Permission::ALL.iter().map(|one| one.as_str()).collect();

        assert_eq!(theirs, ours);
    }
}
