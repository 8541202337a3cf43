//! Entity tags of products: `"7-af63dc4c8601ec8c"`, the version and a mark of the whole page.
//!
//! `If-None-Match` compares the whole tag. `If-Match` compares the version alone: stock that moves
//! under an editor's hands does not undo the edit, another edit does.

use edge::{IfMatch, Problem};
use http::{HeaderMap, HeaderValue, header};

/// The version that the caller says it saw; none when it does not say, or says any (`*`).
pub fn seen(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let version = inner.map(|tag| tag.split_once('-').map_or(tag, |(version, _)| version));
    match version.and_then(|digits| digits.parse().ok()) {
        Some(version) => Ok(Some(version)),
        // A tag that was never given out is the tag of no version there is.
        None => IfMatch::Version(-1).check(0).map(|()| None),
    }
}

/// Whether the caller has the page already.
pub fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let matches = |value: &HeaderValue| {
        let texts = value.to_str().unwrap_or_default().split(',').map(str::trim);
        let tag = tag.to_str().unwrap_or_default();
        texts.map(|text| text.trim_start_matches("W/")).any(|text| text == tag || text == "*")
    };
    headers.get_all(header::IF_NONE_MATCH).iter().any(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    fn check(value: &'static str, expected: Result<Option<i64>, &str>) {
        let seen = seen(&headers(header::IF_MATCH, value)).map_err(|p| p.code().to_owned());
        assert_eq!(seen, expected.map_err(str::to_owned), "{value}");
    }

    #[test]
    fn a_precondition_is_about_the_version() {
        check("\"7-af63dc4c8601ec8c\"", Ok(Some(7)));
        check("\"7\"", Ok(Some(7)));
        check("*", Ok(None));
        check("W/\"7\"", Err("stale-version"));
        check("\"x\"", Err("stale-version"));
        check("7", Err("stale-version"));
    }

    #[test]
    fn what_is_known_is_the_whole_page() {
        let tag = HeaderValue::from_static("\"7-a\"");
        let known = |value| is_known(&headers(header::IF_NONE_MATCH, value), &tag);
        assert!(known("\"7-a\""));
        assert!(known("\"1-b\", W/\"7-a\""));
        assert!(known("*"));
        assert!(!known("\"7-b\""));
    }
}
