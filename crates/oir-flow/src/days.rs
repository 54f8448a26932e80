//! The background steps of reconciliation: what the books say of each booking date, and,
//! when somebody asks, of each bilag of a day. Calls stand outside transactions.

use std::collections::BTreeSet;

use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::day_of;
use oir_domain::day::{BooksWord, DayKey, Held, Origin};
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::{BilagUuid, ErpBilagsnummer, FagsystemId, TransaktionsId};
use oir_domain::message::StateName;
use oir_domain::money::{Oere, Overflow};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::reconcile::Statement;
use oir_domain::register::{Receiver, Register};
use oir_wire::finans::json::StatedTotal;
use oir_wire::finans::message::{
    Call, KontroltotalQuery, Reply, STATUS_MAX, StatusOf, StatusQuery,
};
use oir_wire::finans::{SoapVersion, receipt, write};

use crate::hub::Hub;
use crate::ports::StoreFailure;
use crate::ports::courier::CallOutcome;
use crate::ports::days::{
    ByDate, DayWork, Days, Kept, KeptByDate, NewTotal, Question, QuestionAnswer,
};
use crate::ports::sessions::{Deed, deeds};

/// Calls to one municipality's books in a round. The rest waits for the next one: a first
/// year is heard in a few rounds, and the books are not flooded.
const CALLS_MAX: u32 = 400;
/// Days whose booking times are counted anew in a round.
const TIMES_MAX: u32 = 20;
/// Questions answered in a round.
const QUESTIONS_MAX: u32 = 20;

/// What a round with the books came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Booking dates of a sender in a municipality on which ours and theirs differ.
    pub differences: usize,
    /// Municipalities whose books did not answer.
    pub silent: usize,
    /// Calls made.
    pub calls: u32,
}

/// The booking dates that a round looks at: the accounting year, and until the end of March
/// the one before it, whose supplementary period is still open.
#[must_use]
pub fn booking_dates(today: Date) -> (Date, Date) {
    let first = today.first_of_year();
    let before = first.yesterday().map_or(first, Date::first_of_year);
    let from = if today.month() <= 3 { before } else { first };
    (from, today.last_of_year())
}

/// A municipality's books as they are reached.
struct Books<'a> {
    hub: &'a Hub,
    kommune: Kommunekode,
    cvr: Cvr,
    receiver: Receiver,
    calls: u32,
}

impl Books<'_> {
    async fn ask(&mut self, call: Call) -> Result<Reply, String> {
        self.calls = self.calls.saturating_add(1);
        let id = TransaktionsId::from_uuid(self.hub.ids().next());
        let body = write::call(SoapVersion::V11, id, &call);
        let courier = self.hub.courier();
        let body = match courier.call(&self.receiver, call.operation(), body).await {
            CallOutcome::Answered(body) => body,
            CallOutcome::NotReached { reason, .. } | CallOutcome::NoAnswer { reason } => {
                return Err(reason);
            }
        };
        match receipt::reply(&body) {
            Ok(Reply::Refused(refusal)) => {
                Err(refusal.transport.begrundelse.unwrap_or_default().into())
            }
            Ok(reply) => Ok(reply),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn totals(&mut self, fra: Date, til: Date) -> Result<ByDate, String> {
        let query = KontroltotalQuery {
            myndighed: self.cvr,
            fra,
            til,
            afsender_system: None,
        };
        let Reply::HentKontroltotal(reply) = self.ask(Call::HentKontroltotal(query)).await? else {
            return Err("svar på noget andet".to_owned());
        };
        let one = |t: &oir_wire::finans::message::Systemtotal| {
            let statement = Statement {
                antal: u64::from(t.antal),
                debet: t.debet,
                kredit: t.kredit,
            };
            ((fra, t.afsender_system), statement)
        };
        let said = reply.totaler.iter().map(one);
        Ok(said.filter(|(_, s)| *s != Statement::default()).collect())
    }

    /// The books' numbers of bilag that they have booked.
    async fn booked(
        &mut self,
        fagsystem: FagsystemId,
        bilag: Vec<BilagUuid>,
    ) -> Result<Vec<(BilagUuid, ErpBilagsnummer)>, String> {
        let query = StatusQuery {
            myndighed: self.cvr,
            afsender_system: Some(fagsystem),
            of: StatusOf::Bilag(bilag),
        };
        let Reply::HentStatus(reply) = self.ask(Call::HentStatus(query)).await? else {
            return Err("svar på noget andet".to_owned());
        };
        let one = |s: oir_wire::finans::message::Bilagsstatus| {
            s.erp_bilagsnummer.map(|number| (s.bilag_uuid, number))
        };
        Ok(reply.bilag.into_iter().filter_map(one).collect())
    }
}

/// Each municipality that has books, in order.
fn everybodys(hub: &Hub) -> Vec<Books<'_>> {
    let register = hub.register();
    let mut myndigheder: Vec<_> = register.myndigheder().collect();
    myndigheder.sort_by_key(|m| m.kommune);
    let books = myndigheder.into_iter().filter_map(|m| {
        let receiver = register.receiver(m.kommune)?.clone();
        Some(Books {
            hub,
            kommune: m.kommune,
            cvr: m.cvr,
            receiver,
            calls: 0,
        })
    });
    books.collect()
}

/// Asks every municipality's books for their totals of the booking dates, keeps what is
/// news, and asks about the bilag of dates that have begun to differ.
///
/// A span whose total is what was last kept is left as it is; another one is halved until
/// the dates that moved are found.
///
/// # Errors
/// [`StoreFailure`] when our own side cannot be read or written.
pub async fn compare(
    hub: &Hub,
    days: &dyn DayWork,
    (from, to): (Date, Date),
) -> Result<Round, StoreFailure> {
    let mut round = Round::default();
    for mut books in everybodys(hub) {
        let news = match news(&mut books, days, from, to).await? {
            Ok(news) => news,
            Err(reason) => {
                round.silent = round.silent.saturating_add(1);
                let (kommune, at) = (books.kommune, hub.instant());
                days.note_asked(kommune, at, Some(&reason)).await?;
                continue;
            }
        };
        let at = hub.instant();
        days.keep_statements(books.kommune, at, &news).await?;
        days.note_asked(books.kommune, at, None).await?;
        round.calls = round.calls.saturating_add(books.calls);
        let kept = days.kept_by_date(books.kommune, from, to).await?;
        let differ = kept.values().filter(|(ours, theirs)| ours != theirs);
        round.differences = round.differences.saturating_add(differ.count());
        for ((dag, fagsystem), (ours, theirs)) in &news {
            if ours != theirs {
                let key = DayKey {
                    dag: *dag,
                    kommune: books.kommune,
                    fagsystem: *fagsystem,
                };
                inquire(&mut books, days, key).await?;
            }
        }
    }
    Ok(round)
}

type Heard<T> = Result<Result<T, String>, StoreFailure>;

async fn news(
    books: &mut Books<'_>,
    days: &dyn DayWork,
    from: Date,
    to: Date,
) -> Heard<KeptByDate> {
    let overflow = |_: Overflow| StoreFailure::Broken("the sums of a year overflow".to_owned());
    let ours = days.booked_by_date(books.kommune, from, to).await?;
    let kept = days.kept_by_date(books.kommune, from, to).await?;
    let kept_ours: ByDate = kept.iter().map(|(of, (ours, _))| (*of, *ours)).collect();
    let kept_theirs: ByDate = kept
        .iter()
        .map(|(of, (_, theirs))| (*of, *theirs))
        .collect();
    let mut news = KeptByDate::new();
    let mut spans = vec![(from, to)];
    while let Some((first, last)) = spans.pop() {
        if books.calls >= CALLS_MAX {
            break;
        }
        let theirs = match books.totals(first, last).await {
            Ok(theirs) => theirs,
            Err(reason) => return Ok(Err(reason)),
        };
        let same = sum(&theirs, first, last).map_err(overflow)?
            == sum(&kept_theirs, first, last).map_err(overflow)?
            && sum(&ours, first, last).map_err(overflow)?
                == sum(&kept_ours, first, last).map_err(overflow)?;
        if same {
            continue;
        }
        if first < last {
            spans.extend(halves(first, last));
            continue;
        }
        // What was booked while we asked is no difference.
        let ours = days.booked_by_date(books.kommune, first, first).await?;
        let here = kept.keys().filter(|(dag, _)| *dag == first);
        let of: BTreeSet<_> = ours.keys().chain(theirs.keys()).chain(here).collect();
        for of in of {
            let side = |side: &ByDate| side.get(of).copied().unwrap_or_default();
            let both = (side(&ours), side(&theirs));
            if kept.get(of) != Some(&both) {
                news.insert(*of, both);
            }
        }
    }
    Ok(Ok(news))
}

fn halves(first: Date, last: Date) -> [(Date, Date); 2] {
    let days = first.duration_until(last).as_hours() / 24;
    let span = jiff::Span::new().days(days / 2);
    let middle = first.checked_add(span).unwrap_or(first);
    let next = middle.tomorrow().unwrap_or(last);
    [(next, last), (first, middle)]
}

/// What each sender has in a span of dates; those with nothing are left out.
fn sum(
    side: &ByDate,
    first: Date,
    last: Date,
) -> Result<std::collections::BTreeMap<FagsystemId, Statement>, Overflow> {
    let mut all = std::collections::BTreeMap::<FagsystemId, Statement>::new();
    for ((dag, fagsystem), one) in side {
        if (first..=last).contains(dag) && *one != Statement::default() {
            let total = all.entry(*fagsystem).or_default();
            total.antal = total.antal.checked_add(one.antal).ok_or(Overflow)?;
            total.debet = total.debet.checked_add(one.debet)?;
            total.kredit = total.kredit.checked_add(one.kredit)?;
        }
    }
    all.retain(|_, total| total.antal > 0 || total.debet != Oere::ZERO);
    Ok(all)
}

/// Asks about the bilag of a day on the program's own account.
async fn inquire(
    books: &mut Books<'_>,
    days: &dyn DayWork,
    key: DayKey,
) -> Result<(), StoreFailure> {
    let everything = Scope::everything();
    let last = days.questions(&everything, key).await?;
    let number = last.first().map_or(0, |question| question.number);
    let question = Question {
        key,
        number: number.saturating_add(1),
        at: books.hub.instant(),
        subject: "oir".into(),
        navn: "ØiR".into(),
        answer: None,
    };
    let deed = Deed {
        at: question.at,
        subject: question.subject.clone(),
        navn: question.navn.clone(),
        what: deeds::ASKED_BOOKS.into(),
        kommune: Some(key.kommune),
        object: object(key),
    };
    if days.ask(&question, &deed).await? {
        let answer = answered(books, days, &question).await?;
        days.answer(&question, &answer).await?;
    }
    Ok(())
}

/// A day as the log names it.
#[must_use]
pub fn object(key: DayKey) -> Box<str> {
    format!("{} {} {}", key.dag, key.kommune, key.fagsystem).into()
}

/// Answers the questions that wait. How many there were.
///
/// # Errors
/// [`StoreFailure`] when they cannot be read, or an answer cannot be written.
pub async fn answer_questions(hub: &Hub, days: &dyn DayWork) -> Result<usize, StoreFailure> {
    let open = days.open_questions(QUESTIONS_MAX).await?;
    for question in &open {
        let mut all = everybodys(hub).into_iter();
        let answer = match all.find(|books| books.kommune == question.key.kommune) {
            Some(mut books) => {
                let dates = dates(days, question.key).await?;
                keep_dates(&mut books, days, &dates).await?;
                answered(&mut books, days, question).await?
            }
            None => QuestionAnswer {
                at: hub.instant(),
                asked: 0,
                silent: Some("intet bogføringssystem er opsat for kommunen".into()),
                words: Vec::new(),
            },
        };
        days.answer(question, &answer).await?;
    }
    Ok(open.len())
}

/// The booking dates that a day concerns: its own, and those of its booked bilag.
async fn dates(days: &dyn DayWork, key: DayKey) -> Result<BTreeSet<Date>, StoreFailure> {
    let bilag = days.day_bilag(&Scope::everything(), key).await?;
    let booked = bilag.iter().filter(|b| b.state == StateName::Booked);
    Ok(booked.map(|b| b.bogfoeringsdato).chain([key.dag]).collect())
}

async fn keep_dates(
    books: &mut Books<'_>,
    days: &dyn DayWork,
    dates: &BTreeSet<Date>,
) -> Result<(), StoreFailure> {
    for dag in dates {
        let at = books.hub.instant();
        match news(books, days, *dag, *dag).await? {
            Ok(news) => days.keep_statements(books.kommune, at, &news).await?,
            Err(reason) => {
                return days.note_asked(books.kommune, at, Some(&reason)).await;
            }
        }
    }
    Ok(())
}

/// What the books say of each bilag of a day that may have reached them.
async fn answered(
    books: &mut Books<'_>,
    days: &dyn DayWork,
    question: &Question,
) -> Result<QuestionAnswer, StoreFailure> {
    let (key, everything) = (question.key, Scope::everything());
    let left = |held: &&Held| !matches!(held.state, StateName::Rejected | StateName::Held);
    let bilag = days.day_bilag(&everything, key).await?;
    let asked: Vec<&Held> = bilag.iter().filter(left).collect();
    let (mut numbers, mut silent) = (std::collections::BTreeMap::new(), None);
    for some in asked.chunks(STATUS_MAX) {
        let ids = some.iter().map(|held| held.bilag).collect();
        match books.booked(key.fagsystem, ids).await {
            Ok(booked) => numbers.extend(booked),
            Err(reason) => {
                silent = Some(reason.into());
                break;
            }
        }
    }
    let mut words = Vec::new();
    if silent.is_none() {
        // Read again: what was settled while we asked agrees by now.
        let now = days.day_bilag(&everything, key).await?;
        for held in now.iter().filter(left) {
            let number = numbers.get(&held.bilag).cloned();
            let known = asked.iter().any(|before| before.id == held.id);
            if known && (held.state == StateName::Booked) != number.is_some() {
                words.push(BooksWord {
                    id: held.id,
                    bilag: held.bilag,
                    number,
                });
            }
        }
    }
    Ok(QuestionAnswer {
        at: books.hub.instant(),
        asked: u64::try_from(asked.len()).unwrap_or(u64::MAX),
        silent,
        words,
    })
}

/// Why a sender's control total was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// It is wrong: all that is.
    Faults(Vec<Fault>),
    /// It could not be kept; to be sent again.
    Store(StoreFailure),
}

/// Takes a sender's control total: what was stated before in the same words is a success, a
/// corrected one is the next version.
///
/// # Errors
/// [`NotTaken`] with every fault, or the store's failure.
pub async fn take_total(hub: &Hub, days: &dyn Days, stated: StatedTotal) -> Result<Kept, NotTaken> {
    let register = hub.register();
    let today = day_of(hub.instant(), hub.zone());
    let faults = total_faults(&register, &stated, today);
    let fagsystem = register.fagsystem(stated.afsender_system);
    let myndighed = register.myndighed(stated.myndighed);
    let (Some(fagsystem), Some(myndighed)) = (fagsystem, myndighed) else {
        return Err(NotTaken::Faults(faults));
    };
    if !faults.is_empty() {
        return Err(NotTaken::Faults(faults));
    }
    let key = DayKey {
        dag: stated.dag,
        kommune: myndighed.kommune,
        fagsystem: fagsystem.id,
    };
    let deed = Deed {
        at: hub.instant(),
        subject: fagsystem.id.to_string().into(),
        navn: fagsystem.kortnavn.clone(),
        what: deeds::STATED_TOTAL.into(),
        kommune: Some(key.kommune),
        object: object(key),
    };
    let new = NewTotal {
        key,
        origin: Origin::Message,
        total: stated.total,
        lines: stated.lines,
    };
    days.keep_total(&new, &deed).await.map_err(NotTaken::Store)
}

fn total_faults(register: &Register, stated: &StatedTotal, today: Date) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |code, name: &str, values: &[&dyn std::fmt::Display]| {
        faults.push(Fault::new(code, Place::message(name), values));
    };
    let (sender, cvr, dag) = (stated.afsender_system, stated.myndighed, stated.dag);
    if register.fagsystem(sender).is_none() {
        fault(FaultCode::UnknownFagsystem, "AfsenderSystem", &[&sender]);
    }
    match register.myndighed(cvr) {
        None => fault(FaultCode::UnknownMyndighed, "Myndighed", &[&cvr]),
        Some(m) if register.fagsystem(sender).is_some() => {
            if !register.may_send(m.kommune, sender, dag) {
                fault(
                    FaultCode::NoAgreement,
                    "AfsenderSystem",
                    &[&sender, &cvr, &dag],
                );
            }
        }
        Some(_) => {}
    }
    if dag > today {
        fault(FaultCode::CreatedInFuture, "Dag", &[&dag, &today]);
    }
    if let Some(lines) = &stated.lines {
        let found = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if found != stated.total.antal {
            fault(
                FaultCode::WrongCount,
                "AntalBilag",
                &[&stated.total.antal, &found],
            );
        }
        let sum = lines
            .iter()
            .try_fold(Oere::ZERO, |sum, line| sum.checked_add(line.debet));
        match sum {
            Ok(sum) if sum == stated.total.debet => {}
            Ok(sum) => fault(
                FaultCode::WrongTotal,
                "DebetBeloeb",
                &[&"debet", &stated.total.debet, &sum],
            ),
            Err(Overflow) => fault(FaultCode::SumOverflow, "Bilag", &[]),
        }
    }
    faults
}

/// Counts anew how long bookings took, of the days that need it. How many there were.
///
/// # Errors
/// [`StoreFailure`] when they cannot be read or written.
pub async fn count_times(days: &dyn DayWork) -> Result<usize, StoreFailure> {
    let stale = days.stale_times(TIMES_MAX).await?;
    for dag in &stale {
        days.count_times(*dag).await?;
    }
    Ok(stale.len())
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::{booking_dates, halves};

    #[test]
    fn halves_cover_a_span_and_end() {
        let mut spans = vec![(date(2026, 1, 1), date(2026, 12, 31))];
        let mut days: Vec<Date> = Vec::new();
        while let Some((first, last)) = spans.pop() {
            assert!(first <= last);
            if first == last {
                days.push(first);
            } else {
                spans.extend(halves(first, last));
            }
        }
        let year: Vec<Date> = date(2026, 1, 1)
            .series(jiff::Span::new().days(1))
            .take(365)
            .collect();
        assert_eq!(days, year);
    }

    #[test]
    fn the_old_year_is_looked_at_while_its_supplement_is_open() {
        let whole = |year| (date(year, 1, 1), date(year, 12, 31));
        assert_eq!(booking_dates(date(2026, 11, 23)), whole(2026));
        assert_eq!(
            booking_dates(date(2026, 3, 31)),
            (date(2025, 1, 1), date(2026, 12, 31))
        );
    }
}
