//! The list of bilag: each filter alone and all together, held against the same question
//! asked of the lines that were written; texts and ids as people type them.

use oir_domain::access::Scope;
use oir_domain::fault::FaultCode;
use oir_domain::ids::{BilagId, FagsystemId};
use oir_domain::message::{State, StateName};
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::ports::inbox::{Admit, MessageRecord};
use oir_flow::ports::views::{BilagFilter, BilagLine, Views};
use uuid::Uuid;

use crate::subject::{OTHER_FAGSYSTEM, OTHER_KOMMUNE, Subject, at, booked, new_bilag};

on_both! {
    filters_alone_and_together_find_what_fits,
    pages_give_every_bilag_once_newest_first,
    texts_are_found_as_people_type_them,
    ids_are_found_in_every_form,
    the_number_of_the_books_is_found,
}

/// A line with the day that it was received on, which the line itself does not show.
struct Written {
    line: BilagLine,
    dag: jiff::civil::Date,
}

fn written(record: &MessageRecord) -> Vec<Written> {
    let line = |new: &&oir_flow::ports::inbox::NewBilag| {
        let mut codes: Vec<FaultCode> = new.faults.iter().map(|f| f.code).collect();
        codes.sort();
        codes.dedup();
        let line = BilagLine {
            kommune: record.kommune,
            id: new.id,
            bilag_uuid: new.bilag.bilag_uuid,
            fagsystem: record.fagsystem,
            afsender_bilagsnummer: new.bilag.afsender_bilagsnummer.clone(),
            tekst: new.bilag.tekst.clone(),
            modtaget: record.modtaget,
            bogfoeringsdato: new.bilag.bogfoeringsdato,
            debet: new.bilag.turnover().unwrap().debit,
            posteringer: u32::try_from(new.bilag.posteringer.len()).unwrap(),
            state: new.state.clone(),
            codes,
        };
        let dag = record.dag;
        Written { line, dag }
    };
    new_bilag(record).iter().map(line).collect()
}

/// Bilag of two kommuner, two senders and one unknown, three days and three states.
async fn fill(subject: &Subject) -> Vec<Written> {
    let kommuner = [sample::KOMMUNE, OTHER_KOMMUNE, Kommunekode::UNKNOWN];
    let senders = [Some(sample::FAGSYSTEM), Some(OTHER_FAGSYSTEM), None];
    let mut all = Vec::new();
    for n in 0..36_u64 {
        let place = usize::try_from(n).unwrap();
        let bilag = match n % 4 {
            0 | 1 => sample::bilag(n),
            2 => sample::held(n),
            _ => sample::rejected(n),
        };
        let mut record =
            subject.judged(&sample::message(n, vec![bilag]), i64::try_from(n).unwrap());
        record.kommune = kommuner[place % 3];
        record.fagsystem = senders[place / 3 % 3];
        record.dag = jiff::civil::date(2026, 11, 16 + i8::try_from(place / 12).unwrap());
        assert_eq!(
            subject.admit(std::slice::from_ref(&record)).await,
            Admit::Done
        );
        all.extend(written(&record));
    }
    all.reverse();
    all
}

fn fits(filter: &BilagFilter, written: &Written) -> bool {
    let line = &written.line;
    let text = filter.text.as_deref().unwrap_or("").to_lowercase();
    filter.kommune.is_none_or(|k| k == line.kommune)
        && filter.fagsystem.is_none_or(|f| Some(f) == line.fagsystem)
        && (filter.states.is_empty() || filter.states.contains(&line.state.name()))
        && filter.from.is_none_or(|d| d <= written.dag)
        && filter.to.is_none_or(|d| written.dag <= d)
        && filter.debet_min.is_none_or(|d| d <= line.debet)
        && filter.debet_max.is_none_or(|d| line.debet <= d)
        && filter.fault.is_none_or(|f| line.codes.contains(&f))
        && line.afsender_bilagsnummer.to_lowercase().contains(&text)
}

/// Every combination of one value or none of each filter.
fn filters() -> Vec<BilagFilter> {
    let mut all = vec![BilagFilter::default()];
    let mut with = |set: &dyn Fn(&mut BilagFilter)| {
        let mut more = all.clone();
        more.iter_mut().for_each(set);
        all.extend(more);
    };
    with(&|f| f.kommune = Some(sample::KOMMUNE));
    with(&|f| f.fagsystem = Some(OTHER_FAGSYSTEM));
    with(&|f| f.states = vec![StateName::Held, StateName::Rejected]);
    with(&|f| f.from = Some(jiff::civil::date(2026, 11, 17)));
    with(&|f| f.to = Some(jiff::civil::date(2026, 11, 17)));
    with(&|f| f.debet_min = Some(Oere::new(100_500)));
    with(&|f| f.debet_max = Some(Oere::new(103_001)));
    with(&|f| f.fault = Some(FaultCode::Unbalanced));
    with(&|f| f.text = Some("prøve-1".into()));
    all
}

async fn all_pages(subject: &Subject, filter: &BilagFilter, limit: u32) -> Vec<BilagLine> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = subject
            .store
            .list(&Scope::everything(), filter, after, limit)
            .await
            .unwrap();
        assert!(page.len() <= usize::try_from(limit).unwrap());
        let Some(last) = page.last() else {
            return found;
        };
        after = Some(last.id);
        found.extend(page);
    }
}

async fn filters_alone_and_together_find_what_fits(subject: &Subject) {
    let all = fill(subject).await;
    let mut more_than_none = 0;
    for filter in filters() {
        let wanted: Vec<&BilagLine> = all
            .iter()
            .filter(|w| fits(&filter, w))
            .map(|w| &w.line)
            .collect();
        more_than_none += usize::from(!wanted.is_empty());
        let found = subject
            .store
            .list(&Scope::everything(), &filter, None, 1_000)
            .await
            .unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{filter:?}");
    }
    assert!(
        more_than_none > 200,
        "{more_than_none} filters find anything"
    );
    let unknown = BilagFilter {
        fagsystem: Some(FagsystemId::from_uuid(Uuid::from_u128(7))),
        ..BilagFilter::default()
    };
    assert_eq!(
        subject
            .store
            .list(&Scope::everything(), &unknown, None, 50)
            .await
            .unwrap(),
        []
    );
}

async fn pages_give_every_bilag_once_newest_first(subject: &Subject) {
    let all = fill(subject).await;
    let wanted: Vec<BilagId> = all.iter().map(|w| w.line.id).collect();
    assert!(wanted.is_sorted_by(|a, b| a > b), "ids grow with time");
    let some = BilagFilter {
        states: vec![StateName::Held],
        ..BilagFilter::default()
    };
    for limit in [1, 2, 5, 35, 36, 37] {
        let found = all_pages(subject, &BilagFilter::default(), limit).await;
        let found: Vec<BilagId> = found.iter().map(|l| l.id).collect();
        assert_eq!(found, wanted, "{limit} at a time");
        let held = all_pages(subject, &some, limit).await;
        assert_eq!(held.len(), 9, "{limit} held at a time");
    }
}

async fn found(subject: &Subject, text: &str) -> Vec<String> {
    let filter = BilagFilter {
        text: Some(text.into()),
        ..BilagFilter::default()
    };
    let found = subject
        .store
        .list(&Scope::everything(), &filter, None, 50)
        .await;
    let found = found.unwrap_or_else(|e| panic!("{text:?}: {e}"));
    found.iter().map(|l| l.tekst.to_string()).collect()
}

async fn texts_are_found_as_people_type_them(subject: &Subject) {
    let texts = [
        "100 % tilskud",
        "100 kr. tilskud",
        "a_b",
        "axb",
        r"sti C:\temp",
        r"dobbelt \\ streg",
        "O'Hara siger \"ja\"",
        "Ærø ØSTERGÅRD åben",
        "Müller & Søn, Café",
        "; drop table bilag; --",
        "$1 ?1 :a",
    ];
    let bilag = (0_u64..).zip(texts).map(|(n, tekst)| {
        let mut bilag = sample::bilag(n);
        bilag.tekst = tekst.into();
        bilag
    });
    subject.receive(1, bilag.collect(), 0).await;
    for (typed, wanted) in [
        ("100 %", vec![0]),
        ("%", vec![0]),
        ("_", vec![2]),
        ("A_B", vec![2]),
        ("\\", vec![4, 5]),
        (r"c:\TEMP", vec![4]),
        (r"\\", vec![5]),
        ("'", vec![6]),
        ("\"JA\"", vec![6]),
        ("Ærø", vec![7]),
        ("ærø", vec![7]),
        ("ÆRØ", vec![7]),
        ("østergård", vec![7]),
        ("ØSTERGÅRD", vec![7]),
        ("ÅBEN", vec![7]),
        ("MÜLLER", vec![8]),
        ("Müller & søn, CAFÉ", vec![8]),
        ("drop table", vec![9]),
        ("$1", vec![10]),
        ("?1 :A", vec![10]),
        ("  tilskud  ", vec![1, 0]),
        ("tilskud 100", vec![1, 0]),
        ("tilskud kr", vec![1]),
        ("søn müller prøve-8", vec![8]),
        ("østergård müller", vec![]),
        ("prøve-1", vec![10, 1]),
        ("PRØVE-1", vec![10, 1]),
        ("findes ikke", vec![]),
        ("\0", vec![]),
    ] {
        let mut wanted: Vec<&str> = wanted.iter().map(|n: &usize| texts[*n]).collect();
        wanted.sort_unstable();
        let mut found = found(subject, typed).await;
        found.sort();
        assert_eq!(found, wanted, "typed: {typed:?}");
    }
    assert_eq!(found(subject, "").await.len(), texts.len());
    assert_eq!(found(subject, "   ").await.len(), texts.len());
}

async fn ids_are_found_in_every_form(subject: &Subject) {
    let bilag = vec![sample::bilag(1), sample::bilag(2)];
    let record = subject.receive(1, bilag, 0).await;
    subject.receive(2, vec![sample::bilag(3)], 1).await;
    let one = new_bilag(&record)[1];
    let (id, uuid, message) = (one.id, one.bilag.bilag_uuid.as_uuid(), record.id);
    for (typed, count) in [
        (id.to_string(), 1),
        (format!("bil_{}", id.as_uuid().hyphenated()), 1),
        (format!(" {id} "), 1),
        (uuid.to_string(), 1),
        (uuid.to_string().to_uppercase(), 1),
        (message.to_string(), 2),
        (message.to_string().replace("msg_", "bil_"), 0),
        (id.to_string().replace("bil_", "msg_"), 0),
        (sample::bilag(99).bilag_uuid.to_string(), 0),
    ] {
        let filter = BilagFilter {
            text: Some(typed.as_str().into()),
            ..BilagFilter::default()
        };
        let found = subject
            .store
            .list(&Scope::everything(), &filter, None, 50)
            .await
            .unwrap();
        assert_eq!(found.len(), count, "typed: {typed:?}");
        if count == 1 {
            assert_eq!(found[0].id, id, "typed: {typed:?}");
        }
    }
}

async fn the_number_of_the_books_is_found(subject: &Subject) {
    subject
        .receive(1, vec![sample::bilag(1), sample::bilag(2)], 0)
        .await;
    let sending = subject.start_sending(1, 1).await.remove(0);
    subject.happen(&sending, &booked("Øk-77_1"), 2).await;
    for (typed, count) in [("Øk-77_1", 1), ("øk-77", 0), ("77_", 0), ("77-1", 0)] {
        let filter = BilagFilter {
            text: Some(typed.into()),
            ..BilagFilter::default()
        };
        let found = subject
            .store
            .list(&Scope::everything(), &filter, None, 50)
            .await
            .unwrap();
        assert_eq!(found.len(), count, "typed: {typed:?}");
        if let Some(line) = found.first() {
            assert!(matches!(line.state, State::Booked { .. }));
            assert_eq!((line.id, line.modtaget), (sending.id, at(0)));
        }
    }
}
