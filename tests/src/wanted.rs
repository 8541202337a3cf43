//! Orders as customers send them.

use serde_json::{Value, json};
use testkit::{Ask, Client};

/// The body of an order of these SKUs and quantities, paid with a sandbox token.
pub fn order_of(lines: &[(&str, u32)], token: &str) -> Value {
    let item = |(sku, quantity): &(&str, u32)| json!({"sku": sku, "quantity": quantity});
    body_of(lines.iter().map(item).collect(), token)
}

/// The body of an order with these items.
pub fn body_of(items: Value, token: &str) -> Value {
    json!({
        "email": "guest@example.com",
        "items": items,
        "shipping_address": {
            "name": "Guest", "line1": "1 Harbour Road", "city": "Hamburg",
            "postal_code": "20457", "country": "DE",
        },
        "payment": {"provider": "sandbox", "token": token},
    })
}

/// The request that places an order under an idempotency key.
pub fn place(client: &Client, key: &str, body: &Value) -> Ask {
    client.post("/v1/orders", body).header("idempotency-key", key)
}
