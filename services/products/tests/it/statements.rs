//! Every statement is one that the engine takes.

use kernel::{Clock, Timestamp};
use testkit::Folder;

#[tokio::test]
async fn every_statement_prepares() {
    let clock = Clock::manual(Timestamp::from_ms(0));
    let folder = Folder::new();
    let store = folder.store("products", &clock).await;
    products::migrate(&store).await.unwrap();

    store.prepare(&products::statements()).await.unwrap();
}
