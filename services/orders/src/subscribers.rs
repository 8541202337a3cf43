//! What this service does when products speak: one function per event.

use bus::Message;
use contracts::{
    Contract,
    events::products::{
        PriceChanged, ProductArchived, ProductPublished, SellableVariant, Stage, StockCommitted,
        StockExpired, StockRejected, StockReleased, StockReserved,
    },
    ids::OrderId,
};
use delivery::{Refused, Subscriber};
use futures::future::BoxFuture;
use kernel::Timestamp;
use saga::Runner;
use store::Batch;

use crate::{
    domain::{self, Event, Offer},
    placement::Placing,
    store::catalogue::{self, Catalogue},
};

/// Keeps the projection of what is sold.
pub struct CatalogueNews {
    /// The projection.
    pub catalogue: Catalogue,
}

impl Subscriber for CatalogueNews {
    fn kinds(&self) -> &'static [&'static str] {
        &[ProductPublished::KIND, ProductArchived::KIND, PriceChanged::KIND]
    }

    fn handle<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Batch, Refused>> {
        Box::pin(async move {
            match message.kind.as_str() {
                ProductPublished::KIND => self.published(read(message)?, message.at).await,
                ProductArchived::KIND => self.archived(read(message)?).await,
                PriceChanged::KIND => self.price_changed(&read(message)?),
                other => Err(unknown(other)),
            }
        })
    }
}

impl CatalogueNews {
    /// Exactly these variants of the product are sold now.
    async fn published(&self, news: ProductPublished, at: Timestamp) -> Result<Batch, Refused> {
        let mut batch = Batch::new("product_published");
        let (known, mut skus) = self.catalogue.known(news.product_id).await?;
        if known >= news.version {
            return Ok(batch);
        }
        catalogue::advance(&mut batch, news.product_id, news.version);
        catalogue::withdraw(&mut batch, news.product_id, news.version);
        let mut variants = news.variants;
        variants.sort_by(|one, other| one.sku.cmp(&other.sku));
        for variant in variants {
            skus.push(variant.sku.clone());
            let title = title(&news.title, &variant);
            let SellableVariant { variant_id, sku, price, .. } = variant;
            let offer = Offer { sku, variant_id, product_id: news.product_id, title, price };
            catalogue::put(&mut batch, &offer, news.version, at);
        }
        self.catalogue.forget_after(&mut batch, skus);
        Ok(batch)
    }

    /// Nothing of the product is sold any more.
    async fn archived(&self, news: ProductArchived) -> Result<Batch, Refused> {
        let mut batch = Batch::new("product_archived");
        let (known, skus) = self.catalogue.known(news.product_id).await?;
        if known >= news.version {
            return Ok(batch);
        }
        catalogue::advance(&mut batch, news.product_id, news.version);
        catalogue::withdraw(&mut batch, news.product_id, news.version);
        self.catalogue.forget_after(&mut batch, skus);
        Ok(batch)
    }

    /// One variant costs something else. An older price than the one that is known changes nothing.
    fn price_changed(&self, news: &PriceChanged) -> Result<Batch, Refused> {
        let mut batch = Batch::new("price_changed");
        let PriceChanged { sku, product_id, price, version, .. } = news;
        catalogue::reprice(&mut batch, sku, *product_id, *price, *version);
        self.catalogue.forget_after(&mut batch, vec![sku.clone()]);
        Ok(batch)
    }
}

/// What an order line is called: the product, and the variant where that says more.
fn title(product: &str, variant: &SellableVariant) -> String {
    let name = variant.title.trim();
    if name.is_empty() || name.eq_ignore_ascii_case(product) {
        product.to_owned()
    } else {
        format!("{product}, {name}")
    }
}

/// Takes placements on when stock answers.
pub struct StockNews {
    /// Runs placements.
    pub placements: Runner<Placing>,
}

impl Subscriber for StockNews {
    fn kinds(&self) -> &'static [&'static str] {
        &[
            StockReserved::KIND,
            StockRejected::KIND,
            StockReleased::KIND,
            StockCommitted::KIND,
            StockExpired::KIND,
        ]
    }

    fn handle<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Batch, Refused>> {
        Box::pin(async move {
            let (order, event) = match message.kind.as_str() {
                StockReserved::KIND => reserved(&read(message)?),
                StockRejected::KIND => rejected(&read(message)?),
                StockReleased::KIND => released(&read(message)?),
                StockCommitted::KIND => committed(&read(message)?),
                StockExpired::KIND => expired(&read(message)?),
                other => return Err(unknown(other)),
            };
            Ok(self.placements.advance(&order.to_string(), event.into()).await?)
        })
    }
}

fn reserved(news: &StockReserved) -> (OrderId, Event) {
    (news.order_id, Event::StockReserved)
}

fn rejected(news: &StockRejected) -> (OrderId, Event) {
    let short = |s: &contracts::events::products::Shortage| {
        format!("{}: {} asked, {} available", s.sku, s.asked, s.available)
    };
    let detail = match news.shortages.as_slice() {
        [] => "nothing could be set aside".to_owned(),
        shortages => shortages.iter().map(short).collect::<Vec<_>>().join("; "),
    };
    let stage = match news.stage {
        Stage::Reserve => domain::Stage::Reserve,
        Stage::Commit => domain::Stage::Commit,
    };
    (news.order_id, Event::StockRejected { stage, detail })
}

fn released(news: &StockReleased) -> (OrderId, Event) {
    (news.order_id, Event::StockReleased)
}

fn committed(news: &StockCommitted) -> (OrderId, Event) {
    (news.order_id, Event::StockCommitted)
}

fn expired(news: &StockExpired) -> (OrderId, Event) {
    (news.order_id, Event::StockExpired)
}

fn read<C: Contract>(message: &Message) -> Result<C, Refused> {
    serde_json::from_str(&message.body)
        .map_err(|error| Refused::Dead(format!("not a {}: {error}", C::KIND)))
}

fn unknown(kind: &str) -> Refused {
    Refused::Dead(format!("nobody here handles {kind}"))
}
