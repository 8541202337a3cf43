//! JSON bodies in and out: parsed once, with problems that point at the field.

use axum::{
    body::Body,
    extract::{FromRequest, OptionalFromRequest, Request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kernel::{Fault, FieldError};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::{Problem, call::Call, front::RouteLimits, settings::BODY_BYTES_MAX};

/// A JSON body: as an extractor typed and limited, as an answer with its content type.
///
/// 415 `unsupported-media-type`, 413 `body-too-large`, 400 `malformed-json` for syntax, 422
/// `invalid-body` with a JSON pointer for types and unknown fields. `Option<Json<T>>` takes an
/// absent body too.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// The bytes of a body, limited like [`Json`]; for bodies whose signature must be checked first.
#[derive(Debug, Clone)]
pub struct Raw(pub Bytes);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_media_type(request.headers())?;
        let bytes = read(request).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned, S: Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Problem> {
        let typed = request.headers().contains_key(header::CONTENT_TYPE);
        if typed {
            check_media_type(request.headers())?;
        }
        let bytes = read(request).await?;
        match (bytes.is_empty(), typed) {
            (true, _) => Ok(None),
            (false, true) => parse(&bytes).map(|value| Some(Self(value))),
            (false, false) => Err(unsupported()),
        }
    }
}

impl<S: Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request).await.map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(512);
        if let Err(error) = serde_json::to_writer(&mut body, &self.0) {
            return Problem::bug(&error).into_response();
        }
        let mut response = Response::new(Body::from(body));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let (kind, subtype) = essence.split_once('/').unwrap_or_default();
    let is_json = subtype.eq_ignore_ascii_case("json")
        || subtype.len() > 5 && subtype.to_ascii_lowercase().ends_with("+json");
    // A body that must be unpacked first could be a thousand times its size.
    let is_plain = !headers.contains_key(header::CONTENT_ENCODING);
    let is_good = kind.eq_ignore_ascii_case("application") && is_json && is_plain;
    if is_good { Ok(()) } else { Err(unsupported()) }
}

fn unsupported() -> Problem {
    let detail = "the body must be plain JSON, with the header Content-Type: application/json";
    Problem::new(Fault::Invalid, "unsupported-media-type", detail)
        .status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let call = parts.extensions.get::<Call>();
    let route = parts.extensions.get::<RouteLimits>();
    let max = route.map(|limits| limits.body_bytes_max);
    let max = max.or_else(|| call.map(|call| call.settings().body_bytes_max));
    let max = max.unwrap_or(BODY_BYTES_MAX);
    let declared = parts.headers.get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > max as u64) {
        return Err(too_large(max));
    }
    if let Some(call) = call {
        call.reads_body(true);
    }
    let collected = Limited::new(body, max).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { too_large(max) } else { broken(&*error) }
    })?;
    let bytes = collected.to_bytes();
    if let Some(call) = call {
        call.reads_body(false);
        call.saw_body(&bytes);
    }
    Ok(bytes)
}

fn too_large(max: usize) -> Problem {
    let detail = format!("the body is larger than {max} bytes");
    Problem::new(Fault::TooLarge, "body-too-large", detail)
}

/// The caller went away or broke the framing: nobody reads this answer, but it is counted.
fn broken(error: &dyn std::error::Error) -> Problem {
    let detail = format!("the body could not be read to its end: {error}");
    Problem::new(Fault::Invalid, "broken-body", detail).status(StatusCode::BAD_REQUEST)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        match error.classify() {
            Category::Data => wrong_field(pointer, &error.to_string()),
            Category::Syntax | Category::Eof | Category::Io => malformed(&error),
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let detail = format!("the body is not JSON: {error}");
    Problem::new(Fault::Invalid, "malformed-json", detail).status(StatusCode::BAD_REQUEST)
}

fn wrong_field(mut pointer: String, message: &str) -> Problem {
    // Where it happened is of no use to people who see the pointer: " at line 1 column 9".
    let detail = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    if let Some(name) = super::named_field(detail) {
        push_segment(&mut pointer, name);
    }
    Problem::new(Fault::Invalid, "invalid-body", format!("the body is not valid: {detail}"))
        .errors(vec![FieldError::new(pointer, detail)])
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_segment(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_segment(&mut pointer, key),
            // The variant of an enum is a choice of the type, not a place in the text.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsing is tested")]
    struct Order {
        email: String,
        #[serde(default)]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsing is tested")]
    struct Item {
        sku: String,
        quantity: u32,
    }

    fn check(body: &str, expected: Result<(), (u16, &str, &str)>) {
        let outcome = parse::<Order>(body.as_bytes()).map(|_| ()).map_err(|problem| {
            let json = serde_json::to_value(&problem).unwrap();
            let pointer = json["errors"][0]["pointer"].as_str().unwrap_or("none").to_owned();
            (problem.status_code().as_u16(), problem.code().to_owned(), pointer)
        });
        let expected = expected
            .map_err(|(status, code, pointer)| (status, code.to_owned(), pointer.to_owned()));
        assert_eq!(outcome, expected, "{body}");
    }

    #[test]
    fn a_body_is_typed_and_its_faults_are_pointed_at() {
        check(r#"{"email": "a", "items": [{"sku": "A", "quantity": 1}]}"#, Ok(()));
        check(r#"{"email": "a""#, Err((400, "malformed-json", "none")));
        check(r#"{"email": "a"} x"#, Err((400, "malformed-json", "none")));
        check("", Err((400, "malformed-json", "none")));
        check(r#"{"email": 7}"#, Err((422, "invalid-body", "/email")));
        check(r#"{}"#, Err((422, "invalid-body", "/email")));
        check(r#"{"email": "a", "colour": 1}"#, Err((422, "invalid-body", "/colour")));
        check(r#"{"email": "a", "a/b~c": 1}"#, Err((422, "invalid-body", "/a~1b~0c")));
        check(r#"{"email": "a", "email": "b"}"#, Err((422, "invalid-body", "/email")));
        let nested = r#"{"email": "a", "items": [{"sku": "A", "quantity": 1}, {"sku": "B"}]}"#;
        check(nested, Err((422, "invalid-body", "/items/1/quantity")));
        let negative = r#"{"email": "a", "items": [{"sku": "A", "quantity": -1}]}"#;
        check(negative, Err((422, "invalid-body", "/items/0/quantity")));
    }

    #[test]
    fn a_body_nested_too_deep_is_refused_before_it_takes_the_stack() {
        let deep = "[".repeat(100_000);
        let problem = parse::<serde_json::Value>(deep.as_bytes()).unwrap_err();
        assert_eq!(problem.code(), "malformed-json");
    }

    fn check_type(value: Option<&'static str>, accepted: bool) {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
        }
        assert_eq!(check_media_type(&headers).is_ok(), accepted, "{value:?}");
    }

    #[test]
    fn only_json_is_json() {
        check_type(Some("application/json"), true);
        check_type(Some("application/json; charset=utf-8"), true);
        check_type(Some("Application/merge-patch+JSON"), true);
        check_type(Some("text/plain"), false);
        check_type(Some("text/json"), false);
        check_type(Some("application/jsonp"), false);
        check_type(None, false);
    }
}
