//! The account of one day: what a fagsystem says that it sent to a municipality, what came
//! in, where it stands, and what the books say of it; with every difference by name.
//!
//! The day is the Copenhagen day of reception, for the sender and for us. The books know
//! booking dates only: a day is held against them by the booking dates of its booked bilag.

mod finding;
mod histogram;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::{BilagId, BilagUuid, ErpBilagsnummer, FagsystemId};
use crate::message::StateName;
use crate::money::{Oere, Overflow};
use crate::party::Kommunekode;
use crate::reconcile::Statement;

pub use finding::Finding;
pub use histogram::{EDGES_MS, Histogram};

/// Whose day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DayKey {
    /// Copenhagen day of reception.
    pub dag: Date,
    /// Municipality.
    pub kommune: Kommunekode,
    /// Sending system.
    pub fagsystem: FagsystemId,
}

/// Where a sender's control total came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The fagsystem's own message.
    Message,
    /// A file that a person handed in.
    Upload,
    /// Written on the page by a person.
    Typed,
    /// Put there on purpose, to be found: in a demonstration only.
    Planted,
}

impl Origin {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Upload => "upload",
            Self::Typed => "typed",
            Self::Planted => "planted",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Message, Self::Upload, Self::Typed, Self::Planted];
        all.into_iter().find(|origin| origin.word() == word)
    }
}

/// One bilag as its sender lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Listed {
    /// The sender's id.
    pub bilag: BilagUuid,
    /// Its debit side, øre.
    pub debet: Oere,
}

/// A sender's control total of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Number and sums.
    pub total: Statement,
    /// The bilag one by one, when the sender lists them.
    pub lines: Option<Vec<Listed>>,
}

/// One of our bilag of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Our id.
    pub id: BilagId,
    /// The sender's id.
    pub bilag: BilagUuid,
    /// Its debit side, øre.
    pub debet: Oere,
    /// Where it stands.
    pub state: StateName,
    /// The day on which the books shall count it.
    pub bogfoeringsdato: Date,
}

/// What the books answered about one bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooksWord {
    /// Our id.
    pub id: BilagId,
    /// The sender's id.
    pub bilag: BilagUuid,
    /// Their number, when they have booked it.
    pub number: Option<ErpBilagsnummer>,
}

/// A booking date as both sides have it: all bilag of the fagsystem on that date, whenever
/// they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookedDay {
    /// The date.
    pub bogfoeringsdato: Date,
    /// What we held as booked when the books were asked.
    pub ours: Statement,
    /// What they said.
    pub theirs: Statement,
    /// When.
    pub at: Timestamp,
}

/// Number of bilag and their debit side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Number.
    pub antal: u64,
    /// Sum, øre.
    pub debet: Oere,
}

impl Count {
    /// The sum of two.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self {
            antal: self.antal.checked_add(other.antal).ok_or(Overflow)?,
            debet: self.debet.checked_add(other.debet)?,
        })
    }
}

/// Facts about one day, as the store has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayFacts {
    /// The control totals.
    pub states: Vec<(StateName, Count)>,
    /// Debit less credit of what came in, øre: only rejected bilag do not balance.
    pub skew: Oere,
    /// Bilag in messages that could not be read, as far as could be seen.
    pub unreadable: u64,
    /// The sender's latest control total.
    pub stated: Option<Stated>,
    /// The bilag one by one; none when only sums are looked at.
    pub bilag: Option<Vec<Held>>,
    /// The books' latest statements of the booking dates concerned.
    pub books: Vec<BookedDay>,
    /// What the books last answered about single bilag.
    pub words: Vec<BooksWord>,
}

/// The account of a day. Received is the sum of the six below it, always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// As the sender says.
    pub sent: Option<Statement>,
    /// Taken in.
    pub received: Statement,
    /// Rejected at reception: the sender corrects and sends a new one.
    pub rejected: Count,
    /// Held for want of an account.
    pub held: Count,
    /// On the way to the books.
    pub outstanding: Count,
    /// Booked.
    pub booked: Count,
    /// Refused by the books.
    pub refused: Count,
    /// Stopped after the last attempt.
    pub parked: Count,
    /// Bilag that nobody could read; not among the received.
    pub unreadable: u64,
    /// Everything that does not agree, and everything that nobody has said.
    pub findings: Vec<Finding>,
}

/// How a day stands in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DayStatus {
    /// Something does not agree.
    Differs,
    /// Nothing contradicts, but the sender has said nothing.
    NoTotal,
    /// Sender and we agree; the books have not said theirs yet.
    BooksSilent,
    /// All agree.
    Agrees,
}

impl Account {
    /// The account that the facts give.
    ///
    /// # Errors
    /// [`Overflow`] when a sum does not fit.
    pub fn of(facts: &DayFacts) -> Result<Self, Overflow> {
        let mut account = Self {
            unreadable: facts.unreadable,
            sent: facts.stated.as_ref().map(|stated| stated.total),
            ..Self::default()
        };
        let mut received = Count::default();
        for (state, count) in &facts.states {
            received = received.plus(*count)?;
            let place = account.place(*state);
            *place = place.plus(*count)?;
        }
        account.received = Statement {
            antal: received.antal,
            debet: received.debet,
            kredit: received.debet.checked_sub(facts.skew)?,
        };
        account.findings = finding::findings(&account, facts)?;
        Ok(account)
    }

    fn place(&mut self, state: StateName) -> &mut Count {
        match state {
            StateName::Rejected => &mut self.rejected,
            StateName::Held => &mut self.held,
            StateName::Booked => &mut self.booked,
            StateName::Refused => &mut self.refused,
            StateName::Parked => &mut self.parked,
            StateName::Mapped
            | StateName::Sending
            | StateName::AwaitingReceipt
            | StateName::Waiting
            | StateName::Uncertain => &mut self.outstanding,
        }
    }

    /// In one word.
    #[must_use]
    pub fn status(&self) -> DayStatus {
        let any = |wanted: fn(&Finding) -> bool| self.findings.iter().any(wanted);
        if any(Finding::contradicts) {
            DayStatus::Differs
        } else if any(|f| matches!(f, Finding::NoControlTotal)) {
            DayStatus::NoTotal
        } else if any(|f| matches!(f, Finding::BooksSilent { .. })) {
            DayStatus::BooksSilent
        } else {
            DayStatus::Agrees
        }
    }

    /// What may not be left without words before the day is signed for: the findings that
    /// none of the explanations names, or names with blanks only.
    #[must_use]
    pub fn unexplained(&self, explanations: &BTreeMap<String, String>) -> Vec<&Finding> {
        let told = |finding: &&Finding| {
            let words = explanations.get(&finding.key());
            words.is_none_or(|words| words.trim().is_empty())
        };
        self.findings.iter().filter(told).collect()
    }

    /// The figures by name, to be kept with a signature and compared later.
    #[must_use]
    pub fn figures(&self, books: &[BookedDay]) -> Figures {
        let count = |count: Count| Statement {
            antal: count.antal,
            debet: count.debet,
            kredit: Oere::ZERO,
        };
        let mut figures = BTreeMap::from([
            ("received".into(), self.received),
            ("rejected".into(), count(self.rejected)),
            ("held".into(), count(self.held)),
            ("outstanding".into(), count(self.outstanding)),
            ("booked".into(), count(self.booked)),
            ("refused".into(), count(self.refused)),
            ("parked".into(), count(self.parked)),
        ]);
        let unreadable = Count {
            antal: self.unreadable,
            debet: Oere::ZERO,
        };
        figures.insert("unreadable".into(), count(unreadable));
        if let Some(sent) = self.sent {
            figures.insert("sent".into(), sent);
        }
        for day in books {
            figures.insert(format!("books {}", day.bogfoeringsdato).into(), day.theirs);
        }
        Figures(figures)
    }
}

/// A day's figures by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(BTreeMap<Box<str>, Statement>);

/// A figure that is another one than it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name, e.g. `booked`, `sent` or `books 2026-11-23`.
    pub name: Box<str>,
    /// What it was.
    pub then: Statement,
    /// What it is.
    pub now: Statement,
}

impl Figures {
    /// What has changed until now. A figure of nothing and none at all are the same.
    #[must_use]
    pub fn changed_to(&self, now: &Self) -> Vec<Change> {
        let names: std::collections::BTreeSet<_> = self.0.keys().chain(now.0.keys()).collect();
        let of = |side: &Self, name: &str| side.0.get(name).copied().unwrap_or_default();
        let change = |name: &str| Change {
            name: name.into(),
            then: of(self, name),
            now: of(now, name),
        };
        let all = names.into_iter().map(|name| change(name));
        all.filter(|change| change.then != change.now).collect()
    }

    /// Without what the books say of other dates than the day's own: what a list of days
    /// looks at.
    #[must_use]
    pub fn at_a_glance(&self, dag: Date) -> Self {
        let own = format!("books {dag}");
        let kept = |name: &str| !name.starts_with("books ") || name == own;
        let lines = self.0.iter().filter(|(name, _)| kept(name));
        Self(lines.map(|(name, s)| (name.clone(), *s)).collect())
    }

    /// As lines of text: name, number, debit and credit, by tabulators.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line =
            |name: &str, s: &Statement| format!("{name}\t{}\t{}\t{}", s.antal, s.debet, s.kredit);
        let lines = self.0.iter().map(|(name, s)| line(name, s));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Reads the lines; nothing when they are no such lines.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let line = |line: &str| {
            let mut parts = line.split('\t');
            let name = parts.next()?.into();
            let statement = Statement {
                antal: parts.next()?.parse().ok()?,
                debet: Oere::new(parts.next()?.parse().ok()?),
                kredit: Oere::new(parts.next()?.parse().ok()?),
            };
            Some((name, statement))
        };
        text.lines().map(line).collect::<Option<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests;
