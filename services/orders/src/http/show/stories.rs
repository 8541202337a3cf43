//! The story of an order as it is shown.

use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::timeline::{Chapter, Entry, Kind};

/// One thing that happened to an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub struct EntryShown {
    /// 1, 2, 3, ... without gaps.
    pub sequence: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `step`, `sent`, `received`, `called`, `failed`, `customer` or `timed_out`.
    #[schema(value_type = String)]
    kind: Kind,
    /// Which step, message or call.
    #[schema(example = "products.stock.reserved.v1")]
    name: String,
    detail: Option<String>,
    /// Which try of a call.
    attempt: Option<u32>,
    /// The trace of the request or message that caused it.
    trace_id: Option<String>,
}

impl EntryShown {
    /// The entries of a commit that come after a sequence number.
    pub fn after(chapter: &Chapter, sequence: i64) -> Vec<Self> {
        let shown = |(sequence, entry): (i64, &Entry)| Self {
            sequence,
            at: chapter.at,
            kind: entry.kind,
            name: entry.name.clone(),
            detail: entry.detail.clone(),
            attempt: entry.attempt,
            trace_id: chapter.trace_id.clone(),
        };
        chapter.numbered().filter(|(at, _)| *at > sequence).map(shown).collect()
    }
}

/// A page of a timeline.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what a page of a timeline looks like")]
pub struct TimelinePage {
    items: Vec<EntryShown>,
    /// What to ask for the next page with; none on the last.
    next_cursor: Option<String>,
}
