//! What goes wrong around the program: each is a clear error, and nothing is lost.

mod databases;
mod disk;
mod heads;
mod requests;
mod start;

use flows::{Shop, id_of, order_of, place};
use testkit::{Folder, System, system::NotStarted};

/// The settled order in a closed shop.
pub struct Closed {
    pub folder: Folder,
    pub order: String,
}

impl Closed {
    /// A shop with one served order, closed in good order.
    pub async fn new() -> Self {
        let mut shop = Shop::open().await;
        shop.stock("TEA", 500, 10).await;
        let placed = place(&shop.guest, "k", &order_of(&[("TEA", 1)], "tok_visa")).send().await;
        let order = id_of(&placed);
        shop.settled(&order).await;
        shop.at_rest().await;
        assert!(shop.system.stop().await.success());
        Self { folder: shop.folder, order }
    }

    /// Sees that it does not start: with this exit code, saying what and what to do about it.
    pub async fn refuses(&self, settings: &[(&str, &str)], code: i32, words: &[&str]) {
        let refused = System::start_with(self.folder.path(), settings).await;
        told(&refused.expect_err("it does not start"), code, words);
    }

    /// Opens it, and sees that the order is still there and that everything holds.
    pub async fn opens(self) -> Shop {
        let shop = Shop::on(self.folder, &[]).await;
        let order = shop.find(&self.order).await.expect("the order is there");
        assert_eq!(order["status"], "confirmed", "{order:#}");
        shop.books_agree().await;
        shop.audited().await;
        shop
    }
}

/// One line says what is wrong, naming these; another what to do.
pub fn told(refused: &NotStarted, code: i32, words: &[&str]) {
    assert_eq!(refused.code, Some(code), "{}", refused.stderr);
    let lines: Vec<&str> = refused.stderr.lines().collect();
    let error = lines.iter().find(|line| line.starts_with("error: "));
    let error = error.unwrap_or_else(|| panic!("no error is told: {}", refused.stderr));
    for word in words {
        assert!(error.contains(word), "{word:?} is not in {error:?}");
    }
    // What is wrong with a setting says itself what to do.
    let advised = lines.iter().any(|line| line.trim_start().starts_with("try: "));
    assert!(advised || code == 64, "{lines:?}");
    assert!(!refused.stderr.contains("panicked"), "{}", refused.stderr);
}
