//! A kontoplan comes in: a file is read, judged and held against the version that rules,
//! and only then, when somebody says so, written as the next version.

use jiff::Timestamp;
use oir_domain::access::{Person, Scope};
use oir_domain::calendar::Regnskabsaar;
use oir_domain::kontoplan::change::{Change, Tally, compare};
use oir_domain::kontoplan::national::national;
use oir_domain::kontoplan::{Konto, KontoForm, KontoplanHead};
use oir_domain::party::Kommunekode;
use oir_wire::finans::digest;
use oir_wire::kontoplan::{Problem, read};

use crate::ports::StoreFailure;
use crate::ports::kontoplan::Kontoplaner;
use crate::ports::sessions::{Deed, deeds};

/// Longest name of a file that is kept, characters.
const SOURCE_MAX: usize = 200;

/// A file that is to become a version.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Whose.
    pub kommune: Kommunekode,
    /// How its accounts are written.
    pub form: &'a KontoForm,
    /// The file's name.
    pub source: &'a str,
    /// The file.
    pub bytes: &'a [u8],
    /// The year of accounts that it now is.
    pub aar: Regnskabsaar,
}

/// A file that was read and held against what rules. Nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    kommune: Kommunekode,
    form: KontoForm,
    source: Box<str>,
    digest: [u8; 32],
    base: u32,
    form_before: Option<KontoForm>,
    before: Vec<Konto>,
    konti: Vec<Konto>,
    faults: Vec<Problem>,
    warnings: Vec<Problem>,
}

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// Written as that version.
    Version(u32),
    /// There was nothing to change, and nothing is written.
    Unchanged,
    /// The file has faults, and nothing is written.
    Faulty,
    /// Somebody else imported meanwhile, and nothing is written.
    Overtaken,
}

/// Reads a file and holds it against the newest version.
///
/// # Errors
/// [`StoreFailure`] when the version cannot be read.
pub async fn prepare(
    kontoplaner: &dyn Kontoplaner,
    scope: &Scope,
    incoming: Incoming<'_>,
) -> Result<Prepared, StoreFailure> {
    let ruling = kontoplaner.kontoplan(scope, incoming.kommune, None).await?;
    let reading = read(incoming.bytes, incoming.form, incoming.aar, national());
    let source = incoming.source.chars().filter(|c| !c.is_control());
    let source: String = source.take(SOURCE_MAX).collect();
    Ok(Prepared {
        kommune: incoming.kommune,
        form: incoming.form.clone(),
        source: source.into(),
        digest: digest::raw(incoming.bytes),
        base: ruling.as_ref().map_or(0, |plan| plan.version()),
        form_before: ruling.as_ref().map(|plan| plan.form().clone()),
        before: ruling.map_or_else(Vec::new, |plan| plan.konti().to_vec()),
        konti: reading.konti,
        faults: reading.faults,
        warnings: reading.warnings,
    })
}

impl Prepared {
    /// Whose.
    #[must_use]
    pub const fn kommune(&self) -> Kommunekode {
        self.kommune
    }

    /// How its accounts are written.
    #[must_use]
    pub const fn form(&self) -> &KontoForm {
        &self.form
    }

    /// The version it was held against; 0 = there is none.
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// The form that the ruling version has, when this one has another.
    #[must_use]
    pub fn other_form(&self) -> Option<&KontoForm> {
        let before = self.form_before.as_ref();
        before.filter(|before| **before != self.form)
    }

    /// The name of the file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The accounts of the file.
    #[must_use]
    pub fn konti(&self) -> &[Konto] {
        &self.konti
    }

    /// What must be put right first.
    #[must_use]
    pub fn faults(&self) -> &[Problem] {
        &self.faults
    }

    /// What somebody should look at.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// What becomes of every account. Of no use while there are faults.
    #[must_use]
    pub fn changes(&self) -> Vec<Change<'_>> {
        compare(&self.before, &self.konti)
    }

    /// Writes it as the next version, together with its line of the log.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be written.
    pub async fn import(
        &self,
        kontoplaner: &dyn Kontoplaner,
        by: &Person,
        now: Timestamp,
    ) -> Result<Imported, StoreFailure> {
        if !self.faults.is_empty() {
            return Ok(Imported::Faulty);
        }
        let tally = Tally::of(&self.changes());
        if tally.is_nothing() && self.base > 0 && self.other_form().is_none() {
            return Ok(Imported::Unchanged);
        }
        let version = self.base.saturating_add(1);
        let head = KontoplanHead {
            kommune: self.kommune,
            version,
            form: self.form.clone(),
            at: now,
            subject: by.subject.clone(),
            navn: by.navn.clone(),
            source: self.source.clone(),
            digest: self.digest,
            accounts: u32::try_from(self.konti.len()).unwrap_or(u32::MAX),
            tally,
        };
        let deed = Deed {
            at: now,
            subject: by.subject.clone(),
            navn: by.navn.clone(),
            what: deeds::IMPORTED_KONTOPLAN.into(),
            kommune: Some(self.kommune),
            object: format!("kontoplan, udgave {version}, {} konti", head.accounts).into(),
        };
        let kept = kontoplaner.import_kontoplan(&head, &self.konti, &deed);
        Ok(match kept.await? {
            true => Imported::Version(version),
            false => Imported::Overtaken,
        })
    }
}
