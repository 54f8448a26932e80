"""A client made from KOMBIT's own Klasse and Facet WSDLs: makes, brings in, reads, lists, searches.

Usage: klassifikation_client.py SERVICE-URL OFFICIAL-FOLDER FAGSYSTEM-UUID
"""

import sys
import uuid
from pathlib import Path

from lxml import etree
from zeep import Client, Settings

url, official, fagsystem = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
SPACE = "{http://stoettesystemerne.dk/klassifikation}"


def service(name):
    wsdl = official / "klassifikation" / "wsdl" / f"{name}.wsdl"
    client = Client(str(wsdl), settings=Settings(strict=True))
    return client.create_service(f"{SPACE}{name}", f"{url}/service/OIR/klassifikation/6/{name.lower()}")


def header():
    return {"header": {"TransactionUUID": str(uuid.uuid4())}}


def time(day=None):
    return {"TidsstempelDatoTid": f"{day}T00:00:00+01:00"} if day else {"GraenseIndikator": True}


def virkning(first=None, after=None):
    return {"FraTidspunkt": time(first), "TilTidspunkt": time(after)}


def content(key, title, relations):
    return {
        "AttributListe": {
            "Egenskab": [{"Virkning": virkning("2026-01-01"), "BrugervendtNoegleTekst": key, "TitelTekst": title}]
        },
        "TilstandListe": {"PubliceretStatus": [{"Virkning": virkning(), "ErPubliceretIndikator": True}]},
        "RelationListe": {
            name: {"Virkning": virkning(), "ReferenceID": {"UUIDIdentifikator": target}}
            for name, target in relations.items()
        },
    }


def done(answer, code=20):
    retur = answer.body.StandardRetur if hasattr(answer, "body") else answer.StandardRetur
    assert retur.StatusKode == code, retur
    return answer.body if hasattr(answer, "body") else answer


facets, values = service("Facet"), service("Klasse")

facet = str(uuid.uuid4())
said = {"LivscyklusKode": "Opstaaet", **content("zeepfacet", "En dimension", {"Ejer": fagsystem})}
done(facets.importer(Facet={"UUIDIdentifikator": facet, "Registrering": [said]}, _soapheaders=header()))
read = done(facets.laes(UUIDIdentifikator=facet, _soapheaders=header())).FiltreretOejebliksbillede
assert read.ObjektType.UUIDIdentifikator == facet
assert read.Registrering[0].LivscyklusKode == "Importeret"
assert read.Registrering[0].AttributListe.Egenskab[0].TitelTekst == "En dimension"

made = done(values.opret(NoteTekst="Ny", **content("Z1", "Børnetilskud", {"Facet": facet}), _soapheaders=header()))
first = made.UUIDIdentifikator
second = str(uuid.uuid4())
said = content("Z2", "Ungeydelse", {"Facet": facet, "OverordnetKlasse": first})
done(values.importer(Klasse={"UUIDIdentifikator": second, "Registrering": [said]}, _soapheaders=header()))

# The same key twice, and a ring, are refused in words.
taken = values.opret(**content("Z1", "Igen", {"Facet": facet}), _soapheaders=header())
assert "klasse-noegle-i-brug" in done(taken, 40).StandardRetur.FejlbeskedTekst
ring = content("Z1", "Børnetilskud", {"Facet": facet, "OverordnetKlasse": second})["RelationListe"]
ringed = values.ret(UUIDIdentifikator=first, RelationListe=ring, _soapheaders=header())
assert "klasse-ring" in done(ringed, 40).StandardRetur.FejlbeskedTekst

renamed = content("Z1", "Børne- og ungetilskud", {})["AttributListe"]
done(values.ret(UUIDIdentifikator=first, NoteTekst="Nyt navn", AttributListe=renamed, _soapheaders=header()))
listed = done(values.list(UUIDIdentifikator=[second, first], _soapheaders=header())).FiltreretOejebliksbillede
titles = [one.Registrering[0].AttributListe.Egenskab[0].TitelTekst for one in listed]
assert titles == ["Ungeydelse", "Børne- og ungetilskud"], titles
relations = listed[1].Registrering[0].RelationListe
assert relations.Facet.ReferenceID.UUIDIdentifikator == facet

# What was said before it was renamed is still there to be read.
history = values.laes(
    UUIDIdentifikator=first,
    RegistreringFraFilter=time(),
    RegistreringTilFilter=time("2100-01-01"),
    _soapheaders=header(),
)
assert len(done(history).FiltreretOejebliksbillede.Registrering) == 2

lists = {"AttributListe": {"Egenskab": [{"BrugervendtNoegleTekst": "Z*"}]}, "TilstandListe": {}}
lists["RelationListe"] = {"Facet": {"ReferenceID": {"UUIDIdentifikator": facet}}}
found = done(values.soeg(MaksimalAntalKvantitet=10, **lists, _soapheaders=header())).IdListe.UUIDIdentifikator
assert found == [first, second], found
found = done(values.soeg(MaksimalAntalKvantitet=10, FoersteResultatReference=1, **lists, _soapheaders=header()))
assert found.IdListe.UUIDIdentifikator == [second]

done(values.passiver(UUIDIdentifikator=second, NoteTekst="Udgår", _soapheaders=header()))
read = done(values.laes(UUIDIdentifikator=second, _soapheaders=header())).FiltreretOejebliksbillede
assert read.Registrering[0].LivscyklusKode == "Passiveret"
done(values.slet(UUIDIdentifikator=second, _soapheaders=header()))
done(values.passiver(UUIDIdentifikator=second, _soapheaders=header()), 44)
done(values.laes(UUIDIdentifikator=str(uuid.uuid4()), _soapheaders=header()), 44)
print("ok", etree.LXML_VERSION)
