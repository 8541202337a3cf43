//! Prices, sums and limits of an order, as tables.

use super::*;

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, code.parse().unwrap())
}

fn offers() -> Offers {
    let offer = |sku: &str, price: Money| {
        let (sku, title) = (sku.to_owned(), "A thing".to_owned());
        let (variant_id, product_id) = (VariantId::from_u128(1), ProductId::from_u128(2));
        Arc::new(Offer { sku, variant_id, product_id, title, price })
    };
    let all = [
        offer("MUG", money(1299, "EUR")),
        offer("CUP", money(1, "EUR")),
        offer("YEN", money(500, "JPY")),
        offer("GOLD", money(i64::MAX / 2, "EUR")),
    ];
    all.into_iter().map(|offer| (offer.sku.clone(), offer)).collect()
}

fn draft(lines: &[(&str, i64)], expected_total: Option<Money>) -> Draft {
    let request = |(sku, count): &(&str, i64)| Request {
        sku: (*sku).to_owned(),
        quantity: Quantity::parse(*count).unwrap(),
    };
    Draft {
        email: Email::parse("guest@example.com").unwrap(),
        lines: lines.iter().map(request).collect(),
        shipping_address: Address {
            name: "A. Guest".to_owned(),
            line1: "Long Road 1".to_owned(),
            line2: None,
            city: "Berlin".to_owned(),
            region: None,
            postal_code: Some("10115".to_owned()),
            country: "DE".to_owned(),
            phone: None,
        },
        tender: Tender { provider: "sandbox".to_owned(), token: "tok_visa".to_owned() },
        expected_total,
        owner: Owner { user: None, access_hash: None },
        cart: None,
    }
}

fn place(lines: &[(&str, i64)], expected: Option<Money>) -> Result<Order, PlaceError> {
    let stamp = Stamp { id: OrderId::from_u128(1), number: 1001, at: Timestamp::from_ms(0) };
    let rates = ShippingRates::new([money(490, "EUR")]);
    Order::place(draft(lines, expected), &offers(), &rates, stamp)
}

fn check(lines: &[(&str, i64)], expected: Option<Money>, outcome: Result<i64, PlaceError>) {
    let found = place(lines, expected);
    assert_eq!(found.map(|order| order.totals.total.minor), outcome, "{lines:?}");
}

#[test]
fn a_draft_becomes_an_order_at_the_prices_of_the_moment_or_says_why_not() {
    let eur = |minor| money(minor, "EUR");
    let not_sold = |lines: &[(usize, &str)]| {
        let lines = lines.iter().map(|(at, sku)| (*at, (*sku).to_owned())).collect();
        Err(PlaceError::NotSold { lines })
    };

    check(&[("MUG", 2)], None, Ok(2598 + 490));
    check(&[("MUG", 2), ("CUP", 9_999), ("MUG", 1)], None, Ok(3 * 1299 + 9_999 + 490));
    check(&[("MUG", 2)], Some(eur(3088)), Ok(3088));
    let changed = PlaceError::TotalChanged { expected: eur(2598), actual: eur(3088) };
    check(&[("MUG", 2)], Some(eur(2598)), Err(changed));
    let changed = PlaceError::TotalChanged { expected: money(3088, "USD"), actual: eur(3088) };
    check(&[("MUG", 2)], Some(money(3088, "USD")), Err(changed));
    check(&[("YEN", 3)], None, Ok(1500));
    check(&[], None, Err(PlaceError::Empty));
    check(&[("CUP", 1); 100], None, Ok(100 + 490));
    check(&[("CUP", 1); 101], None, Err(PlaceError::TooManyLines { lines: 101 }));
    check(&[("MUG", 1), ("NIL", 1), ("NUL", 1)], None, not_sold(&[(1, "NIL"), (2, "NUL")]));
    let (first, other) = (Currency::EUR, "JPY".parse().unwrap());
    let mixed = PlaceError::MixedCurrencies { first, other, line: 1 };
    check(&[("MUG", 1), ("YEN", 1)], None, Err(mixed));
    check(&[("GOLD", 3)], None, Err(PlaceError::OutOfRange));
    check(&[("GOLD", 2), ("GOLD", 2)], None, Err(PlaceError::OutOfRange));
}

#[test]
fn stock_is_asked_for_the_sum_of_each_sku_in_the_order_of_skus() {
    let order = place(&[("MUG", 2), ("CUP", 5), ("MUG", 1)], None).unwrap();

    let lines = stock_lines(&order.lines);

    assert_eq!(sold(&lines), "CUP=5,MUG=3");
}

proptest::proptest! {
    #[test]
    fn the_parts_of_a_total_add_up(
        lines in proptest::collection::vec((0_usize..2, 1_i64..=9_999), 1..=100),
    ) {
        let wanted: Vec<_> = lines.iter().map(|(at, n)| (["MUG", "CUP"][*at], *n)).collect();
        let order = place(&wanted, None).unwrap();
        proptest::prop_assert!(order.totals.add_up());
        let lines: i64 = lines.iter().map(|(at, n)| [1299, 1][*at] * n).sum();
        proptest::prop_assert_eq!(order.totals.subtotal.minor, lines);
    }
}
