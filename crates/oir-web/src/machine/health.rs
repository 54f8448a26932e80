//! Health that tells the truth: live means that the process answers, ready that it can
//! take a message and keep it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use oir_domain::access::Scope;
use oir_domain::operation::alarm::AlarmCode;
use oir_flow::ports::StoreFailure;
use serde_json::json;

use super::MachineState;

/// Below this much room a reception may fail at any moment: 256 MiB.
const FREE_MIN: u64 = 256 * 1024 * 1024;
/// A due delivery older than this means that nobody delivers: ten minutes.
const LATE_SECONDS: i64 = 600;

/// Alarms that are not counted in this time are not told.
const COUNT_TIME: Duration = Duration::from_secs(1);

pub(super) async fn ready(State(state): State<MachineState>) -> Response {
    let mut wrong = Vec::new();
    let (mut rows, mut late, mut uncertain) = (None, None, None);
    match state.hub.backlog().await {
        Ok(backlog) => {
            rows = Some(backlog.rows);
            let now = state.hub.instant().as_second();
            let since = |then: jiff::Timestamp| now.saturating_sub(then.as_second());
            late = backlog.oldest_due.map(since);
            uncertain = backlog.oldest_uncertain.map(since);
            if late.is_some_and(|seconds| seconds > LATE_SECONDS) {
                wrong.push("afleveringen er bagud");
            }
        }
        Err(failure) => {
            tracing::warn!(%failure, "not ready");
            wrong.push("databasen svarer ikke");
        }
    }
    let free = (state.watch.free)();
    if free.is_some_and(|bytes| bytes < FREE_MIN) {
        wrong.push("disken er næsten fuld");
    }
    let alarms = counted(&state).await.ok();
    let status = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "ready": wrong.is_empty(),
        "reasons": wrong,
        "backlog": rows,
        "oldestDueSeconds": late.map(|seconds| seconds.max(0)),
        // For people: books that do not answer are no reason to send messages elsewhere.
        "oldestUncertainSeconds": uncertain.map(|seconds| seconds.max(0)),
        "freeBytes": free,
        // For people, too: an alarm alone does not make a process unready.
        "alarms": alarms,
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body.to_string()).into_response()
}

pub(super) async fn metrics(State(state): State<MachineState>) -> Response {
    let counts = counted(&state).await;
    for code in AlarmCode::ALL.map(AlarmCode::code) {
        // What cannot be known is not said to be nothing.
        let count = match &counts {
            Ok(counts) => counts.get(code).copied().map_or(0.0, f64::from),
            Err(_) => f64::NAN,
        };
        metrics::gauge!("oir_alarms", "code" => code).set(count);
    }
    let form = HeaderValue::from_static("text/plain; version=0.0.4");
    ([(CONTENT_TYPE, form)], (state.metrics)()).into_response()
}

/// How many alarms there are of each code that there is any of. The facts grow with the queue:
/// a probe must not fail because there is much to count.
async fn counted(state: &MachineState) -> Result<BTreeMap<&'static str, u32>, StoreFailure> {
    let (now, all) = (state.hub.instant(), Scope::everything());
    let look = state.watch.look(&*state.operation, &all, now);
    let looked = tokio::time::timeout(COUNT_TIME, look).await;
    let looked = looked.unwrap_or_else(|_| {
        let reason = "the alarms took too long".to_owned();
        Err(StoreFailure::Unavailable(reason))
    });
    let (_, alarms) = looked.inspect_err(|failure| {
        tracing::warn!(%failure, "the alarms cannot be told");
    })?;
    let mut counts = BTreeMap::new();
    for alarm in alarms {
        let count: &mut u32 = counts.entry(alarm.code.code()).or_default();
        *count = count.saturating_add(1);
    }
    Ok(counts)
}
