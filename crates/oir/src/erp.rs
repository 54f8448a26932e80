//! `oir erp`: the reference bookkeeping system alone, for those who want to try a hub
//! against books, or books that misbehave.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::Timestamp;
use oir_domain::register::Register;
use oir_erp::server::Again;
use oir_erp::{Books, Misbehaviour, Setup};
use oir_transport::{HttpCourier, Settings};
use oir_wire::register_csv::{self, KONTOPLAN};
use tokio::net::TcpListener;

use crate::cli::Erp;
use crate::register;

/// Serves until interrupted.
pub(crate) async fn run(options: &Erp) -> anyhow::Result<ExitCode> {
    crate::log::start(&crate::serve::config::Log::default());
    let books = Books::open(Some(&options.file), &setup(options)?)?;
    let socket = TcpListener::bind(options.listen).await?;
    let url = format!(
        "http://{}{}",
        socket.local_addr()?,
        oir_wire::finans::SERVICE_PATH
    );
    tracing::info!(url, "the books are open");
    let misbehaviour = Misbehaviour {
        slow_ms: options.slow_ms,
        fail_percent: options.fail_percent,
        cut_percent: options.cut_percent,
        twice_percent: options.twice_percent,
        seed: options.seed,
    };
    let again = again(options.hub.as_deref())?;
    let routes = oir_erp::server::router(books, misbehaviour, Timestamp::now, again);
    oir_erp::server::serve(socket, routes, async {
        drop(tokio::signal::ctrl_c().await)
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// What the books know: the register's authorities and its kontoplan; and their own copy of the
/// tables, when they have one, which is the register's fagsystemer with the rows of the file.
fn setup(options: &Erp) -> anyhow::Result<Setup> {
    let mut files = register::load(&options.register)?;
    if let Some(path) = &options.omsaetning {
        let rows = std::fs::read(path).with_context(|| format!("tabellen {}", path.display()))?;
        files.insert("omsaetning.csv", rows);
    }
    let path = options.register.join(KONTOPLAN);
    let bytes = std::fs::read(&path).with_context(|| format!("kontoplanen {}", path.display()))?;
    let (data, kontoplan) = match (
        register_csv::read(&files),
        register_csv::read_kontoplan(&bytes),
    ) {
        (Ok(data), Ok(kontoplan)) => (data, kontoplan),
        (data, kontoplan) => {
            let faults = [data.err(), kontoplan.err()];
            let lines = faults.iter().flatten().flatten().map(ToString::to_string);
            bail!("{}", lines.collect::<Vec<_>>().join("\n"))
        }
    };
    let myndigheder = data.myndigheder.iter().map(|m| (m.cvr, m.kommune));
    let refused = options.refuse.iter().map(|konto| konto.as_str().into());
    Ok(Setup {
        myndigheder: myndigheder.collect(),
        kontoplan,
        refused: refused.collect(),
        closed_years: options.closed_year.iter().copied().collect(),
        own_tables: options.omsaetning.is_some().then(|| Register::new(0, data)),
    })
}

/// Brings receipts to the hub a second time, when there is one.
pub(crate) fn again(hub: Option<&str>) -> anyhow::Result<Again> {
    let Some(url) = hub.map(str::to_owned) else {
        return Ok(Arc::new(drop));
    };
    let courier = HttpCourier::new(Settings::STANDARD)?;
    Ok(Arc::new(move |body| {
        let (courier, url) = (courier.clone(), url.clone());
        tokio::spawn(async move {
            let outcome = courier
                .post(&url, "AfleverForretningskvittering", body)
                .await;
            tracing::debug!(?outcome, "receipts brought again");
        });
    }))
}
