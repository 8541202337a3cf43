//! The header `Idempotency-Key`: a string of RFC 8941, or the same without quotes.

use http::{HeaderMap, HeaderValue, StatusCode};
use kernel::Fault;

use super::IDEMPOTENCY_KEY;
use crate::Problem;

const KEY_BYTES_MAX: usize = 255;

/// The key, if there is one: 1 to 255 visible ASCII characters; otherwise 400.
pub(super) fn of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(invalid("there must be one Idempotency-Key, not several"));
    }
    parse(value).map(Some)
}

fn parse(value: &HeaderValue) -> Result<String, Problem> {
    let form = || invalid("an Idempotency-Key is 1 to 255 visible ASCII characters");
    let text = value.to_str().map_err(|_| form())?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => unquote(rest).ok_or_else(form)?,
        None => text.to_owned(),
    };
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > KEY_BYTES_MAX || !visible {
        return Err(form());
    }
    Ok(key)
}

/// What stands before the closing quote, with `\"` and `\\` resolved; nothing may follow it.
fn unquote(rest: &str) -> Option<String> {
    let mut key = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => return letters.next().is_none().then_some(key),
            '\\' => key.push(letters.next().filter(|next| matches!(next, '"' | '\\'))?),
            letter => key.push(letter),
        }
    }
}

fn invalid(detail: &str) -> Problem {
    Problem::new(Fault::Invalid, "idempotency-key-invalid", detail).status(StatusCode::BAD_REQUEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&[u8]], expected: Result<Option<&str>, &str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        }
        let outcome = of(&headers).map_err(|problem| {
            assert_eq!(problem.status_code(), 400);
            problem.code().to_owned()
        });
        let expected = expected.map(|key| key.map(str::to_owned)).map_err(str::to_owned);
        assert_eq!(outcome, expected, "{values:?}");
    }

    #[test]
    fn quoted_and_bare_are_one_key_and_everything_else_is_refused() {
        let long = "k".repeat(255);
        check(&[], Ok(None));
        check(&[b"8e03978e"], Ok(Some("8e03978e")));
        check(&[b"\"8e03978e\""], Ok(Some("8e03978e")));
        check(&[br#""a\"b\\c""#], Ok(Some(r#"a"b\c"#)));
        check(&[long.as_bytes()], Ok(Some(&long)));
        check(&[b""], Err("idempotency-key-invalid"));
        check(&[b"\"\""], Err("idempotency-key-invalid"));
        check(&[b"\"open"], Err("idempotency-key-invalid"));
        check(&[b"\"a\" b"], Err("idempotency-key-invalid"));
        check(&[b"a b"], Err("idempotency-key-invalid"));
        check(&[b"\xc3\xa9"], Err("idempotency-key-invalid"));
        check(&["k".repeat(256).as_bytes()], Err("idempotency-key-invalid"));
        check(&[b"a", b"b"], Err("idempotency-key-invalid"));
    }
}
