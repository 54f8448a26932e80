//! What the days' senders said that they sent, and who signed for it. All of it agrees but
//! one day that is planted to be found; another one's sender has said nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::{Action, Person, Scope};
use oir_domain::calendar::copenhagen;
use oir_domain::day::{Account, DayFacts, DayKey, Held, Listed, Origin, Stated};
use oir_domain::ids::BilagUuid;
use oir_domain::message::StateName;
use oir_domain::money::{Oere, Overflow};
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::Statement;
use oir_flow::days;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::days::{DayFilter, DayRow, Days, NewTotal, Signing, SigningKind};
use oir_flow::ports::sessions::{Deed, deeds};
use oir_store::Store;
use uuid::Uuid;

use super::{Running, earlier, persons};

/// Senders state their totals in the evening.
const EVENING: i8 = 19;
/// Whoever signs does so in the morning of the next working day.
const MORNING: i8 = 9;
/// The first earlier days are signed for.
const SIGNED: usize = 2;
/// Whose sender says nothing: the second municipality's first one, two days ago.
const SILENT: (usize, usize) = (1, 3);
/// The bilag that the planted list has and nobody sent.
const NEVER_SENT: Listed = Listed {
    bilag: BilagUuid::from_uuid(Uuid::from_u128(0x0de0_0000_0000_4000_8000_0000_0000_0001)),
    debet: Oere::new(125_000),
};
/// So much more the planted list says of one bilag, øre.
const TOO_MUCH: Oere = Oere::new(10_000);
/// Who signs: the role of the first municipality.
const SIGNER: &str = "Cille Opdigtet";
/// The books are asked in rounds; a first year is heard in a few.
const ROUNDS_MAX: u32 = 6;

/// Lets every day's senders state their totals, and the first days be signed for.
pub(super) async fn reach(running: &Running) -> anyhow::Result<()> {
    let (store, own) = (&running.store, running.day.plan().day);
    let earlier = earlier::days(own);
    hear(running, own).await?;
    let filter = DayFilter {
        from: earlier.first().copied().unwrap_or(own),
        to: own,
        kommune: None,
        fagsystem: None,
    };
    let mut rows = store.days(&Scope::everything(), &filter).await?;
    rows.retain(|row| !row.states.is_empty() && running.place(row.key).is_some());
    rows.sort_by_key(|row| (row.key.dag, running.place(row.key)));
    let latest = earlier.last().copied();
    let mut planted = rows.iter().map(|row| row.key);
    let planted = planted.find(|key| Some(key.dag) == latest);
    let silent = running.silent(&rows, &earlier);
    for row in rows.iter().filter(|row| Some(row.key) != silent) {
        let bilag = store.day_bilag(&Scope::everything(), row.key).await?;
        let true_one = truth(row, &bilag)?;
        let (origin, stated) = if Some(row.key) == planted {
            (Origin::Planted, astray(true_one, &bilag)?)
        } else {
            (Origin::Message, true_one)
        };
        running.state(row.key, origin, stated).await?;
    }
    let persons = persons::invented(&running.day.register);
    if let Some(signer) = persons.iter().find(|person| &*person.navn == SIGNER) {
        let mut mornings = earlier.iter().skip(1);
        for day in earlier.iter().take(SIGNED) {
            let morning = mornings.next().copied().unwrap_or(own);
            sign(store, signer, *day, at(morning, MORNING)).await?;
        }
    }
    Ok(())
}

/// Asks the books until they have been heard about every booking date.
async fn hear(running: &Running, own: Date) -> anyhow::Result<()> {
    let from = own
        .first_of_year()
        .saturating_sub(jiff::Span::new().years(1));
    let to = own.last_of_year();
    for _ in 0..ROUNDS_MAX {
        let round = days::compare(&running.hub, &running.store, (from, to)).await?;
        // One call each: nothing is news.
        if usize::try_from(round.calls)? <= running.day.register.myndigheder.len() {
            break;
        }
    }
    Ok(())
}

fn at(day: Date, hour: i8) -> Timestamp {
    let time = copenhagen().to_timestamp(day.at(hour, 0, 0, 0));
    time.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The control total of a sender who knows what they sent. The list is left out when an id
/// was sent more than once: a list names each bilag once.
fn truth(row: &DayRow, bilag: &[Held]) -> Result<Stated, Overflow> {
    let facts = DayFacts {
        states: row.states.clone(),
        skew: row.skew,
        ..DayFacts::default()
    };
    let total = Account::of(&facts)?.received;
    let ids: BTreeSet<BilagUuid> = bilag.iter().map(|held| held.bilag).collect();
    let listed = |held: &Held| Listed {
        bilag: held.bilag,
        debet: held.debet,
    };
    Ok(Stated {
        total,
        lines: (ids.len() == bilag.len()).then(|| bilag.iter().map(listed).collect()),
    })
}

/// The same with one bilag too many, and too much of another; total and list agree.
fn astray(stated: Stated, bilag: &[Held]) -> Result<Stated, Overflow> {
    let booked = bilag.iter().find(|held| held.state == StateName::Booked);
    let mut lines = stated.lines.unwrap_or_default();
    let of = booked.or(bilag.first()).map(|held| held.bilag);
    let mut more = NEVER_SENT.debet;
    if let Some(line) = lines.iter_mut().find(|line| Some(line.bilag) == of) {
        line.debet = line.debet.checked_add(TOO_MUCH)?;
        more = more.checked_add(TOO_MUCH)?;
    }
    lines.push(NEVER_SENT);
    let total = Statement {
        antal: stated.total.antal.saturating_add(1),
        debet: stated.total.debet.checked_add(more)?,
        kredit: stated.total.kredit.checked_add(more)?,
    };
    Ok(Stated {
        total,
        lines: Some(lines),
    })
}

impl Running {
    /// Where a day's municipality and sender stand in the register; none when they do not.
    fn place(&self, key: DayKey) -> Option<(usize, usize)> {
        let register = &self.day.register;
        let mut kommuner = register.myndigheder.iter().map(|m| m.kommune);
        let mut senders = register.fagsystemer.iter().map(|f| f.id);
        let kommune = kommuner.position(|kommune| kommune == key.kommune)?;
        Some((kommune, senders.position(|id| id == key.fagsystem)?))
    }

    fn silent(&self, rows: &[DayRow], earlier: &[Date]) -> Option<DayKey> {
        let (kommune, day) = SILENT;
        let kommune: Option<Kommunekode> = self
            .day
            .register
            .myndigheder
            .get(kommune)
            .map(|m| m.kommune);
        let day = earlier.get(day);
        let mut keys = rows.iter().map(|row| row.key);
        keys.find(|key| Some(&key.dag) == day && Some(key.kommune) == kommune)
    }

    async fn state(&self, key: DayKey, origin: Origin, stated: Stated) -> Result<(), StoreFailure> {
        let register = self.hub.register();
        let navn = register.fagsystem(key.fagsystem);
        let deed = Deed {
            at: at(key.dag, EVENING).min(self.hub.instant()),
            subject: key.fagsystem.to_string().into(),
            navn: navn.map(|f| f.kortnavn.clone()).unwrap_or_default(),
            what: deeds::STATED_TOTAL.into(),
            kommune: Some(key.kommune),
            object: days::object(key),
        };
        let total = NewTotal {
            key,
            origin,
            total: stated.total,
            lines: stated.lines,
        };
        self.store.keep_total(&total, &deed).await?;
        Ok(())
    }
}

/// Signs for what agrees of a day. What does not is left to the person at the page.
async fn sign(store: &Store, signer: &Person, day: Date, at: Timestamp) -> anyhow::Result<()> {
    let scope = signer.scope(Action::SignOffDay);
    let filter = DayFilter {
        from: day,
        to: day,
        kommune: None,
        fagsystem: None,
    };
    for row in store.days(&scope, &filter).await? {
        let key = row.key;
        let facts = facts(store, &scope, row).await?;
        let account = Account::of(&facts)?;
        if !account.findings.is_empty() {
            continue;
        }
        let deed = Deed {
            at,
            subject: signer.subject.clone(),
            navn: signer.navn.clone(),
            what: deeds::SIGNED_DAY.into(),
            kommune: Some(key.kommune),
            object: days::object(key),
        };
        let signing = Signing {
            number: 1,
            at,
            kind: SigningKind::Signed,
            subject: deed.subject.clone(),
            navn: deed.navn.clone(),
            words: Box::default(),
            figures: account.figures(&facts.books),
            explanations: std::collections::BTreeMap::new(),
        };
        store.sign(key, &signing, &deed).await?;
    }
    Ok(())
}

/// Everything that a day's page looks at.
async fn facts(store: &Store, scope: &Scope, row: DayRow) -> Result<DayFacts, StoreFailure> {
    let key = row.key;
    let bilag = store.day_bilag(scope, key).await?;
    let booked = bilag.iter().filter(|b| b.state == StateName::Booked);
    let dates: BTreeSet<Date> = booked.map(|b| b.bogfoeringsdato).chain([key.dag]).collect();
    let dates: Vec<Date> = dates.into_iter().collect();
    let books = store.books(scope, key, &dates).await?;
    let stated = match row.stated {
        None => None,
        Some(of) => {
            let lines = match of.listed {
                true => Some(store.stated_lines(scope, key, of.version).await?),
                false => None,
            };
            let total = of.total;
            Some(Stated { total, lines })
        }
    };
    let questions = store.questions(scope, key).await?;
    let answers = questions.into_iter().filter_map(|q| q.answer);
    let mut heard = answers.filter(|answer| answer.silent.is_none());
    Ok(DayFacts {
        states: row.states,
        skew: row.skew,
        unreadable: row.unreadable,
        stated,
        bilag: Some(bilag),
        books,
        words: heard.next().map(|a| a.words).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use oir_domain::day::{Account, Count, DayFacts, DayKey, DayStatus, Finding, Held};
    use oir_domain::ids::{BilagId, BilagUuid};
    use oir_domain::message::StateName;
    use oir_domain::money::Oere;
    use oir_fagsystem::sample;
    use oir_flow::ports::days::DayRow;
    use uuid::Uuid;

    use super::{astray, truth};

    fn held(number: u128) -> Held {
        Held {
            id: BilagId::from_uuid(Uuid::from_u128(number)),
            bilag: BilagUuid::from_uuid(Uuid::from_u128(number % 10)),
            debet: Oere::new(50_000),
            state: StateName::Refused,
            bogfoeringsdato: date(2026, 11, 23),
        }
    }

    fn row(bilag: &[Held]) -> DayRow {
        let count = Count {
            antal: u64::try_from(bilag.len()).unwrap(),
            debet: bilag
                .iter()
                .fold(Oere::ZERO, |sum, b| sum.checked_add(b.debet).unwrap()),
        };
        DayRow {
            states: vec![(StateName::Refused, count)],
            ..DayRow::empty(DayKey {
                dag: date(2026, 11, 23),
                kommune: sample::KOMMUNE,
                fagsystem: sample::FAGSYSTEM,
            })
        }
    }

    fn account(row: &DayRow, bilag: &[Held], planted: bool) -> Account {
        let stated = truth(row, bilag).unwrap();
        let stated = match planted {
            true => astray(stated, bilag).unwrap(),
            false => stated,
        };
        let facts = DayFacts {
            states: row.states.clone(),
            stated: Some(stated),
            bilag: Some(bilag.to_vec()),
            ..DayFacts::default()
        };
        Account::of(&facts).unwrap()
    }

    #[test]
    fn a_true_total_agrees_also_when_an_id_came_twice() {
        for bilag in [vec![held(1), held(2)], vec![held(1), held(11)]] {
            let account = account(&row(&bilag), &bilag, false);
            assert_eq!(account.status(), DayStatus::Agrees, "{account:?}");
        }
    }

    #[test]
    fn the_planted_one_differs_by_one_bilag_and_one_amount() {
        let bilag = [held(1), held(2)];
        let account = account(&row(&bilag), &bilag, true);
        let mut kinds = BTreeMap::new();
        for finding in &account.findings {
            let kind = match finding {
                Finding::NeverReceived(_) => "never received",
                Finding::BilagDiffers { .. } => "amount of a bilag",
                Finding::NumberDiffers { .. } | Finding::AmountDiffers { .. } => "sums",
                _ => "another",
            };
            *kinds.entry(kind).or_insert(0) += 1;
        }
        let wanted = [("amount of a bilag", 1), ("never received", 1), ("sums", 3)];
        assert_eq!(kinds, BTreeMap::from(wanted));
    }
}
