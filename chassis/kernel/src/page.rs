//! Pages of lists: keyset cursors that are opaque to callers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

/// Which page of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many items.
    pub limit: u32,
    /// Where the page before ended; none for the first.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// What to ask for the next page with; none on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of `found`, which was asked for with one item more than `limit`; `cursor` is
    /// called with the last item that stays, if there are more.
    pub fn of(mut found: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(cursor);
        Self { items: found, next_cursor }
    }

    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// Writes and reads the positions behind cursors.
#[derive(Debug)]
pub struct Cursor;

/// The cursor was not made by this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor was not given out by this list")]
pub struct BadCursor;

impl Cursor {
    /// The opaque text for a position.
    pub fn encode<T: Serialize>(position: &T) -> String {
        let json = serde_json::to_vec(position).expect("a position is plain data");
        URL_SAFE_NO_PAD.encode(json)
    }

    /// The position behind a text; text longer than 1 KiB is refused unread.
    pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, BadCursor> {
        if text.len() > 1024 {
            return Err(BadCursor);
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        serde_json::from_slice(&json).map_err(|_| BadCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_with_more_behind_it_has_a_cursor_to_its_last_item() {
        let page = Page::of(vec![1, 2, 3], 2, Cursor::encode);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(Cursor::decode::<i32>(&page.next_cursor.unwrap()), Ok(2));
    }

    #[test]
    fn the_last_page_has_none() {
        assert_eq!(Page::of(vec![1, 2], 2, |_| String::new()).next_cursor, None);
        assert_eq!(Cursor::decode::<i32>("%%"), Err(BadCursor));
    }
}
