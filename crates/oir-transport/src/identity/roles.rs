//! The claim with roles, in the two forms that providers give it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oir_domain::party::Cvr;
use oir_flow::ports::identity::Privilege;
use oir_wire::xml::{Event, Leaf, NsId, Reader, XmlError};
use serde_json::Value;
use thiserror::Error;

/// The namespaces of OIO Basic Privilege Profile 1.2 and, still in use, 1.0 and 1.1.
const NAMESPACES: [&str; 2] = [
    "http://digst.dk/oiosaml/basic_privilege_profile",
    "http://itst.dk/oiosaml/basic_privilege_profile",
];
/// How a group says that it is of an authority by its CVR number; other scopes (production
/// unit, health authorisation, CPR) give no rights over a municipality's accounts.
const OF_CVR: &str = "urn:dk:gov:saml:cvrNumberIdentifier:";

/// How roles are written in their claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoleClaim {
    /// OIO Basic Privilege Profile: base64 of a `PrivilegeList`, as the joint-municipal
    /// access service gives it. Groups of an unknown scope are passed over, and so are
    /// groups with a `Constraint`: a right that is limited in a way we do not know must not
    /// become one without limits.
    Privileges,
    /// A JSON array of `"<CVR>:<role name>"`, for providers that cannot do more.
    Pairs,
}

/// A claim that is not in its form. What it holds is not repeated: it is about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum RoleClaimError {
    #[error("the claim with roles is not of the form that is set")]
    Form,
    #[error("the claim with roles is not base64")]
    Base64,
    #[error("the privilege list, {0}")]
    Xml(#[from] XmlError),
    #[error("the claim with roles is no privilege list")]
    List,
    #[error("a role in the claim is of no CVR number or has no name")]
    Role,
}

impl RoleClaim {
    /// The roles in a claim's value.
    pub(super) fn read(self, value: &Value) -> Result<Vec<Privilege>, RoleClaimError> {
        match (self, value) {
            (Self::Privileges, Value::String(text)) => {
                let bytes = STANDARD.decode(text).map_err(|_| RoleClaimError::Base64)?;
                privilege_list(&bytes)
            }
            (Self::Pairs, Value::Array(pairs)) => pairs.iter().map(pair).collect(),
            (Self::Privileges | Self::Pairs, _) => Err(RoleClaimError::Form),
        }
    }
}

fn pair(value: &Value) -> Result<Privilege, RoleClaimError> {
    let text = value.as_str().ok_or(RoleClaimError::Form)?;
    let (cvr, name) = text.split_once(':').ok_or(RoleClaimError::Role)?;
    privilege(cvr.parse().map_err(|_| RoleClaimError::Role)?, name)
}

fn privilege(cvr: Cvr, name: &str) -> Result<Privilege, RoleClaimError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(RoleClaimError::Role);
    }
    let name = name.into();
    Ok(Privilege { cvr, name })
}

fn privilege_list(bytes: &[u8]) -> Result<Vec<Privilege>, RoleClaimError> {
    let mut reader = Reader::new(bytes, &NAMESPACES)?;
    reader.next_event()?;
    let list = reader.ns();
    if !is_profile(list) || reader.local() != "PrivilegeList" {
        return Err(RoleClaimError::List);
    }
    let mut privileges = Vec::new();
    while let Some(name) = child(&mut reader, list)? {
        if name != "PrivilegeGroup" {
            return Err(RoleClaimError::List);
        }
        match scope(&reader)? {
            Some(cvr) => privileges.extend(group(&mut reader, list, cvr)?),
            None => reader.skip_element()?,
        }
    }
    // What stands after the list must be well-formed too.
    reader.next_event()?;
    Ok(privileges)
}

fn is_profile(ns: NsId) -> bool {
    usize::from(ns.0) < NAMESPACES.len()
}

/// The next element inside the one that is open; nothing at its end. The profile's inner
/// elements have no namespace; some write them in the list's.
fn child<'a>(reader: &mut Reader<'a>, list: NsId) -> Result<Option<&'a str>, RoleClaimError> {
    loop {
        match reader.next_event()? {
            Event::Start if reader.ns() == NsId::NONE || reader.ns() == list => {
                return Ok(Some(reader.local()));
            }
            Event::Text(text) if text.trim().is_empty() => {}
            Event::Start | Event::Text(_) => return Err(RoleClaimError::List),
            Event::End | Event::Eof => return Ok(None),
        }
    }
}

/// The authority of the group last begun; nothing when its scope is of another kind.
fn scope(reader: &Reader<'_>) -> Result<Option<Cvr>, RoleClaimError> {
    let scope = reader.attributes().iter().find(|a| a.local == "Scope");
    let scope = scope.ok_or(RoleClaimError::List)?;
    let Some(cvr) = scope.value.trim().strip_prefix(OF_CVR) else {
        return Ok(None);
    };
    cvr.parse().map(Some).map_err(|_| RoleClaimError::Role)
}

fn group(reader: &mut Reader<'_>, list: NsId, cvr: Cvr) -> Result<Vec<Privilege>, RoleClaimError> {
    let mut privileges = Vec::new();
    let mut limited = false;
    while let Some(name) = child(reader, list)? {
        match name {
            "Privilege" => match reader.leaf()? {
                Leaf::Text(text) => privileges.push(privilege(cvr, &text)?),
                Leaf::Child => return Err(RoleClaimError::List),
            },
            "Constraint" => {
                limited = true;
                reader.skip_element()?;
            }
            _ => return Err(RoleClaimError::List),
        }
    }
    if limited {
        privileges.clear();
    }
    Ok(privileges)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use serde_json::json;

    const GROUP: &str = "<PrivilegeGroup Scope='urn:dk:gov:saml:cvrNumberIdentifier:29189846'>";

    fn listed(inside: &str) -> Result<Vec<Privilege>, RoleClaimError> {
        let ns = "http://digst.dk/oiosaml/basic_privilege_profile";
        whole(&format!(
            "<b:PrivilegeList xmlns:b='{ns}'>{inside}</b:PrivilegeList>"
        ))
    }

    fn whole(xml: &str) -> Result<Vec<Privilege>, RoleClaimError> {
        RoleClaim::Privileges.read(&json!(STANDARD.encode(xml)))
    }

    fn of(cvr: &str, name: &str) -> Privilege {
        let cvr = cvr.parse().unwrap();
        let name = name.into();
        Privilege { cvr, name }
    }

    #[test]
    fn a_list_gives_the_roles_of_every_authority_in_it() {
        let inside = format!(
            "\n {GROUP}<Privilege>urn:a</Privilege> <Privilege> urn:b\n</Privilege></PrivilegeGroup>\
             <PrivilegeGroup Scope='urn:dk:gov:saml:cvrNumberIdentifier:11111111'>\
             <Privilege>urn:a</Privilege></PrivilegeGroup>"
        );
        let expected = vec![
            of("29189846", "urn:a"),
            of("29189846", "urn:b"),
            of("11111111", "urn:a"),
        ];
        assert_eq!(listed(&inside), Ok(expected));
        assert_eq!(listed(""), Ok(Vec::new()));
    }

    #[test]
    fn the_older_namespace_is_read_also_as_the_default_one() {
        let xml = format!(
            "<PrivilegeList xmlns='http://itst.dk/oiosaml/basic_privilege_profile'>{GROUP}\
             <Privilege>urn:a</Privilege></PrivilegeGroup></PrivilegeList>"
        );
        assert_eq!(whole(&xml), Ok(vec![of("29189846", "urn:a")]));
    }

    #[test]
    fn groups_that_are_not_ours_or_are_limited_give_nothing() {
        let other = "<PrivilegeGroup Scope='urn:dk:gov:saml:productionUnitIdentifier:1000000001'>\
                     <Privilege>urn:a</Privilege></PrivilegeGroup>";
        let limited = format!(
            "{GROUP}<Privilege>urn:a</Privilege><Constraint Name='urn:kle'>1</Constraint>\
             </PrivilegeGroup>"
        );
        assert_eq!(listed(&format!("{other}{limited}")), Ok(Vec::new()));
    }

    #[test]
    fn what_is_malformed_is_refused_whole() {
        let bad = "<PrivilegeGroup Scope='urn:dk:gov:saml:cvrNumberIdentifier:2918984'/>";
        assert_eq!(listed(bad), Err(RoleClaimError::Role));
        let empty = format!("{GROUP}<Privilege> </Privilege></PrivilegeGroup>");
        assert_eq!(listed(&empty), Err(RoleClaimError::Role));
        assert_eq!(listed("<PrivilegeGroup/>"), Err(RoleClaimError::List));
        assert_eq!(listed("<Other/>"), Err(RoleClaimError::List));
        assert_eq!(listed("text"), Err(RoleClaimError::List));
        assert_eq!(whole("<PrivilegeList/>"), Err(RoleClaimError::List));
        assert!(matches!(listed(GROUP), Err(RoleClaimError::Xml(_))));
        let typed = "<!DOCTYPE a [<!ENTITY e 'urn:a'>]><a/>";
        assert!(matches!(whole(typed), Err(RoleClaimError::Xml(_))));
        let read = |value| RoleClaim::Privileges.read(&value);
        assert_eq!(read(json!("not base64!")), Err(RoleClaimError::Base64));
        assert_eq!(read(json!(["29189846:urn:a"])), Err(RoleClaimError::Form));
    }

    #[test]
    fn pairs_are_a_number_and_a_name_that_may_hold_colons() {
        let read = |value| RoleClaim::Pairs.read(&value);
        let expected = vec![of("29189846", "urn:a"), of("11111111", "sagsbehandler")];
        let value = json!(["29189846:urn:a", "11111111:sagsbehandler"]);
        assert_eq!(read(value), Ok(expected));
        for bad in ["29189846", "29189846:", "2918984:urn:a", ":urn:a"] {
            assert_eq!(read(json!([bad])), Err(RoleClaimError::Role), "{bad}");
        }
        assert_eq!(read(json!("29189846:urn:a")), Err(RoleClaimError::Form));
        assert_eq!(read(json!([1])), Err(RoleClaimError::Form));
    }
}
