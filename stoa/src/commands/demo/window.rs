//! The shop window at `/demo`: what is on the shelves, with its pictures. Prices are those of the
//! start; the live ones are in the API.
use super::customers::price;
use super::pictures::picture;
use super::shop::SHELVES;
use crate::pages;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kernel::Money;
use serde::Deserialize;
use std::fmt::Write as _;

#[derive(Deserialize)]
struct Product {
    slug: String,
    title: String,
    variants: Vec<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    price: Money,
}

/// `/demo` and `/demo/media/{slug}.svg`.
pub fn routes() -> Router {
    Router::new()
        .route("/demo", get(|| async { pages::shell("Agora", &window()) }))
        .route("/demo/media/{file}", get(media))
}

/// Our own texts, so nothing in them needs escaping.
fn window() -> String {
    let mut html = String::from(
        "<h1>Agora</h1><p>A demonstration shop. The same as data: \
         <a href=\"/v1/products\">/v1/products</a>. All the shop can do: \
         <a href=\"/docs\">/docs</a>.</p><div class=\"shelf\">",
    );
    let products = SHELVES.lines().filter_map(|line| serde_json::from_str::<Product>(line).ok());
    for Product { slug, title, variants } in products {
        let from = variants.first().map(|variant| price(variant.price)).unwrap_or_default();
        // Writing into a string does not fail.
        let _ = write!(
            html,
            "<a href=\"/v1/products/{slug}\"><img src=\"/demo/media/{slug}.svg\" alt=\"\" \
             loading=\"lazy\"><b>{title}</b> {from}</a>"
        );
    }
    html.push_str("</div>");
    html
}

async fn media(Path(file): Path<String>) -> Response {
    match file.strip_suffix(".svg").and_then(picture) {
        Some(svg) => {
            let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "max-age=3600")];
            (headers, svg).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_shows_everything_on_the_shelves_with_its_price() {
        let html = window();
        assert_eq!(html.matches("<img").count(), SHELVES.lines().count());
        assert!(html.contains("Straw Hat</b> 28.00 EUR"), "{html}");
    }
}
