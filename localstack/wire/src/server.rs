//! The HTTP server in front of the services.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::arn::ACCOUNT;
use crate::error::AwsError;
use crate::faults::Service;
use crate::faults_http;
use crate::ids;
use crate::query;
use crate::route::{Route, route, signed_region};
use crate::service::{Call, JsonService, QueryService};
use crate::world::World;

/// The services behind one port.
pub struct Services {
    /// Amazon RDS.
    pub rds: Arc<dyn QueryService>,
    /// AWS DMS.
    pub dms: Arc<dyn JsonService>,
    /// Amazon ECS.
    pub ecs: Arc<dyn JsonService>,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Services")
    }
}

/// The largest request taken, far above what the three APIs allow.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Serves until `stop` resolves. Connections that are open then are dropped.
///
/// Besides the three services: `/_faults` switches faults, `GET /_health` tells that the server is there.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    services: Services,
    world: World,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let server = Arc::new(Server { services, world });
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream, Arc::clone(&server)));
        }
    };
    tokio::select! {
        ended = accept => ended,
        () = stop => Ok(()),
    }
}

async fn connection(stream: TcpStream, server: Arc<Server>) {
    let answer = |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    };
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), hyper::service::service_fn(answer))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

struct Server {
    services: Services,
    world: World,
}

type Reply = Response<Full<Bytes>>;

impl Server {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                return json_reply(
                    413,
                    &json!({"message": format!("read the request: {error}")}),
                    "",
                );
            }
        };
        let path = head.uri.path();
        if let Some(rest) = path.strip_prefix("/_faults") {
            let (status, answer) =
                faults_http::answer(&self.world.faults, &head.method, rest, &body);
            return json_reply(status, &answer, "");
        }
        if path == "/_health" {
            return json_reply(
                200,
                &json!({"undeliveredEvents": self.world.events.undelivered()}),
                "",
            );
        }
        self.dispatch(&head.headers, &body).await
    }

    async fn dispatch(&self, headers: &hyper::HeaderMap, body: &[u8]) -> Reply {
        let request_id = ids::uuid();
        let region = signed_region(headers)
            .unwrap_or(&self.world.region)
            .to_owned();
        let call = |action| Call {
            action,
            region,
            account: ACCOUNT.to_owned(),
            request_id: request_id.clone(),
        };
        match route(headers, body) {
            Ok(Route::Dms(action)) => {
                self.json(Service::Dms, &*self.services.dms, &call(action), body)
                    .await
            }
            Ok(Route::Ecs(action)) => {
                self.json(Service::Ecs, &*self.services.ecs, &call(action), body)
                    .await
            }
            Ok(Route::Rds(action, form)) => self.query(&call(action), form, body).await,
            Err(error) if headers.contains_key("x-amz-target") => json_error(&error, &request_id),
            Err(error) => xml_error(&error, &request_id),
        }
    }

    async fn json(
        &self,
        service: Service,
        handler: &dyn JsonService,
        call: &Call,
        body: &[u8],
    ) -> Reply {
        let input: Value = match serde_json::from_slice(if body.is_empty() { b"{}" } else { body })
        {
            Ok(input) => input,
            Err(error) => {
                let error = AwsError::new(
                    "SerializationException",
                    format!("the body is no JSON: {error}"),
                );
                return json_error(&error, &call.request_id);
            }
        };
        let fault =
            self.world
                .faults
                .error_at(service, &call.action, &String::from_utf8_lossy(body));
        let result = match fault {
            Some(error) => Err(error),
            None => handler.call(call, input).await,
        };
        log(call, result.as_ref().err());
        match result {
            Ok(output) => json_reply(200, &output, &call.request_id),
            Err(error) => json_error(&error, &call.request_id),
        }
    }

    async fn query(&self, call: &Call, form: query::Form, body: &[u8]) -> Reply {
        let fault =
            self.world
                .faults
                .error_at(Service::Rds, &call.action, &String::from_utf8_lossy(body));
        let result = match fault {
            Some(error) => Err(error),
            None => self.services.rds.call(call, form).await,
        };
        log(call, result.as_ref().err());
        match result {
            Ok(result) => {
                let answer = query::answer(&call.action, result, &call.request_id);
                reply(200, "text/xml", answer.to_string(), &call.request_id)
            }
            Err(error) => xml_error(&error, &call.request_id),
        }
    }
}

fn log(call: &Call, error: Option<&AwsError>) {
    match error {
        None => tracing::debug!(action = call.action, request = call.request_id, "answered"),
        Some(error) => {
            tracing::info!(action = call.action, request = call.request_id, %error, "refused");
        }
    }
}

fn json_error(error: &AwsError, request_id: &str) -> Reply {
    let mut reply = json_reply(error.status, &error.to_json(), request_id);
    if let Ok(code) = HeaderValue::from_str(&error.code) {
        reply.headers_mut().insert("x-amzn-errortype", code);
    }
    reply
}

fn xml_error(error: &AwsError, request_id: &str) -> Reply {
    reply(
        error.status,
        "text/xml",
        error.to_xml(request_id).to_string(),
        request_id,
    )
}

fn json_reply(status: u16, body: &Value, request_id: &str) -> Reply {
    reply(
        status,
        "application/x-amz-json-1.1",
        body.to_string(),
        request_id,
    )
}

fn reply(status: u16, content_type: &'static str, body: String, request_id: &str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        reply.headers_mut().insert("x-amzn-requestid", id);
    }
    reply
}
