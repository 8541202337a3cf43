//! Every statement is one that the engine takes.

use kernel::{Clock, Timestamp};
use store::{Sql, Value};
use testkit::Folder;

#[tokio::test]
async fn every_statement_prepares() {
    let clock = Clock::manual(Timestamp::from_ms(0));
    let folder = Folder::new();
    let store = folder.store("products", &clock).await;
    products::migrate(&store).await.unwrap();

    store.prepare(&products::statements()).await.unwrap();
}

#[tokio::test]
async fn a_page_of_everything_is_read_from_an_index_in_its_order() {
    let clock = Clock::manual(Timestamp::from_ms(0));
    let folder = Folder::new();
    let store = folder.store("products", &clock).await;
    products::migrate(&store).await.unwrap();
    let lists = products::statements().into_iter().map(Sql::sqlite);
    let lists: Vec<&str> =
        lists.filter(|text| text.contains("AND $3 = ''") && text.contains("LIMIT $10")).collect();
    assert_eq!(lists.len(), 4);

    for text in lists {
        let explain = Sql::new(format!("EXPLAIN QUERY PLAN {text}").leak());
        let plan = store.read(explain, vec![Value::Int(1); 10]).await.unwrap();
        let steps: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        assert!(steps[0].starts_with("SEARCH p USING INDEX"), "{text}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{text}: {steps:?}");
    }
}
