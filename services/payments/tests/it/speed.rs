//! temporary
use futures::StreamExt as _;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore]
async fn speed() {
    let world = World::new().await;
    for _ in 0..2 {
    let started = kernel::Clock::system();
    let n = 6000;
    futures::stream::iter(0..n).for_each_concurrent(128, |_| async {
        let payment = world.authorize("tok_visa").await.unwrap();
        world.capture(&payment, 1, None).await.unwrap();
    }).await;
    let took = started.instant();
    eprintln!("{n} in {took:?}: {:.0}/s", f64::from(n) / took.as_secs_f64());
    }
    let started = kernel::Clock::system();
    world.assert_books_agree().await;
    eprintln!("audit {:?}", started.instant());
}
