//! Lists of orders: newest first, by keyset.

use contracts::ids::{OrderId, UserId};
use kernel::{Cursor, Page, PageRequest, Timestamp};
use serde::{Deserialize, Serialize};
use store::params;

use crate::{
    commands::Orders,
    domain::{Email, OrderStatus},
    store::orders::{
        LIST, LIST_BY_EMAIL, LIST_BY_EMAIL_AND_STATUS, LIST_BY_STATUS, LIST_BY_USER,
        LIST_BY_USER_AND_STATUS, OrderRow, row,
    },
};

/// Whose orders are listed.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Everybody's.
    All,
    /// One user's.
    User(UserId),
    /// Those of one e-mail address.
    Email(Email),
}

/// Which orders are listed.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Whose.
    pub whose: Whose,
    /// Only of this status.
    pub status: Option<OrderStatus>,
    /// Only those placed later than this.
    pub placed_after: Option<Timestamp>,
}

/// Why a list was refused.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor was not given out by this list.
    #[error(transparent)]
    Cursor(#[from] kernel::BadCursor),
    /// The database.
    #[error("the database of orders: {0}")]
    Store(#[from] store::Error),
}

#[derive(Serialize, Deserialize)]
struct Position {
    before: OrderId,
}

/// Ids rise with time, but a clock that was set back leaves some behind it by so much.
const CLOCK_SKEW_MS: i64 = 24 * 60 * 60 * 1000;

impl Orders {
    /// A page of orders.
    pub async fn list(
        &self,
        filter: &Filter,
        page: &PageRequest,
    ) -> Result<Page<OrderRow>, ListError> {
        let position = page.cursor.as_deref().map(Cursor::decode::<Position>).transpose()?;
        let before = position.map_or(OrderId::from_u128(u128::MAX), |position| position.before);
        let after_ms = filter.placed_after.map_or(i64::MIN, Timestamp::ms);
        let floor = floor(after_ms);
        let limit = page.limit + 1;
        let status = filter.status.map(OrderStatus::as_str);
        let rows = match (&filter.whose, status) {
            (Whose::All, None) => {
                self.store.scan(LIST, params![before, floor, after_ms, limit]).await?
            }
            (Whose::All, Some(status)) => {
                let params = params![status, before, floor, after_ms, limit];
                self.store.scan(LIST_BY_STATUS, params).await?
            }
            (Whose::User(user), None) => {
                let params = params![*user, before, floor, after_ms, limit];
                self.store.read(LIST_BY_USER, params).await?
            }
            (Whose::User(user), Some(status)) => {
                let params = params![*user, status, before, floor, after_ms, limit];
                self.store.scan(LIST_BY_USER_AND_STATUS, params).await?
            }
            (Whose::Email(email), None) => {
                let params = params![email.folded(), before, floor, after_ms, limit];
                self.store.read(LIST_BY_EMAIL, params).await?
            }
            (Whose::Email(email), Some(status)) => {
                let params = params![email.folded(), status, before, floor, after_ms, limit];
                self.store.scan(LIST_BY_EMAIL_AND_STATUS, params).await?
            }
        };
        let found = rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::of(found, page.limit, |last| Cursor::encode(&Position { before: last.id })))
    }
}

/// An id that is lower than any made after `after_ms`: the scan ends there.
fn floor(after_ms: i64) -> OrderId {
    let ms = after_ms.saturating_sub(CLOCK_SKEW_MS).max(0);
    OrderId::from_u128(u128::try_from(ms).unwrap_or(0) << 80)
}
