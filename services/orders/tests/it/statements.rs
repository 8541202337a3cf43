//! Every statement is understood by the engine.

use kernel::{Clock, Timestamp};
use testkit::Folder;

#[tokio::test]
async fn every_statement_prepares_on_the_tables_of_the_newest_version() {
    let (folder, clock) = (Folder::new(), Clock::manual(Timestamp::from_ms(0)));
    let store = folder.store("orders", &clock).await;
    orders::migrate(&store).await.unwrap();

    store.prepare(&orders::statements()).await.unwrap();

    assert!(orders::statements().len() >= 30);
}

#[tokio::test]
async fn migrating_twice_is_migrating_once() {
    let (folder, clock) = (Folder::new(), Clock::manual(Timestamp::from_ms(0)));
    let store = folder.store("orders", &clock).await;
    orders::migrate(&store).await.unwrap();

    orders::migrate(&store).await.unwrap();

    assert_eq!(orders::audit(&store).await.unwrap().checked, 0);
}
