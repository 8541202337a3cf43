//! `stoa dead-letters`: lists what was given up, and gives it another try, through the API.
use super::tell;
use crate::cli::{DeadLettersArgs, Output};
use crate::client::{Ask, Client};
use crate::exit::Stopped;
use kernel::Clock;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Pages that are asked for, at most; beyond, the queue is named with --queue.
const PAGES_MAX: usize = 1_000;

/// Every dead letter, a line each; as JSON, one object a line.
pub async fn list(args: DeadLettersArgs, output: Output) -> Result<(), Stopped> {
    let client = Client::connect(&args.login, Clock::system()).await?;
    let mut cursor = String::new();
    let mut count = 0_u64;
    for _ in 0..PAGES_MAX {
        let mut path = "/v1/ops/dead-letters?limit=100".to_owned();
        for (name, value) in [("queue", args.queue.as_deref()), ("cursor", Some(&*cursor))] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                path.push_str(&format!("&{name}={}", escaped(value)));
            }
        }
        let answer = client.send_until_dealt_with(&Ask::get(&path)).await?;
        let page = answer.expect_success("dead letters")?.json()?;
        for letter in page["items"].as_array().into_iter().flatten() {
            count += 1;
            tell(output, &line(letter), letter)?;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    if count == 0 && output == Output::Text {
        crate::output::text("no dead letters\n")?;
    }
    Ok(())
}

/// Puts them back, of one queue or of all.
pub async fn redrive(args: DeadLettersArgs, output: Output) -> Result<(), Stopped> {
    let client = Client::connect(&args.login, Clock::system()).await?;
    let body = match &args.queue {
        Some(queue) => json!({"queue": queue}),
        None => json!({}),
    };
    let headers = [("content-type", "application/json")];
    let ask = Ask::post("/v1/ops/dead-letters/redrive", &headers, body.to_string().into());
    let answer = client.send_until_dealt_with(&ask).await?;
    let answer = answer.expect_success("redrive")?.json()?;
    let text = format!("{} messages are back in their queues\n", answer["redriven"]);
    tell(output, &text, &answer)
}

fn line(letter: &Value) -> String {
    let text = |field: &str| letter[field].as_str().unwrap_or_default().to_owned();
    let mut line = String::new();
    // Writing into a string does not fail.
    let _ = writeln!(
        line,
        "{}  {}  {}  {}  after {} attempts: {}  [{}]",
        text("died_at"),
        text("queue"),
        text("kind"),
        text("key"),
        letter["attempts"],
        text("reason"),
        text("id"),
    );
    line
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_query_is_escaped() {
        assert_eq!(escaped("a-b_c.d~e f&=é"), "a-b_c.d~e%20f%26%3D%C3%A9");
    }

    #[test]
    fn a_dead_letter_is_one_line() {
        let letter = json!({
            "died_at": "2026-01-01T00:00:00.000Z", "queue": "orders", "attempts": 5, "id": "e1",
            "kind": "products.stock.reserved.v1", "key": "order_1", "reason": "no such order",
        });

        let expected = "2026-01-01T00:00:00.000Z  orders  products.stock.reserved.v1  order_1  \
                        after 5 attempts: no such order  [e1]\n";
        assert_eq!(line(&letter), expected);
    }
}
