//! Shows the portal with invented data on a loopback port, so that its pages can be looked
//! at without a hub: `cargo run -p oir-web --example portal_preview -- 8099`. A second
//! word, `away`, shows the pages with a database that does not answer; `hostile` shows
//! bilag whose texts would like to be scripts.

#[path = "../tests/portal/invented.rs"]
mod invented;
#[path = "../tests/portal/sessions.rs"]
mod sessions;

use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use oir_flow::ports::StoreFailure;
use oir_web::portal::door::Door;
use oir_web::portal::{PortalState, router};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let port = words.next().and_then(|port| port.parse().ok());
    let views = match words.next().as_deref() {
        Some("away") => invented::Invented::away(StoreFailure::Unavailable("preview".into())),
        Some("hostile") => {
            let mut day = invented::Invented::day(130).heard().with_kontoplan();
            day.write_on_everything("<script>alert(1)</script> \" onclick='x'");
            day
        }
        _ => invented::Invented::day(130).heard().with_kontoplan(),
    };
    let clock = Arc::new(invented::StoppedClock);
    let state = PortalState::new(
        Arc::new(views),
        invented::register(),
        clock,
        invented::WORDS,
        sessions::entrance(Door::Operator),
    );
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await?;
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    axum::serve(listener, router(state)).await
}
