//! What an order, a cart and a placement are and may become. Pure: time, ids and prices come in.

mod cart;
mod order;
mod placement;
mod statuses;
mod totals;
mod words;

pub use cart::{Cart, CartError, CartItem, CartStatus};
pub use order::{
    Draft, LINES_MAX, Line, Offer, Offers, Order, Owner, PlaceError, Request, Stamp, price,
    single_currency, sold, stock_lines,
};
pub use placement::{
    Call, Challenge, Closing, Ending, Event, Late, Limits, MoneyBack, OpenChallenge, PaymentNow,
    Placement, Reason, Returned, Send, Stage, Standing, Step, Waiting, legal, reachable, sends,
    step,
};
pub use statuses::{FulfillmentStatus, OrderStatus, PaymentStatus, UnknownWord};
pub use totals::{ShippingRates, Totals};
pub use words::{Address, Email, Quantity, Tender, WordError, country, text};
