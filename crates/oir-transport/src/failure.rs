//! The one distinction that matters of a failed call: can the partner have taken it?

use std::time::Duration;

use oir_flow::ports::courier::CallOutcome;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Longest wait that a partner may ask for; beyond it a person should look.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// A call that failed before a status came back.
pub(crate) fn of_error(error: &reqwest::Error) -> CallOutcome {
    // The address may hold what nobody should log; the kind says enough.
    if error.is_connect() || error.is_builder() {
        return CallOutcome::NotReached {
            reason: "ingen forbindelse".into(),
            retry_after: None,
        };
    }
    let reason = if error.is_timeout() {
        "intet svar i tide"
    } else {
        "forbindelsen brød"
    };
    CallOutcome::NoAnswer {
        reason: reason.into(),
    }
}

/// A status that carries no answer; none when the body is the answer. A gateway's 502, 503
/// and 504 say nothing of what lies behind it: it may have passed the call on before the
/// line broke. 429 is written before a call is looked at (RFC 6585 § 4).
pub(crate) fn of_status(status: StatusCode, headers: &HeaderMap) -> Option<CallOutcome> {
    match status {
        StatusCode::OK | StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_REQUEST => None,
        StatusCode::TOO_MANY_REQUESTS => {
            let asked = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok());
            let seconds = asked.and_then(|text| text.trim().parse().ok());
            let wait = seconds.map(|s| Duration::from_secs(s).min(RETRY_AFTER_MAX));
            Some(CallOutcome::NotReached {
                reason: format!("HTTP {}", status.as_u16()),
                retry_after: wait,
            })
        }
        StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(CallOutcome::NotReached {
            reason: format!("HTTP {}", status.as_u16()),
            retry_after: None,
        }),
        other => Some(CallOutcome::NoAnswer {
            reason: format!("HTTP {}", other.as_u16()),
        }),
    }
}
