//! A hub and books made of nothing but the rules, to hold the plan against.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use oir_domain::fault::{FaultCode, any_stops};
use oir_domain::finans::check::{Facts, Known, KnownBilag, check_bilag, check_message, parties};
use oir_domain::finans::{Afsendelse, Finansbilag};
use oir_domain::ids::{BilagUuid, FagsystemId};
use oir_domain::omsaetning::{Mapped, map};
use oir_domain::party::Kommunekode;
use oir_domain::register::Register;
use oir_fagsystem::{Content, Day, Expected, Planned, Wave};

/// Stands in for the digest of a bilag's content.
fn digest(bilag: &Finansbilag) -> [u8; 32] {
    let mut hasher = DefaultHasher::new();
    format!("{bilag:?}").hash(&mut hasher);
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&hasher.finish().to_be_bytes());
    digest
}

type BilagKey = (Kommunekode, FagsystemId, BilagUuid);

/// A hub and books made of nothing but the rules.
pub(crate) struct Judge<'a> {
    day: &'a Day,
    register: Register,
    open_accounts: HashMap<(Kommunekode, Box<str>), bool>,
    known: HashMap<BilagKey, KnownBilag>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(day: &'a Day) -> Self {
        let accounts = day.kontoplan.iter();
        Self {
            day,
            register: Register::new(1, day.register.clone()),
            open_accounts: accounts
                .map(|r| ((r.kommune, r.konto.clone()), r.open))
                .collect(),
            known: HashMap::new(),
        }
    }

    /// The faults of each bilag, the message's own included, sorted; judged as new.
    fn faults(&self, afsendelse: &Afsendelse) -> Vec<(Vec<FaultCode>, bool)> {
        let parties = parties(afsendelse, &self.register);
        let mut known = Known::new();
        for bilag in &afsendelse.bilag {
            for id in [Some(bilag.bilag_uuid), bilag.korrigerer]
                .into_iter()
                .flatten()
            {
                let key = (parties.kommune(), afsendelse.afsender_system, id);
                known.extend(self.known.get(&key).map(|found| (id, *found)));
            }
        }
        let facts = Facts {
            register: &self.register,
            known: &known,
            now: self.day.plan().now,
            today: self.day.plan().day,
        };
        let own = check_message(afsendelse, &facts);
        let judged = afsendelse.bilag.iter().zip(0_u32..).map(|(bilag, index)| {
            let mut faults = own.clone();
            faults.extend(check_bilag(bilag, index, &digest(bilag), &parties, &facts));
            let mut codes: Vec<_> = faults.iter().map(|f| f.code).collect();
            codes.sort_unstable();
            (codes, any_stops(&faults))
        });
        judged.collect()
    }

    /// What the rules and the books make of each bilag.
    pub(crate) fn outcomes(&self, afsendelse: &Afsendelse) -> Vec<Expected> {
        let parties = parties(afsendelse, &self.register);
        let judged = self.faults(afsendelse).into_iter();
        let outcome = |((codes, stops), bilag): ((Vec<FaultCode>, bool), &Finansbilag)| {
            if stops {
                return Expected::Rejected(codes);
            }
            let (kommune, fagsystem) = (parties.kommune(), parties.fagsystem.unwrap());
            match map(bilag, 0, kommune, fagsystem, &self.register) {
                Err(_) => Expected::Held,
                Ok(mapped) if self.all_open(kommune, &mapped) => Expected::Booked(codes),
                Ok(_) => Expected::RefusedByBooks,
            }
        };
        judged.zip(&afsendelse.bilag).map(outcome).collect()
    }

    fn all_open(&self, kommune: Kommunekode, mapped: &Mapped) -> bool {
        let lines = mapped
            .posteringer
            .iter()
            .flat_map(|konteret| &konteret.lines);
        lines
            .into_iter()
            .all(|line| self.open(kommune, &line.konto))
    }

    fn open(&self, kommune: Kommunekode, konto: &str) -> bool {
        self.open_accounts.get(&(kommune, konto.into())).copied() == Some(true)
    }

    fn remember(&mut self, planned: &Planned) {
        for (bilag, expected) in planned
            .content
            .afsendelse()
            .bilag
            .iter()
            .zip(&planned.expected)
        {
            let open = matches!(expected, Expected::Rejected(_) | Expected::RefusedByBooks);
            let key = (planned.kommune, planned.fagsystem, bilag.bilag_uuid);
            self.known.entry(key).or_insert(KnownBilag {
                digest: digest(bilag),
                open_for_correction: open,
            });
        }
    }
}

/// Judges a whole day, wave by wave, and compares with the plan.
pub(crate) fn verify(day: &Day) {
    let mut judge = Judge::new(day);
    let mut taken: Vec<Planned> = Vec::new();
    for planned in day.messages() {
        let afsendelse = planned.content.afsendelse();
        match &planned.content {
            Content::New(_) if planned.expected.contains(&twice()) => {
                // Judged where a message's bilag meet each other, not by the rules.
                let [first, second] = afsendelse.bilag.as_slice() else {
                    panic!("two bilag");
                };
                assert!(first.bilag_uuid == second.bilag_uuid && first != second);
                assert!(
                    judge
                        .faults(afsendelse)
                        .iter()
                        .all(|(codes, _)| codes.is_empty())
                );
            }
            Content::New(_) => {
                let outcomes = judge.outcomes(afsendelse);
                assert_eq!(outcomes, planned.expected, "message {}", planned.number);
            }
            Content::Broken(..) => {
                assert!(
                    judge
                        .faults(afsendelse)
                        .iter()
                        .all(|(codes, _)| codes.is_empty())
                );
            }
            Content::Repeat { of, .. } => {
                assert_eq!(afsendelse, taken.get(*of).unwrap().content.afsendelse())
            }
            Content::ReusedId { of, .. } => {
                let first = taken.get(*of).unwrap().content.afsendelse();
                assert_eq!(afsendelse.transaktions_id, first.transaktions_id);
                assert_eq!(afsendelse.afsender_system, first.afsender_system);
                assert_ne!(afsendelse, first);
            }
            Content::Resent { of, .. } => {
                let first = taken.get(*of).unwrap().content.afsendelse();
                assert_ne!(afsendelse.transaktions_id, first.transaktions_id);
                assert_eq!(afsendelse.myndighed, first.myndighed);
                assert!(first.bilag.contains(afsendelse.bilag.first().unwrap()));
            }
        }
        if planned.wave == Wave::First {
            taken.push(planned);
            assert_eq!(taken.len(), taken.last().unwrap().number + 1);
            if taken.len() == day.first_wave() {
                taken.iter().for_each(|planned| judge.remember(planned));
            }
        }
    }
}

fn twice() -> Expected {
    Expected::Rejected(vec![FaultCode::BilagTwice])
}
