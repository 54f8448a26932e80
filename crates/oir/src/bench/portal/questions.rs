//! What is asked of the portal: each question with as many different addresses as there are
//! samples, so that no answer is a repeat.

use std::fmt::Write as _;

use oir_domain::money::Oere;
use oir_web::danish_format::kroner;

use super::fill::Sample;

/// A question and its addresses.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) addresses: Vec<String>,
}

/// Not everybody may see it.
pub(super) const DRIFT: &str = "/drift";

type Ask = fn(&Sample) -> Option<String>;

/// What each is called, and how it is asked about a sample.
const QUESTIONS: [(&str, Ask); 35] = [
    ("forsiden", |_| Some("/".into())),
    ("forsiden, en anden dag", |s| {
        Some(format!("/?dag={}", s.dag))
    }),
    ("arbejdslisten", |_| Some("/fejl".into())),
    ("afstemning", |s| {
        Some(format!("/afstemning?maaned={:.7}", s.dag.to_string()))
    }),
    ("drift", |_| Some(DRIFT.into())),
    ("et bilag", |s| Some(format!("/bilag/{}", s.id))),
    ("listen", |_| Some("/bilag".into())),
    ("listen, dybt inde", |s| {
        list(&[("efter", s.id.to_string())])
    }),
    ("afviste, dybt inde", |s| {
        list(&[("tilstand", "afvist".into()), ("efter", s.id.to_string())])
    }),
    ("kommune", |s| list(&[("kommune", s.kommune.0.to_string())])),
    ("kræver handling", |_| {
        list(&[("tilstand", "kraever_handling".into())])
    }),
    ("nægtet", |_| list(&[("tilstand", "naegtet".into())])),
    ("under levering", |_| {
        list(&[("tilstand", "under_levering".into())])
    }),
    ("modtaget på en dag", |s| {
        list(&[("fra", s.dag.to_string()), ("til", s.dag.to_string())])
    }),
    ("bogført på en dag", |s| {
        let day = s.dag.to_string();
        list(&[("bogfoert_fra", day.clone()), ("bogfoert_til", day)])
    }),
    ("beløb, præcist", |s| amounts(s, 0)),
    ("beløb, 100 kr. til hver side", |s| amounts(s, 10_000)),
    ("beløb, over 1.000 kr.", |_| {
        list(&[("beloeb_fra", "1.000".into())])
    }),
    ("ord, i hver anden", |_| words("sygedagpenge")),
    ("ord, i et på tyve", |_| words("boligstøtte")),
    ("ord, midt i et andet", |_| words("hjælps")),
    ("ord, i næsten ingen", |s| {
        words(&format!("journal {:05}", s.debet.get() % 50_000))
    }),
    ("ord, i ingen", |s| words(&format!("findesikke{}", s.debet))),
    ("afsenders bilagsnummer", |s| words(&s.nummer)),
    ("bøgernes bilagsnummer", |s| words(s.erp.as_deref()?)),
    ("BilagUUID", |s| words(&s.uuid.to_string())),
    ("TransaktionsUUID", |s| words(&s.transaktion.to_string())),
    ("sag", |s| list(&[("sag", s.sag.to_string())])),
    ("konto", |s| {
        list(&[("konto", s.konto.as_deref()?.to_owned())])
    }),
    ("sortiment", |s| {
        list(&[("sortiment", s.vaerdi.to_string())])
    }),
    ("fejlkode, almindelig", |_| {
        list(&[("fejlkode", "F0301".into())])
    }),
    ("fejlkode, der ikke er brugt", |_| {
        list(&[("fejlkode", "F0101".into())])
    }),
    ("ord i ingen, beløb i mange, hele året", |s| {
        nowhere(s, format!("findesikke{}", s.debet))
    }),
    // Each word leads to so many that it leads nowhere, and together they stand in none: as
    // many are walked through as a search may.
    ("det værste: almindelige ord, der aldrig følges ad", |s| {
        nowhere(s, "uge sygedagpenge".to_owned())
    }),
    ("almindeligt ord, alle konti, intet beløb", |s| {
        list(&[
            ("q", "uge".into()),
            ("konto", s.konto.as_deref()?.chars().take(1).collect()),
            ("beloeb_fra", "9.000.000".into()),
        ])
    }),
];

/// All questions about these samples.
pub(super) fn all(samples: &[Sample]) -> Vec<Question> {
    let question = |(name, ask): (&'static str, Ask)| Question {
        name,
        addresses: samples.iter().filter_map(ask).collect(),
    };
    QUESTIONS.into_iter().map(question).collect()
}

fn amounts(sample: &Sample, around: i64) -> Option<String> {
    let at = |oere: i64| kroner(Oere::new(oere.max(0)));
    let debet = sample.debet.get();
    list(&[
        ("beloeb_fra", at(debet - around)),
        ("beloeb_til", at(debet + around)),
    ])
}

/// A text that no bilag has, among the amounts that most have, over the whole year.
fn nowhere(sample: &Sample, text: String) -> Option<String> {
    let year = jiff::Span::new().years(1);
    let (from, to) = (
        sample.dag.saturating_sub(year),
        sample.dag.saturating_add(year),
    );
    list(&[
        ("q", text),
        ("beloeb_fra", "1".into()),
        ("beloeb_til", "9.000.000".into()),
        ("fra", from.to_string()),
        ("til", to.to_string()),
    ])
}

fn words(text: &str) -> Option<String> {
    list(&[("q", text.to_owned())])
}

#[expect(clippy::unnecessary_wraps, reason = "a question may have no address")]
fn list(pairs: &[(&str, String)]) -> Option<String> {
    let mut address = "/bilag".to_owned();
    for (pair, number) in pairs.iter().zip(0..) {
        let (name, value) = pair;
        address.push(if number == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        for byte in value.bytes() {
            // Writing to a string cannot fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    Some(address)
}
