//! A year of bilag from a seed: a large municipality's beside 97 others', with the shares of
//! states, faults, texts, cases and accounts of an ordinary year. Every person is invented.

use anyhow::Context;
use indicatif::ProgressBar;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use oir_domain::calendar::{Regnskabsaar, copenhagen, day_of};
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::{
    Finansbilag, Finanspostering, Part, PartNummer, PartRolle, Posteringstype, Sag,
    Sortimentsvaerdi,
};
use oir_domain::ids::{
    AfsendelseId, BilagId, BilagUuid, ErpBilagsnummer, FagsystemId, TransaktionsId, uuid_v7,
};
use oir_domain::message::State;
use oir_domain::money::{Oere, Side};
use oir_domain::omsaetning::Mapped;
use oir_domain::party::Kommunekode;
use oir_domain::register::RegisterData;
use oir_fagsystem::rng::Rng;
use oir_flow::ports::inbox::{
    Accounts, BilagRecord, Channel, MessageOutcome, MessageRecord, NewBilag,
};
use oir_store::Store;

/// Postings of a bilag on average; ten million are 1.25 million bilag.
pub(super) const POSTINGS: u64 = 8;
/// Bilag of a message.
const BUNDLE: u64 = 5;
/// Messages of a transaction.
const GROUP: u64 = 400;
/// The large municipality, which has half of everything.
pub(super) const LARGE: Kommunekode = Kommunekode(101);
/// Bilag kept to be asked for.
const SAMPLES: u64 = 400;
/// Seconds of a year.
const YEAR: u64 = 365 * 86_400;

/// What texts are about, the usual first.
const MATTERS: [&str; 12] = [
    "Sygedagpenge",
    "Refusion til arbejdsgiver",
    "Kontanthjælp",
    "Boligstøtte",
    "Hjælpemidler",
    "Ressourceforløbsydelse",
    "Tabt arbejdsfortjeneste",
    "Merudgiftsydelse",
    "Befordring til specialundervisning",
    "Plejevederlag",
    "Begravelseshjælp",
    "Efterregulering af tilskud",
];

/// A bilag that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) kommune: Kommunekode,
    pub(super) id: BilagId,
    pub(super) uuid: BilagUuid,
    pub(super) transaktion: TransaktionsId,
    pub(super) nummer: Box<str>,
    pub(super) erp: Option<Box<str>>,
    pub(super) sag: Box<str>,
    pub(super) konto: Option<Box<str>>,
    pub(super) vaerdi: Box<str>,
    pub(super) debet: Oere,
    pub(super) dag: Date,
}

/// A municipality's and a sender's values, each with its account.
type Values = (Kommunekode, FagsystemId, Vec<(Box<str>, Box<str>)>);

/// The year, made message by message.
#[derive(Debug)]
pub(super) struct Year {
    root: Rng,
    bilag: u64,
    ends: Timestamp,
    zone: TimeZone,
    kommuner: Vec<Kommunekode>,
    /// Per municipality and sender: values with their accounts.
    values: Vec<Values>,
    facets: Vec<(FagsystemId, Box<str>)>,
    pub(super) samples: Vec<Sample>,
}

impl Year {
    /// A year of so many bilag that ends at an instant.
    pub(super) fn new(seed: u64, bilag: u64, ends: Timestamp, register: &RegisterData) -> Self {
        let mut values: Vec<Values> = Vec::new();
        for row in &register.omsaetning {
            let value = (row.vaerdi.clone(), row.konto.clone());
            let same = |(k, f, _): &&mut (_, _, Vec<_>)| *k == row.kommune && *f == row.fagsystem;
            match values.iter_mut().find(same) {
                Some((.., all)) => all.push(value),
                None => values.push((row.kommune, row.fagsystem, vec![value])),
            }
        }
        let facet = |f: &oir_domain::party::Fagsystem| (f.id, f.konteringsfacet.clone());
        Self {
            root: Rng::new(seed),
            bilag,
            ends,
            zone: copenhagen(),
            kommuner: register.myndigheder.iter().map(|m| m.kommune).collect(),
            values,
            facets: register.fagsystemer.iter().map(facet).collect(),
            samples: Vec::new(),
        }
    }

    /// Writes all of it.
    pub(super) async fn write(&mut self, store: &Store) -> anyhow::Result<()> {
        let bar = ProgressBar::new(self.bilag).with_message("fylder");
        let (mut next, messages) = (0, self.bilag.div_ceil(BUNDLE));
        while next < messages {
            let group: anyhow::Result<Vec<MessageRecord>> = (next..(next + GROUP).min(messages))
                .map(|number| self.message(number))
                .collect();
            let group = group?;
            store.fill(&group).await?;
            bar.inc(GROUP * BUNDLE);
            next += GROUP;
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Makes it once more without writing it, for its samples.
    pub(super) fn remember(&mut self) -> anyhow::Result<()> {
        for number in 0..self.bilag.div_ceil(BUNDLE) {
            self.message(number)?;
        }
        Ok(())
    }

    /// The first of the last days that have at least so many bilag, if there are as many,
    /// and how many they have.
    pub(super) fn last(&self, bilag: u64) -> (Date, u64) {
        let first = self.bilag.saturating_sub(bilag);
        let day = self
            .at(first)
            .map_or(Date::MIN, |at| day_of(at, &self.zone));
        let before = |n: u64| self.at(n).is_ok_and(|at| day_of(at, &self.zone) < day);
        let (mut low, mut high) = (0, first);
        while low < high {
            let middle = u64::midpoint(low, high);
            if before(middle - middle % BUNDLE) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (day, self.bilag.saturating_sub(low))
    }

    fn at(&self, bilag: u64) -> anyhow::Result<Timestamp> {
        Ok(self.ends.checked_sub(before_the_end(self.bilag, bilag)?)?)
    }

    fn message(&mut self, number: u64) -> anyhow::Result<MessageRecord> {
        let first = number * BUNDLE;
        let modtaget = self.at(first)?;
        let millis = u64::try_from(modtaget.as_millisecond())?;
        let mut rng = self.root.child("message", number);
        let kommune = if rng.percent(50) {
            LARGE
        } else {
            rng_pick(&mut rng, &self.kommuner).context("ingen kommuner")?
        };
        let places: Vec<_> = self.values.iter().filter(|(k, ..)| *k == kommune).collect();
        let place = rng_pick(&mut rng, &places).context("ingen omsætning")?;
        let (fagsystem, values) = (place.1, place.2.clone());
        let transaktion = TransaktionsId::from_uuid(rng.uuid());
        let dag = day_of(modtaget, &self.zone);
        let mut bilag = Vec::new();
        for (index, n) in (0_u32..).zip(first..(first + BUNDLE).min(self.bilag)) {
            let id = BilagId::from_uuid(uuid_v7(millis, random(n)));
            let mut made = self.bilag(&mut rng, (n, index, dag), &values, fagsystem)?;
            made.id = id;
            if n % (self.bilag / SAMPLES).max(1) == 0 {
                self.samples.push(sample(kommune, transaktion, dag, &made)?);
            }
            bilag.push(BilagRecord::New(Box::new(made)));
        }
        let raw =
            format!("<Afsendelse><TransaktionsUUID>{transaktion}</TransaktionsUUID></Afsendelse>");
        Ok(MessageRecord {
            kommune,
            id: AfsendelseId::from_uuid(uuid_v7(millis, random(first))),
            fagsystem: Some(fagsystem),
            transaktions_id: Some(transaktion),
            modtaget,
            dag,
            channel: Channel::Soap11,
            content_digest: [7; 32],
            raw_digest: [7; 32],
            raw: raw.into_bytes().into(),
            outcome: MessageOutcome::Taken,
            korrelations_id: None,
            antal_bilag: u32::try_from(bilag.len())?,
            faults: Vec::new(),
            bilag,
        })
    }

    fn bilag(
        &self,
        rng: &mut Rng,
        (n, index, dag): (u64, u32, Date),
        values: &[(Box<str>, Box<str>)],
        fagsystem: FagsystemId,
    ) -> anyhow::Result<NewBilag> {
        let (state, faults) = end(rng, n, self.bilag)?;
        let facet = self.facets.iter().find(|(id, _)| *id == fagsystem);
        let facet = facet.map_or("ydelsesart", |(_, facet)| facet);
        let count = rng.between(2, 14);
        let mut posteringer = Vec::new();
        let mut accounts = Vec::new();
        let case = rng.below(self.bilag / 2 + 1);
        let sag = Sag {
            kle: "32.30.04".into(),
            sagsnummer: format!("S-{}-{case:07}", dag.year()).into(),
        };
        let part = invented(rng)?;
        let mut sum = 0;
        for linje in 1..=count {
            let last = linje == count;
            let oere = if last {
                sum
            } else {
                rng.between(5_000, 2_500_000)
            };
            sum += oere;
            let (vaerdi, konto) = values
                .get(rng.index(values.len()))
                .context("ingen værdier")?;
            accounts.push(konto.clone());
            posteringer.push(Finanspostering {
                linjenummer: u32::try_from(linje)?,
                beloeb: Oere::new(oere),
                side: if last { Side::Credit } else { Side::Debit },
                part: (!last).then(|| part.clone()),
                sag: (!last).then(|| sag.clone()),
                ..ordinary(facet, vaerdi)
            });
        }
        let mapped = !matches!(state, State::Rejected | State::Held);
        let bilag = Finansbilag {
            bilag_uuid: BilagUuid::from_uuid(rng.uuid()),
            afsender_bilagsnummer: format!("FS-{}-{n:08}", dag.year()).into(),
            bilagsdato: dag,
            bogfoeringsdato: dag,
            regnskabsaar: Regnskabsaar(dag.year()),
            posteringstype: Posteringstype::Normal,
            valuta: "DKK".into(),
            tekst: text(rng, dag).into(),
            korrigerer: None,
            posteringer,
        };
        let accounts = if mapped {
            Accounts::Mapped(Mapped::whole(0, &bilag, accounts))
        } else {
            Accounts::Open
        };
        Ok(NewBilag {
            id: BilagId::from_uuid(uuid_v7(0, [0; 10])),
            index,
            claims_uuid: true,
            digest: [7; 32],
            bilag,
            state,
            accounts,
            faults,
        })
    }
}

fn first_konto(mapped: &Mapped) -> Option<Box<str>> {
    let line = mapped.posteringer.first()?.lines.first()?;
    Some(line.konto.clone())
}

/// A posting of a value, about nobody.
fn ordinary(facet: &str, vaerdi: &str) -> Finanspostering {
    Finanspostering {
        linjenummer: 0,
        beloeb: Oere::new(0),
        side: Side::Debit,
        tekst: "Ydelse".into(),
        sortiment: vec![Sortimentsvaerdi {
            facet: facet.into(),
            vaerdi: vaerdi.into(),
        }],
        kontering: None,
        periode: None,
        part: None,
        sag: None,
        ydelse: None,
        refusionsprocent: None,
        momskode: None,
        reference: None,
    }
}

/// How long before the year's end a bilag came.
fn before_the_end(all: u64, bilag: u64) -> anyhow::Result<SignedDuration> {
    let left = u128::from(all.saturating_sub(bilag));
    let micros = left * u128::from(YEAR) * 1_000_000 / u128::from(all.max(1));
    Ok(SignedDuration::from_micros(i64::try_from(micros)?))
}

/// When a year of so many bilag ends whose newest was received then.
pub(super) fn end_of(bilag: u64, newest: Timestamp) -> anyhow::Result<Timestamp> {
    let first_of_last = bilag.saturating_sub(1) / BUNDLE * BUNDLE;
    Ok(newest.checked_add(before_the_end(bilag, first_of_last)?)?)
}

fn rng_pick<T: Clone>(rng: &mut Rng, all: &[T]) -> Option<T> {
    all.get(rng.index(all.len().max(1))).cloned()
}

/// The bits after an id's time: the number, so that ids grow as the bilag do.
fn random(number: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    for (byte, own) in bytes.iter_mut().skip(2).zip(number.to_be_bytes()) {
        *byte = own;
    }
    bytes
}

/// Usual matters are usual: half of all texts are about the first.
fn text(rng: &mut Rng, dag: Date) -> String {
    let first = rng.percent(50);
    let place = if first { 0 } else { rng.index(MATTERS.len()) };
    let matter = MATTERS.get(place).copied().unwrap_or_default();
    let week = dag.iso_week_date().week();
    match rng.below(20) {
        0 => format!("{matter}, journal {:05}", rng.below(50_000)),
        1 => format!("{matter} efterreguleret uge {week}"),
        _ => format!("{matter} uge {week}"),
    }
}

/// How it ends: 97 of a hundred are booked; what is on its way came last.
fn end(rng: &mut Rng, n: u64, of: u64) -> anyhow::Result<(State, Vec<Fault>)> {
    let place = |path: &str| Place {
        bilag: Some(0),
        linje: Some(1),
        path: path.into(),
    };
    let fault = |code, values: &[&dyn std::fmt::Display]| {
        vec![Fault::new(
            code,
            place("Finansbilag[1]/Finanspostering[1]"),
            values,
        )]
    };
    let number = ErpBilagsnummer::try_new(&format!("{:010}", 4_000_000_000 + n)).ok();
    let booked = State::Booked {
        number: number.context("nummer")?,
    };
    if n + 200 > of {
        return Ok((State::Mapped, Vec::new()));
    }
    Ok(match rng.below(1_000) {
        0..=13 => (State::Rejected, fault(FaultCode::Unbalanced, &[&1, &2, &3])),
        14..=16 => (
            State::Rejected,
            fault(FaultCode::UnknownValue, &[&"ydelsesart", &"X"]),
        ),
        17..=19 => (
            State::Held,
            fault(FaultCode::Unmapped, &[&"ydelsesart", &"X", &"i dag"]),
        ),
        20..=24 => (
            State::Refused,
            fault(FaultCode::RefusedByBooks, &[&"K-204", &"Lukket"]),
        ),
        25..=34 => (booked, fault(FaultCode::CvrCheckDigit, &[&"11111111"])),
        _ => (booked, Vec::new()),
    })
}

/// A person with a day of birth after the 60th: nobody.
fn invented(rng: &mut Rng) -> anyhow::Result<Part> {
    let (day, month) = (61 + rng.below(28), 1 + rng.below(12));
    let (year, serial) = (rng.below(99), rng.below(4_000));
    let number = format!("{day:02}{month:02}{year:02}{serial:04}");
    Ok(Part {
        nummer: PartNummer::Cpr(number.parse().ok().context("intet personnummer")?),
        rolle: PartRolle::Ydelsesmodtager,
    })
}

fn sample(
    kommune: Kommunekode,
    transaktion: TransaktionsId,
    dag: Date,
    made: &NewBilag,
) -> anyhow::Result<Sample> {
    let bilag = &made.bilag;
    let first = bilag.posteringer.first().context("ingen posteringer")?;
    let sag = first.sag.as_ref().context("ingen sag")?;
    let value = first.sortiment.first().context("ingen værdi")?;
    Ok(Sample {
        kommune,
        id: made.id,
        uuid: bilag.bilag_uuid,
        transaktion,
        nummer: bilag.afsender_bilagsnummer.clone(),
        erp: match &made.state {
            State::Booked { number } => Some(number.to_string().into()),
            _ => None,
        },
        sag: sag.sagsnummer.clone(),
        konto: match &made.accounts {
            Accounts::Mapped(mapped) => first_konto(mapped),
            Accounts::Open | Accounts::Foreseen(_) => None,
        },
        vaerdi: value.vaerdi.clone(),
        debet: bilag.turnover()?.debit,
        dag,
    })
}
