//! The digest of a body: the same for the same JSON, however it is spaced and ordered.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// SHA-256 of the body in canonical form; of the bytes themselves when they are no JSON.
pub(crate) fn digest(body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => feed(&value, &mut hash),
        Err(_) => hash.update(body),
    }
    hash.finalize().into()
}

fn feed(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(fields) => {
            // Sorted here: a feature of serde_json may keep fields in the order they came.
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            hash.update("{");
            for name in names {
                feed_text(name, hash);
                feed(&fields[name], hash);
            }
            hash.update("}");
        }
        Value::Array(items) => {
            hash.update("[");
            items.iter().for_each(|item| feed(item, hash));
            hash.update("]");
        }
        Value::String(text) => feed_text(text, hash),
        Value::Number(_) | Value::Bool(_) | Value::Null => {
            hash.update(value.to_string());
            hash.update(",");
        }
    }
}

/// With its length, so that no two sequences of texts look the same.
fn feed_text(text: &str, hash: &mut Sha256) {
    hash.update(text.len().to_string());
    hash.update("\"");
    hash.update(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, other: &str, same: bool) {
        assert_eq!(digest(one.as_bytes()) == digest(other.as_bytes()), same, "{one} {other}");
    }

    #[test]
    fn only_what_json_means_counts() {
        check(r#"{"a": 1, "b": [1, 2]}"#, r#"{"b":[1,2],"a":1}"#, true);
        check(r#"{"a": "\u0041"}"#, r#"{"a": "A"}"#, true);
        check(r#"[1, 2]"#, r#"[2, 1]"#, false);
        check(r#"[1, 2]"#, r#"[12]"#, false);
        check(r#"["a", "b"]"#, r#"["ab"]"#, false);
        check(r#"{"a": 1}"#, r#"{"a": "1"}"#, false);
        check(r#"{"a": null}"#, r#"{}"#, false);
        check("", "{}", false);
        check("not json", "not json", true);
    }
}
