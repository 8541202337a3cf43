//! Settled orders: placed, reserved, authorised, confirmed, captured, in all four databases.

use std::sync::Arc;

use crate::{
    Effort,
    connection::{Answer, post},
    driver::{self, Work},
    memory::resident_mib,
    shop::Shop,
    table::Table,
};

const PRODUCTS: u64 = 1000;

/// Orders one piece of one of many products, and waits until the order is settled.
struct Buying {
    run: String,
}

impl Work for Buying {
    fn request(&self, number: u64) -> Vec<u8> {
        let sku = number.wrapping_mul(7919) % PRODUCTS;
        let headers = format!("idempotency-key: {}-{number}\r\nprefer: wait=30\r\n", self.run);
        let body = format!(
            "{{\"email\":\"guest@example.com\",\"items\":[{{\"sku\":\"SKU-{sku}\",\"quantity\":1}}],\
             \"shipping_address\":{{\"name\":\"A Guest\",\"line1\":\"Long Road 1\",\"city\":\"Berlin\",\
             \"postal_code\":\"10115\",\"country\":\"DE\"}},\
             \"payment\":{{\"provider\":\"sandbox\",\"token\":\"tok_visa\"}}}}"
        );
        post("/v1/orders", &headers, &body)
    }

    fn is_right(&self, answer: &Answer) -> bool {
        let holds = |text: &[u8]| answer.body.windows(text.len()).any(|window| window == text);
        answer.status == 201 && holds(b"\"captured\"") && holds(b"\"confirmed\"")
    }
}

pub async fn measure(table: &mut Table, effort: Effort) -> anyhow::Result<()> {
    let shop = Shop::open(PRODUCTS as usize).await?;
    table.figure("memory with a shop", &mib(&shop)?, "MiB resident, 1,000 products");
    let mut best = 0.0_f64;
    for clients in [1, 8, 32, 128] {
        let mut runs = Vec::new();
        for run in 0..effort.runs {
            let work = Arc::new(Buying { run: format!("closed-{clients}-{run}") });
            runs.push(driver::closed(shop.target(), clients, effort.span, &work).await?);
            shop.at_rest().await;
        }
        let name = format!("settled orders, {clients} clients");
        best = table.load(&name, runs, "closed loop").max(best);
    }
    let rate = best * 0.7;
    let mut runs = Vec::new();
    for run in 0..effort.runs {
        let work = Arc::new(Buying { run: format!("open-{run}") });
        runs.push(driver::open(shop.target(), 256, effort.span, &work, rate).await?);
        shop.at_rest().await;
    }
    table.load("settled orders at 70 %", runs, "open loop, latency from when due");
    table.figure("memory loaded", &mib(&shop)?, "MiB resident after the orders");
    let audit = testkit::system::command(shop.folder.path()).arg("audit").status().await?;
    table.figure("audit", if audit.success() { "clean" } else { "FINDINGS" }, "");
    Ok(())
}

fn mib(shop: &Shop) -> anyhow::Result<String> {
    Ok(format!("{:.1}", resident_mib(shop.system.pid())?))
}
