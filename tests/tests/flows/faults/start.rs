//! Settings, addresses and a directory that cannot be used.

use std::fs;

use flows::{Shop, id_of, order_of, place};
use testkit::{Folder, System};

use super::{Closed, told};

async fn refused(settings: &[(&str, &str)], code: i32, words: &[&str]) {
    let folder = Folder::new();
    let refused = System::start_with(folder.path(), settings).await;
    told(&refused.expect_err("it does not start"), code, words);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let holder = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
    let address = holder.local_addr().expect("it is bound").to_string();

    Closed::new().await.refuses(&[("STOA_LISTEN", &address)], 69, &[&address, "in use"]).await;
}

#[tokio::test]
async fn settings_that_are_wrong_are_refused_by_name() {
    let check = async |name, value, words: &[&str]| refused(&[(name, value)], 64, words).await;

    check("STOA_LISTEN", "everywhere", &["STOA_LISTEN", "everywhere"]).await;
    check("STOA_DRAIN_MS", "soon", &["STOA_DRAIN_MS", "soon"]).await;
    check("STOA_DRAIN_MS", "-1", &["STOA_DRAIN_MS"]).await;
    check("STOA_ORDERS__NO_SUCH_MS", "1", &["no_such_ms"]).await;
    check("STOA_NOWHERE__AT_ALL", "1", &["nowhere"]).await;
    check("STOA_ORDERS__PLACEMENT_TIMEOUT_MS", "0", &["placement_timeout_ms"]).await;
    check("STOA_USERS__ARGON2_MEMORY_KIB", "1", &["argon2"]).await;
    check("STOA_DATABASE_URL", "mysql://db", &["STOA_DATABASE_URL", "mysql"]).await;
    check("STOA_ADMIN_PASSWORD", "", &["admin.email", "admin.password"]).await;
}

#[tokio::test]
async fn a_settings_file_that_is_wrong_is_refused_by_its_line() {
    let closed = Closed::new().await;
    let file = closed.folder.path().join("stoa.toml");
    let check = async |text: &[u8], words: &[&str]| {
        fs::write(&file, text).expect("it is written");
        closed.refuses(&[], 64, words).await;
    };

    check(b"drain_ms = 5\nlisten = ", &["stoa.toml", "line 2"]).await;
    check(b"[orders]\nplacement_timeout_ms = \"soon\"\n", &["placement_timeout_ms"]).await;
    check(b"[orders]\ncolour = 1\n", &["colour"]).await;
    check(b"colour = 1\n", &["colour"]).await;
    check(&[0xff, 0xfe, 0x00], &["stoa.toml"]).await;

    fs::remove_file(&file).expect("it was there");
    closed.opens().await;
}

#[tokio::test]
async fn a_settings_file_that_is_named_must_be_there() {
    refused(&[("STOA_CONFIG", "/nowhere/stoa.toml")], 64, &["/nowhere/stoa.toml"]).await;
}

#[tokio::test]
async fn a_shop_without_an_administrator_is_not_shown_to_others() {
    let nobody = [("STOA_ADMIN_EMAIL", ""), ("STOA_ADMIN_PASSWORD", "")];
    let open = [nobody[0], nobody[1], ("STOA_LISTEN", "0.0.0.0:0")];
    refused(&open, 64, &["0.0.0.0:0", "administrator"]).await;

    let folder = Folder::new();
    let local = System::start_with(folder.path(), &nobody).await.expect("it starts for us alone");
    let link = local.banner["setup_url"].as_str().expect("a way to become the administrator");
    assert!(link.contains("/setup?token="), "{link}");
}

#[tokio::test]
async fn a_second_process_on_the_same_data_is_refused_and_the_first_serves_on() {
    let shop = Shop::open().await;
    shop.stock("TEA", 500, 10).await;

    let second = System::start_with(shop.folder.path(), &[]).await.expect_err("it does not start");

    let holder = format!("process {}", shop.system.pid());
    told(&second, 75, &["in use", &holder]);
    let placed = place(&shop.guest, "k", &order_of(&[("TEA", 1)], "tok_visa")).send().await;
    assert_eq!(shop.settled(&id_of(&placed)).await["status"], "confirmed");
}

#[tokio::test]
async fn a_data_directory_that_is_a_file_is_refused() {
    let folder = Folder::new();
    let file = folder.path().join("not-a-directory");
    fs::write(&file, "").expect("it is written");
    let path = file.to_str().expect("a text");

    refused(&[("STOA_DATA_DIR", path)], 73, &[path]).await;
}
