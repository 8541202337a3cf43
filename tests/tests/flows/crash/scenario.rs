//! One order and all that its customer and its shop do about it, whatever the process does meanwhile.

use std::{fs, path::Path, time::Duration};

use flows::{Shop, order_of, pages, place};
use kernel::Clock;
use serde_json::{Value, json};
use testkit::{Answer, Ask, Client, Folder, System};

/// The SKU of every order here; ten pieces of it are in stock.
pub const SKU: &str = "LAMP";
/// What an unanswered challenge costs in time.
const CHALLENGE_MS: &str = "400";

/// How an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Paid and served.
    Served,
    /// The card is declined.
    Declined,
    /// More is asked for than there is.
    OutOfStock,
    /// The provider fails twice before it approves.
    Retried,
    /// The payer meets the challenge.
    Challenged,
    /// The payer never answers the challenge.
    Unanswered,
    /// Staff void the payment between confirmation and capture.
    Voided,
}

impl Scenario {
    pub const ALL: [Self; 7] = [
        Self::Served,
        Self::Declined,
        Self::OutOfStock,
        Self::Retried,
        Self::Challenged,
        Self::Unanswered,
        Self::Voided,
    ];

    /// The settings that it needs.
    pub fn settings(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Unanswered => vec![("STOA_ORDERS__CHALLENGE_TIMEOUT_MS", CHALLENGE_MS)],
            Self::Served
            | Self::Declined
            | Self::OutOfStock
            | Self::Retried
            | Self::Challenged
            | Self::Voided => Vec::new(),
        }
    }

    fn order(self) -> Value {
        let (quantity, token) = match self {
            Self::Served | Self::Voided => (1, "tok_visa"),
            Self::Declined => (1, "tok_declined"),
            Self::OutOfStock => (11, "tok_visa"),
            Self::Retried => (1, "tok_error"),
            Self::Challenged | Self::Unanswered => (1, "tok_challenge"),
        };
        order_of(&[(SKU, quantity)], token)
    }

    /// The status and the rejection's code that it ends with.
    pub fn ending(self) -> (&'static str, Value) {
        match self {
            Self::Served | Self::Retried | Self::Challenged => ("confirmed", Value::Null),
            Self::Declined => ("rejected", json!("payment_declined")),
            Self::OutOfStock => ("rejected", json!("out_of_stock")),
            Self::Unanswered => ("rejected", json!("payment_challenge_expired")),
            Self::Voided => ("canceled", json!("payment_failed")),
        }
    }

    /// Does what the customer does, until the order is settled or there is nobody to ask any more.
    /// Gives the acknowledgement of the order, if it came.
    pub async fn play(self, guest: &Client, staff: &Client) -> Option<Answer> {
        let placed =
            heard(place(guest, "the-key", &self.order()).header("prefer", "wait=1")).await?;
        assert_eq!(placed.status, 201, "{}", placed.text());
        let path = format!("/v1/orders/{}", flows::id_of(&placed));
        let clock = Clock::system();
        loop {
            let Some(answer) = heard(staff.get(&path)).await else { return Some(placed) };
            assert_eq!(answer.status, 200, "{}", answer.text());
            let order = answer.json();
            if !order["settled_at"].is_null() {
                return Some(placed);
            }
            if self == Self::Challenged && order["payment"]["status"] == "action_required" {
                let answer = json!({"answer": "123456"});
                let answer = heard(staff.post(&format!("{path}/payment-answers"), &answer)).await;
                // Whoever asks again after a crash may have been understood the first time.
                assert!(answer.is_none_or(|answer| [200, 409].contains(&answer.status)));
            }
            assert!(clock.instant() < Duration::from_secs(10), "not settled: {order:#}");
            clock.sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The answer to a request, asked again while a twin is in work; none once nobody answers.
async fn heard(ask: Ask) -> Option<Answer> {
    let clock = Clock::system();
    loop {
        let answer = ask.clone().attempt().await.ok()?;
        if answer.problem().as_deref() != Some("idempotency-key-in-flight") {
            return Some(answer);
        }
        clock.sleep(Duration::from_millis(20)).await;
    }
}

/// A data directory with everything that an order needs, and nobody at work in it.
#[derive(Debug)]
pub struct Prepared {
    folder: Folder,
    staff: Client,
}

impl Prepared {
    /// A stocked shop that was closed in good order.
    pub async fn new() -> Self {
        let mut shop = Shop::open().await;
        shop.stock(SKU, 4900, 10).await;
        assert!(shop.system.stop().await.success());
        Self { folder: shop.folder, staff: shop.admin }
    }

    /// Where it is.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// A copy to be spoilt.
    pub fn copy(&self) -> Folder {
        let copy = Folder::new();
        copy_files(self.folder.path(), copy.path());
        copy
    }

    /// A client of the administrator of any copy.
    pub fn staff(&self, system: &System) -> Client {
        self.staff.at(&system.client())
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it is readable");
        if entry.file_type().expect("it has a type").is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("it is copied");
        }
    }
}

/// Voids the payment of the only order while the service that would capture it is not there.
pub async fn void_meanwhile(folder: &Path, prepared: &Prepared) {
    let away = [("STOA_PRODUCTS_URL", "http://127.0.0.1:9")];
    let started = System::partly(folder, &["users", "payments"], &away).await;
    let mut payments = started.unwrap_or_else(|no| panic!("not started: {no:?}"));
    let staff = prepared.staff(&payments);
    let held = pages(&staff, "/v1/payments?limit=10").await;
    assert_eq!(held.len(), 1, "{held:#?}");
    let path = format!("/v1/payments/{}/void", held[0]["id"].as_str().expect("an id"));
    let void = staff.post(&path, &json!({})).header("idempotency-key", "by-hand");
    let answer = void.send().await;
    assert!(answer.status < 300, "{}", answer.text());
    assert!(payments.stop().await.success());
}
