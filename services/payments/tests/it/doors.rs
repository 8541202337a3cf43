//! Who may come in over gRPC, and what is open to all.

use contracts::payments::v1;
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServiceResponse};

use crate::calls::{S, authorization, code};
use crate::credentials::token;
use crate::world::World;

async fn authorize_as(world: &World, bearer: &str) -> Result<v1::Payment, Status> {
    let mut request = Request::new(authorization(world.order(), "tok_visa"));
    request.metadata_mut().insert("authorization", bearer.parse().unwrap());
    world.client().authorize(request).await.map(tonic::Response::into_inner)
}

async fn get_as(world: &World, order: &str, bearer: &str) -> Result<v1::Payment, Status> {
    let by = Some(v1::get_payment_request::By::OrderId(order.to_owned()));
    let mut request = Request::new(v1::GetPaymentRequest { by });
    request.metadata_mut().insert("authorization", bearer.parse().unwrap());
    world.client().get_payment(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn only_services_and_staff_come_in() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();
    let staff = |permission: &str| format!("Bearer {}", token(permission));
    let other = world.key.bearer("orders", "products");

    assert_eq!(code(authorize_as(&world, "Bearer nonsense").await), Code::Unauthenticated);
    let other = authorize_as(&world, other.to_str().unwrap()).await;
    assert_eq!(code(other), Code::Unauthenticated);
    let reader = staff("payments.read");
    assert_eq!(code(authorize_as(&world, &reader).await), Code::PermissionDenied);
    let writer = authorize_as(&world, &staff("payments.write")).await.unwrap();
    assert_eq!(writer.status(), S::Authorized);
    assert!(get_as(&world, &payment.order_id, &reader).await.is_ok());
    let stranger = get_as(&world, &payment.order_id, &staff("orders.read")).await;
    assert_eq!(code(stranger), Code::PermissionDenied);
}

#[tokio::test]
async fn every_fault_of_a_request_is_named() {
    let world = World::new().await;

    let request = v1::AuthorizeRequest {
        idempotency_key: String::new(),
        order_id: "order_x".to_owned(),
        amount: Some(v1::Money { amount: 1, currency: "EURO".to_owned() }),
        provider: "nobody".to_owned(),
        token: String::new(),
    };
    let status = world.ask_authorize(request).await.unwrap_err();

    assert_eq!(status.code(), Code::InvalidArgument);
    for pointer in ["/idempotency_key", "/order_id", "/amount/currency", "/provider", "/token"] {
        assert!(status.message().contains(pointer), "{pointer}: {}", status.message());
    }
}

#[tokio::test]
async fn an_unknown_payment_is_not_found() {
    let world = World::new().await;

    assert_eq!(code(world.get(world.order()).await), Code::NotFound);
    let unknown = v1::Payment {
        id: "payment_01h455vb4pex5vsknk084sn02q".to_owned(),
        order_id: world.order().to_string(),
        ..v1::Payment::default()
    };
    assert_eq!(code(world.capture(&unknown, 1, None).await), Code::NotFound);
}

#[tokio::test]
async fn it_tells_that_it_serves() {
    let world = World::new().await;

    let request = HealthCheckRequest { service: "stoa.payments.v1.Payments".to_owned() };
    let answer = HealthClient::new(world.peer.clone()).check(request).await.unwrap();

    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
}

#[tokio::test]
async fn it_tells_what_it_offers() {
    let world = World::new().await;

    let list = MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let asked = futures::stream::iter([request]);
    let mut client = ServerReflectionClient::new(world.peer.clone());
    let mut answers = client.server_reflection_info(asked).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap();

    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("a list of services");
    };
    let names: Vec<_> = list.service.into_iter().map(|ServiceResponse { name }| name).collect();
    assert!(names.contains(&"stoa.payments.v1.Payments".to_owned()), "{names:?}");
    assert!(names.contains(&"grpc.health.v1.Health".to_owned()), "{names:?}");
}
