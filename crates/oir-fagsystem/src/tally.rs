//! What a day must come to: counted from what is expected of each bilag, to compare with
//! what the hub and the books say afterwards.

use std::collections::BTreeMap;

use oir_domain::fault::FaultCode;
use oir_domain::reconcile::Statements;

use crate::plan::{Content, Day, Expected, Planned};

/// The sums of a day, or of the part of it that was added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Messages sent, repeats included.
    pub messages: u64,
    /// Messages that held more than one new bilag.
    pub bundles: u64,
    /// New bilag sent: the sum of the five outcomes below.
    pub sent: u64,
    /// Bilag that end in the books.
    pub booked: u64,
    /// Bilag rejected at reception.
    pub rejected: u64,
    /// Bilag held without an account.
    pub held: u64,
    /// Bilag that the books refuse.
    pub refused: u64,
    /// Bilag in messages whose hand-over fails; the hub never sees them as bilag.
    pub transport_faults: u64,
    /// Messages sent again unchanged; nothing new may come of them.
    pub repeated_messages: u64,
    /// Bilag sent again in a message of their own; nothing new may come of them.
    pub repeated_bilag: u64,
    /// Rejected bilag and failed hand-overs by code; a bilag with three faults counts
    /// under each of them.
    pub faults: BTreeMap<FaultCode, u64>,
    /// Booked bilag with a warning, by code.
    pub warnings: BTreeMap<FaultCode, u64>,
    /// What must stand in the books, by municipality and sender.
    pub books: Statements,
}

impl Tally {
    /// Adds a message.
    pub fn add(&mut self, planned: &Planned) {
        self.messages += 1;
        self.bundles += u64::from(planned.expected.len() > 1);
        match planned.content {
            Content::Repeat { .. } => self.repeated_messages += 1,
            Content::Resent { .. } => self.repeated_bilag += 1,
            Content::New(_) | Content::Broken(..) | Content::ReusedId { .. } => {}
        }
        let bilag = &planned.content.afsendelse().bilag;
        for (bilag, expected) in bilag.iter().zip(&planned.expected) {
            self.sent += 1;
            let mut codes: &[FaultCode] = &[];
            match expected {
                Expected::Booked(warnings) => {
                    self.booked += 1;
                    count(&mut self.warnings, warnings);
                    let turnover = bilag.turnover().unwrap_or_default();
                    let key = (planned.kommune, planned.fagsystem);
                    let books = self.books.entry(key).or_default();
                    books.antal += 1;
                    // A day stays far below the limit of 92 million billion øre.
                    books.debet = books
                        .debet
                        .checked_add(turnover.debit)
                        .unwrap_or(books.debet);
                    books.kredit = books
                        .kredit
                        .checked_add(turnover.credit)
                        .unwrap_or(books.kredit);
                }
                Expected::Rejected(faults) => {
                    self.rejected += 1;
                    codes = faults;
                }
                Expected::Held => self.held += 1,
                Expected::RefusedByBooks => self.refused += 1,
                Expected::TransportFault(code) => {
                    self.transport_faults += 1;
                    codes = std::slice::from_ref(code);
                }
            }
            count(&mut self.faults, codes);
        }
    }
}

fn count(counts: &mut BTreeMap<FaultCode, u64>, codes: &[FaultCode]) {
    for code in codes {
        *counts.entry(*code).or_default() += 1;
    }
}

impl Day {
    /// What the whole day must come to.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for planned in self.messages() {
            tally.add(&planned);
        }
        tally
    }
}
