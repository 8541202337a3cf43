//! The commands and queries over gRPC, with health and reflection beside them.

mod wire;

use contracts::payments::v1;
use contracts::payments::v1::payments_server::{Payments, PaymentsServer};
use edge::auth::{
    GrpcAuthLayer, PaymentsRead, PaymentsWrite, Permission as _, ServiceKey, Verifier,
};
use kernel::FieldError;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use tower::Layer as _;

use crate::commands::{self, Authorize, Capture, Desk, PaymentError, Refund, Void};
use crate::queries;
use wire::Fields;

/// The audience of tokens that other services present.
const AUDIENCE: &str = "payments";

/// The routes, open to services with a token for this one and to staff with the permission. Health
/// and reflection are open to all.
pub async fn routes(desk: Desk, key: ServiceKey, verifier: Verifier) -> Result<Routes, Refused> {
    let auth = GrpcAuthLayer::new(key, verifier, AUDIENCE, permission);
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<PaymentsServer<Grpc>>().await;
    let described = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(contracts::payments::PAYMENTS_DESCRIPTOR)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let reflection = described().build_v1()?;
    // Python's grpcio-reflection and older tools speak no other.
    let reflection_before = described().build_v1alpha()?;
    let payments = auth.layer(PaymentsServer::new(Grpc(desk)));
    Ok(Routes::new(payments)
        .add_service(health)
        .add_service(reflection)
        .add_service(reflection_before))
}

/// The compiled descriptors do not fit together: a bug of the build.
pub type Refused = tonic_reflection::server::Error;

fn permission(path: &str) -> &'static str {
    if path.ends_with("/GetPayment") { PaymentsRead::NAME } else { PaymentsWrite::NAME }
}

struct Grpc(Desk);

#[tonic::async_trait]
impl Payments for Grpc {
    async fn authorize(
        &self,
        request: Request<v1::AuthorizeRequest>,
    ) -> Result<Response<v1::Payment>, Status> {
        let request = request.into_inner();
        let mut fields = Fields::default();
        let key = fields.key(request.idempotency_key);
        let order = fields.id("/order_id", &request.order_id);
        let amount = fields.money(request.amount);
        if !self.0.providers.knows(&request.provider) {
            let known: Vec<_> = self.0.providers.names().collect();
            fields.wrong("/provider", format!("must be one of {}", known.join(", ")));
        }
        let token = fields.text("/token", request.token, 1);
        let (order, amount) = fields.both(order, amount).map_err(status)?;
        let request = Authorize { key, order, amount, provider: request.provider, token };
        answer(commands::authorize(&self.0, request).await)
    }

    async fn answer(
        &self,
        request: Request<v1::AnswerRequest>,
    ) -> Result<Response<v1::Payment>, Status> {
        let request = request.into_inner();
        let mut fields = Fields::default();
        let key = fields.key(request.idempotency_key);
        let payment = fields.id("/payment_id", &request.payment_id);
        let text = fields.text("/answer", request.answer, 0);
        let payment = fields.one(payment).map_err(status)?;
        answer(commands::answer(&self.0, &key, payment, &text).await)
    }

    async fn capture(
        &self,
        request: Request<v1::CaptureRequest>,
    ) -> Result<Response<v1::Payment>, Status> {
        let request = request.into_inner();
        let mut fields = Fields::default();
        let key = fields.key(request.idempotency_key);
        let payment = fields.id("/payment_id", &request.payment_id);
        let amount = fields.optional_money(request.amount);
        let payment = fields.one(payment).map_err(status)?;
        answer(commands::capture(&self.0, Capture { key, payment, amount }).await)
    }

    async fn void(
        &self,
        request: Request<v1::VoidRequest>,
    ) -> Result<Response<v1::Payment>, Status> {
        let request = request.into_inner();
        let mut fields = Fields::default();
        let key = fields.key(request.idempotency_key);
        let payment = fields.optional_id("/payment_id", &request.payment_id);
        let order = fields.optional_id("/order_id", &request.order_id);
        fields.one(Some(())).map_err(status)?;
        answer(commands::void(&self.0, Void { key, payment, order }).await)
    }

    async fn refund(
        &self,
        request: Request<v1::RefundRequest>,
    ) -> Result<Response<v1::RefundResult>, Status> {
        let request = request.into_inner();
        let mut fields = Fields::default();
        let key = fields.key(request.idempotency_key);
        let payment = fields.id("/payment_id", &request.payment_id);
        let amount = fields.optional_money(request.amount);
        let reason = fields.text("/reason", request.reason, 0);
        let payment = fields.one(payment).map_err(status)?;
        let request = Refund { key, payment, amount, reason };
        let (refund, payment) = commands::refund(&self.0, request).await.map_err(status)?;
        let (refund, payment) = (Some(wire::refund(refund)), Some(wire::payment(payment)));
        Ok(Response::new(v1::RefundResult { refund, payment }))
    }

    async fn get_payment(
        &self,
        request: Request<v1::GetPaymentRequest>,
    ) -> Result<Response<v1::Payment>, Status> {
        use v1::get_payment_request::By;
        let mut fields = Fields::default();
        let view = match request.into_inner().by {
            Some(By::PaymentId(id)) => {
                let id = fields.id("/payment_id", &id);
                queries::payment(&self.0, fields.one(id).map_err(status)?).await
            }
            Some(By::OrderId(id)) => {
                let id = fields.id("/order_id", &id);
                queries::payment_of_order(&self.0, fields.one(id).map_err(status)?).await
            }
            None => Err(PaymentError::Invalid(vec![FieldError::new(
                "/payment_id",
                "a payment or an order must be named",
            )])),
        };
        answer(view)
    }
}

fn answer(
    view: Result<crate::domain::View, PaymentError>,
) -> Result<Response<v1::Payment>, Status> {
    view.map(|view| Response::new(wire::payment(view))).map_err(status)
}

/// A key of another request has a code of its own: it never helps to try again.
fn status(error: PaymentError) -> Status {
    let reused = matches!(error, PaymentError::KeyReused);
    let status = edge::grpc::status(error);
    if !reused {
        return status;
    }
    let (message, metadata) = (status.message().to_owned(), status.metadata().clone());
    Status::with_metadata(Code::AlreadyExists, message, metadata)
}
