//! *ModtagFinansbilag* version 2 on the wire: XML in a SOAP envelope, both ways.
//!
//! Reading judges by the schema (`schemas/finans`) with the schema's own verdict, reports
//! every deviation with its place, and builds the document in the same pass.

pub mod digest;
pub mod json;
pub mod message;
pub mod read;
pub mod receipt;
pub mod write;

/// Namespace of everything that is ours.
pub const NS: &str = "urn:oir:finans:modtagfinansbilag:2";
/// KOMBIT: `RequestHeader`.
pub const NS_HEADER: &str = "http://kombit.dk/xml/schemas/RequestHeader/1/";
/// KOMBIT: `AuthorityContext`.
pub const NS_AUTHORITY: &str = "http://serviceplatformen.dk/xml/schemas/AuthorityContext/1/";
/// KOMBIT: both receipts.
pub const NS_KVITTERING: &str = "http://serviceplatformen.dk/xml/schemas/kvittering/1/";
/// SOAP 1.1 envelope.
pub const NS_SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// SOAP 1.2 envelope.
pub const NS_SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// Path of the service.
pub const SERVICE_PATH: &str = "/service/OIR/ModtagFinansbilag/2";

/// The two versions of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoapVersion {
    /// 1.1: `text/xml`, `SOAPAction`.
    V11,
    /// 1.2: `application/soap+xml`.
    V12,
}

impl SoapVersion {
    /// The envelope's namespace.
    #[must_use]
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::V11 => NS_SOAP11,
            Self::V12 => NS_SOAP12,
        }
    }

    /// The content type of answers.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml; charset=utf-8",
            Self::V12 => "application/soap+xml; charset=utf-8",
        }
    }

    /// The version that a request's media type announces (parameters ignored).
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let media = content_type.split(';').next().unwrap_or("").trim();
        if media.eq_ignore_ascii_case("text/xml") {
            Some(Self::V11)
        } else if media.eq_ignore_ascii_case("application/soap+xml") {
            Some(Self::V12)
        } else {
            None
        }
    }
}
