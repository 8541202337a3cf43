//! Rules of products, as tables.

use super::*;
use crate::domain::{Fields, VariantFields, complete};

const NOW: Timestamp = Timestamp::from_ms(1000);

fn draft(variants: &[(&str, i64, Option<i64>)]) -> Draft {
    draft_in("EUR", variants)
}

fn draft_in(currency: &str, variants: &[(&str, i64, Option<i64>)]) -> Draft {
    let variant = |(sku, price_minor, on_hand): &(&str, i64, Option<i64>)| VariantFields {
        sku: (*sku).into(),
        title: None,
        price_minor: *price_minor,
        currency: currency.into(),
        on_hand: *on_hand,
    };
    complete(Fields {
        slug: Some("aero-mug".into()),
        title: Some("Aero Mug".into()),
        status: Some("published".into()),
        variants: Some(variants.iter().map(variant).collect()),
        ..Fields::default()
    })
    .unwrap()
}

fn ids() -> impl FnMut() -> VariantId {
    let mut last = 10;
    move || {
        last += 1;
        VariantId::from_u128(last)
    }
}

/// The product and its stock after `draft` was created.
fn created(draft: Draft) -> (Product, HashMap<Sku, Known>) {
    let id = ProductId::from_u128(1);
    let change = Product::create(draft, id, &HashMap::new(), ids(), NOW).unwrap();
    let stock = change.added.into_iter().map(|new| {
        let level = Level { on_hand: new.on_hand, reserved: 0 };
        let variant_id = new.variant_id;
        (new.sku, Known { product_id: id, variant_id, level, version: 1 })
    });
    (change.product, stock.collect())
}

fn replace(draft: Draft) -> Patch {
    let variants = Variants::Replace(draft.currency, draft.variants.clone());
    Patch { variants, ..Patch::from(draft) }
}

fn skus(product: &Product) -> Vec<&str> {
    product.variants.iter().map(|variant| variant.sku.as_str()).collect()
}

#[test]
fn the_same_again_changes_nothing() {
    let same = || draft(&[("A", 100, Some(5)), ("B", 200, None)]);
    let (product, known) = created(same());

    let change = product.change(same().into(), &known, ids(), NOW).unwrap();

    assert!(change.is_nothing());
    assert!(!change.is_published());
    assert_eq!(change.product, product);
}

#[test]
fn a_price_change_is_told_and_raises_the_version() {
    let (product, known) = created(draft(&[("A", 100, None), ("B", 200, None)]));

    let patch = draft(&[("B", 250, None)]).into();
    let change = product.change(patch, &known, ids(), NOW).unwrap();

    assert_eq!(skus(&change.product), ["A", "B"]);
    assert_eq!(change.product.version, 2);
    assert_eq!((change.prices[0].previous.minor, change.prices[0].price.minor), (200, 250));
    assert!(change.is_published() && !change.reworded);
}

#[test]
fn replaced_variants_go_and_keep_their_ids_when_they_come_back() {
    let (product, known) = created(draft(&[("A", 100, Some(1)), ("B", 200, Some(2))]));
    let id = product.variants[1].id;

    let patch = replace(draft(&[("A", 100, None)]));
    let without = product.change(patch, &known, ids(), NOW).unwrap().product;
    let patch = replace(draft(&[("A", 100, None), ("B", 200, Some(7))]));
    let again = without.change(patch, &known, ids(), NOW).unwrap();

    assert_eq!(skus(&without), ["A"]);
    assert_eq!(again.product.variants[1].id, id);
    assert_eq!((again.added.len(), again.counted[0].1), (0, 7));
}

#[test]
fn a_sku_belongs_to_one_product() {
    let (product, known) = created(draft(&[("A", 100, None)]));
    let other = ProductId::from_u128(2);

    let outcome = Product::create(draft(&[("A", 1, None)]), other, &known, ids(), NOW);

    assert_eq!(outcome, Err(Unfit::SkuTaken { sku: product.variants[0].sku.clone() }));
}

#[test]
fn a_product_has_one_currency() {
    let (product, known) = created(draft(&[("A", 100, None), ("B", 200, None)]));
    let patch = |variants| Patch::from(draft_in("USD", variants));

    let one = product.change(patch(&[("A", 100, None)]), &known, ids(), NOW);
    let both = [("A", 100, None), ("B", 200, None)];
    let all = product.change(patch(&both), &known, ids(), NOW).unwrap();

    assert_eq!(one, Err(Unfit::MixedCurrencies { currency: Currency::EUR }));
    assert_eq!(all.prices.len(), 2);
}

#[test]
fn leaving_the_shelf_is_told_once() {
    let (product, known) = created(draft(&[("A", 100, None)]));
    let archive = |product: &Product| {
        let patch = Patch {
            status: Some(Status::Archived),
            variants: Variants::Keep,
            ..Patch::from(draft(&[("A", 100, None)]))
        };
        product.change(patch, &known, ids(), NOW).unwrap()
    };

    let first = archive(&product);
    let second = archive(&first.product);

    assert!(first.is_withdrawn() && !first.is_published());
    assert!(!second.is_withdrawn() && second.is_nothing());
}
