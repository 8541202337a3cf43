//! What may be done to a cart, as tables.

use std::time::Duration;

use super::*;

fn request(sku: &str, count: i64) -> Request {
    Request { sku: sku.to_owned(), quantity: Quantity::parse(count).unwrap() }
}

fn item(at: u128) -> ItemId {
    ItemId::from_u128(at)
}

fn empty() -> Cart {
    let owner = Owner { user: None, access_hash: Some("hash".to_owned()) };
    Cart::create(CartId::from_u128(1), owner, Timestamp::from_ms(0).plus(Duration::from_secs(1)))
}

fn address() -> Address {
    Address {
        name: "A. Guest".to_owned(),
        line1: "Long Road 1".to_owned(),
        line2: None,
        city: "Berlin".to_owned(),
        region: None,
        postal_code: None,
        country: "DE".to_owned(),
        phone: None,
    }
}

fn tender() -> Tender {
    Tender { provider: "sandbox".to_owned(), token: "tok_visa".to_owned() }
}

fn check(name: &str, change: impl FnOnce(&mut Cart) -> Result<(), CartError>, expected: &str) {
    let mut cart = empty();
    cart.add(request("MUG", 2), item(1)).unwrap();

    let found = match change(&mut cart) {
        Ok(()) => {
            let line = |i: &CartItem| format!("{}x{}", i.request.sku, i.request.quantity.count());
            cart.items.iter().map(line).collect::<Vec<_>>().join(" ")
        }
        Err(error) => error.to_string(),
    };

    assert_eq!(found, expected, "{name}");
}

#[test]
fn lines_are_added_changed_and_removed() {
    check("another sku", |c| c.add(request("CUP", 1), item(2)), "MUGx2 CUPx1");
    check("the same sku", |c| c.add(request("MUG", 3), item(2)), "MUGx5");
    let too_many = "MUG: quantity must be a whole number from 1 to 9999";
    check("too many", |c| c.add(request("MUG", 9_998), item(2)), too_many);
    check("a new quantity", |c| c.change(item(1), Quantity::parse(7).unwrap()), "MUGx7");
    check("removed", |c| c.remove(item(1)), "");
    let nobody = format!("the cart has no item {}", item(9));
    check("removed twice", |c| c.remove(item(9)), &nobody);
    check("changed elsewhere", |c| c.change(item(9), Quantity::parse(1).unwrap()), &nobody);
}

#[test]
fn a_cart_holds_no_more_lines_than_an_order() {
    let mut cart = empty();
    for at in 0..LINES_MAX {
        cart.add(request(&format!("S{at}"), 1), item(at as u128)).unwrap();
    }

    assert_eq!(cart.add(request("ONE-MORE", 1), item(1000)), Err(CartError::Full));
    assert_eq!(cart.add(request("S7", 1), item(1000)), Ok(()));
}

#[test]
fn a_completed_cart_does_not_change() {
    let order = OrderId::from_u128(5);
    let completed = |c: &mut Cart| c.status = CartStatus::Completed(order);
    let refused = CartError::Completed { order }.to_string();
    let change = |c: &mut Cart, by: fn(&mut Cart) -> Result<(), CartError>| {
        completed(c);
        by(c)
    };

    check("add", |c| change(c, |c| c.add(request("CUP", 1), item(2))), &refused);
    check("change", |c| change(c, |c| c.change(item(1), Quantity::parse(1).unwrap())), &refused);
    check("remove", |c| change(c, |c| c.remove(item(1))), &refused);
    check("address", |c| change(c, |c| c.ship_to(address())), &refused);
    check("draft", |c| change(c, |c| c.draft(tender(), None).map(drop)), &refused);
}

#[test]
fn an_incomplete_cart_tells_all_that_is_missing() {
    let mut cart = empty();
    let missing = vec!["items", "email", "shipping_address"];
    assert_eq!(cart.draft(tender(), None), Err(CartError::Incomplete { missing }));

    cart.write_to(Email::parse("guest@example.com").unwrap()).unwrap();
    cart.ship_to(address()).unwrap();
    let missing = vec!["items"];
    assert_eq!(cart.draft(tender(), None), Err(CartError::Incomplete { missing }));

    cart.add(request("MUG", 2), item(1)).unwrap();
    let draft = cart.draft(tender(), None).unwrap();
    assert_eq!((draft.cart, draft.lines), (Some(cart.id), vec![request("MUG", 2)]));
}
