//! Pages that the binary carries: the API explorer, the merged description, one page per problem.
use crate::api::{self, Described};
use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
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

/// What a page may load: its style and pictures, from here.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The explorer also runs its script, calls the API, and sets styles of its own.
const EXPLORER_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

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
        .route("/docs", get(explorer))
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

async fn explorer() -> impl IntoResponse {
    ([(CONTENT_SECURITY_POLICY, EXPLORER_POLICY)], Html(EXPLORER_HTML))
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

async fn problems() -> impl IntoResponse {
    let mut list = String::from("<h1>Problem types</h1><ul>");
    for Page { code, html, .. } in PAGES {
        // Writing into a string does not fail.
        let _ = write!(list, "<li><a href=\"/problems/{code}\">{code}</a>: {}</li>", gist(html));
    }
    list.push_str("</ul>");
    shell("Problem types", &list)
}

/// The first paragraph under the first heading: what the problem means.
fn gist(html: &str) -> &str {
    let under = html.split_once("</h2>\n<p>").map_or("", |(_, under)| under);
    under.split_once("</p>").map_or(under, |(paragraph, _)| paragraph)
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

/// A page for people, in the one style.
pub fn shell(title: &str, body: &str) -> impl IntoResponse + use<> {
    let html = Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Stoa</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <link rel=\"stylesheet\" href=\"/docs/page.css\"></head><body><main>{body}</main></body></html>"
    ));
    ([(CONTENT_SECURITY_POLICY, PAGE_POLICY)], html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_may_load_what_they_ask_for() {
        let policy = |response: Response| {
            let policy = response.headers().get(CONTENT_SECURITY_POLICY).cloned();
            policy.and_then(|policy| policy.to_str().map(str::to_owned).ok()).unwrap_or_default()
        };
        let page = policy(problems().await.into_response());
        assert!(page.contains("style-src 'self'") && !page.contains("unsafe"), "{page}");
        let explorer = policy(explorer().await.into_response());
        assert!(explorer.contains("script-src 'self'; connect-src 'self'"), "{explorer}");
    }

    #[test]
    fn every_page_is_found_by_its_code() {
        assert!(!PAGES.is_empty());
        for Page { code, markdown, html, .. } in PAGES {
            assert!(gist(html).ends_with('.'), "{code} does not say what it means");
            assert_eq!(page(code).map(|page| page.markdown), Some(*markdown));
        }
        assert!(page("no-such-problem").is_none());
    }
}
