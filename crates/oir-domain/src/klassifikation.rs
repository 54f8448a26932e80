//! KOMBIT's classification model, version 6.0, with its own names: what a fagsystem may send
//! is a [`Kind::Facet`] per dimension with a [`Kind::Klasse`] per value.
//!
//! An object is a list of registrations (*registrering*: when it was said), each of which says
//! everything anew, and every member of one holds for a time (*virkning*: when it is true).
//! Nothing said is ever taken back: a change is one more registration. The model's fourth
//! name, `KlassifikationSystem`, has operations but no object of its own in 6.0.
//!
//! Sourced: names, order, lengths and cardinalities (the public schemas). Assumed, since no
//! public text says it: a *virkning* holds from its beginning until just before its end; a
//! list that *ret* names replaces the whole list, one that it leaves out stays; an authority
//! is named as `urn:oio:cvr-nr:` and eight digits, a fagsystem by its UUID.

pub mod apply;
pub mod check;
pub mod sortiment;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use uuid::Uuid;

use crate::party::Cvr;

/// The kinds of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A classification: facets that belong together.
    Klassifikation,
    /// One dimension.
    Facet,
    /// One value in a dimension.
    Klasse,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Klassifikation, Self::Facet, Self::Klasse];

    /// Its name in the model.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Klassifikation => "Klassifikation",
            Self::Facet => "Facet",
            Self::Klasse => "Klasse",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The texts of its Egenskab, in the schema's order.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        use Field as F;
        match self {
            Self::Klassifikation => &[
                F::BrugervendtNoegle,
                F::Titel,
                F::Beskrivelse,
                F::Kaldenavn,
                F::Ophavsret,
            ],
            Self::Facet => &[
                F::BrugervendtNoegle,
                F::Titel,
                F::Beskrivelse,
                F::Opbygning,
                F::Ophavsret,
                F::Plan,
                F::Supplement,
                F::Retskilde,
            ],
            Self::Klasse => &[
                F::BrugervendtNoegle,
                F::Beskrivelse,
                F::Eksempel,
                F::Omfang,
                F::Titel,
                F::Retskilde,
                F::Aendringsnotat,
            ],
        }
    }

    /// Its relations, in the schema's order.
    #[must_use]
    pub const fn relations(self) -> &'static [RelationKind] {
        use RelationKind as R;
        match self {
            Self::Klassifikation => &[R::Ansvarlig, R::Ejer],
            Self::Facet => &[R::Ansvarlig, R::Ejer, R::FacetTilhoerer, R::Redaktoerer],
            Self::Klasse => &[
                R::Ansvarlig,
                R::Ejer,
                R::Erstatter,
                R::Facet,
                R::LovligeKombinationer,
                R::Mapninger,
                R::OverordnetKlasse,
                R::Redaktoerer,
                R::Sideordnede,
                R::Tilfoejelser,
            ],
        }
    }
}

/// Defines an enum whose variants have a word each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Its word in the model.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// A text of an Egenskab, by its element.
    Field {
        /// The key that people and postings name it by.
        BrugervendtNoegle = "BrugervendtNoegleTekst",
        /// Its human name.
        Titel = "TitelTekst",
        /// What it is.
        Beskrivelse = "BeskrivelseTekst",
        /// An example of its use.
        Eksempel = "EksempelTekst",
        /// What it covers.
        Omfang = "OmfangTekst",
        /// The law behind it.
        Retskilde = "RetskildeTekst",
        /// Why it was changed.
        Aendringsnotat = "AendringsnotatTekst",
        /// A nickname.
        Kaldenavn = "KaldenavnTekst",
        /// Whose work it is.
        Ophavsret = "OphavsretTekst",
        /// How its keys are built.
        Opbygning = "OpbygningTekst",
        /// The plan it follows.
        Plan = "PlanIdentifikator",
        /// What is added to it.
        Supplement = "SupplementTekst",
    }
}

impl Field {
    /// Longest text, in characters.
    #[must_use]
    pub const fn length_max(self) -> usize {
        match self {
            Self::BrugervendtNoegle | Self::Kaldenavn => 50,
            Self::Titel => 300,
            Self::Beskrivelse => 10_000,
            Self::Eksempel | Self::Retskilde | Self::Ophavsret => 4_096,
            Self::Omfang | Self::Aendringsnotat | Self::Opbygning | Self::Supplement => 1_024,
            Self::Plan => 3,
        }
    }
}

words! {
    /// What one object is to another, by its element.
    RelationKind {
        /// Who answers for it.
        Ansvarlig = "Ansvarlig",
        /// Whose it is.
        Ejer = "Ejer",
        /// What it takes the place of.
        Erstatter = "Erstatter",
        /// The dimension of a value.
        Facet = "Facet",
        /// Values of other dimensions that it may stand beside.
        LovligeKombinationer = "LovligeKombinationer",
        /// What it corresponds to elsewhere.
        Mapninger = "Mapninger",
        /// The value above it.
        OverordnetKlasse = "OverordnetKlasse",
        /// Who may edit it.
        Redaktoerer = "Redaktoerer",
        /// Values beside it.
        Sideordnede = "Sideordnede",
        /// Values added to it.
        Tilfoejelser = "Tilfoejelser",
        /// The classification of a facet.
        FacetTilhoerer = "FacetTilhoerer",
    }
}

impl RelationKind {
    /// Whether there may be several at a time.
    #[must_use]
    pub const fn is_many(self) -> bool {
        matches!(
            self,
            Self::Erstatter
                | Self::LovligeKombinationer
                | Self::Mapninger
                | Self::Redaktoerer
                | Self::Sideordnede
                | Self::Tilfoejelser
        )
    }

    /// Whether following it must never come back to where it began.
    #[must_use]
    pub const fn is_acyclic(self) -> bool {
        matches!(self, Self::Erstatter | Self::OverordnetKlasse)
    }
}

words! {
    /// Where an object stands in its life. A change has no word in 6.0: the object stands as before.
    Livscyklus {
        /// Made the object.
        Opstaaet = "Opstaaet",
        /// Brought it in from another system.
        Importeret = "Importeret",
        /// Took it out of use.
        Passiveret = "Passiveret",
        /// Took it away.
        Slettet = "Slettet",
    }
}

words! {
    /// What kind of actor stands behind a virkning.
    AktoerType {
        /// An organisation.
        Organisation = "Organisation",
        /// A unit of one.
        OrganisationEnhed = "OrganisationEnhed",
        /// A function in one.
        OrganisationFunktion = "OrganisationFunktion",
        /// A person.
        Bruger = "Bruger",
        /// A system.
        ItSystem = "ItSystem",
        /// A community of interests.
        Interessefaellesskab = "Interessefaellesskab",
    }
}

/// The name of something: a UUID, or a URN where it has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnikId {
    /// A UUID.
    Uuid(Uuid),
    /// A URN of at most 255 characters.
    Urn(Box<str>),
}

/// How an authority is named as an actor. Assumed.
const CVR_URN: &str = "urn:oio:cvr-nr:";

impl UnikId {
    /// The name of an authority.
    #[must_use]
    pub fn of_cvr(cvr: Cvr) -> Self {
        Self::Urn(format!("{CVR_URN}{cvr}").into())
    }

    /// The authority, if that is one's name.
    #[must_use]
    pub fn cvr(&self) -> Option<Cvr> {
        match self {
            Self::Uuid(_) => None,
            Self::Urn(urn) => urn.strip_prefix(CVR_URN)?.parse().ok(),
        }
    }

    /// The UUID, if it is one.
    #[must_use]
    pub const fn uuid(&self) -> Option<Uuid> {
        match self {
            Self::Uuid(uuid) => Some(*uuid),
            Self::Urn(_) => None,
        }
    }
}

/// When something holds: from its beginning until just before its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Virkning {
    /// The beginning; none = since ever.
    pub fra: Option<Timestamp>,
    /// The end; none = for ever.
    pub til: Option<Timestamp>,
    /// Who says so.
    pub aktoer: Option<UnikId>,
    /// What kind of actor that is.
    pub aktoer_type: Option<AktoerType>,
    /// Why, at most 1,024 characters.
    pub note: Option<Box<str>>,
}

impl Virkning {
    /// Between two instants, without actor or note.
    #[must_use]
    pub const fn between(fra: Option<Timestamp>, til: Option<Timestamp>) -> Self {
        Self {
            fra,
            til,
            aktoer: None,
            aktoer_type: None,
            note: None,
        }
    }

    /// Whether it holds at an instant.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.fra.is_none_or(|fra| fra <= at) && self.til.is_none_or(|til| at < til)
    }

    /// Whether it is longer than nothing.
    #[must_use]
    pub fn is_forward(&self) -> bool {
        self.fra.zip(self.til).is_none_or(|(fra, til)| fra < til)
    }

    /// Whether some instant lies in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let before = |til: Option<Timestamp>, fra: Option<Timestamp>| {
            til.zip(fra).is_some_and(|(til, fra)| til <= fra)
        };
        !before(self.til, other.fra) && !before(other.til, self.fra)
    }
}

/// A word by which an object is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Soegeord {
    /// The word, at most 50 characters.
    pub identifikator: Option<Box<str>>,
    /// What it means here.
    pub beskrivelse: Option<Box<str>>,
    /// Its category.
    pub kategori: Option<Box<str>>,
}

/// What an object is called and says of itself for a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Egenskab {
    /// When.
    pub virkning: Virkning,
    /// Its texts, in the schema's order, each field once.
    pub tekster: Vec<(Field, Box<str>)>,
    /// The words by which it is found; a Klasse's only.
    pub soegeord: Vec<Soegeord>,
}

impl Egenskab {
    /// A text.
    #[must_use]
    pub fn tekst(&self, field: Field) -> Option<&str> {
        let found = self.tekster.iter().find(|(own, _)| *own == field);
        found.map(|(_, text)| &**text)
    }
}

/// Whether an object is published for a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PubliceretStatus {
    /// When.
    pub virkning: Virkning,
    /// Whether; none = not said, which is not published.
    pub er_publiceret: Option<bool>,
}

/// What an object is to something for a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// What.
    pub kind: RelationKind,
    /// When.
    pub virkning: Virkning,
    /// To what; none = to nothing.
    pub til: Option<UnikId>,
}

/// Everything that a registration says, in the order it was said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Indhold {
    /// AttributListe.
    pub egenskaber: Vec<Egenskab>,
    /// TilstandListe.
    pub tilstande: Vec<PubliceretStatus>,
    /// RelationListe, ordered by kind as the schema orders it.
    pub relationer: Vec<Relation>,
}

impl Indhold {
    /// The relations of a kind.
    pub fn related(&self, kind: RelationKind) -> impl Iterator<Item = &Relation> {
        self.relationer.iter().filter(move |r| r.kind == kind)
    }

    /// What of it holds in a time.
    #[must_use]
    pub fn within(&self, time: &Virkning) -> Self {
        let kept = |virkning: &Virkning| virkning.overlaps(time);
        let mut indhold = self.clone();
        indhold.egenskaber.retain(|one| kept(&one.virkning));
        indhold.tilstande.retain(|one| kept(&one.virkning));
        indhold.relationer.retain(|one| kept(&one.virkning));
        indhold
    }

    /// What of it holds at an instant.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Self {
        let mut indhold = self.clone();
        indhold.egenskaber.retain(|one| one.virkning.holds(at));
        indhold.tilstande.retain(|one| one.virkning.holds(at));
        indhold.relationer.retain(|one| one.virkning.holds(at));
        indhold
    }
}

/// One thing said about an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Registrering {
    /// When it was said, whole microseconds; it stands until the next one.
    pub tidspunkt: Timestamp,
    /// What it did.
    pub livscyklus: Livscyklus,
    /// Who said it.
    pub bruger: Option<UnikId>,
    /// Why, at most 1,024 characters.
    pub note: Option<Box<str>>,
    /// What is said.
    pub indhold: Indhold,
}

/// An object with all that was ever said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objekt {
    /// Its kind.
    pub kind: Kind,
    /// Its id for ever, whatever it is called.
    pub id: Uuid,
    /// Its registrations, oldest first; at least one.
    pub registreringer: Vec<Registrering>,
}

impl Objekt {
    /// What stands now.
    #[must_use]
    pub fn latest(&self) -> Option<&Registrering> {
        self.registreringer.last()
    }

    /// What stood at an instant of registration; none = it was not there.
    #[must_use]
    pub fn registered(&self, at: Timestamp) -> Option<&Registrering> {
        let said = self.registreringer.iter().rev();
        let mut said = said.skip_while(|one| one.tidspunkt > at);
        said.next()
    }

    /// What was known at `registered` of what holds at `virkning`.
    #[must_use]
    pub fn read(&self, registered: Timestamp, virkning: Timestamp) -> Option<Indhold> {
        let registration = self.registered(registered)?;
        let there = registration.livscyklus != Livscyklus::Slettet;
        there.then(|| registration.indhold.at(virkning))
    }

    /// The registrations that stood some time within two instants of registration, with what
    /// of each holds within a virkning: what *laes* and *list* answer. Without instants, the
    /// one that stands now.
    #[must_use]
    pub fn filtered(
        &self,
        registered: (Option<Timestamp>, Option<Timestamp>),
        virkning: &Virkning,
    ) -> Vec<Registrering> {
        let mut kept = Vec::new();
        let mut until = None;
        for (place, one) in self.registreringer.iter().rev().enumerate() {
            let wanted = match registered {
                (None, None) => place == 0,
                (from, to) => {
                    to.is_none_or(|to| one.tidspunkt <= to)
                        && from.zip(until).is_none_or(|(from, until)| from < until)
                }
            };
            until = Some(one.tidspunkt);
            if wanted {
                let mut one = one.clone();
                one.indhold = one.indhold.within(virkning);
                kept.push(one);
            }
        }
        kept.reverse();
        kept
    }
}
