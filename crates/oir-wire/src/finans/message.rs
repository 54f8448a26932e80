//! What goes over the wire besides the document itself: calls, receipts, refusals.
//!
//! The same values are written as XML and as JSON and read back by the other end, so a
//! receipt here holds rendered text: what the sender reads is what was stored and said.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::fault::{Fault, FaultCode, Severity};
use oir_domain::finans::Afsendelse;
use oir_domain::ids::{BilagUuid, ErpBilagsnummer, FagsystemId, TransaktionsId};
use oir_domain::message::StateName;
use oir_domain::money::Oere;
use oir_domain::omsaetning::Told;
use oir_domain::party::Cvr;

use crate::danish;

/// A code that is a word of a closed list on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// `TransportValideringsKode` (KOMBIT, kvittering/1).
    TransportKode {
        /// Handed over.
        Ok = "OK",
        /// Handed over, with something to know.
        Advarsel = "ADVARSEL",
        /// Not handed over.
        Fejl = "FEJL",
    }
}
words! {
    /// `ForretningsValideringsKode` (KOMBIT, kvittering/1).
    ForretningsKode {
        /// Received; the final answer comes later.
        Modtaget = "MODTAGET",
        /// With the bookkeeping system.
        Afleveret = "AFLEVERET",
        /// Booked.
        Accepteret = "ACCEPTERET",
        /// Refused: correct it at the source.
        Afvist = "AFVIST",
        /// Stopped; a person looks at it.
        Fejlet = "FEJLET",
    }
}
words! {
    /// Where a bilag stands (ours).
    Tilstand {
        /// Rejected at reception.
        Afvist = "AFVIST",
        /// Waits for a row of the omsætningstabel.
        Tilbageholdt = "TILBAGEHOLDT",
        /// Ready for delivery.
        Klar = "KLAR",
        /// Being delivered.
        Undervejs = "UNDERVEJS",
        /// With the books, which answer later.
        AfventerKvittering = "AFVENTER_KVITTERING",
        /// The books were away; tried again later.
        AfventerForsoeg = "AFVENTER_FORSOEG",
        /// Sent without an answer; being asked about.
        Uafklaret = "UAFKLARET",
        /// In the books.
        Bogfoert = "BOGFOERT",
        /// Refused by the books.
        AfvistAfOekonomi = "AFVIST_AF_OEKONOMI",
        /// A person looks at it.
        Parkeret = "PARKERET",
        /// Not known here.
        Ukendt = "UKENDT",
    }
}

impl From<StateName> for Tilstand {
    fn from(state: StateName) -> Self {
        match state {
            StateName::Rejected => Self::Afvist,
            StateName::Held => Self::Tilbageholdt,
            StateName::Mapped => Self::Klar,
            StateName::Sending => Self::Undervejs,
            StateName::AwaitingReceipt => Self::AfventerKvittering,
            StateName::Waiting => Self::AfventerForsoeg,
            StateName::Uncertain => Self::Uafklaret,
            StateName::Booked => Self::Bogfoert,
            StateName::Refused => Self::AfvistAfOekonomi,
            StateName::Parked => Self::Parkeret,
        }
    }
}

impl From<StateName> for ForretningsKode {
    fn from(state: StateName) -> Self {
        match state {
            StateName::Rejected | StateName::Refused => Self::Afvist,
            StateName::Held
            | StateName::Mapped
            | StateName::Sending
            | StateName::Waiting
            | StateName::Uncertain => Self::Modtaget,
            StateName::AwaitingReceipt => Self::Afleveret,
            StateName::Booked => Self::Accepteret,
            StateName::Parked => Self::Fejlet,
        }
    }
}

/// A fault in KOMBIT's own form: code and text, no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fejl {
    /// `FejlKode`.
    pub kode: Box<str>,
    /// `FejlTekst`.
    pub tekst: Box<str>,
}

impl From<&Fault> for Fejl {
    fn from(fault: &Fault) -> Self {
        Self {
            kode: fault.code.code().into(),
            tekst: danish::text(fault).into(),
        }
    }
}

/// A fault with place and remedy (ours).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positionsfejl {
    /// The posting's number, when the fault is in one.
    pub linjenummer: Option<u32>,
    /// Element path, or line and column.
    pub sti: Box<str>,
    /// Code: ours (`F0301`) or the books' own.
    pub kode: Box<str>,
    /// What is wrong, in Danish.
    pub tekst: Box<str>,
    /// What to do, in Danish.
    pub afhjaelpning: Option<Box<str>>,
    /// Whether it stops the bilag.
    pub alvor: Severity,
}

impl From<&Fault> for Positionsfejl {
    fn from(fault: &Fault) -> Self {
        Self {
            linjenummer: fault.place.linje,
            sti: if fault.place.path.is_empty() {
                "Afsendelse".into()
            } else {
                fault.place.path.clone()
            },
            kode: fault.code.code().into(),
            tekst: danish::text(fault).into(),
            afhjaelpning: Some(danish::remedy(fault.code).into()),
            alvor: fault.code.severity(),
        }
    }
}

/// `TransportKvittering`: what became of the hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportKvittering {
    /// OK, with a warning, or not.
    pub kode: TransportKode,
    /// In a sentence.
    pub begrundelse: Option<Box<str>>,
    /// In KOMBIT's form.
    pub fejl: Vec<Fejl>,
}

impl TransportKvittering {
    /// Handed over, nothing to add.
    pub const OK: Self = Self {
        kode: TransportKode::Ok,
        begrundelse: None,
        fejl: Vec::new(),
    };

    /// The receipt that these faults of the message itself give.
    #[must_use]
    pub fn of(faults: &[Fault], failed: bool) -> Self {
        let kode = match (faults.is_empty(), failed) {
            (_, true) => TransportKode::Fejl,
            (true, false) => TransportKode::Ok,
            (false, false) => TransportKode::Advarsel,
        };
        Self {
            kode,
            begrundelse: faults.first().map(|f| danish::text(f).into()),
            fejl: faults.iter().map(Fejl::from).collect(),
        }
    }
}

/// `Forretningskvittering`: what became of a bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forretningskvittering {
    /// The code.
    pub kode: ForretningsKode,
    /// In a sentence.
    pub begrundelse: Option<Box<str>>,
    /// In KOMBIT's form.
    pub fejl: Vec<Fejl>,
}

/// The receipt of one bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bilagskvittering {
    /// The sender's id.
    pub bilag_uuid: BilagUuid,
    /// The receiver's id, opaque, 1 to 60 characters.
    pub bilag_id: Box<str>,
    /// Accept or reject.
    pub kvittering: Forretningskvittering,
    /// The books' number, once booked.
    pub erp_bilagsnummer: Option<ErpBilagsnummer>,
    /// Faults and warnings with their places.
    pub positionsfejl: Vec<Positionsfejl>,
    /// Postings with the accounts that the books found for them: from books that map by
    /// themselves. Assumed.
    pub konteret: Vec<Told>,
}

impl Bilagskvittering {
    /// The receipt that a state and faults give. Warnings stand among the places only:
    /// `FejlListe` belongs to a rejection.
    #[must_use]
    pub fn of(
        bilag_uuid: BilagUuid,
        bilag_id: String,
        kode: ForretningsKode,
        erp_bilagsnummer: Option<ErpBilagsnummer>,
        faults: &[Fault],
    ) -> Self {
        let stops = |f: &&Fault| f.code.severity() == Severity::Fault;
        let lists = matches!(kode, ForretningsKode::Afvist | ForretningsKode::Fejlet);
        let stopping = faults.iter().filter(stops).filter(|_| lists);
        let fejl: Vec<Fejl> = stopping.map(Fejl::from).collect();
        Self {
            bilag_uuid,
            bilag_id: bilag_id.into(),
            kvittering: Forretningskvittering {
                kode,
                begrundelse: fejl.first().map(|f| f.tekst.clone()),
                fejl,
            },
            erp_bilagsnummer,
            positionsfejl: faults.iter().map(Positionsfejl::from).collect(),
            konteret: Vec::new(),
        }
    }
}

/// Which receipt: by the sender and its id of the earlier call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KvitteringQuery {
    /// Authority.
    pub myndighed: Cvr,
    /// Sender.
    pub afsender_system: FagsystemId,
    /// The earlier call's id.
    pub transaktions_id: TransaktionsId,
}

/// Most bilag asked about in one call.
pub const STATUS_MAX: usize = 50;

/// Status of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusOf {
    /// All bilag of a message; needs the sender.
    Message(TransaktionsId),
    /// These bilag, 1 to [`STATUS_MAX`].
    Bilag(Vec<BilagUuid>),
}

/// How do they stand?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusQuery {
    /// Authority.
    pub myndighed: Cvr,
    /// Sender, when known.
    pub afsender_system: Option<FagsystemId>,
    /// Of what.
    pub of: StatusOf,
}

/// Receipts that the books bring later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Authority.
    pub myndighed: Cvr,
    /// The receipts, at least one.
    pub bilag: Vec<Bilagskvittering>,
}

/// What is booked in these days?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KontroltotalQuery {
    /// Authority.
    pub myndighed: Cvr,
    /// First booking date.
    pub fra: Date,
    /// Last booking date.
    pub til: Date,
    /// One sender only.
    pub afsender_system: Option<FagsystemId>,
}

/// A call of one of the five operations. `TransactionUUID` of the four that change
/// nothing is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `ModtagFinansbilag`.
    Modtag(Box<Afsendelse>),
    /// `HentKvittering`.
    HentKvittering(KvitteringQuery),
    /// `HentStatus`.
    HentStatus(StatusQuery),
    /// `AfleverForretningskvittering`.
    Aflever(Delivery),
    /// `HentKontroltotal`.
    HentKontroltotal(KontroltotalQuery),
}

impl Call {
    /// The operation's name.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::Modtag(_) => "ModtagFinansbilag",
            Self::HentKvittering(_) => "HentKvittering",
            Self::HentStatus(_) => "HentStatus",
            Self::Aflever(_) => "AfleverForretningskvittering",
            Self::HentKontroltotal(_) => "HentKontroltotal",
        }
    }
}

/// The receipt of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModtagReply {
    /// Of the hand-over.
    pub transport: TransportKvittering,
    /// The receiver's id of the message, opaque, 1 to 60 characters.
    pub afsendelse_id: Box<str>,
    /// When it was received.
    pub modtaget: Timestamp,
    /// One per bilag, in the order sent.
    pub bilag: Vec<Bilagskvittering>,
}

/// How one bilag stands. Without `bilag_id` it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bilagsstatus {
    /// The sender's id.
    pub bilag_uuid: BilagUuid,
    /// The receiver's id.
    pub bilag_id: Option<Box<str>>,
    /// Where it stands.
    pub tilstand: Tilstand,
    /// Deliveries tried.
    pub forsoeg: u32,
    /// Since when it stands there.
    pub aendret: Option<Timestamp>,
    /// The receipt it would have now.
    pub kvittering: Option<Forretningskvittering>,
    /// The books' number.
    pub erp_bilagsnummer: Option<ErpBilagsnummer>,
    /// Faults and warnings.
    pub positionsfejl: Vec<Positionsfejl>,
    /// As in [`Bilagskvittering`].
    pub konteret: Vec<Told>,
}

/// Answer to `HentStatus`: one per bilag asked about, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReply {
    /// Of the call.
    pub transport: TransportKvittering,
    /// The bilag.
    pub bilag: Vec<Bilagsstatus>,
}

/// What is booked for one sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Systemtotal {
    /// Sender.
    pub afsender_system: FagsystemId,
    /// Number of bilag.
    pub antal: u32,
    /// Sum of debit, øre.
    pub debet: Oere,
    /// Sum of credit, øre.
    pub kredit: Oere,
}

/// Answer to `HentKontroltotal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KontroltotalReply {
    /// Of the call.
    pub transport: TransportKvittering,
    /// One per sender with anything booked.
    pub totaler: Vec<Systemtotal>,
}

/// Whose fault a failed hand-over is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The message: sending it again unchanged fails again.
    Sender,
    /// Us: send it again later.
    Receiver,
}

/// The hand-over failed: a SOAP fault, or a problem document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whose fault.
    pub blame: Blame,
    /// KOMBIT's receipt, always FEJL.
    pub transport: TransportKvittering,
    /// The same with place and remedy.
    pub positionsfejl: Vec<Positionsfejl>,
}

impl Refusal {
    /// The refusal that these faults give.
    #[must_use]
    pub fn of(blame: Blame, faults: &[Fault]) -> Self {
        Self {
            blame,
            transport: TransportKvittering::of(faults, true),
            positionsfejl: faults.iter().map(Positionsfejl::from).collect(),
        }
    }

    /// The first fault's code, when it is ours: decides the HTTP status.
    #[must_use]
    pub fn code(&self) -> Option<FaultCode> {
        self.transport
            .fejl
            .first()
            .and_then(|f| FaultCode::from_code(&f.kode))
    }
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To `ModtagFinansbilag`.
    Modtag(ModtagReply),
    /// To `HentKvittering`.
    HentKvittering(ModtagReply),
    /// To `HentStatus`.
    HentStatus(StatusReply),
    /// To `AfleverForretningskvittering`.
    Aflever(TransportKvittering),
    /// To `HentKontroltotal`.
    HentKontroltotal(KontroltotalReply),
    /// To any of them.
    Refused(Refusal),
}

/// A call that could not be read: what is wrong, and what could be seen nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// All faults found; at least one.
    pub faults: Vec<Fault>,
    /// The authority, if it could be read.
    pub myndighed: Option<Cvr>,
    /// The sender, if it could be read.
    pub afsender_system: Option<FagsystemId>,
    /// The call's id, if it could be read.
    pub transaktions_id: Option<TransaktionsId>,
    /// Number of `Finansbilag` seen.
    pub antal_bilag: u32,
}

impl Unreadable {
    /// Nothing could be seen but this fault.
    #[must_use]
    pub fn only(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            myndighed: None,
            afsender_system: None,
            transaktions_id: None,
            antal_bilag: 0,
        }
    }
}
