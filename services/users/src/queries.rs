//! The read side: what there is to know about accounts.

mod wishlist;

use std::ops::Deref as _;

use contracts::ids::{AddressId, KeyId, UserId};
use jsonwebtoken::jwk::JwkSet;
use kernel::{BadCursor, Cursor, Page, PageRequest, Timestamp};

pub use wishlist::{Degraded, Offer, Price, Want, WishlistView, wishlist};

use crate::{
    commands::Desk,
    domain::{address::Address, audit::Entry, session::Session, user::User, wishlist::Wish},
    store::{self as tables, api_keys::ApiKey},
};

/// Why a list could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor is not one of this list.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
    /// The database failed.
    #[error("list")]
    Store(#[from] store::Error),
}

/// Accounts, newest first.
pub async fn users(desk: &Desk, page: &PageRequest) -> Result<Page<User>, ListError> {
    let before: UserId = position(page)?.unwrap_or_else(tables::users::newest);
    let found = tables::users::page(&desk.store, before, page.limit + 1).await?;
    Ok(Page::of(found, page.limit, |last| Cursor::encode(&last.id)))
}

/// One account; none when there is none or it was erased.
pub async fn user(desk: &Desk, id: UserId) -> Result<Option<User>, store::Error> {
    tables::users::by_id(&desk.store, id).await
}

/// The live sessions of a user.
pub async fn sessions(desk: &Desk, user: UserId) -> Result<Vec<Session>, store::Error> {
    tables::sessions::of_user(&desk.store, user, desk.now()).await
}

/// The address book of a user.
pub async fn addresses(
    desk: &Desk,
    user: UserId,
) -> Result<Vec<(AddressId, Address)>, store::Error> {
    let (book, _) = tables::possessions::book(&desk.store, user).await?;
    Ok(book.entries().to_vec())
}

/// Keys for programs, newest first.
pub async fn api_keys(desk: &Desk, page: &PageRequest) -> Result<Page<ApiKey>, ListError> {
    let before: KeyId = position(page)?.unwrap_or_else(tables::api_keys::newest);
    let found = tables::api_keys::page(&desk.store, before, page.limit + 1).await?;
    Ok(Page::of(found, page.limit, |last| Cursor::encode(&last.id)))
}

/// The audit log, newest first; with a subject, only what concerns it.
pub async fn audit_events(
    desk: &Desk,
    subject: Option<&str>,
    page: &PageRequest,
) -> Result<Page<Entry>, ListError> {
    let before = position(page)?.unwrap_or(i64::MAX);
    let (store, limit) = (&desk.store, page.limit + 1);
    let found = match subject {
        Some(subject) => tables::audit::page_of_subject(store, subject, before, limit).await?,
        None => tables::audit::page(store, before, limit).await?,
    };
    Ok(Page::of(found, page.limit, |last| Cursor::encode(&last.sequence)))
}

/// The keys that access tokens are verified with.
pub fn signing_keys(desk: &Desk) -> JwkSet {
    desk.keyring.published(desk.now())
}

/// Everything that is known about one user.
pub struct Export {
    /// When it was put together.
    pub at: Timestamp,
    /// The account.
    pub user: User,
    /// The address book.
    pub addresses: Vec<(AddressId, Address)>,
    /// The wishlist, as it is kept.
    pub wishes: Vec<Wish>,
    /// The live sessions.
    pub sessions: Vec<Session>,
    /// The keys for programs.
    pub api_keys: Vec<ApiKey>,
    /// The newest lines of the audit log about the user, at most a thousand.
    pub audit_events: Vec<Entry>,
}

/// Puts together everything that is known about a user.
pub async fn export(desk: &Desk, user: User) -> Result<Export, store::Error> {
    let (store, id) = (&desk.deref().store, user.id);
    Ok(Export {
        at: desk.now(),
        addresses: addresses(desk, id).await?,
        wishes: tables::possessions::wishlist(store, id).await?.0.wishes().to_vec(),
        sessions: sessions(desk, id).await?,
        api_keys: tables::api_keys::of_user(store, id).await?,
        audit_events: tables::audit::page_of_subject(store, &id.to_string(), i64::MAX, 1000)
            .await?,
        user,
    })
}

fn position<T: serde::de::DeserializeOwned>(page: &PageRequest) -> Result<Option<T>, BadCursor> {
    page.cursor.as_deref().map(Cursor::decode).transpose()
}
