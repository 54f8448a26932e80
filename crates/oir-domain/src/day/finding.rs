//! Everything about a day that does not agree, and everything that nobody has said.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Account, BookedDay, Count, DayFacts, Held, Listed};
use crate::ids::{BilagId, BilagUuid, ErpBilagsnummer};
use crate::message::StateName;
use crate::money::{Oere, Overflow, Side};
use crate::reconcile::Statement;

/// One difference of a day, or one silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The sender has stated no control total.
    NoControlTotal,
    /// The sender counts another number of bilag than came.
    NumberDiffers {
        /// As the sender says.
        stated: u64,
        /// As they came.
        received: u64,
    },
    /// The sender's sum of a side is another than what came.
    AmountDiffers {
        /// Which side.
        side: Side,
        /// As the sender says, øre.
        stated: Oere,
        /// As it came, øre.
        received: Oere,
    },
    /// The sender's list has another number of bilag, or another sum, than its own total.
    ListAstray {
        /// The total.
        stated: Count,
        /// The list.
        listed: Count,
    },
    /// Listed by the sender, never received.
    NeverReceived(Listed),
    /// Received, and not on the sender's list.
    NotListed {
        /// Our id.
        id: BilagId,
        /// The sender's id and our debit side.
        received: Listed,
    },
    /// On both sides with different amounts.
    BilagDiffers {
        /// Our id.
        id: BilagId,
        /// As the sender lists it.
        stated: Listed,
        /// Its debit side as it came, øre.
        received: Oere,
    },
    /// Our totals and our bilag say different things: damage, or a bug of ours.
    TotalsAstray {
        /// The totals.
        counted: Count,
        /// The bilag.
        found: Count,
    },
    /// The books' statement of a booking date is another than ours.
    BooksDiffer {
        /// The date.
        bogfoeringsdato: Date,
        /// What we held as booked when they were asked.
        ours: Statement,
        /// What they said.
        theirs: Statement,
    },
    /// The books have not been heard about a booking date of booked bilag.
    BooksSilent {
        /// The date.
        bogfoeringsdato: Date,
    },
    /// Booked here; the books say that they have not booked it.
    BookedHereOnly {
        /// Our id.
        id: BilagId,
        /// The sender's id and the debit side.
        bilag: Listed,
    },
    /// Booked at the books; not booked here.
    BookedThereOnly {
        /// Our id.
        id: BilagId,
        /// The sender's id and the debit side.
        bilag: Listed,
        /// Their number.
        number: ErpBilagsnummer,
    },
}

impl Finding {
    /// Its name among the findings of a day: the same thing has the same name tomorrow.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::NoControlTotal => "no_total".to_owned(),
            Self::NumberDiffers { .. } => "number".to_owned(),
            Self::AmountDiffers { side, .. } => format!("amount_{}", side.letter()),
            Self::ListAstray { .. } => "list".to_owned(),
            Self::NeverReceived(listed) => format!("never_received_{}", listed.bilag),
            Self::NotListed { id, .. } => format!("not_listed_{id}"),
            Self::BilagDiffers { id, .. } => format!("differs_{id}"),
            Self::TotalsAstray { .. } => "totals".to_owned(),
            Self::BooksDiffer {
                bogfoeringsdato, ..
            } => format!("books_{bogfoeringsdato}"),
            Self::BooksSilent { bogfoeringsdato } => format!("silent_{bogfoeringsdato}"),
            Self::BookedHereOnly { id, .. } => format!("here_only_{id}"),
            Self::BookedThereOnly { id, .. } => format!("there_only_{id}"),
        }
    }

    /// Whether two sides contradict each other; otherwise one of them is silent.
    #[must_use]
    pub const fn contradicts(&self) -> bool {
        !matches!(self, Self::NoControlTotal | Self::BooksSilent { .. })
    }

    /// Whether it names a bilag, which not everybody may see who sees the sums.
    #[must_use]
    pub const fn names_a_bilag(&self) -> bool {
        matches!(
            self,
            Self::NeverReceived(_)
                | Self::NotListed { .. }
                | Self::BilagDiffers { .. }
                | Self::BookedHereOnly { .. }
                | Self::BookedThereOnly { .. }
        )
    }
}

pub(super) fn findings(account: &Account, facts: &DayFacts) -> Result<Vec<Finding>, Overflow> {
    let mut found = Vec::new();
    let received = account.received;
    match &facts.stated {
        None if received.antal > 0 || facts.unreadable > 0 => found.push(Finding::NoControlTotal),
        None => {}
        Some(stated) => {
            found.extend(against_total(stated.total, received));
            if let Some(lines) = &stated.lines {
                found.extend(list_astray(stated.total, lines)?);
                if let Some(bilag) = &facts.bilag {
                    found.extend(against_list(lines, bilag));
                }
            }
        }
    }
    if let Some(bilag) = &facts.bilag {
        found.extend(own_totals(received, bilag)?);
    }
    found.extend(against_books(&facts.books));
    found.extend(silent_dates(account, facts));
    found.extend(against_words(facts));
    Ok(found)
}

fn against_total(stated: Statement, received: Statement) -> Vec<Finding> {
    let mut found = Vec::new();
    if stated.antal != received.antal {
        found.push(Finding::NumberDiffers {
            stated: stated.antal,
            received: received.antal,
        });
    }
    let sides = [
        (Side::Debit, stated.debet, received.debet),
        (Side::Credit, stated.kredit, received.kredit),
    ];
    let differ = sides.into_iter().filter(|(_, said, came)| said != came);
    found.extend(
        differ.map(|(side, stated, received)| Finding::AmountDiffers {
            side,
            stated,
            received,
        }),
    );
    found
}

fn sum(amounts: impl Iterator<Item = Oere>) -> Result<Count, Overflow> {
    let mut all = Count::default();
    for debet in amounts {
        all = all.plus(Count { antal: 1, debet })?;
    }
    Ok(all)
}

fn list_astray(stated: Statement, lines: &[Listed]) -> Result<Option<Finding>, Overflow> {
    let listed = sum(lines.iter().map(|line| line.debet))?;
    let stated = Count {
        antal: stated.antal,
        debet: stated.debet,
    };
    Ok((stated != listed).then_some(Finding::ListAstray { stated, listed }))
}

fn against_list(lines: &[Listed], bilag: &[Held]) -> Vec<Finding> {
    let listed: BTreeMap<BilagUuid, Oere> = lines.iter().map(|l| (l.bilag, l.debet)).collect();
    // A rejected bilag may come again under its id; what was listed stands for any of them.
    let here: BTreeSet<BilagUuid> = bilag.iter().map(|held| held.bilag).collect();
    let never = lines.iter().filter(|line| !here.contains(&line.bilag));
    let mut found: Vec<Finding> = never.copied().map(Finding::NeverReceived).collect();
    for held in bilag {
        let received = Listed {
            bilag: held.bilag,
            debet: held.debet,
        };
        match listed.get(&held.bilag) {
            None => found.push(Finding::NotListed {
                id: held.id,
                received,
            }),
            Some(debet) if *debet != held.debet => found.push(Finding::BilagDiffers {
                id: held.id,
                stated: Listed {
                    bilag: held.bilag,
                    debet: *debet,
                },
                received: held.debet,
            }),
            Some(_) => {}
        }
    }
    found
}

fn own_totals(received: Statement, bilag: &[Held]) -> Result<Option<Finding>, Overflow> {
    let found = sum(bilag.iter().map(|held| held.debet))?;
    let counted = Count {
        antal: received.antal,
        debet: received.debet,
    };
    Ok((counted != found).then_some(Finding::TotalsAstray { counted, found }))
}

fn against_books(books: &[BookedDay]) -> impl Iterator<Item = Finding> {
    let differ = books.iter().filter(|day| day.ours != day.theirs);
    differ.map(|day| Finding::BooksDiffer {
        bogfoeringsdato: day.bogfoeringsdato,
        ours: day.ours,
        theirs: day.theirs,
    })
}

/// Booking dates of booked bilag that the books have not been heard about.
fn silent_dates(account: &Account, facts: &DayFacts) -> Vec<Finding> {
    let heard = |date: &Date| facts.books.iter().any(|day| day.bogfoeringsdato == *date);
    let Some(bilag) = &facts.bilag else {
        return Vec::new();
    };
    if account.booked.antal == 0 {
        return Vec::new();
    }
    let booked = bilag.iter().filter(|b| b.state == StateName::Booked);
    let dates: BTreeSet<Date> = booked.map(|b| b.bogfoeringsdato).collect();
    let silent = dates.into_iter().filter(|date| !heard(date));
    silent
        .map(|bogfoeringsdato| Finding::BooksSilent { bogfoeringsdato })
        .collect()
}

fn against_words(facts: &DayFacts) -> Vec<Finding> {
    let bilag = facts.bilag.as_deref().unwrap_or_default();
    let held: BTreeMap<BilagId, &Held> = bilag.iter().map(|b| (b.id, b)).collect();
    let mut found = Vec::new();
    for word in &facts.words {
        let Some(held) = held.get(&word.id) else {
            continue;
        };
        let bilag = Listed {
            bilag: held.bilag,
            debet: held.debet,
        };
        match (held.state == StateName::Booked, &word.number) {
            (true, None) => found.push(Finding::BookedHereOnly { id: held.id, bilag }),
            (false, Some(number)) => found.push(Finding::BookedThereOnly {
                id: held.id,
                bilag,
                number: number.clone(),
            }),
            (true, Some(_)) | (false, None) => {}
        }
    }
    found
}
