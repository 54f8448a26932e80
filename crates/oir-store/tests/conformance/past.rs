//! What was received for an omsætningstabel: read in pages and added up, split postings and
//! supplementary ones included.

use jiff::civil::{Date, date};
use oir_domain::access::Scope;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::finans::{Finanspostering, Posteringstype};
use oir_domain::message::StateName;
use oir_domain::money::{Oere, Side};
use oir_domain::omsaetning::{Konteret, Konteringslinje, Mapped};
use oir_fagsystem::sample;
use oir_flow::ports::inbox::{Accounts, Admit, BilagRecord};
use oir_flow::ports::omsaetning::{Omsaetningstabeller, PastPosting};

use crate::omsaetning::TABLE;
use crate::subject::{Subject, new_bilag};

on_both! {
    the_past_is_read_in_pages_as_it_was_received,
    a_split_posting_of_the_past_has_all_its_accounts,
    values_of_the_past_are_added_up,
}

/// Every posting of the past, page by page.
async fn past(subject: &Subject, days: (Date, Date)) -> Vec<PastPosting> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let scope = Scope::everything();
        let page = subject.store.past(&scope, TABLE, days, after).await;
        let page = page.unwrap();
        all.extend(page.postings);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

async fn the_past_is_read_in_pages_as_it_was_received(subject: &Subject) {
    let bundle = |n: u64, count: u64| (n..n + count).map(sample::bilag).collect::<Vec<_>>();
    let mut ids = Vec::new();
    // More bilag than fit on a page, and among them some that are not of the past.
    for n in 0..5 {
        let record = subject.receive(n * 1_000, bundle(n * 1_000, 450), 1).await;
        ids.extend(new_bilag(&record).iter().map(|bilag| bilag.id));
        subject
            .receive(90_000 + n, vec![sample::rejected(90_000 + n)], 1)
            .await;
    }
    let held = subject.receive(99_000, vec![sample::held(99_000)], 2).await;
    ids.extend(new_bilag(&held).iter().map(|bilag| bilag.id));
    let days = (sample::DAY, sample::DAY);
    let all = past(subject, days).await;
    let read: Vec<_> = all
        .chunk_by(|a, b| a.bilag == b.bilag)
        .map(|postings| postings[0].bilag)
        .collect();
    assert_eq!(read, ids, "each once, in the order of reception");
    let sent = sample::bilag(0);
    for (posting, line) in all.iter().zip(&sent.posteringer) {
        assert_eq!(posting.sortiment, line.sortiment);
        assert_eq!((posting.side, posting.beloeb), (line.side, line.beloeb));
        assert_eq!(posting.linjenummer, line.linjenummer);
        assert_eq!(posting.day, sent.konteringsdag());
        assert_eq!(posting.regnskabsaar, sent.regnskabsaar);
        assert_eq!(posting.posteringstype, sent.posteringstype);
        assert_eq!(posting.state.name(), StateName::Mapped);
        let [only] = posting.lines.as_slice() else {
            panic!("{posting:?}");
        };
        assert_eq!(only.beloeb, line.beloeb);
    }
    let waits = all.last().unwrap();
    assert_eq!(waits.state.name(), StateName::Held);
    let held = all.iter().rev().take(2);
    assert!(held.clone().count() == 2 && held.clone().all(|p| p.lines.is_empty()));
    let before = sample::DAY.yesterday().unwrap();
    assert_eq!(past(subject, (before, before)).await, []);
}

async fn a_split_posting_of_the_past_has_all_its_accounts(subject: &Subject) {
    let mut record = subject.judged(&sample::afsendelse(1), 1);
    let amount = sample::bilag(1).posteringer[0].beloeb;
    let line = |konto: &str, beloeb| Konteringslinje {
        konto: konto.into(),
        beloeb,
    };
    let rest = amount.checked_sub(Oere::new(1)).unwrap();
    let split = vec![line("5577111", Oere::new(1)), line("5577112", rest)];
    let whole = vec![line("90", amount)];
    for bilag in &mut record.bilag {
        if let BilagRecord::New(new) = bilag {
            let konteret = |lines: &Vec<Konteringslinje>| Konteret {
                rule: 1,
                lines: lines.clone(),
            };
            new.accounts = Accounts::Mapped(Mapped {
                version: 0,
                posteringer: [&split, &whole].map(konteret).into(),
            });
        }
    }
    assert_eq!(subject.admit(&[record]).await, Admit::Done);
    subject.receive(2, vec![sample::bilag(2)], 2).await;
    let all = past(subject, (sample::DAY, sample::DAY)).await;
    assert_eq!(all.len(), 4);
    assert_eq!(all[0].lines, split);
    assert_eq!(all[1].lines, whole);
    assert!(all[2..].iter().all(|posting| posting.lines.len() == 1));
}

async fn values_of_the_past_are_added_up(subject: &Subject) {
    let mut late = subject.judged(&sample::afsendelse(2), 1);
    for record in &mut late.bilag {
        if let BilagRecord::New(new) = record {
            new.bilag.posteringstype = Posteringstype::Supplement;
            new.bilag.regnskabsaar = Regnskabsaar(2025);
        }
    }
    assert_eq!(subject.admit(&[late]).await, Admit::Done);
    subject.receive(1, vec![sample::bilag(1)], 1).await;
    subject
        .receive(3, vec![sample::bilag(3), sample::held(4)], 1)
        .await;
    subject.receive(5, vec![sample::rejected(5)], 1).await;
    let scope = Scope::everything();
    let store = &subject.store;
    let seen = Omsaetningstabeller::seen(store, &scope, TABLE, sample::DAY).await;
    let seen = seen.unwrap();
    assert_eq!(seen.iter().map(|s| s.postings).sum::<u64>(), 8);
    let [cost, bank] = sample::bilag(1).posteringer.try_into().unwrap();
    let of = |line: &Finanspostering, kind| {
        let mut found = seen.iter().filter(|seen| seen.posteringstype == kind);
        let found = found.find(|seen| seen.sortiment == line.sortiment);
        found.map(|seen| (seen.side, seen.postings, seen.first, seen.last))
    };
    let (day, year_end) = (sample::DAY, date(2025, 12, 31));
    let (normal, late) = (Posteringstype::Normal, Posteringstype::Supplement);
    assert_eq!(of(&cost, normal), Some((Side::Debit, 2, day, day)));
    assert_eq!(of(&bank, normal), Some((Side::Credit, 3, day, day)));
    let its_year = Some((Side::Debit, 1, year_end, year_end));
    assert_eq!(of(&cost, late), its_year);
    let tomorrow = sample::DAY.tomorrow().unwrap();
    let later = Omsaetningstabeller::seen(store, &scope, TABLE, tomorrow).await;
    assert_eq!(later.unwrap(), []);
}
