//! What this service does when orders speak: one function for each command.

use ::store::Batch;
use bus::Message;
use contracts::{
    Contract,
    commands::{CommitStock, ReleaseStock, ReserveStock},
};
use delivery::{Refused, Subscriber};
use futures::future::{BoxFuture, FutureExt as _};

use crate::{
    Products,
    commands::{commit_stock, release_stock, reserve_stock},
};

/// The commands of orders.
pub struct Orders(pub Products);

impl Subscriber for Orders {
    fn kinds(&self) -> &'static [&'static str] {
        &[ReserveStock::KIND, CommitStock::KIND, ReleaseStock::KIND]
    }

    fn handle<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Batch, Refused>> {
        self.dispatch(message).boxed()
    }
}

impl Orders {
    async fn dispatch(&self, message: &Message) -> Result<Batch, Refused> {
        let app = &self.0;
        match message.kind.as_str() {
            ReserveStock::KIND => Ok(reserve_stock(app, body(message)?).await?),
            CommitStock::KIND => Ok(commit_stock(app, body(message)?).await?),
            ReleaseStock::KIND => Ok(release_stock(app, body(message)?).await?),
            other => Err(Refused::Dead(format!("{other} is no command of this service"))),
        }
    }
}

fn body<C: Contract>(message: &Message) -> Result<C, Refused> {
    serde_json::from_str(&message.body)
        .map_err(|e| Refused::Dead(format!("the body of {} is not valid: {e}", C::KIND)))
}
