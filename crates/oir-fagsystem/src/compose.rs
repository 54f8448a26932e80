//! Makes one message of the day from its recipe: always the same one, whenever and in
//! whatever order it is asked for, because every part has a generator of its own.

use jiff::Timestamp;
use oir_domain::fault::FaultCode;
use oir_domain::finans::{Afsendelse, Finansbilag, Kontroltotal, Leveranceform};
use oir_domain::ids::{BilagUuid, FagsystemId, TransaktionsId};
use oir_domain::money::{Oere, Turnover};
use oir_domain::party::Kommunekode;

use crate::benefits::{self, Scene};
use crate::mutate::Mutation;
use crate::people::INVENTED;
use crate::plan::{Content, Day, DayPlan, Expected, Planned};
use crate::recipe::{Recipe, Shape, Source};
use crate::reference::Kommune;
use crate::rng::Rng;
use crate::shares::{FLOOD, Kind};
use crate::spoil::spoil;
use crate::trade::{SYSTEMS, System};

/// What is sent, and what must come of each new bilag in it.
type Made = (Content, Vec<Expected>);

/// The message with that number; none when there is none.
pub(crate) fn compose(day: &Day, number: usize) -> Option<Planned> {
    let recipe = day.recipes.get(number)?;
    let maker = Maker::new(day, number)?;
    let rejected = |code| vec![Expected::Rejected(vec![code])];
    let made = match &recipe.shape {
        Shape::Bilag(kinds) => maker.ordinary(kinds),
        Shape::Transport(code) => maker.broken(*code)?,
        Shape::Message(code) => (Content::New(maker.faulty(*code)), rejected(*code)),
        Shape::Flood => maker.flood(),
        Shape::Twice => maker.twice(),
        Shape::Corrects(source, kind) => maker.correcting(*source, *kind),
        Shape::ReusesBilag(source) => {
            let mut bilag = maker.bilag(0, Kind::Sound).0;
            bilag.bilag_uuid = bilag_uuid(day, *source);
            let afsendelse = maker.envelope(vec![bilag]);
            (Content::New(afsendelse), rejected(FaultCode::BilagReused))
        }
        Shape::ReusesCall(of) => {
            let mut afsendelse = maker.single();
            afsendelse.transaktions_id = call(day, *of);
            let fault = Expected::TransportFault(FaultCode::TransactionReused);
            let of = *of;
            (Content::ReusedId { of, afsendelse }, vec![fault])
        }
        Shape::Repeats(of) => {
            let afsendelse = compose(day, *of)?.content.afsendelse().clone();
            let of = *of;
            (Content::Repeat { of, afsendelse }, Vec::new())
        }
        Shape::Resends(source) => {
            let earlier = Maker::new(day, source.message)?;
            let bilag = earlier.bilag(source.bilag, Kind::Sound).0;
            let (of, afsendelse) = (source.message, maker.envelope(vec![bilag]));
            (Content::Resent { of, afsendelse }, Vec::new())
        }
    };
    Some(maker.planned(recipe, made))
}

/// The id of a message, whether or not it was made yet.
fn call(day: &Day, number: usize) -> TransaktionsId {
    TransaktionsId::from_uuid(day.root.child("call", index(number)).uuid())
}

/// The id of a bilag, whether or not it was made yet.
fn bilag_uuid(day: &Day, source: Source) -> BilagUuid {
    let message = day.root.child("bilag", index(source.message));
    BilagUuid::from_uuid(message.child("place", index(source.bilag)).uuid())
}

fn index(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Makes the parts of one message.
struct Maker<'a> {
    day: &'a Day,
    number: usize,
    kommune: &'a Kommune,
    system: &'static System,
    rng: Rng,
}

impl<'a> Maker<'a> {
    fn new(day: &'a Day, number: usize) -> Option<Self> {
        let recipe = day.recipes.get(number)?;
        Some(Self {
            day,
            number,
            kommune: day.kommuner.get(recipe.kommune)?,
            system: SYSTEMS.get(recipe.system).copied()?,
            rng: day.root.child("message", index(number)),
        })
    }

    fn bilag(&self, place: usize, kind: Kind) -> (Finansbilag, Expected) {
        let (message, system) = (self.number, self.system);
        let year = self.day.plan.day.year();
        let nummer = format!(
            "{}-{year}-{:07}-{:04}",
            system.kortnavn,
            message + 1,
            place + 1
        );
        let bilag = place;
        let scene = Scene {
            day: self.day.plan.day,
            kommune: self.kommune.kode.0,
            system,
            uuid: bilag_uuid(self.day, Source { message, bilag }),
            nummer,
        };
        let mut rng = self.rng.child("bilag", index(place));
        let mut bilag = benefits::bilag(&scene, &mut rng);
        let outcome = spoil(
            &mut bilag,
            kind,
            &scene,
            &mut self.rng.child("spoil", index(place)),
        );
        (bilag, outcome)
    }

    /// A message with one sound bilag.
    fn single(&self) -> Afsendelse {
        self.envelope(vec![self.bilag(0, Kind::Sound).0])
    }

    /// One bilag or a bundle, each of its kind.
    fn ordinary(&self, kinds: &[Kind]) -> Made {
        let numbered = kinds.iter().enumerate();
        let made = numbered.map(|(place, kind)| self.bilag(place, *kind));
        let (bilag, expected): (Vec<_>, Vec<_>) = made.unzip();
        (Content::New(self.envelope(bilag)), expected)
    }

    fn broken(&self, code: FaultCode) -> Option<Made> {
        let mut rng = self.rng.child("mutation", 0);
        let mutation = Mutation::provoking(code, self.day.plan.body_limit, &mut rng)?;
        let expected = vec![Expected::TransportFault(code)];
        Some((Content::Broken(self.single(), mutation), expected))
    }

    /// One bilag more than a message may hold.
    fn flood(&self) -> Made {
        let made = (0..FLOOD).map(|place| self.bilag(place, Kind::Sound).0);
        let fate = Expected::Rejected(vec![FaultCode::TooManyBilag]);
        (
            Content::New(self.envelope(made.collect())),
            vec![fate; FLOOD],
        )
    }

    /// Two bilag with different content under the id of the first. Which one is taken is
    /// not up to chance: the first, as if they had come in two messages.
    fn twice(&self) -> Made {
        let (first, mut second) = (self.bilag(0, Kind::Sound).0, self.bilag(1, Kind::Sound).0);
        second.bilag_uuid = first.bilag_uuid;
        let fate = Expected::Rejected(vec![FaultCode::BilagTwice]);
        let expected = vec![Expected::Booked(Vec::new()), fate];
        (Content::New(self.envelope(vec![first, second])), expected)
    }

    fn correcting(&self, source: Source, kind: Kind) -> Made {
        let (mut bilag, expected) = self.bilag(0, kind);
        bilag.korrigerer = Some(bilag_uuid(self.day, source));
        (Content::New(self.envelope(vec![bilag])), vec![expected])
    }

    fn envelope(&self, bilag: Vec<Finansbilag>) -> Afsendelse {
        let mut rng = self.rng.child("envelope", 0);
        let bundle = bilag.len() > 1;
        let DayPlan { day, now, .. } = self.day.plan;
        let made = now.as_second().saturating_sub(rng.between(1, 3_600));
        Afsendelse {
            transaktions_id: call(self.day, self.number),
            myndighed: self.kommune.cvr,
            afsender_system: self.system.id(),
            oprettet: Timestamp::from_second(made).unwrap_or(now),
            korrelations_id: Some(
                format!("{INVENTED} dag {day} afsendelse {}", self.number + 1).into(),
            ),
            leveranceform: if bundle {
                Leveranceform::Masse
            } else {
                Leveranceform::Straks
            },
            kontroltotal: bundle.then(|| totals(&bilag)),
            bilag,
        }
    }

    /// A single bilag in a message with a fault of its own.
    fn faulty(&self, code: FaultCode) -> Afsendelse {
        let mut afsendelse = self.single();
        let mut said = totals(&afsendelse.bilag);
        match code {
            FaultCode::UnknownFagsystem => {
                let stranger = self.rng.child("stranger", 0).uuid();
                afsendelse.afsender_system = FagsystemId::from_uuid(stranger);
            }
            FaultCode::UnknownMyndighed => {
                // KOMBIT's test authority, which no real installation serves.
                let unserved = "11111111".parse();
                afsendelse.myndighed = unserved.unwrap_or(afsendelse.myndighed);
            }
            FaultCode::CreatedInFuture => {
                let tomorrow = self.day.plan.now.as_second().saturating_add(86_400);
                let ahead = Timestamp::from_second(tomorrow);
                afsendelse.oprettet = ahead.unwrap_or(afsendelse.oprettet);
            }
            FaultCode::MissingTotals => afsendelse.leveranceform = Leveranceform::Masse,
            FaultCode::WrongCount => {
                said.antal += 1;
                afsendelse.kontroltotal = Some(said);
            }
            FaultCode::WrongTotal => {
                said.debet = said.debet.checked_add(Oere::new(1)).unwrap_or(said.debet);
                afsendelse.kontroltotal = Some(said);
            }
            // NoAgreement lies in who sends to whom, and the recipe chose that.
            _ => {}
        }
        afsendelse
    }

    fn planned(&self, recipe: &Recipe, (content, expected): Made) -> Planned {
        let afsendelse = content.afsendelse();
        let served = afsendelse.myndighed == self.kommune.cvr;
        Planned {
            number: self.number,
            wave: recipe.wave,
            fagsystem: afsendelse.afsender_system,
            kommune: if served {
                self.kommune.kode
            } else {
                Kommunekode::UNKNOWN
            },
            content,
            expected,
        }
    }
}

/// What a bundle says of itself.
pub(crate) fn totals(bilag: &[Finansbilag]) -> Kontroltotal {
    let mut sum = Turnover::default();
    for line in bilag.iter().flat_map(|b| &b.posteringer) {
        // Amounts made here are far from the limit.
        let _ = sum.add(line.side, line.beloeb);
    }
    Kontroltotal {
        antal: u32::try_from(bilag.len()).unwrap_or(u32::MAX),
        debet: sum.debit,
        kredit: sum.credit,
    }
}
