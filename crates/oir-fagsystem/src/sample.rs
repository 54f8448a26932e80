//! Ready-made facts and messages for tests and benchmarks of other rooms: small, fixed,
//! and valid whatever the clock says. The register is that of [`DAY`]; everything is
//! booked on it, by KSD.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::finans::{
    Afsendelse, Finansbilag, Finanspostering, Leveranceform, PartRolle, Posteringstype, Sag,
    Sortimentsvaerdi,
};
use oir_domain::ids::{BilagUuid, FagsystemId, TransaktionsId};
use oir_domain::money::{Oere, Side};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::register::{Register, RegisterData};
use uuid::Uuid;

use crate::compose::totals;
use crate::kontoplan::{KontoplanRow, accounts};
use crate::people::{INVENTED, as_part, citizen};
use crate::reference::{Kommune, kommuner};
use crate::rng::Rng;
use crate::trade::{KSD, Value};

/// The day that the register is of and the bilag are booked on.
pub const DAY: Date = Date::constant(2026, 11, 18);

/// When the messages say that they were made (2 January 2025): no clock calls it future.
pub const CREATED: Timestamp = Timestamp::constant(1_735_804_800, 0);

/// The municipality of the samples: København.
pub const KOMMUNE: Kommunekode = Kommunekode(101);

/// The sender of the samples: KSD.
pub const FAGSYSTEM: FagsystemId = KSD.id();

/// Municipalities in the register: those of an ordinary demo.
const KOMMUNER: usize = 10;

/// The register as lists, the books of all ten municipalities at that address.
#[must_use]
pub fn register_data(receiver_url: &str) -> RegisterData {
    crate::register::register_data(ten(), DAY, receiver_url)
}

/// The register, indexed, at version 1; its books have no real address.
#[must_use]
pub fn register() -> Register {
    Register::new(1, register_data("http://127.0.0.1:9/"))
}

/// The kontoplaner that go with the register.
#[must_use]
pub fn kontoplan() -> Vec<KontoplanRow> {
    accounts(ten())
}

fn ten() -> &'static [Kommune] {
    static TEN: OnceLock<Vec<Kommune>> = OnceLock::new();
    TEN.get_or_init(|| kommuner(KOMMUNER))
}

/// CVR of [`KOMMUNE`].
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "a constant of eight digits, proved by a test"
)]
pub fn myndighed() -> Cvr {
    "64942212".parse().expect("eight digits")
}

/// The smallest sound bilag: two postings of `1,000 + n` kroner under ids made from `n`.
/// It is booked with account numbers that the kontoplan has.
#[must_use]
pub fn bilag(n: u64) -> Finansbilag {
    let oere = Oere::new(100_000_i64.saturating_add_unsigned(n.saturating_mul(100)));
    let [cost, ..] = &KSD.costs;
    Finansbilag {
        bilag_uuid: BilagUuid::from_uuid(numbered(0xb11a, n)),
        afsender_bilagsnummer: format!("PRØVE-{n}").into(),
        bilagsdato: DAY,
        bogfoeringsdato: DAY,
        regnskabsaar: Regnskabsaar(DAY.year()),
        posteringstype: Posteringstype::Normal,
        valuta: "DKK".into(),
        tekst: "Sygedagpenge uge 46".into(),
        korrigerer: None,
        posteringer: vec![
            line(1, cost, Side::Debit, oere),
            line(2, &KSD.bank, Side::Credit, oere),
        ],
    }
}

/// A message with the smallest sound bilag; all its ids are made from `n`.
#[must_use]
pub fn afsendelse(n: u64) -> Afsendelse {
    message(n, vec![bilag(n)])
}

/// A bundle of the smallest sound bilag `n`, `n + 1` … under the message id of `n`.
#[must_use]
pub fn bundle(n: u64, count: u32) -> Afsendelse {
    let numbers = (0..u64::from(count)).map(|more| n.saturating_add(more));
    message(n, numbers.map(bilag).collect())
}

/// A message under the id of `n` with any bilag; a bundle gets its control totals.
#[must_use]
pub fn message(n: u64, bilag: Vec<Finansbilag>) -> Afsendelse {
    let transaktions_id = TransaktionsId::from_uuid(numbered(0xca11, n));
    enveloped(transaktions_id, myndighed(), bilag)
}

/// Sound, but its value has no account: must be held.
#[must_use]
pub fn held(n: u64) -> Finansbilag {
    with_value(bilag(n), &KSD.new)
}

/// Sound and mapped, but the account is closed: the books must refuse it.
#[must_use]
pub fn refused(n: u64) -> Finansbilag {
    with_value(bilag(n), &KSD.closed)
}

/// One øre out of balance: must be rejected with `F0301` alone.
#[must_use]
pub fn rejected(n: u64) -> Finansbilag {
    let mut bilag = bilag(n);
    if let Some(line) = bilag.posteringer.first_mut() {
        line.beloeb = line.beloeb.checked_add(Oere::new(1)).unwrap_or(line.beloeb);
    }
    bilag
}

/// A row of the omsætningstabel that releases [`held`] bilag: its account is open.
#[must_use]
pub fn missing_row() -> oir_domain::register::Omsaetningsrow {
    let [cost, ..] = &KSD.costs;
    let sted = crate::trade::sted_number(cost, KOMMUNE.0, true);
    oir_domain::register::Omsaetningsrow {
        kommune: KOMMUNE,
        fagsystem: FAGSYSTEM,
        vaerdi: KSD.new.vaerdi.into(),
        konto: crate::accounts::written(KOMMUNE, &crate::trade::konto(cost, sted)).into(),
        validity: oir_domain::calendar::Validity {
            from: DAY.first_of_month(),
            to: None,
        },
    }
}

/// A message with one bilag of so many postings (at least 2) for measuring: about 3 kB of
/// XML with ten, sound against [`register`], spread evenly over the ten municipalities.
/// Different `n` have different ids; the same arguments give the same message.
#[must_use]
pub fn bench_bilag(seed: u64, n: u64, postings: u32) -> Afsendelse {
    let mut rng = Rng::new(seed).child("bench", n);
    let mut sum = 0;
    let mut posteringer = Vec::new();
    for number in 1..postings.max(2) {
        let oere = rng.between(10_000, 99_999);
        sum += oere;
        let value = KSD.costs.get(rng.index(4)).unwrap_or(&KSD.atp);
        posteringer.push(line(number, value, Side::Debit, Oere::new(oere)));
    }
    posteringer.push(line(
        postings.max(2),
        &KSD.bank,
        Side::Credit,
        Oere::new(sum),
    ));
    if let Some(first) = posteringer.first_mut() {
        first.part = as_part(citizen(&mut rng, DAY), PartRolle::Ydelsesmodtager);
        first.sag = Some(Sag {
            kle: KSD.kle.into(),
            sagsnummer: format!("{INVENTED}-{n}").into(),
        });
    }
    let bilag = Finansbilag {
        bilag_uuid: BilagUuid::from_uuid(rng.uuid()),
        afsender_bilagsnummer: format!("KSD-{n}").into(),
        posteringer,
        ..bilag(0)
    };
    let kommune = ten().get(usize::try_from(n % 10).unwrap_or(0));
    let cvr = kommune.map_or_else(myndighed, |k| k.cvr);
    enveloped(TransaktionsId::from_uuid(rng.uuid()), cvr, vec![bilag])
}

fn enveloped(
    transaktions_id: TransaktionsId,
    myndighed: Cvr,
    bilag: Vec<Finansbilag>,
) -> Afsendelse {
    let bundle = bilag.len() > 1;
    Afsendelse {
        transaktions_id,
        myndighed,
        afsender_system: FAGSYSTEM,
        oprettet: CREATED,
        korrelations_id: Some(INVENTED.into()),
        leveranceform: if bundle {
            Leveranceform::Masse
        } else {
            Leveranceform::Straks
        },
        kontroltotal: bundle.then(|| totals(&bilag)),
        bilag,
    }
}

fn line(linjenummer: u32, value: &Value, side: Side, beloeb: Oere) -> Finanspostering {
    Finanspostering {
        linjenummer,
        beloeb,
        side,
        tekst: value.tekst.into(),
        sortiment: vec![Sortimentsvaerdi {
            facet: KSD.facet.into(),
            vaerdi: value.vaerdi.into(),
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

fn with_value(mut bilag: Finansbilag, value: &Value) -> Finansbilag {
    let first = bilag.posteringer.first_mut();
    if let Some(value_sent) = first.and_then(|line| line.sortiment.first_mut()) {
        value_sent.vaerdi = value.vaerdi.into();
    }
    bilag
}

/// A UUID of the form of version 4 that shows its number.
fn numbered(what: u128, n: u64) -> Uuid {
    let bits = (what << 112) | 0x4000_8000_0000_0000_0000 | (u128::from(n) & 0xffff_ffff_ffff);
    Uuid::from_u128(bits)
}
