//! Requests that name another host than ours are refused, so that no page elsewhere can read
//! our pages through a browser that was told a false address (DNS rebinding). Where people
//! sign in, that is the host they do it at; else it is this machine.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

/// The same routes, for requests to that host (`name` or `name:port`) only, or, when there
/// is none, to `localhost` and its addresses only.
pub fn only(routes: Router, host: Option<&str>) -> Router {
    let host: Option<String> = host.map(str::to_ascii_lowercase);
    routes.layer(middleware::from_fn_with_state(host, guard))
}

async fn guard(State(ours): State<Option<String>>, request: Request, next: Next) -> Response {
    let named = request.headers().get(HOST).and_then(|v| v.to_str().ok());
    let right = named.is_some_and(|named| match &ours {
        Some(ours) => named.eq_ignore_ascii_case(ours),
        None => is_loopback(named),
    });
    if right {
        return next.run(request).await;
    }
    let text = "Siderne findes ikke under dette værtsnavn.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Uri>() else {
        return false;
    };
    let plain = !host.contains('@');
    plain && matches!(authority.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "localhost:8591", "127.0.0.1:1", "[::1]:8591"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "oir.dk",
            "localhost.oir.dk",
            "127.0.0.1.oir.dk:80",
            "",
            "x@localhost",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
