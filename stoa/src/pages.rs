//! Pages that the binary carries: the API explorer, the merged description, one page per problem.
use crate::api::{self, Described};
use axum::Router;
use axum::extract::Path;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

/// A problem type's page, as it is written and as browsers show it.
struct Page {
    code: &'static str,
    title: &'static str,
    markdown: &'static str,
    html: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/problems.rs"));

static EXPLORER_JS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/explorer.js.gz"));
static EXPLORER_CSS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/explorer.css.gz"));
const EXPLORER_HTML: &str = include_str!("../assets/explorer.html");
const EXPLORER_START: &str = include_str!("../assets/explorer.js");
const STYLE: &str = include_str!("../assets/page.css");

/// The pages, with the description of these services together. It is made at the first request for
/// it: at every start it would cost more than all the rest of the start.
pub fn router(services: Vec<Described>) -> Router {
    let description = Arc::new(LazyLock::new(move || match api::merged(&services) {
        Ok(description) => Bytes::from(description.to_string()),
        Err(error) => {
            tracing::error!(%error, "the API description cannot be written");
            Bytes::from_static(b"{}")
        }
    }));
    let openapi =
        move || async move { ([(CONTENT_TYPE, "application/json")], Bytes::clone(&description)) };
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/docs") }))
        .route("/docs", get(|| async { Html(EXPLORER_HTML) }))
        .route("/docs/start.js", get(|| asset("text/javascript", EXPLORER_START.as_bytes())))
        .route("/docs/explorer.js", get(|| packed("text/javascript", EXPLORER_JS)))
        .route("/docs/explorer.css", get(|| packed("text/css", EXPLORER_CSS)))
        .route("/docs/page.css", get(|| asset("text/css", STYLE.as_bytes())))
        .route("/openapi.json", get(openapi))
        .route("/problems", get(problems))
        .route("/problems/{code}", get(problem))
}

fn page(code: &str) -> Option<&'static Page> {
    PAGES.binary_search_by(|page| page.code.cmp(code)).ok().map(|at| &PAGES[at])
}

async fn asset(kind: &'static str, body: &'static [u8]) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "max-age=3600")], body)
}

/// Kept packed in the binary and sent so: every browser unpacks gzip.
async fn packed(kind: &'static str, body: &'static [u8]) -> impl IntoResponse {
    let headers =
        [(CONTENT_TYPE, kind), (CONTENT_ENCODING, "gzip"), (CACHE_CONTROL, "max-age=3600")];
    (headers, body)
}

async fn problems() -> Html<String> {
    let mut list = String::from("<h1>Problem types</h1><ul>");
    for Page { code, title, .. } in PAGES {
        // Writing into a string does not fail.
        let _ = write!(list, "<li><a href=\"/problems/{code}\">{code}</a>: {title}</li>");
    }
    list.push_str("</ul>");
    shell("Problem types", &list)
}

/// HTML for browsers, the Markdown itself for everyone else.
async fn problem(Path(code): Path<String>, headers: HeaderMap) -> Response {
    let Some(page) = page(&code) else {
        let body = shell("Unknown problem", "<h1>There is no such problem type</h1>");
        return (StatusCode::NOT_FOUND, body).into_response();
    };
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") {
        return shell(page.title, page.html).into_response();
    }
    ([(CONTENT_TYPE, "text/markdown; charset=utf-8")], page.markdown).into_response()
}

fn shell(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Stoa</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <link rel=\"stylesheet\" href=\"/docs/page.css\"></head><body><main>{body}</main></body></html>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_by_its_code() {
        assert!(!PAGES.is_empty());
        for Page { code, markdown, .. } in PAGES {
            assert_eq!(page(code).map(|page| page.markdown), Some(*markdown));
        }
        assert!(page("no-such-problem").is_none());
    }
}
