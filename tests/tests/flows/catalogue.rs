//! A catalogue from a file: all that is right comes in, what is wrong is told with its line, and an
//! import that was interrupted goes on.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf, process::Stdio};

use flows::{Level, Shop, order_of, pages};
use serde_json::{Value, json};
use testkit::{eventually, system};

/// Writes a file beside the shop's data.
fn file(shop: &Shop, name: &str, text: &str) -> PathBuf {
    let path = shop.folder.path().join(name);
    fs::write(&path, text).expect("it is written");
    path
}

fn arguments<'a>(shop: &'a Shop, file: &'a str, url: &'a str) -> Vec<&'a str> {
    let (email, password) = system::ADMIN;
    assert!(url.ends_with(&shop.system.listen.to_string()));
    vec![
        "import",
        "products",
        file,
        "--url",
        url,
        "--email",
        email,
        "--password",
        password,
        "--output",
        "json",
    ]
}

async fn import(shop: &Shop, file: &str, more: &[&str]) -> system::Ran {
    let url = format!("http://{}", shop.system.listen);
    let mut arguments = arguments(shop, file, &url);
    arguments.extend(more);
    system::run(shop.folder.path(), &arguments).await
}

async fn found(shop: &Shop, words: &str) -> BTreeSet<String> {
    let products = pages(&shop.guest, &format!("/v1/products?limit=100&q={words}")).await;
    let slug = |product: &Value| product["slug"].as_str().expect("a slug").to_owned();
    products.iter().map(slug).collect()
}

fn slugs<const N: usize>(slugs: [&str; N]) -> BTreeSet<String> {
    slugs.map(str::to_owned).into()
}

#[tokio::test]
async fn a_csv_file_is_imported_and_its_bad_rows_are_told() {
    let shop = Shop::open().await;
    let path = file(
        &shop,
        "shop.csv",
        "slug,title,description,status,category,sku,variant_title,price_minor,currency,on_hand\n\
         blue-pot,\"Pot, blue\",\"For \"\"tea\"\"\nand flowers\",published,kitchen,POT-S,Small,900,EUR,5\n\
         blue-pot,\"Pot, blue\",,published,kitchen,POT-L,Large,1500,EUR,3\n\
         red-cup,Red cup,,published,kitchen,CUP,,-5,EUR,1\n\
         hat,Straw hat,,published,,HAT,,2500,GOLD,1\n\
         scarf,Scarf,,published,,SCARF,,soon,EUR,1\n\
         lamp,Lamp,,published,light,LAMP,,4900,EUR,2\n",
    );
    let path = path.to_str().expect("a text");

    let ran = import(&shop, path, &[]).await;

    assert_eq!(ran.code, Some(1), "{ran:?}");
    let summary = ran.json();
    assert_eq!((&summary["created"], &summary["rejected"]), (&json!(2), &json!(3)), "{summary}");
    for told in ["line 5: ", "line 6: ", "line 7: "] {
        assert!(ran.stderr.contains(told), "{told:?} is not in {}", ran.stderr);
    }
    let rejected = fs::read_to_string(format!("{path}.rejected")).expect("the rejected rows");
    assert_eq!(rejected.lines().count(), 4, "the header and three rows: {rejected}");
    assert_eq!(found(&shop, "pot").await, slugs(["blue-pot"]));
    assert_eq!(found(&shop, "flowers").await, slugs(["blue-pot"]));
    assert_eq!(found(&shop, "kitchen").await, slugs(["blue-pot"]));
    assert_eq!(found(&shop, "hat").await, slugs([]));
    assert_eq!(shop.level("POT-L").await, Level::free(3));
    shop.at_rest().await;
    let order = shop.order("k", &order_of(&[("POT-L", 3), ("LAMP", 1)], "tok_visa")).await;
    assert_eq!(order["status"], "confirmed");
    shop.audited().await;
}

#[tokio::test]
async fn an_ndjson_file_is_imported_and_its_bad_rows_are_told() {
    let shop = Shop::open().await;
    let row = |slug: &str, sku: &str, amount: i64| {
        let price = json!({"amount": amount, "currency": "EUR"});
        let variant = json!({"sku": sku, "price": price, "on_hand": 4});
        json!({"slug": slug, "title": format!("The {slug}"), "status": "published",
               "variants": [variant]})
    };
    let text = format!(
        "{}\nnot json\n{}\n{}\n",
        row("kettle", "KETTLE", 3000),
        row("Not A Slug", "NAS", 1),
        row("spoon", "SPOON", 200)
    );
    let path = file(&shop, "shop.ndjson", &text);
    let path = path.to_str().expect("a text");

    let ran = import(&shop, path, &[]).await;

    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("line 2: ") && ran.stderr.contains("line 3: "), "{ran:?}");
    assert_eq!(ran.json()["rejected"], 2, "{ran:?}");
    assert_eq!(found(&shop, "the").await, slugs(["kettle", "spoon"]));
}

#[tokio::test]
async fn rows_that_are_imported_again_change_nothing() {
    let shop = Shop::open().await;
    let header = "slug,title,status,sku,price_minor,currency,on_hand\n";
    let text = format!("{header}cup,Cup,published,CUP,500,EUR,5\n");
    let path = file(&shop, "shop.csv", &text);
    let path = path.to_str().expect("a text");

    let first = import(&shop, path, &[]).await.json();
    let again = import(&shop, path, &["--restart"]).await.json();
    fs::write(path, text.replace("500", "600")).expect("it is written");
    let dearer = import(&shop, path, &[]).await.json();

    let counts = |run: &Value| ["created", "updated", "unchanged"].map(|name| run[name].clone());
    assert_eq!(counts(&first), [1, 0, 0].map(|n| json!(n)));
    assert_eq!(counts(&again), [0, 0, 1].map(|n| json!(n)));
    assert_eq!(counts(&dearer), [0, 1, 0].map(|n| json!(n)));
    let moved = pages(&shop.admin, "/v1/inventory/CUP/movements?limit=100").await;
    assert_eq!(moved.len(), 1, "{moved:#?}");
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_it_stopped() {
    const ROWS: usize = 2000;
    let mut shop = Shop::open().await;
    let mut text = "slug,title,status,sku,price_minor,currency,on_hand\n".to_owned();
    for row in 0..ROWS {
        writeln!(text, "thing-{row},Thing {row},published,T{row},500,EUR,7").expect("a string");
    }
    let path = file(&shop, "shop.csv", &text);
    let path = path.to_str().expect("a text");
    let url = format!("http://{}", shop.system.listen);
    let small = ["--chunk-rows", "20", "--in-flight", "2"];

    let mut first = system::command(shop.folder.path());
    let first = first.args(arguments(&shop, path, &url)).args(small);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let state = format!("{path}.stoa-import");
    let line = eventually("some rows are in", async || {
        let state: Value = serde_json::from_slice(&fs::read(&state).ok()?).ok()?;
        state["line"].as_u64().filter(|line| *line > 100)
    })
    .await;
    first.kill().await.expect("it was under way");
    shop.crash().await;
    let ran = import(&shop, path, &small).await;

    assert_eq!(ran.code, Some(0), "{ran:?}");
    let went_on =
        ran.stderr.split("going on at line ").nth(1).and_then(|text| text.split(' ').next());
    let went_on: u64 = went_on.and_then(|line| line.parse().ok()).expect("it goes on");
    assert!(went_on >= line, "{went_on} >= {line}");
    let summary = ran.json();
    assert_eq!(summary["rows"], ROWS, "{summary}");
    let products = pages(&shop.guest, "/v1/products?limit=100&q=thing").await;
    assert_eq!(products.len(), ROWS);
    assert_eq!(shop.level("T1999").await, Level::free(7));
    let moved = pages(&shop.admin, "/v1/inventory/T50/movements?limit=100").await;
    assert_eq!(moved.len(), 1, "rows that were sent twice are in once: {moved:#?}");
    shop.at_rest().await;
    shop.audited().await;
}

#[tokio::test]
async fn an_import_that_cannot_begin_says_why() {
    let shop = Shop::open().await;
    let check = async |name: &str, text: &str, code: i32, word: &str| {
        let path = file(&shop, name, text);
        let ran = import(&shop, path.to_str().expect("a text"), &[]).await;
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.stderr.contains(word), "{word:?} is not in {}", ran.stderr);
    };

    check("shop.txt", "", 64, "--form").await;
    check("shop.csv", "slug,colour\na,b\n", 65, "colour").await;
    let gone = import(&shop, "/nowhere/shop.csv", &[]).await;
    assert_eq!(gone.code, Some(66), "{gone:?}");
}
