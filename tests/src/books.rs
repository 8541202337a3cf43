//! What stock and the bank say, read through the API.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::Client;

/// How much there is of a SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// What lies on the shelf.
    pub on_hand: i64,
    /// What of it is set aside.
    pub reserved: i64,
    /// What can be bought.
    pub available: i64,
}

impl Level {
    /// A level with nothing set aside.
    pub fn free(pieces: i64) -> Self {
        Self { on_hand: pieces, reserved: 0, available: pieces }
    }

    pub(crate) fn of(shown: &Value) -> Self {
        let figure = |name: &str| shown[name].as_i64().expect("a figure");
        let (on_hand, reserved) = (figure("on_hand"), figure("reserved"));
        Self { on_hand, reserved, available: figure("available") }
    }
}

/// What the bank has done for one order, in minor units. Refusals count for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bank {
    /// How much it was asked to hold.
    pub authorized: i64,
    /// How much it took.
    pub captured: i64,
    /// How much it let go without taking it.
    pub voided: i64,
    /// How much it gave back.
    pub refunded: i64,
    /// How often it took something.
    pub captures: u32,
    /// What it refused, by operation and in the order of its books.
    pub declined: Vec<String>,
}

impl Bank {
    /// What is held for the order and neither taken nor let go.
    pub fn held(&self) -> i64 {
        self.authorized - self.captured - self.voided
    }

    fn book(&mut self, operation: &Value) {
        let minor = operation["amount"]["amount"].as_i64().expect("an amount");
        let kind = operation["kind"].as_str().expect("a kind");
        match operation["outcome"].as_str().expect("an outcome") {
            "approved" => {}
            "challenged" => return,
            _ => return self.declined.push(kind.to_owned()),
        }
        match kind {
            "authorize" | "answer" => self.authorized += minor,
            "capture" => {
                self.captured += minor;
                self.captures += 1;
            }
            "void" => self.voided += minor,
            "refund" => self.refunded += minor,
            other => panic!("an operation that no bank knows: {other}"),
        }
    }

    /// The books of the sandbox bank, by order.
    pub async fn read(staff: &Client) -> BTreeMap<String, Self> {
        let mut books = BTreeMap::<String, Self>::new();
        for operation in pages(staff, "/v1/sandbox/operations?limit=100").await {
            let order = operation["order_id"].as_str().expect("the bank is told the order");
            books.entry(order.to_owned()).or_default().book(&operation);
        }
        books
    }
}

/// All items of a list, page after page. The path has a query already.
pub async fn pages(client: &Client, path: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), path.to_owned());
    loop {
        let answer = client.get(&next).send().await;
        assert_eq!(answer.status, 200, "{next}: {}", answer.text());
        let mut page = answer.json();
        items.append(page["items"].as_array_mut().expect("a list has items"));
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}&cursor={cursor}"),
            None => return items,
        }
    }
}
