//! Ids. Ours are UUIDv7 behind a prefix, so that a number read aloud on the telephone
//! says what it names; ids that partners gave us are types of their own.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

/// A text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a {kind}: expected {expected}")]
pub struct IdError {
    /// The kind of id asked for, e.g. `BilagId`.
    pub kind: &'static str,
    /// The form it should have.
    pub expected: &'static str,
}

/// Defines an id that this system gives: a UUID with a prefix in its text form.
macro_rules! own_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of the text form, underscore included.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps an id made by the process's id source or read from the database.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, as the database stores it.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let error = IdError { kind: stringify!($name), expected: concat!($prefix, "<32 hex>") };
                let hex = text.strip_prefix($prefix).ok_or_else(|| error.clone())?;
                Uuid::try_parse(hex).map(Self).map_err(|_| error)
            }
        }
    };
}

/// Defines an id that a partner gives: a UUID in its ordinary text form.
macro_rules! foreign_uuid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID received from a partner.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, as the database stores it.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let error = IdError { kind: stringify!($name), expected: "a UUID, 8-4-4-4-12 hex" };
                if text.len() != 36 {
                    return Err(error);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| error)
            }
        }
    };
}

own_id! {
    /// One message as received: an envelope with one bilag or a bundle of them.
    #[doc(alias = "message id")]
    AfsendelseId, "msg_"
}
own_id! {
    /// One finansbilag in our keeping.
    #[doc(alias = "voucher id")]
    BilagId, "bil_"
}
own_id! {
    /// Somebody's being signed in.
    SessionId, "ses_"
}
own_id! {
    /// The key by which a machine signs in.
    #[doc(alias = "client id")]
    KeyId, "key_"
}
own_id! {
    /// A file that somebody looks at before it counts.
    UploadId, "upl_"
}
own_id! {
    /// A receiver's being left alone because a person said so.
    PauseId, "pau_"
}
own_id! {
    /// A stop that was announced.
    StopId, "sto_"
}
foreign_uuid! {
    /// The sender's id of a call: `RequestHeader/TransactionUUID`. The key of a repeat.
    TransaktionsId
}
foreign_uuid! {
    /// The sender's id of a finansbilag: what both ends and the books are idempotent on.
    BilagUuid
}
foreign_uuid! {
    /// A using system in the agreement between the parties.
    #[doc(alias = "sender system id")]
    FagsystemId
}

/// The voucher number that a bookkeeping system gave. Opaque to us; 1 to 40 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErpBilagsnummer(Box<str>);

impl ErpBilagsnummer {
    /// Longest number accepted: the width of `AfsenderBilagsnummer`, our widest neighbour.
    pub const LENGTH_MAX: usize = 40;

    /// Takes a number from a booking receipt.
    ///
    /// # Errors
    /// When it is empty or longer than [`Self::LENGTH_MAX`] characters.
    pub fn try_new(text: &str) -> Result<Self, IdError> {
        if text.is_empty() || text.chars().count() > Self::LENGTH_MAX {
            return Err(IdError {
                kind: "ErpBilagsnummer",
                expected: "1 to 40 characters",
            });
        }
        Ok(Self(text.into()))
    }

    /// The number as the books wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ErpBilagsnummer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lays out a UUIDv7 from an instant and random bits, both handed in: the only place
/// where an id's bits are arranged.
#[must_use]
pub fn uuid_v7(millis_since_epoch: u64, random: [u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(millis_since_epoch, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{BilagId, BilagUuid, ErpBilagsnummer, uuid_v7};

    #[test]
    fn text_form_carries_the_prefix_and_reads_back() {
        let id = BilagId::from_uuid(uuid_v7(1_795_000_000_000, [7; 10]));
        let text = id.to_string();
        assert!(text.starts_with("bil_"));
        assert_eq!(text.parse::<BilagId>().unwrap(), id);
        assert!(text.replace("bil_", "msg_").parse::<BilagId>().is_err());
    }

    #[test]
    fn ids_of_later_instants_sort_later() {
        assert!(uuid_v7(1, [255; 10]) < uuid_v7(2, [0; 10]));
    }

    #[test]
    fn a_foreign_uuid_needs_its_hyphens() {
        assert!(
            "11111111-1111-4111-8111-111111111111"
                .parse::<BilagUuid>()
                .is_ok()
        );
        assert!(
            "11111111111141118111111111111111"
                .parse::<BilagUuid>()
                .is_err()
        );
    }

    #[test]
    fn an_erp_number_is_bounded() {
        assert!(ErpBilagsnummer::try_new("").is_err());
        assert!(ErpBilagsnummer::try_new(&"æ".repeat(40)).is_ok());
        assert!(ErpBilagsnummer::try_new(&"9".repeat(41)).is_err());
    }
}
