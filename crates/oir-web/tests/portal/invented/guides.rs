//! Guides and letters of the tests, kept in memory.

use std::sync::Mutex;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::digest::{Email, Recipient, Weekdays};
use oir_domain::guide::{Guide, GuideHead, GuidePlace};
use oir_domain::ids::FagsystemId;
use oir_flow::ports::Answer;
use oir_flow::ports::guides::Guides;
use oir_flow::ports::post::{Letter, LetterFate, LetterState, Post};
use oir_flow::ports::sessions::Deed;
use uuid::Uuid;

use super::Invented;

/// The only one who was written to.
const WRITTEN_TO: &str = "fagomraade-0791";

fn letter() -> Letter {
    Letter {
        id: Uuid::from_u128(1),
        subject: WRITTEN_TO.into(),
        navn: "Opdigtet".into(),
        email: Email::try_new("person1@demo.invalid").unwrap(),
        title: "ØiR: 2 <ting> venter".into(),
        body: "3 bilag\nhttps://oir.example/bilag?a=1&b=2\n".into(),
        written: Timestamp::UNIX_EPOCH,
        state: LetterState::Sent,
        attempts: 1,
    }
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Papers {
    guides: Mutex<Vec<Guide>>,
    recipients: Mutex<Vec<Recipient>>,
}

impl Guides for Invented {
    fn shelf<'a>(
        &'a self,
        scope: &'a Scope,
        fagsystem: Option<FagsystemId>,
    ) -> Answer<'a, Vec<GuideHead>> {
        let all = self.papers.guides.lock().unwrap();
        let newest = |guide: &&Guide| {
            let same = |other: &&Guide| other.head.place == guide.head.place;
            all.iter()
                .filter(same)
                .all(|o| o.head.version <= guide.head.version)
        };
        let wanted = |guide: &&Guide| {
            let place = &guide.head.place;
            place.is_seen(scope) && fagsystem.is_none_or(|id| id == place.fagsystem)
        };
        let heads = all.iter().filter(newest).filter(wanted);
        self.answer(heads.map(|guide| guide.head.clone()).collect())
    }

    fn guide<'a>(
        &'a self,
        scope: &'a Scope,
        place: &'a GuidePlace,
        version: Option<u32>,
    ) -> Answer<'a, Option<Guide>> {
        let all = self.papers.guides.lock().unwrap();
        let wanted = |guide: &&Guide| {
            let head = &guide.head;
            head.place == *place
                && place.is_seen(scope)
                && version.is_none_or(|version| version == head.version)
        };
        let found = all
            .iter()
            .filter(wanted)
            .max_by_key(|guide| guide.head.version);
        self.answer(found.cloned())
    }

    fn guide_versions<'a>(
        &'a self,
        scope: &'a Scope,
        place: &'a GuidePlace,
        before: Option<u32>,
        limit: u32,
    ) -> Answer<'a, Vec<GuideHead>> {
        let all = self.papers.guides.lock().unwrap();
        let wanted = |guide: &&Guide| {
            let head = &guide.head;
            let earlier = before.is_none_or(|before| head.version < before);
            head.place == *place && place.is_seen(scope) && earlier
        };
        let heads = all.iter().rev().filter(wanted);
        let heads = heads.map(|guide| guide.head.clone());
        self.answer(heads.take(usize::try_from(limit).unwrap()).collect())
    }

    fn write_guide<'a>(&'a self, guide: &'a Guide, _: &'a Deed) -> Answer<'a, bool> {
        let mut all = self.papers.guides.lock().unwrap();
        let same = all
            .iter()
            .filter(|other| other.head.place == guide.head.place);
        let follows = u32::try_from(same.count()).unwrap() + 1 == guide.head.version;
        if follows {
            all.push(guide.clone());
        }
        self.answer(follows)
    }
}

impl Post for Invented {
    fn note_recipient<'a>(&'a self, recipient: &'a Recipient) -> Answer<'a, ()> {
        let mut all = self.papers.recipients.lock().unwrap();
        all.retain(|known| known.person.subject != recipient.person.subject);
        all.push(recipient.clone());
        self.answer(())
    }

    fn recipient<'a>(&'a self, subject: &'a str) -> Answer<'a, Option<Recipient>> {
        let all = self.papers.recipients.lock().unwrap();
        let found = all.iter().find(|known| &*known.person.subject == subject);
        self.answer(found.cloned())
    }

    fn choose_weekdays<'a>(
        &'a self,
        subject: &'a str,
        weekdays: Weekdays,
        _: &'a Deed,
    ) -> Answer<'a, bool> {
        let mut all = self.papers.recipients.lock().unwrap();
        let found = all
            .iter_mut()
            .find(|known| &*known.person.subject == subject);
        let known = found.map(|recipient| recipient.weekdays = weekdays);
        self.answer(known.is_some())
    }

    fn undone<'a>(
        &'a self,
        _: Date,
        _: Timestamp,
        _: &'a str,
        _: u32,
    ) -> Answer<'a, Vec<Recipient>> {
        self.answer(Vec::new())
    }

    fn finish_day<'a>(
        &'a self,
        _: &'a str,
        _: Date,
        _: Timestamp,
        _: Option<&'a Letter>,
    ) -> Answer<'a, bool> {
        self.answer(false)
    }

    fn claim_letters(&self, _: Timestamp, _: Timestamp, _: u32) -> Answer<'_, Vec<Letter>> {
        self.answer(Vec::new())
    }

    fn settle_letter<'a>(&'a self, _: Uuid, _: &'a LetterFate, _: Timestamp) -> Answer<'a, ()> {
        self.answer(())
    }

    fn letters<'a>(&'a self, subject: &'a str, limit: u32) -> Answer<'a, Vec<Letter>> {
        let own = (subject == WRITTEN_TO).then(letter);
        let own = own.into_iter().take(usize::try_from(limit).unwrap());
        self.answer(own.collect())
    }
}
