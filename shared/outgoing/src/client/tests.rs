//! Calls over real connections, to a server that the test runs on this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::header::LOCATION;
use axum::response::IntoResponse as _;
use axum::routing::{any, get};
use beckon_domain::values::service_url::ServiceUrl;
use jiff::SignedDuration;
use tokio::net::TcpListener;

use super::*;

const SHORT: SignedDuration = SignedDuration::from_secs(5);

/// A server on this machine, and how many requests it got.
struct Server {
    address: SocketAddr,
    asked: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start() -> Self {
        let asked = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&asked);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/large", get(|| async { "x".repeat(1_000) }))
            .route("/never", get(std::future::pending::<()>))
            .route(
                "/elsewhere",
                get(|| async { (http::StatusCode::FOUND, [(LOCATION, "/large")]) }),
            )
            .route(
                "/later",
                get(|| async {
                    let headers = [
                        ("retry-after", "17"),
                        ("cache-control", "public, max-age=90"),
                    ];
                    (http::StatusCode::TOO_MANY_REQUESTS, headers).into_response()
                }),
            )
            .route("/echo", any(echo))
            .layer(axum::middleware::from_fn(
                move |request, next: axum::middleware::Next| {
                    counted.fetch_add(1, Ordering::SeqCst);
                    next.run(request)
                },
            ));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            asked,
            task,
        }
    }

    fn url(&self, path: &str) -> ServiceUrl {
        ServiceUrl::parse(&format!("http://{}{path}", self.address)).unwrap()
    }
}

/// What was asked, in words.
async fn echo(method: Method, headers: HeaderMap, body: String) -> String {
    let of = |name: &str| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    };
    let (agent, accept, authorization) = (of("user-agent"), of("accept"), of("authorization"));
    format!("{method} {agent} {accept} {authorization} {body}")
}

async fn call(client: &HttpsClient, call: OutgoingCall) -> Result<OutgoingAnswer, NoAnswer> {
    client.call(&call).await
}

#[tokio::test]
async fn a_call_says_who_calls_and_what_is_handed_over() {
    let server = Server::start().await;
    let asked = OutgoingCall {
        method: CallMethod::Post,
        body: b"a=b".to_vec(),
        ..OutgoingCall::get(server.url("/echo"), 1_000, SHORT)
    };

    let asked = asked.with_header("authorization", "Bearer secret".to_owned());
    assert!(!format!("{asked:?}").contains("secret"));
    let answer = call(&HttpsClient::on_one_machine(), asked).await.unwrap();

    let text = String::from_utf8(answer.body).unwrap();
    assert_eq!(
        text,
        format!("POST {CALLER} application/json Bearer secret a=b")
    );
    assert_eq!((answer.status, answer.retry_after), (200, None));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_refusal_says_when_to_come_again() {
    let server = Server::start().await;
    let client = HttpsClient::on_one_machine();

    let elsewhere = OutgoingCall::get(server.url("/elsewhere"), 1_000, SHORT);
    let elsewhere = call(&client, elsewhere).await.unwrap();
    let later = call(
        &client,
        OutgoingCall::get(server.url("/later"), 1_000, SHORT),
    )
    .await;
    let later = later.unwrap();

    assert_eq!(elsewhere.status, 302);
    assert_eq!((later.status, later.max_age_seconds), (429, Some(90)));
    assert_eq!(later.retry_after.as_deref(), Some("17"));
    assert_eq!(server.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_answer_ends_at_its_size_and_at_its_time() {
    let server = Server::start().await;
    let client = HttpsClient::on_one_machine();

    let whole = call(
        &client,
        OutgoingCall::get(server.url("/large"), 1_000, SHORT),
    )
    .await;
    let cut = call(&client, OutgoingCall::get(server.url("/large"), 999, SHORT)).await;
    let in_a_moment = SignedDuration::from_millis(50);
    let never = OutgoingCall::get(server.url("/never"), 1_000, in_a_moment);
    let never = call(&client, never).await;

    assert_eq!(whole.unwrap().body.len(), 1_000);
    assert_eq!(cut, Err(NoAnswer::TooLarge));
    assert_eq!(never, Err(NoAnswer::TooLate));
}

#[tokio::test]
async fn what_runs_in_the_cloud_calls_nothing_private_however_it_is_named() {
    let server = Server::start().await;
    let port = server.address.port();
    let client = HttpsClient::new();

    for host in [
        "127.0.0.1",
        "localhost",
        // The same machine, as resolvers and not parsers of addresses read it.
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "192.168.1.1",
        "[fe80::1]",
    ] {
        let url = ServiceUrl::parse(&format!("https://{host}:{port}/echo")).unwrap();
        let answer = call(&client, OutgoingCall::get(url, 1_000, SHORT)).await;
        assert!(
            matches!(answer, Err(NoAnswer::NotPublic | NoAnswer::Unreachable(_))),
            "{host}: {answer:?}"
        );
    }
    let here = call(
        &client,
        OutgoingCall::get(server.url("/echo"), 1_000, SHORT),
    )
    .await;

    assert_eq!(here, Err(NoAnswer::NotPublic));
    assert_eq!(server.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_that_stands_for_a_private_address_is_refused_when_it_is_connected_to() {
    let url = ServiceUrl::parse("https://localhost:9/").unwrap();

    let answer = call(&HttpsClient::new(), OutgoingCall::get(url, 1_000, SHORT)).await;

    assert_eq!(answer, Err(NoAnswer::NotPublic));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_believed() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.read(&mut [0; 4_096]).await;
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                    let _ = stream.write_all(answer).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let trust = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let reach = Reach::InternetAndThisMachine;
    let url = ServiceUrl::parse(&format!("https://localhost:{port}/")).unwrap();
    let asked = OutgoingCall::get(url, 1_000, SHORT);

    let believed = call(&HttpsClient::reaching(reach, Some(trust)), asked.clone()).await;
    let unknown = call(&HttpsClient::on_one_machine(), asked).await;

    server.abort();
    assert_eq!(believed.unwrap().body, b"ok");
    assert!(
        matches!(&unknown, Err(NoAnswer::Unreachable(NotReached::NotTrusted))),
        "{unknown:?}"
    );
}
