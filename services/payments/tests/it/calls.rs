//! The calls that tests make over gRPC, with keys made of the order and a number.

use contracts::ids::OrderId;
use contracts::payments::v1;
use contracts::payments::v1::payments_client::PaymentsClient;
use edge::Peer;
use tonic::{Code, Status};

use crate::world::World;

pub use v1::PaymentStatus as S;

impl World {
    pub fn client(&self) -> PaymentsClient<Peer> {
        PaymentsClient::new(self.peer.clone())
    }

    /// Authorises 1000 EUR for a new order under a key made of the order.
    pub async fn authorize(&self, token: &str) -> Result<v1::Payment, Status> {
        self.authorize_order(self.order(), token).await
    }

    pub async fn authorize_order(
        &self,
        order: OrderId,
        token: &str,
    ) -> Result<v1::Payment, Status> {
        self.ask_authorize(authorization(order, token)).await
    }

    pub async fn ask_authorize(&self, ask: v1::AuthorizeRequest) -> Result<v1::Payment, Status> {
        self.client().authorize(ask).await.map(tonic::Response::into_inner)
    }

    pub async fn answer(&self, payment: &v1::Payment, text: &str) -> Result<v1::Payment, Status> {
        let request = v1::AnswerRequest {
            idempotency_key: format!("{}:answer:1", payment.order_id),
            payment_id: payment.id.clone(),
            answer: text.to_owned(),
        };
        self.client().answer(request).await.map(tonic::Response::into_inner)
    }

    /// Captures all that is left, or a part; `number` makes the key.
    pub async fn capture(
        &self,
        payment: &v1::Payment,
        number: u32,
        amount: Option<i64>,
    ) -> Result<v1::Payment, Status> {
        let request = v1::CaptureRequest {
            idempotency_key: format!("{}:capture:{number}", payment.order_id),
            payment_id: payment.id.clone(),
            amount: amount.map(euro),
        };
        self.client().capture(request).await.map(tonic::Response::into_inner)
    }

    pub async fn refund(
        &self,
        payment: &v1::Payment,
        number: u32,
        amount: Option<i64>,
    ) -> Result<v1::RefundResult, Status> {
        let request = v1::RefundRequest {
            idempotency_key: format!("{}:refund:{number}", payment.order_id),
            payment_id: payment.id.clone(),
            amount: amount.map(euro),
            reason: "returned".to_owned(),
        };
        self.client().refund(request).await.map(tonic::Response::into_inner)
    }

    pub async fn void(&self, payment: &v1::Payment) -> Result<v1::Payment, Status> {
        self.ask_void(&format!("{}:void:1", payment.order_id), &payment.id, "").await
    }

    pub async fn void_order(&self, order: OrderId) -> Result<v1::Payment, Status> {
        self.ask_void(&format!("{order}:void:1"), "", &order.to_string()).await
    }

    pub async fn ask_void(
        &self,
        key: &str,
        payment: &str,
        order: &str,
    ) -> Result<v1::Payment, Status> {
        let request = v1::VoidRequest {
            idempotency_key: key.to_owned(),
            payment_id: payment.to_owned(),
            order_id: order.to_owned(),
        };
        self.client().void(request).await.map(tonic::Response::into_inner)
    }

    pub async fn get(&self, order: OrderId) -> Result<v1::Payment, Status> {
        let by = Some(v1::get_payment_request::By::OrderId(order.to_string()));
        let request = v1::GetPaymentRequest { by };
        self.client().get_payment(request).await.map(tonic::Response::into_inner)
    }

    /// A captured payment of 1000 EUR.
    pub async fn captured(&self) -> v1::Payment {
        let payment = self.authorize("tok_visa").await.expect("tok_visa approves");
        self.capture(&payment, 1, None).await.expect("all of it is held")
    }
}

pub fn euro(minor: i64) -> v1::Money {
    v1::Money { amount: minor, currency: "EUR".to_owned() }
}

/// 1000 EUR for an order.
pub fn authorization(order: OrderId, token: &str) -> v1::AuthorizeRequest {
    v1::AuthorizeRequest {
        idempotency_key: format!("{order}:authorize:1"),
        order_id: order.to_string(),
        amount: Some(euro(1000)),
        provider: "sandbox".to_owned(),
        token: token.to_owned(),
    }
}

pub fn code<T: std::fmt::Debug>(answer: Result<T, Status>) -> Code {
    answer.expect_err("it is refused").code()
}
