//! The story of an order: as a list, and as events while it goes on.

use std::collections::VecDeque;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::OrderId;
use edge::{
    Path, Problem, Query, page_request, page_response,
    sse::{Event, Subscription},
};
use futures::{Stream, stream};
use http::{StatusCode, Uri};
use kernel::{Cursor, Page};
use serde::{Deserialize, Serialize};

use super::{
    access::Visitor,
    show::{EntryShown, TimelinePage},
};
use crate::{commands::Orders, placement::Watcher, store::orders as rows};

/// How many entries a timeline shows unless asked for fewer: nearly every story is shorter.
const ENTRIES_DEFAULT: u32 = 100;
/// How many commits a stream reads at once.
const CHAPTERS: u32 = 20;

/// Which part of a story to show.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoryQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Position {
    after: i64,
}

/// Tells everything that happened to an order: each step, message, call and retry.
#[utoipa::path(get, path = "/v1/orders/{id}/timeline", operation_id = "show_timeline", tag = "orders",
    params(
        ("id" = String, Path),
        ("limit" = Option<u32>, Query, description = "1 to 100"),
        ("cursor" = Option<String>, Query),
    ),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, body = TimelinePage),
        (status = 404, body = Problem, description = "`not-found`"),
    ))]
pub async fn timeline(
    State(orders): State<Orders>,
    visitor: Visitor,
    uri: Uri,
    Path(id): Path<OrderId>,
    Query(query): Query<StoryQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit.or(Some(ENTRIES_DEFAULT)), query.cursor)?;
    let position = page.cursor.as_deref().map(Cursor::decode::<Position>).transpose();
    let after = position.map_err(Problem::bad_cursor)?.map_or(0, |position| position.after);
    orders.order(id, |row| visitor.may_see(&row.owner)).await?;
    let chapters = orders.story(id, after, page.limit + 1).await?;
    let entries = chapters.iter().flat_map(|chapter| EntryShown::after(chapter, after)).collect();
    let page = Page::of(entries, page.limit, |last: &EntryShown| {
        Cursor::encode(&Position { after: last.sequence })
    });
    Ok(page_response(&uri, &page))
}

/// Streams the same entries as server-sent events, each with its sequence number as id.
///
/// Goes on after `Last-Event-ID`; ends when the order is settled (204 when there is no more).
#[utoipa::path(get, path = "/v1/orders/{id}/events", operation_id = "follow_order", tag = "orders",
    params(
        ("id" = String, Path),
        ("Last-Event-ID" = Option<String>, Header, description = "go on after this entry"),
    ),
    security(("bearer" = []), ("guest" = [])),
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = 204, description = "settled, and everything was received"),
        (status = 404, body = Problem, description = "`not-found`"),
    ))]
pub async fn events(
    State(orders): State<Orders>,
    visitor: Visitor,
    Path(id): Path<OrderId>,
    subscription: Subscription,
) -> Result<Response, Problem> {
    let watcher = orders.watchers.watch(id);
    let row = orders.order(id, |row| visitor.may_see(&row.owner)).await?;
    let sequence = subscription.last_id().and_then(|id| id.parse().ok()).unwrap_or(0);
    if row.settled_at.is_some() && orders.story(id, sequence, 1).await?.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let unread = VecDeque::new();
    let reader = Reader { orders, id, watcher, sequence, unread };
    Ok(subscription.answer(reader.stream()))
}

/// Reads the story of an order as it grows.
struct Reader {
    orders: Orders,
    id: OrderId,
    watcher: Watcher,
    sequence: i64,
    unread: VecDeque<EntryShown>,
}

impl Reader {
    fn stream(self) -> impl Stream<Item = Event> + Send + 'static {
        stream::unfold(self, |mut reader| async move {
            let entry = match reader.next().await {
                Ok(entry) => entry?,
                Err(error) => {
                    // The receiver comes back and goes on where it was.
                    tracing::warn!(order.id = %reader.id, %error, "a stream of events ended");
                    return None;
                }
            };
            let data = serde_json::to_string(&entry).ok()?;
            let event = Event { id: entry.sequence.to_string(), name: None, data };
            Some((event, reader))
        })
    }

    /// The next entry; none when the order is settled and all of it was read.
    async fn next(&mut self) -> Result<Option<EntryShown>, store::Error> {
        loop {
            if let Some(entry) = self.unread.pop_front() {
                self.sequence = entry.sequence;
                return Ok(Some(entry));
            }
            // Asked before the story is read: what comes with the last step is not missed.
            let settled = rows::settled(&self.orders.store, self.id).await?;
            let (store, after) = (&self.orders.store, self.sequence);
            let chapters = crate::store::timeline::after(store, self.id, after, CHAPTERS).await?;
            self.unread =
                chapters.iter().flat_map(|chapter| EntryShown::after(chapter, after)).collect();
            if self.unread.is_empty() {
                if settled {
                    return Ok(None);
                }
                // Woken or not, the next thing is to look.
                let _ = self.orders.clock.timeout(self.orders.reread, self.watcher.changed()).await;
            }
        }
    }
}
