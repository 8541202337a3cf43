//! A shop to measure: a started binary on a fresh folder with something to sell.

use anyhow::ensure;
use serde_json::json;
use testkit::{Client, Folder, System, eventually};

use crate::driver::Target;

pub struct Shop {
    pub folder: Folder,
    pub system: System,
    pub admin: Client,
    /// The products' ids.
    pub products: Vec<String>,
}

impl Shop {
    /// Starts a shop with `count` products of a million pieces each.
    pub async fn open(count: usize) -> anyhow::Result<Self> {
        let folder = Folder::new();
        let system = System::start(folder.path()).await;
        let admin = system.admin().await;
        let mut products = Vec::new();
        for number in 0..count {
            let answer = admin.post("/v1/products", &product(number)).send().await;
            ensure!(answer.status == 201, "{}", answer.text());
            products.push(answer.json()["id"].as_str().unwrap_or_default().to_owned());
        }
        let shop = Self { folder, system, admin, products };
        shop.at_rest().await;
        Ok(shop)
    }

    pub fn target(&self) -> Target {
        Target { address: self.system.listen, pid: self.system.pid() }
    }

    /// Waits until no saga is open and no message unread.
    pub async fn at_rest(&self) {
        eventually("the shop is at rest", async || {
            let answer = self.admin.get("/v1/ops/quiescence").send().await;
            (answer.json()["at_rest"] == true).then_some(())
        })
        .await;
    }
}

fn product(number: usize) -> serde_json::Value {
    json!({
        "slug": format!("product-{number}"),
        "title": format!("Amphora {number}"),
        "description": "Thrown by hand, fired twice, good for oil, wine and water.",
        "status": "published",
        "category": format!("category-{}", number % 10),
        "variants": [
            {"sku": format!("SKU-{number}"), "title": "One size",
             "price": {"amount": 1299, "currency": "EUR"}, "on_hand": 1_000_000}
        ]
    })
}
