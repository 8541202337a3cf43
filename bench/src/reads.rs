//! Reads of the catalogue: one product, a list, a search.

use std::sync::Arc;

use crate::{
    Effort,
    connection::{Answer, get},
    driver::{self, Work},
    shop::Shop,
    table::Table,
};

const CLIENTS: u64 = 64;

/// Asks these paths in turn.
pub struct Paths(pub Vec<String>);

impl Work for Paths {
    fn request(&self, number: u64) -> Vec<u8> {
        get(&self.0[(number % self.0.len() as u64) as usize])
    }

    fn is_right(&self, answer: &Answer) -> bool {
        answer.status == 200 && !answer.body.is_empty()
    }
}

pub async fn measure(table: &mut Table, effort: Effort) -> anyhow::Result<()> {
    let shop = Shop::open(1000).await?;
    let products = shop.products.iter().map(|id| format!("/v1/products/{id}")).collect();
    let lists = (0..10).map(|n| format!("/v1/products?category=category-{n}&limit=20")).collect();
    let searches = (0..50).map(|n| format!("/v1/products?q=amphora+{n}&limit=20")).collect();
    for (name, paths) in [
        ("product by id", products),
        ("list of 20 in a category", lists),
        ("search, 20 hits", searches),
    ] {
        let work = Arc::new(Paths(paths));
        let mut runs = Vec::new();
        for _ in 0..effort.runs {
            runs.push(driver::closed(shop.target(), CLIENTS, effort.span, &work).await?);
        }
        table.load(name, runs, "64 connections");
    }
    Ok(())
}
