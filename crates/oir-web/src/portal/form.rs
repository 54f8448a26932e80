//! Parts of forms that more than one page has: what is wrong with them, and the purpose of
//! a look.

use oir_domain::look::{EXPLANATION_MAX, EXPLANATION_MIN, Purpose, PurposeFault, Reason};

use super::view::{Choice, FieldFault, fault_of};
use super::words;
use crate::masking::mask_text;

/// What is wrong with a form, field by field.
#[derive(Debug, Default)]
pub(super) struct Faulty(Vec<FieldFault>);

impl Faulty {
    pub(super) fn add(&mut self, field: &'static str, text: &str) {
        self.0.push(FieldFault::new(field, text));
    }

    pub(super) fn all(&self) -> &[FieldFault] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        fault_of(&self.0, field)
    }
}

/// The two fields that say what a personal number is needed for.
#[derive(Debug)]
pub(super) struct PurposeForm {
    pub(super) reasons: Vec<Choice>,
    /// What was written, masked.
    pub(super) explanation: String,
}

impl Default for PurposeForm {
    fn default() -> Self {
        Self::filled("", "")
    }
}

impl PurposeForm {
    /// The fields as they were filled in.
    pub(super) fn filled(reason: &str, explanation: &str) -> Self {
        let choice = |known: Reason| {
            let label = words::reason(known).to_owned();
            Choice::new(known.word().to_owned(), label, reason)
        };
        Self {
            reasons: Reason::ALL.into_iter().map(choice).collect(),
            explanation: mask_text(explanation),
        }
    }
}

/// Reads the purpose; what is wrong with it goes to its fields.
pub(super) fn purpose(reason: &str, explanation: &str, faults: &mut Faulty) -> Option<Purpose> {
    match Purpose::try_new(reason, explanation) {
        Ok(purpose) => Some(purpose),
        Err(found) => {
            for fault in found {
                let (field, text) = in_words(fault);
                faults.add(field, &text);
            }
            None
        }
    }
}

fn in_words(fault: PurposeFault) -> (&'static str, String) {
    match fault {
        PurposeFault::NoReason => ("formaal", "Vælg, hvad du skal bruge det til".to_owned()),
        PurposeFault::TooShort => (
            "forklaring",
            format!("Forklar med mindst {EXPLANATION_MIN} tegn"),
        ),
        PurposeFault::TooLong => (
            "forklaring",
            format!("Forklar med højst {EXPLANATION_MAX} tegn"),
        ),
        PurposeFault::NamesPerson => (
            "forklaring",
            "Skriv forklaringen uden personnummer; den bliver stående i loggen".to_owned(),
        ),
    }
}
