//! Typed extractors that answer with problems: bodies, parameters, versions, preferences.

mod json;
mod params;
mod version;
mod wait;

pub use json::{Json, Raw};
pub use params::{PageQuery, Path, Query, page_request, page_response};
pub use version::{IfMatch, etag};
pub use wait::Wait;
