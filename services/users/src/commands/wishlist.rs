//! Somebody puts a variant on their wishlist, or takes it off.

use contracts::ids::{UserId, VariantId};
use kernel::{Fails, Fault};
use store::Batch;

use super::{ATTEMPTS_MAX, desk::Tools};
use crate::{
    domain::wishlist::{Wishlist, WishlistFull},
    store::{possessions, users},
};

/// Why a wishlist was not changed.
#[derive(Debug, thiserror::Error)]
pub enum WishlistError {
    /// There is no room for one more.
    #[error(transparent)]
    Full(#[from] WishlistFull),
    /// The account was erased.
    #[error("there is no such account")]
    Unknown,
    /// The database failed.
    #[error("wishlist")]
    Store(#[from] store::Error),
}

impl Fails for WishlistError {
    fn fault(&self) -> Fault {
        match self {
            Self::Full(_) => Fault::Conflict,
            Self::Unknown => Fault::NotFound,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "wishlist-full",
            Self::Unknown => "not-found",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Full(_) | Self::Unknown => None,
            Self::Store(error) => error.retry_after_s(),
        }
    }
}

/// Puts a variant on the list; whether there is such a variant shows when the list is read.
pub async fn wish(desk: &Tools, user: UserId, variant: VariantId) -> Result<(), WishlistError> {
    let now = desk.now();
    change(desk, user, |list| list.with(variant, now)).await
}

/// Takes a variant off the list, if it is on it.
pub async fn unwish(desk: &Tools, user: UserId, variant: VariantId) -> Result<(), WishlistError> {
    change(desk, user, |list| Ok(list.without(variant))).await
}

async fn change(
    desk: &Tools,
    user: UserId,
    decide: impl Fn(&Wishlist) -> Result<Option<Wishlist>, WishlistFull>,
) -> Result<(), WishlistError> {
    let mut attempt = 1;
    loop {
        let (list, version) = possessions::wishlist(&desk.store, user).await?;
        let Some(list) = decide(&list)? else { return Ok(()) };
        let mut batch = Batch::new("change_wishlist");
        possessions::save_wishlist(&mut batch, user, &list, version);
        match desk.store.commit(batch).await {
            Err(error) if error.conflicts_on(&users::STANDS) => {
                return Err(WishlistError::Unknown);
            }
            Err(error) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
            done => return Ok(done?),
        }
    }
}
