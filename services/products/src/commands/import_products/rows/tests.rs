//! How rows become products.

use super::*;
use crate::commands::import_products::records::{Cut, Records};

const HEADER: &str = "slug,title,sku,price_minor,currency,on_hand\n";

/// What is in, as slug and SKUs, and what is not, as line and reason.
fn read(cut: Cut, text: &str) -> (Vec<String>, Vec<(u64, String)>) {
    let (mut records, mut found) = (Records::new(cut), Vec::new());
    records.push(text.as_bytes(), &mut found);
    found.extend(records.finish());
    let mut found = found.into_iter();
    let mut rows = match cut {
        Cut::Csv => Rows::csv(&found.next().unwrap()).unwrap(),
        Cut::Lines => Rows::json(),
    };
    let (mut out, mut bad) = (Vec::new(), Vec::new());
    found.for_each(|record| rows.push(&record, &mut out, &mut bad));
    rows.finish(&mut out, &mut bad);
    let named = |entry: &Entry| {
        let skus = entry.draft.variants.iter().map(|v| v.sku.as_str().to_owned());
        format!("{}: {}", entry.draft.slug, skus.collect::<Vec<_>>().join(" "))
    };
    let bad = bad.into_iter().map(|e| (e.line, e.detail)).collect();
    (out.iter().map(named).collect(), bad)
}

#[test]
fn rows_of_one_slug_are_one_product() {
    let rows = "mug,Mug,A,1,EUR,5\nmug,,B,2,EUR,\nlamp,Lamp,C,3,EUR,0\n";
    let (products, bad) = read(Cut::Csv, &format!("{HEADER}{rows}"));

    assert_eq!(products, ["mug: A B", "lamp: C"]);
    assert_eq!(bad, []);
}

#[test]
fn a_bad_row_is_left_out_and_told_with_its_line() {
    let rows = "mug,Mug,A,1,EUR,5\nmug,,B,x,EUR,\nmug,,C C,3,EUR,\nlamp,Lamp,D,4\n,T,E,5,EUR,\n";
    let (products, bad) = read(Cut::Csv, &format!("{HEADER}{rows}"));

    assert_eq!(products, ["mug: A"]);
    let lines: Vec<u64> = bad.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 5, 4, 6]);
    assert!(bad[0].1.contains("price_minor"), "{}", bad[0].1);
    assert!(bad[2].1.starts_with("sku: "), "{}", bad[2].1);
    assert!(bad[3].1.starts_with("/slug: "), "{}", bad[3].1);
}

#[test]
fn a_product_without_a_title_is_told_on_each_of_its_rows() {
    let (products, bad) = read(Cut::Csv, &format!("{HEADER}mug,,A,1,EUR,\nmug,,B,2,EUR,\n"));

    assert_eq!(products, Vec::<String>::new());
    assert_eq!(bad.len(), 2);
}

#[test]
fn json_comes_whole_or_flat() {
    let text = concat!(
        r#"{"slug":"mug","title":"Mug","variants":[{"sku":"A","price":{"amount":1,"currency":"EUR"}}]}"#,
        "\n",
        r#"{"slug":"lamp","title":"Lamp","sku":"B","price_minor":2,"currency":"EUR"}"#,
        "\n",
        r#"{"slug":"lamp","sku":"C","price_minor":2,"currency":"EUR","on_hand":4}"#,
        "\n",
        r#"{"slug":"pen","colour":"red"}"#,
        "\nnonsense\n",
        r#"{"slug":"variants","title":"variants","sku":"D","price_minor":2,"currency":"EUR"}"#,
        "\n",
    );
    let (products, bad) = read(Cut::Lines, text);

    assert_eq!(products, ["mug: A", "lamp: B C", "variants: D"]);
    assert_eq!(bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn the_header_names_known_columns_once() {
    let header = |text: &str| {
        let record = Record { line: 1, bytes: Some(text.into()) };
        Rows::csv(&record).err()
    };
    assert_eq!(header("\u{feff}currency,slug,sku,price_minor"), None);
    assert_eq!(header("slug,sku,price_minor"), Some(BadHeader::Needed("currency")));
    assert_eq!(header("slug,slug"), Some(BadHeader::Twice("slug")));
    assert_eq!(header("colour"), Some(BadHeader::Unknown("colour".into())));
}
