//! Kontoplaner of the tests, kept in memory, by the same rules as the store's.

use std::sync::Mutex;

use jiff::Timestamp;
use jiff::civil::date;
use oir_domain::access::Scope;
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::ids::UploadId;
use oir_domain::kontoplan::change::{Tally, compare};
use oir_domain::kontoplan::{Aarsspan, BEGINNING, Konto, KontoForm, Kontoplan, KontoplanHead};
use oir_domain::party::Kommunekode;
use oir_flow::ports::Answer;
use oir_flow::ports::kontoplan::{Kontoplaner, Upload};
use oir_flow::ports::sessions::Deed;

use super::Invented;

/// What was imported and sent.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    versions: Mutex<Vec<(KontoplanHead, Vec<Konto>)>>,
    uploads: Mutex<Vec<Upload>>,
}

/// An account of the first invented municipality.
pub(crate) fn konto(text: &str, navn: &str) -> Konto {
    Konto {
        konto: text.into(),
        navn: navn.into(),
        validity: Validity {
            from: BEGINNING,
            to: None,
        },
        aar: Aarsspan::default(),
        autoriseret: None,
    }
}

/// Accounts of benefits: open, about to close, closed, and one with a finding.
pub(crate) fn konti() -> Vec<Konto> {
    let mut soon = konto("5577111000009052", "Regresindtægter <vedr.> sygedagpenge");
    soon.aar.to = Some(Regnskabsaar(2026));
    let mut closed = konto("5577111000000152", "Afløb efter 52 uger");
    closed.validity = Validity {
        from: date(2018, 1, 1),
        to: Some(date(2021, 12, 31)),
    };
    vec![
        konto("5577111000001352", "Sygedagpenge"),
        konto("5577111000077752", "Kommunens egen"),
        konto("5577121000001086", "Refusion 80 pct."),
        closed,
        soon,
    ]
}

impl Invented {
    /// With the kontoplan of the first invented municipality.
    pub(crate) fn with_kontoplan(self) -> Self {
        let konti = konti();
        let head = KontoplanHead {
            kommune: Kommunekode(791),
            version: 1,
            form: KontoForm::Autoriseret,
            at: "2026-11-20T09:30:00Z".parse().unwrap(),
            subject: "opdigtet|1".into(),
            navn: "Åse Opdigtet".into(),
            source: "kontoplan 2026.xlsx".into(),
            digest: [1; 32],
            accounts: 5,
            tally: Tally::of(&compare(&[], &konti)),
        };
        self.kontoplaner
            .versions
            .lock()
            .unwrap()
            .push((head, konti));
        self
    }
}

impl Kontoplaner for Invented {
    fn kontoplaner<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<KontoplanHead>> {
        let all = self.kontoplaner.versions.lock().unwrap();
        let newest = |(head, _): &&(KontoplanHead, Vec<Konto>)| {
            let same = all
                .iter()
                .filter(|(other, _)| other.kommune == head.kommune);
            same.map(|(other, _)| other.version).max() == Some(head.version)
        };
        let seen = all.iter().filter(newest);
        let seen = seen.filter(|(head, _)| scope.touches(head.kommune));
        self.answer(seen.map(|(head, _)| head.clone()).collect())
    }

    fn kontoplan_versions<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        before: Option<u32>,
        limit: u32,
    ) -> Answer<'a, Vec<KontoplanHead>> {
        let all = self.kontoplaner.versions.lock().unwrap();
        let wanted = |head: &&KontoplanHead| {
            let earlier = before.is_none_or(|before| head.version < before);
            head.kommune == kommune && scope.touches(kommune) && earlier
        };
        let heads = all.iter().rev().map(|(head, _)| head).filter(wanted);
        let limit = usize::try_from(limit).unwrap();
        self.answer(heads.take(limit).cloned().collect())
    }

    fn kontoplan<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        version: Option<u32>,
    ) -> Answer<'a, Option<Kontoplan>> {
        let all = self.kontoplaner.versions.lock().unwrap();
        let wanted = |(head, _): &&(KontoplanHead, Vec<Konto>)| {
            let this = version.is_none_or(|version| version == head.version);
            head.kommune == kommune && scope.touches(kommune) && this
        };
        let found = all.iter().rev().find(wanted).map(|(head, konti)| {
            Kontoplan::new(kommune, head.version, head.form.clone(), konti.clone())
        });
        self.answer(found)
    }

    fn import_kontoplan<'a>(
        &'a self,
        head: &'a KontoplanHead,
        konti: &'a [Konto],
        _: &'a Deed,
    ) -> Answer<'a, bool> {
        let mut all = self.kontoplaner.versions.lock().unwrap();
        let same = all
            .iter()
            .filter(|(other, _)| other.kommune == head.kommune);
        let follows = u32::try_from(same.count()).unwrap() + 1 == head.version;
        if follows {
            all.push((head.clone(), konti.to_vec()));
        }
        self.answer(follows)
    }

    fn keep_upload<'a>(&'a self, upload: &'a Upload, oldest: Timestamp) -> Answer<'a, ()> {
        let mut all = self.kontoplaner.uploads.lock().unwrap();
        all.retain(|kept| kept.at >= oldest);
        all.push(upload.clone());
        self.answer(())
    }

    fn upload<'a>(&'a self, id: UploadId, subject: &'a str) -> Answer<'a, Option<Upload>> {
        let all = self.kontoplaner.uploads.lock().unwrap();
        let own = |upload: &&Upload| upload.id == id && &*upload.subject == subject;
        self.answer(all.iter().find(own).cloned())
    }
}
