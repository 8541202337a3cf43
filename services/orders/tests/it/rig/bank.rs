//! Plays payments over gRPC: approves, declines, asks back, fails, or loses its answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::Router;
use contracts::payments::v1::{
    AnswerRequest, AuthorizeRequest, CaptureRequest, Challenge, Failure, GetPaymentRequest, Money,
    Payment, PaymentStatus, Refund, RefundRequest, RefundResult, RefundStatus, VoidRequest,
    get_payment_request::By,
    payments_server::{Payments, PaymentsServer},
};
use tonic::{Request, Response, Status, service::Routes};

/// The bank. Clones share its books.
#[derive(Clone, Default)]
pub struct Bank(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    payments: BTreeMap<String, Payment>,
    /// Every key that had an effect, in order.
    effects: Vec<String>,
    tries: BTreeMap<String, u32>,
    lost: BTreeSet<String>,
    loses_answers: bool,
    is_down: bool,
    refuses_captures: bool,
}

type Answer = Result<Response<Payment>, Status>;

impl Bank {
    /// Its routes.
    pub fn router(&self) -> Router {
        Routes::new(PaymentsServer::new(self.clone())).into_axum_router().reset_fallback()
    }

    /// It does its work, but the first answer to each request is lost.
    pub fn lose_answers(&self) {
        self.books().loses_answers = true;
    }

    /// Nobody answers, and nothing is done.
    pub fn down(&self, is_down: bool) {
        self.books().is_down = is_down;
    }

    /// What is held can never be taken.
    pub fn refuse_captures(&self) {
        self.books().refuses_captures = true;
    }

    /// Somebody takes the money of an order by hand.
    pub fn capture_by_hand(&self, order: &str) {
        let mut books = self.books();
        let payment = books.payments.get_mut(order).unwrap();
        payment.captured = payment.amount.clone();
        payment.set_status(PaymentStatus::Captured);
    }

    /// The outcome of an order's payment is known at last: the money is held.
    pub fn find_out(&self, order: &str) {
        let mut books = self.books();
        books.payments.get_mut(order).unwrap().set_status(PaymentStatus::Authorized);
    }

    /// Every key that had an effect, without the order's id, in order.
    pub fn effects(&self, order: &str) -> Vec<String> {
        let books = self.books();
        let own = books.effects.iter().filter_map(|key| key.strip_prefix(order));
        own.map(|key| key.trim_start_matches(':').to_owned()).collect()
    }

    /// What was taken and not returned for an order, in minor units.
    pub fn kept(&self, order: &str) -> i64 {
        let books = self.books();
        let amount = |money: &Option<Money>| money.as_ref().map_or(0, |money| money.amount);
        let payment = books.payments.get(order);
        payment.map_or(0, |p| amount(&p.captured) - amount(&p.refunded))
    }

    /// Whether money of an order is held, neither taken nor given back.
    pub fn holds(&self, order: &str) -> bool {
        let books = self.books();
        let status = books.payments.get(order).map(Payment::status);
        let held =
            [PaymentStatus::Authorized, PaymentStatus::ActionRequired, PaymentStatus::Pending];
        status.is_some_and(|status| held.contains(&status))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    /// Runs `work` once per key, and answers with the payment as it is then.
    fn once(
        &self,
        key: &str,
        order: &str,
        work: impl FnOnce(&mut Books) -> Result<(), Status>,
    ) -> Result<Payment, Status> {
        let mut books = self.books();
        if books.is_down {
            return Err(Status::unavailable("nobody is there"));
        }
        if !books.effects.iter().any(|known| known == key) {
            work(&mut books)?;
            books.effects.push(key.to_owned());
        }
        if books.loses_answers && books.lost.insert(key.to_owned()) {
            return Err(Status::unavailable("the answer was lost"));
        }
        books.payments.get(order).cloned().ok_or_else(|| Status::not_found("no such payment"))
    }

    fn order_of(&self, payment_id: &str) -> Result<String, Status> {
        let books = self.books();
        let found = books.payments.values().find(|payment| payment.id == payment_id);
        found.map(|p| p.order_id.clone()).ok_or_else(|| Status::not_found("no such payment"))
    }
}

impl Books {
    fn authorize(&mut self, request: &AuthorizeRequest) -> Result<(), Status> {
        let tries = self.tries.entry(request.idempotency_key.clone()).or_default();
        *tries += 1;
        if request.token == "tok_error" && *tries <= 2 {
            return Err(Status::unavailable("a fault that passes"));
        }
        if request.token == "tok_nonsense" {
            return Err(Status::invalid_argument("no such token"));
        }
        if self.payments.contains_key(&request.order_id) {
            return Err(Status::failed_precondition("the order was called off"));
        }
        let mut payment = Payment {
            id: format!("payment_{}", &request.order_id["order_".len()..]),
            order_id: request.order_id.clone(),
            amount: request.amount.clone(),
            provider: request.provider.clone(),
            ..Payment::default()
        };
        let failure = |code: &str| Some(Failure { code: code.to_owned(), detail: "no".to_owned() });
        let status = match request.token.as_str() {
            "tok_declined" => {
                payment.failure = failure("card_declined");
                PaymentStatus::Failed
            }
            "tok_insufficient_funds" => {
                payment.failure = failure("insufficient_funds");
                PaymentStatus::Failed
            }
            "tok_challenge" => {
                let (kind, prompt) = ("code".to_owned(), "the code on your device".to_owned());
                payment.challenge = Some(Challenge { kind, prompt });
                PaymentStatus::ActionRequired
            }
            "tok_timeout" => PaymentStatus::Pending,
            _ => PaymentStatus::Authorized,
        };
        payment.set_status(status);
        self.payments.insert(request.order_id.clone(), payment);
        Ok(())
    }

    fn answer(&mut self, order: &str, answer: &str) -> Result<(), Status> {
        let payment = self.payments.get_mut(order).unwrap();
        if payment.status() != PaymentStatus::ActionRequired {
            return Err(Status::failed_precondition("nothing was asked"));
        }
        match answer {
            "1234" => payment.set_status(PaymentStatus::Authorized),
            "again" => {}
            _ => {
                let (code, detail) = ("challenge_failed".to_owned(), "wrong".to_owned());
                payment.failure = Some(Failure { code, detail });
                payment.set_status(PaymentStatus::Failed);
            }
        }
        Ok(())
    }

    fn capture(&mut self, order: &str) -> Result<(), Status> {
        let refuses = self.refuses_captures;
        let payment = self.payments.get_mut(order).unwrap();
        if refuses || payment.status() != PaymentStatus::Authorized {
            return Err(Status::failed_precondition("it cannot be taken"));
        }
        payment.captured = payment.amount.clone();
        payment.set_status(PaymentStatus::Captured);
        Ok(())
    }

    fn void(&mut self, order: &str) -> Result<(), Status> {
        let tombstone = || Payment {
            id: format!("payment_{}", &order["order_".len()..]),
            order_id: order.to_owned(),
            ..Payment::default()
        };
        let payment = self.payments.entry(order.to_owned()).or_insert_with(tombstone);
        if payment.status() == PaymentStatus::Captured {
            return Err(Status::failed_precondition("it was taken"));
        }
        payment.set_status(PaymentStatus::Voided);
        Ok(())
    }

    fn refund(&mut self, order: &str, amount: Option<Money>) {
        let payment = self.payments.get_mut(order).unwrap();
        payment.refunded = amount;
        payment.set_status(PaymentStatus::Refunded);
    }
}

#[async_trait::async_trait]
impl Payments for Bank {
    async fn authorize(&self, request: Request<AuthorizeRequest>) -> Answer {
        let request = request.into_inner();
        let (key, order) = (&request.idempotency_key, &request.order_id);
        self.once(key, order, |books| books.authorize(&request)).map(Response::new)
    }

    async fn answer(&self, request: Request<AnswerRequest>) -> Answer {
        let AnswerRequest { idempotency_key, payment_id, answer } = request.into_inner();
        let order = self.order_of(&payment_id)?;
        let work = |books: &mut Books| books.answer(&order, &answer);
        self.once(&idempotency_key, &order, work).map(Response::new)
    }

    async fn capture(&self, request: Request<CaptureRequest>) -> Answer {
        let CaptureRequest { idempotency_key, payment_id, .. } = request.into_inner();
        let order = self.order_of(&payment_id)?;
        self.once(&idempotency_key, &order, |books| books.capture(&order)).map(Response::new)
    }

    async fn void(&self, request: Request<VoidRequest>) -> Answer {
        let VoidRequest { idempotency_key, order_id, .. } = request.into_inner();
        self.once(&idempotency_key, &order_id, |books| books.void(&order_id)).map(Response::new)
    }

    async fn refund(
        &self,
        request: Request<RefundRequest>,
    ) -> Result<Response<RefundResult>, Status> {
        let RefundRequest { idempotency_key, payment_id, amount, reason } = request.into_inner();
        let order = self.order_of(&payment_id)?;
        let payment = self.once(&idempotency_key, &order, |books| {
            books.refund(&order, amount.clone());
            Ok(())
        })?;
        let mut refund = Refund { payment_id, amount, reason, ..Refund::default() };
        refund.set_status(RefundStatus::Succeeded);
        Ok(Response::new(RefundResult { refund: Some(refund), payment: Some(payment) }))
    }

    async fn get_payment(&self, request: Request<GetPaymentRequest>) -> Answer {
        let order = match request.into_inner().by {
            Some(By::OrderId(order)) => order,
            Some(By::PaymentId(id)) => self.order_of(&id)?,
            None => return Err(Status::invalid_argument("which one?")),
        };
        let books = self.books();
        let payment = books.payments.get(&order).cloned();
        payment.map(Response::new).ok_or_else(|| Status::not_found("no such payment"))
    }
}
