//! The SOAP endpoint.

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use oir_domain::fault::FaultCode;
use oir_flow::ports::inbox::Channel;
use oir_wire::finans::message::{Blame, Reply};
use oir_wire::finans::{SERVICE_PATH, SoapVersion, read, write};

use super::MachineState;
use super::door::{self, Peer};
use super::hand_over::{COME_BACK, received, refused, work};

pub(super) async fn call(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let announced = headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let Some(version) = SoapVersion::of_content_type(announced) else {
        let found: String = announced.chars().take(80).collect();
        let fault = refused(FaultCode::WrongContentType, &found);
        return answered(
            SoapVersion::V11,
            &fault,
            Some(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        );
    };
    let peer = peer.map(|Extension(peer)| peer);
    let pass = match door::enter(&state.door, &headers, peer).await {
        Ok(pass) => pass,
        Err(turned) => {
            let answer = answered(version, &turned.reply(), Some(turned.status));
            return turned.on(answer);
        }
    };
    let raw = match received(&state.room, &headers, body).await {
        Ok(raw) => raw,
        Err((status, reply)) => return answered(version, &reply, Some(status)),
    };
    let channel = match version {
        SoapVersion::V11 => Channel::Soap11,
        SoapVersion::V12 => Channel::Soap12,
    };
    let reply = work(&state.hub, channel, raw, pass, move |raw| {
        read::call(version, raw)
    })
    .await;
    answered(version, &reply, None)
}

/// SOAP 1.1 puts every fault on 500 (WS-I Basic Profile R1126), SOAP 1.2 a sender's on 400;
/// "away" is 503 on both, so that ordinary HTTP machinery understands it too.
fn answered(version: SoapVersion, reply: &Reply, status: Option<StatusCode>) -> Response {
    let fitting = match (reply, version) {
        (Reply::Refused(refusal), _) if refusal.code() == Some(FaultCode::Unavailable) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        (Reply::Refused(refusal), _) if refusal.code() == Some(FaultCode::NotAllowed) => {
            StatusCode::FORBIDDEN
        }
        (Reply::Refused(refusal), SoapVersion::V12) if refusal.blame == Blame::Sender => {
            StatusCode::BAD_REQUEST
        }
        (Reply::Refused(_), _) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    };
    let status = status.unwrap_or(fitting);
    let body = write::reply(version, reply);
    let form = HeaderValue::from_static(version.content_type());
    let mut response = (status, [(CONTENT_TYPE, form)], body).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, COME_BACK);
    }
    response
}

/// The contract's documents, as they lie in `schemas/finans`.
const DOCUMENTS: [(&str, &str); 4] = [
    (
        "ModtagFinansbilag_2.xsd",
        include_str!("../../../../schemas/finans/ModtagFinansbilag_2.xsd"),
    ),
    (
        "RequestHeader_1.xsd",
        include_str!("../../../../schemas/finans/RequestHeader_1.xsd"),
    ),
    (
        "AuthorityContext_1.xsd",
        include_str!("../../../../schemas/finans/AuthorityContext_1.xsd"),
    ),
    (
        "Kvittering_1.xsd",
        include_str!("../../../../schemas/finans/Kvittering_1.xsd"),
    ),
];
const WSDL: &str = include_str!("../../../../schemas/finans/ModtagFinansbilag_2.wsdl");
/// Where the WSDL on disk says that the service is.
const WSDL_PLACE: &str = "http://localhost/service/OIR/ModtagFinansbilag/2";

pub(super) async fn describe(headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let host = headers
        .get(HOST)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("localhost");
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let host = if host.chars().all(sound) {
        host
    } else {
        "localhost"
    };
    let here = format!("http://{host}{SERVICE_PATH}");
    let document = if query.eq_ignore_ascii_case("wsdl") {
        Some(WSDL)
    } else {
        let name = query.strip_prefix("xsd=").unwrap_or("");
        DOCUMENTS
            .iter()
            .find(|(file, _)| *file == name)
            .map(|(_, text)| *text)
    };
    let Some(document) = document else {
        let text = "Tjenesten beskrives af ?wsdl; beskeder sendes med POST.\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let mut text = document.replace(WSDL_PLACE, &here);
    for (file, _) in DOCUMENTS {
        let (on_disk, served) = (
            format!("schemaLocation=\"{file}\""),
            format!("schemaLocation=\"{here}?xsd={file}\""),
        );
        text = text.replace(&on_disk, &served);
    }
    let form = HeaderValue::from_static("text/xml; charset=utf-8");
    ([(CONTENT_TYPE, form)], text).into_response()
}
