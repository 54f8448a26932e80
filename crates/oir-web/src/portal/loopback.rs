//! Until people can sign in, the portal is for those who sit at the machine: requests that
//! name another host are refused, so that no page elsewhere can read it through a browser
//! (DNS rebinding).

use axum::Router;
use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

/// The same routes, for requests to `localhost` and its addresses only.
pub fn only(routes: Router) -> Router {
    routes.layer(middleware::from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|v| v.to_str().ok());
    if host.is_some_and(is_loopback) {
        return next.run(request).await;
    }
    let text = "Siderne kan kun ses på den maskine, som programmet kører på.\n";
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
