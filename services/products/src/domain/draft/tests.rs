//! Rules of what callers send, as tables.

use super::*;

fn mug() -> Fields {
    Fields {
        slug: Some("aero-mug".into()),
        title: Some(" Aero Mug ".into()),
        variants: Some(vec![variant("AERO-BLK", 1299, "EUR")]),
        ..Fields::default()
    }
}

fn variant(sku: &str, price_minor: i64, currency: &str) -> VariantFields {
    let (sku, currency) = (sku.into(), currency.into());
    VariantFields { sku, price_minor, currency, ..VariantFields::default() }
}

fn check(alter: impl FnOnce(&mut Fields), faults: &[&str]) {
    let mut fields = mug();
    alter(&mut fields);
    let found = complete(fields).err().unwrap_or_default();
    let pointers: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, faults);
}

#[test]
fn a_product_needs_a_slug_a_title_and_a_variant() {
    check(|_| {}, &[]);
    check(|f| *f = Fields::default(), &["/slug", "/title", "/variants"]);
    check(|f| f.variants = Some(vec![]), &["/variants"]);
    check(|f| f.variants = Some(vec![variant("A", 1, "EUR"); 101]), &["/variants"]);
    check(|f| f.title = Some("x".repeat(201)), &["/title"]);
    check(|f| f.status = Some("gone".into()), &["/status"]);
    check(|f| f.category = Some(Some(" ".into())), &["/category"]);
}

#[test]
fn all_faults_are_found_at_once() {
    check(
        |f| {
            f.slug = Some("Aero Mug".into());
            f.description = Some("x".repeat(20_001));
            f.variants = Some(vec![
                VariantFields { on_hand: Some(-1), ..variant("A", -1, "EUR") },
                variant("A B", 1, "EURO"),
                variant("A", 1, "USD"),
            ]);
        },
        &[
            "/slug",
            "/description",
            "/variants/0/price/amount",
            "/variants/0/on_hand",
            "/variants/1/price/currency",
            "/variants/1/sku",
            "/variants/2/price/currency",
        ],
    );
}

#[test]
fn a_sku_is_given_once() {
    let twice = vec![variant("A", 1, "EUR"), variant("A", 2, "EUR")];
    check(|f| f.variants = Some(twice), &["/variants/1/sku"]);
}

#[test]
fn a_change_may_take_the_category_away() {
    let nothing = change(Fields::default()).unwrap();
    assert_eq!((nothing.category, nothing.variants), (None, Variants::Keep));

    let cleared = change(Fields { category: Some(None), ..Fields::default() }).unwrap();
    assert_eq!(cleared.category, Some(None));
}

#[test]
fn a_variant_without_a_title_is_called_like_its_sku() {
    assert_eq!(complete(mug()).unwrap().variants[0].title, "AERO-BLK");
}
