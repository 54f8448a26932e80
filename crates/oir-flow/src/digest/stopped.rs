//! What waits, as far as the totals of the days tell it: bilag that stopped where somebody
//! works, by municipality and fagsystem.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use oir_domain::access::{Action, Person};
use oir_domain::ids::FagsystemId;
use oir_domain::message::StateName;
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::register::Register;

use crate::ports::post::{Waiting, WaitingFor, WaitingLine};
use crate::ports::views::Views;
use crate::ports::{Answer, StoreFailure};

/// Days of reception that are looked at: what is older is known to those whose it is.
const DAYS: i32 = 14;

/// Where the register in force is.
pub type RegisterInForce = Arc<dyn Fn() -> Arc<Register> + Send + Sync>;

/// Bilag that stopped.
#[derive(Clone)]
pub struct StoppedBilag {
    views: Arc<dyn Views>,
    register: RegisterInForce,
}

impl fmt::Debug for StoppedBilag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoppedBilag").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Sum {
    antal: u64,
    beloeb: Option<Oere>,
}

impl StoppedBilag {
    /// Over the reading side of a store.
    #[must_use]
    pub fn new(views: Arc<dyn Views>, register: RegisterInForce) -> Self {
        Self { views, register }
    }

    async fn lines(&self, person: &Person, today: Date) -> Result<Vec<WaitingLine>, StoreFailure> {
        let scope = person.scope(Action::HandleWork);
        if scope.is_nothing() {
            return Ok(Vec::new());
        }
        let from = today.saturating_sub(DAYS.days());
        let mut sums: BTreeMap<(Kommunekode, Option<FagsystemId>), Sum> = BTreeMap::new();
        for day in from.series(1.day()).take_while(|day| *day <= today) {
            for total in self.views.day(&scope, day).await? {
                if !StateName::FOR_A_PERSON.contains(&total.state) || total.antal == 0 {
                    continue;
                }
                let sum = sums.entry((total.kommune, total.fagsystem)).or_default();
                sum.antal = sum.antal.saturating_add(total.antal);
                let before = sum.beloeb.unwrap_or(Oere::new(0)).get();
                let whole = before.saturating_add(total.debet.get());
                sum.beloeb = Some(Oere::new(whole));
            }
        }
        let register = (self.register)();
        let line =
            |((kommune, fagsystem), sum)| line(&register, kommune, fagsystem, sum, (from, today));
        let mut lines: Vec<WaitingLine> = sums.into_iter().map(line).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.antal));
        Ok(lines)
    }
}

fn line(
    register: &Register,
    kommune: Kommunekode,
    fagsystem: Option<FagsystemId>,
    sum: Sum,
    (from, to): (Date, Date),
) -> WaitingLine {
    let named = register.myndigheder().find(|m| m.kommune == kommune);
    let owner = named.map_or_else(|| format!("Kommune {kommune}"), |m| m.navn.to_string());
    let system = fagsystem.and_then(|id| register.fagsystem(id));
    let sender = system.map_or("ukendt fagsystem", |f| &f.kortnavn);
    let by = fagsystem.map_or_else(String::new, |id| format!("&fagsystem={id}"));
    let path = format!(
        "/bilag?kommune={}{by}&tilstand=kraever_handling&fra={from}&til={to}",
        kommune.0
    );
    WaitingLine {
        why: WaitingFor::Area,
        what: format!("Stoppede bilag fra {sender}, {owner}").into(),
        antal: sum.antal,
        beloeb: sum.beloeb,
        frist: None,
        path: path.into(),
    }
}

impl Waiting for StoppedBilag {
    fn waiting<'a>(&'a self, person: &'a Person, today: Date) -> Answer<'a, Vec<WaitingLine>> {
        Box::pin(self.lines(person, today))
    }
}
