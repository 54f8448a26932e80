//! Comparing what we hold as booked with what the books say, to the øre.

use jiff::civil::Date;
use oir_domain::ids::TransaktionsId;
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::{Difference, Statement, Statements, compare};
use oir_wire::finans::message::{Call, KontroltotalQuery, Reply};
use oir_wire::finans::{SoapVersion, receipt, write};

use crate::hub::Hub;
use crate::ports::StoreFailure;
use crate::ports::courier::CallOutcome;

/// The comparison of one set of booking days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// What we hold as booked.
    pub ours: Statements,
    /// What the books say, of the municipalities that answered.
    pub theirs: Statements,
    /// Where they differ, among those that answered.
    pub differences: Vec<Difference>,
    /// Municipalities whose books gave no statement, with the reason.
    pub silent: Vec<(Kommunekode, String)>,
}

/// Asks every municipality's books for their totals of the booking days, both included.
///
/// # Errors
/// [`StoreFailure`] when our own side cannot be read.
pub async fn reconcile(hub: &Hub, from: Date, to: Date) -> Result<Reconciliation, StoreFailure> {
    let register = hub.register();
    let mut result = Reconciliation::default();
    let mut myndigheder: Vec<_> = register.myndigheder().collect();
    myndigheder.sort_by_key(|m| m.kommune);
    let ours = hub.outbox().booked(None, from, to).await?;
    for myndighed in myndigheder {
        let Some(receiver) = register.receiver(myndighed.kommune) else {
            continue;
        };
        let query = KontroltotalQuery {
            myndighed: myndighed.cvr,
            fra: from,
            til: to,
            afsender_system: None,
        };
        let call = Call::HentKontroltotal(query);
        let id = TransaktionsId::from_uuid(hub.ids().next());
        let body = write::call(SoapVersion::V11, id, &call);
        let outcome = hub.courier().call(receiver, call.operation(), body).await;
        match statements(myndighed.kommune, outcome) {
            Ok(theirs) => result.theirs.extend(theirs),
            Err(reason) => result.silent.push((myndighed.kommune, reason)),
        }
    }
    let silent = |kommune| result.silent.iter().any(|(k, _)| *k == kommune);
    let answered: Statements = ours
        .iter()
        .filter(|((kommune, _), _)| !silent(*kommune))
        .map(|(key, statement)| (*key, *statement))
        .collect();
    result.differences = compare(&answered, &result.theirs);
    result.ours = ours;
    Ok(result)
}

fn statements(kommune: Kommunekode, outcome: CallOutcome) -> Result<Statements, String> {
    let body = match outcome {
        CallOutcome::Answered(body) => body,
        CallOutcome::NotReached { reason, .. } | CallOutcome::NoAnswer { reason } => {
            return Err(reason);
        }
    };
    match receipt::reply(&body) {
        Ok(Reply::HentKontroltotal(reply)) => {
            let one = |t: &oir_wire::finans::message::Systemtotal| {
                let statement = Statement {
                    antal: u64::from(t.antal),
                    debet: t.debet,
                    kredit: t.kredit,
                };
                ((kommune, t.afsender_system), statement)
            };
            Ok(reply.totaler.iter().map(one).collect())
        }
        Ok(Reply::Refused(refusal)) => {
            Err(refusal.transport.begrundelse.unwrap_or_default().into())
        }
        Ok(_) => Err("svar på noget andet".into()),
        Err(error) => Err(error.to_string()),
    }
}
