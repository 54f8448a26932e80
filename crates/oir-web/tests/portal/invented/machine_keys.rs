//! Keys of machines in memory, by the same rules as the store's.

use std::sync::Mutex;

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::KeyId;
use oir_domain::machine_key::Terms;
use oir_flow::ports::Answer;
use oir_flow::ports::machine_keys::{KeptKey, KeyEnd, KeyRecord, MachineKeys, NewKey, TokenRecord};
use oir_flow::ports::sessions::Deed;

use super::Invented;

/// Keys and tokens of one test.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: Mutex<Vec<KeptKey>>,
    tokens: Mutex<Vec<([u8; 32], TokenRecord)>>,
}

impl Invented {
    fn keys_where(&self, wanted: impl Fn(&KeyRecord) -> bool) -> Vec<KeyRecord> {
        let keys = self.keys.keys.lock().unwrap();
        let found = keys.iter().rev().map(|key| key.record.clone());
        found.filter(wanted).collect()
    }

    fn seen_by(scope: &Scope, key: &KeyRecord) -> bool {
        let system = key.terms.holder().fagsystem();
        let mut own = key.terms.kommuner().iter();
        own.any(|kommune| scope.covers(*kommune, system))
    }
}

impl MachineKeys for Invented {
    fn key_version(&self) -> Answer<'_, i64> {
        // Moves at every look: nothing is remembered too long here.
        let keys = self.keys.keys.lock().unwrap();
        let ended = keys.iter().filter(|key| key.record.ended.is_some()).count();
        self.answer(i64::try_from(keys.len() * 1_000 + ended).unwrap())
    }

    fn key_table(&self, since: Timestamp) -> Answer<'_, Vec<KeptKey>> {
        let keys = self.keys.keys.lock().unwrap().clone();
        let lasts = |key: &KeptKey| key.record.terms.until() > since;
        self.answer(keys.into_iter().filter(lasts).collect())
    }

    fn keys<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<KeyRecord>> {
        self.answer(self.keys_where(|key| Self::seen_by(scope, key)))
    }

    fn keys_expiring<'a>(
        &'a self,
        scope: &'a Scope,
        (after, to): (Timestamp, Timestamp),
    ) -> Answer<'a, Vec<KeyRecord>> {
        let wanted = |key: &KeyRecord| {
            let until = key.terms.until();
            Self::seen_by(scope, key) && key.ended.is_none() && after < until && until <= to
        };
        self.answer(self.keys_where(wanted))
    }

    fn make_key<'a>(
        &'a self,
        key: &'a NewKey,
        old_until: Timestamp,
        _: &'a Deed,
    ) -> Answer<'a, bool> {
        let mut keys = self.keys.keys.lock().unwrap();
        let made = keys.iter().all(|kept| kept.record.id != key.record.id);
        if made {
            let old = |kept: &&mut KeptKey| Some(kept.record.id) == key.record.replaces;
            for old in keys.iter_mut().filter(old) {
                let terms = &old.record.terms;
                let (kommuner, rights) = (terms.kommuner().to_vec(), terms.rights().to_vec());
                let span = (terms.from(), old_until.min(terms.until()));
                if let Ok(terms) = Terms::try_new(terms.holder(), kommuner, rights, span) {
                    old.record.terms = terms;
                }
            }
            let (record, digest) = (key.record.clone(), key.digest);
            keys.push(KeptKey { record, digest });
        }
        self.answer(made)
    }

    fn end_key<'a>(&'a self, id: KeyId, end: &'a KeyEnd, _: &'a Deed) -> Answer<'a, bool> {
        let mut keys = self.keys.keys.lock().unwrap();
        let open = |key: &&mut KeptKey| key.record.id == id && key.record.ended.is_none();
        let found = keys.iter_mut().find(open);
        let ended = found.map(|key| key.record.ended = Some(end.clone()));
        self.answer(ended.is_some())
    }

    fn key_used(&self, id: KeyId, hour: Timestamp) -> Answer<'_, ()> {
        let mut keys = self.keys.keys.lock().unwrap();
        for key in keys.iter_mut().filter(|key| key.record.id == id) {
            key.record.last_used = Some(hour);
        }
        self.answer(())
    }

    fn keep_token<'a>(
        &'a self,
        digest: &'a [u8; 32],
        token: &'a TokenRecord,
        _: Timestamp,
    ) -> Answer<'a, ()> {
        let mut tokens = self.keys.tokens.lock().unwrap();
        tokens.push((*digest, token.clone()));
        self.answer(())
    }

    fn token<'a>(&'a self, digest: &'a [u8; 32]) -> Answer<'a, Option<TokenRecord>> {
        let tokens = self.keys.tokens.lock().unwrap();
        let found = tokens.iter().find(|(kept, _)| kept == digest);
        self.answer(found.map(|(_, token)| token.clone()))
    }
}

impl Invented {
    /// Writes words of others wherever others can write.
    pub(crate) fn write_on_everything(&mut self, words: &str) {
        for detail in &mut self.bilag {
            detail.bilag.tekst = words.into();
            detail.line.tekst = words.into();
            detail.line.afsender_bilagsnummer = words.into();
            detail.bilag.afsender_bilagsnummer = words.into();
            for posting in &mut detail.bilag.posteringer {
                posting.tekst = words.into();
                posting.reference = Some(words.into());
                posting.ydelse = Some(words.into());
                for value in &mut posting.sortiment {
                    (value.facet, value.vaerdi) = (words.into(), words.into());
                }
            }
            for event in &mut detail.timeline {
                event.detail = Some(words.into());
            }
            for fault in detail.faults.iter_mut().chain(&mut detail.later_faults) {
                fault.values = vec![words.into()];
                fault.place.path = words.into();
            }
        }
        for message in &mut self.messages {
            message.raw = format!("<a>{words}</a>").into_bytes();
        }
    }
}
