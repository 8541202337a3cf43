//! Query and path parameters, and the page that a list is asked for.

use axum::{
    extract::{FromRequestParts, Path as AxumPath, path::ErrorKind, rejection::PathRejection},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, Uri, header, request::Parts};
use kernel::{Fault, FieldError, Page, PageRequest};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Json, Problem};

/// The most items that a page may hold.
pub const PAGE_LIMIT_MAX: u32 = 100;
/// The items of a page that nobody gave a limit for.
pub const PAGE_LIMIT_DEFAULT: u32 = 20;

/// The parameters after `?`; 400 `invalid-query` names the one that is wrong.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn query<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let name = error.path().iter().next_back().map(ToString::to_string);
        let detail = error.into_inner().to_string();
        let name = name.or_else(|| super::named_field(&detail).map(str::to_owned));
        bad_query(&name.unwrap_or_default(), &detail)
    })
}

fn bad_query(name: &str, detail: &str) -> Problem {
    Problem::new(Fault::Invalid, "invalid-query", format!("the query is not valid: {detail}"))
        .status(StatusCode::BAD_REQUEST)
        .errors(vec![FieldError::new(name, detail)])
}

/// The parameters in the path. A path that names nothing that could exist is 404 `not-found`.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = AxumPath::<T>::from_request_parts(parts, state).await;
        found.map(|AxumPath(value)| Self(value)).map_err(bad_path)
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "both enums are foreign and non-exhaustive")]
fn bad_path(rejection: PathRejection) -> Problem {
    let kind = match rejection {
        PathRejection::FailedToDeserializePathParams(error) => error.into_kind(),
        other => return Problem::bug(&other),
    };
    match kind {
        ErrorKind::InvalidUtf8InPathParam { key } => {
            Problem::new(Fault::Invalid, "invalid-path", format!("{key} is not valid UTF-8"))
                .status(StatusCode::BAD_REQUEST)
        }
        ErrorKind::UnsupportedType { .. } | ErrorKind::WrongNumberOfParameters { .. } => {
            tracing::error!(error = %kind, "a route and its path parameters do not fit");
            Problem::internal()
        }
        _ => Problem::not_found("there is nothing at this path"),
    }
}

/// Which page of a list: `?limit=&cursor=`, as an extractor for lists without other parameters.
#[derive(Debug, Clone)]
pub struct PageQuery(pub PageRequest);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageParameters {
    limit: Option<u32>,
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(asked) = Query::<PageParameters>::from_request_parts(parts, state).await?;
        page_request(asked.limit, asked.cursor).map(Self)
    }
}

/// The page that the parameters `limit` and `cursor` ask for: 1 to [`PAGE_LIMIT_MAX`] items.
pub fn page_request(limit: Option<u32>, cursor: Option<String>) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(PAGE_LIMIT_DEFAULT);
    if !(1..=PAGE_LIMIT_MAX).contains(&limit) {
        return Err(bad_query("limit", &format!("must be between 1 and {PAGE_LIMIT_MAX}")));
    }
    Ok(PageRequest { limit, cursor })
}

/// The answer with a page, and the `Link` to the next one (RFC 8288).
pub fn page_response<T: Serialize>(uri: &Uri, page: &Page<T>) -> Response {
    let next = page.next_cursor.as_deref().map(|cursor| next_link(uri, cursor));
    let mut response = Json(page).into_response();
    if let Some(Ok(link)) = next {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

fn next_link(uri: &Uri, cursor: &str) -> Result<HeaderValue, header::InvalidHeaderValue> {
    let query = uri.query().unwrap_or_default();
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    let query = pairs.extend_pairs(kept).append_pair("cursor", cursor).finish();
    HeaderValue::from_str(&format!("<{}?{query}>; rel=\"next\"", uri.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[serde(default)]
        q: String,
        price_min: Option<u32>,
    }

    fn check(text: &str, expected: Result<(&str, Option<u32>), &str>) {
        let outcome = query::<Filter>(text).map_err(|problem| {
            assert_eq!(problem.status_code(), 400);
            let json = serde_json::to_value(&problem).unwrap();
            json["errors"][0]["pointer"].as_str().unwrap().to_owned()
        });
        let expected = expected
            .map(|(q, price_min)| Filter { q: q.to_owned(), price_min })
            .map_err(str::to_owned);
        assert_eq!(outcome, expected, "{text}");
    }

    #[test]
    fn a_query_is_typed_and_its_faults_are_named() {
        check("q=tea+pot&price_min=5", Ok(("tea pot", Some(5))));
        check("", Ok(("", None)));
        check("price_min=cheap", Err("price_min"));
        check("q=a&q=b", Err("q"));
        check("colour=red", Err("colour"));
    }

    #[test]
    fn the_next_page_keeps_the_filters() {
        let page = Page { items: vec![1], next_cursor: Some("abc".to_owned()) };
        let response = page_response(&Uri::from_static("/v1/products?q=tea&cursor=old"), &page);
        assert_eq!(
            response.headers()[header::LINK],
            "</v1/products?q=tea&cursor=abc>; rel=\"next\""
        );
    }

    #[test]
    fn a_page_has_a_limit() {
        assert_eq!(page_request(None, None).unwrap().limit, PAGE_LIMIT_DEFAULT);
        assert_eq!(page_request(Some(101), None).unwrap_err().status_code(), 400);
        assert_eq!(page_request(Some(0), None).unwrap_err().status_code(), 400);
    }
}
