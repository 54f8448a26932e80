"""A fagsystem that knows the WSDL and nothing else: sends, is refused, corrects, asks.

Usage: soap_client.py SERVICE-URL FOLDER   (FOLDER holds sound.xml, refused.xml, held.xml)
"""

import copy
import sys
import time
import uuid
from pathlib import Path

from lxml import etree
from zeep import Client
from zeep.exceptions import Fault

OIR = "{urn:oir:finans:modtagfinansbilag:2}"
REPEATED = {"Finansbilag", "Finanspostering", "Sortimentsvaerdi"}


def tree(element):
    """An element as the plain values that zeep takes."""
    if not len(element):
        return element.text
    values = {}
    for child in element:
        name = etree.QName(child).localname
        if name in REPEATED:
            values.setdefault(name, []).append(tree(child))
        else:
            values[name] = tree(child)
    return values


def message(folder, name):
    body = etree.parse(str(folder / name)).getroot()[0]
    return tree(body[0])


def fresh(request):
    """The same bilag under new ids."""
    request = copy.deepcopy(request)
    request["RequestHeader"]["TransactionUUID"] = str(uuid.uuid4())
    for bilag in request["Afsendelse"]["Finansbilag"]:
        bilag["BilagUUID"] = str(uuid.uuid4())
    return request


def code(receipt):
    return receipt.Bilagskvittering[0].Forretningskvittering.ForretningsValideringsKode


def header(request):
    return {
        "RequestHeader": {"TransactionUUID": str(uuid.uuid4())},
        "AuthorityContext": request["AuthorityContext"],
    }


def ask(service, request):
    return service.HentKvittering(
        **header(request),
        AfsenderSystem=request["Afsendelse"]["AfsenderSystem"],
        TransaktionsID=request["RequestHeader"]["TransactionUUID"],
    )


def wait_for(service, request, wanted):
    for _ in range(200):
        receipt = ask(service, request)
        if code(receipt) == wanted:
            return receipt
        time.sleep(0.05)
    raise AssertionError(f"never {wanted}: {receipt}")


def talk(service, folder):
    sound = fresh(message(folder, "sound.xml"))
    first = service.ModtagFinansbilag(**sound)
    assert first.TransportKvittering.TransportValideringsKode == "OK", first
    assert code(first) == "MODTAGET", first
    again = service.ModtagFinansbilag(**sound)
    assert again.AfsendelseID == first.AfsendelseID, "a repeat has the same receipt"
    booked = wait_for(service, sound, "ACCEPTERET")
    assert booked.Bilagskvittering[0].ErpBilagsnummer, booked

    wrong = fresh(sound)
    wrong["Afsendelse"]["Finansbilag"][0]["Finanspostering"][0]["Beloeb"] = "1"
    rejected = service.ModtagFinansbilag(**wrong)
    assert code(rejected) == "AFVIST", rejected
    faults = [f.FejlKode for f in rejected.Bilagskvittering[0].Positionsfejl]
    assert "F0301" in faults, faults

    right = fresh(sound)
    right["Afsendelse"]["Finansbilag"][0]["KorrigererBilag"] = wrong["Afsendelse"]["Finansbilag"][0]["BilagUUID"]
    assert code(service.ModtagFinansbilag(**right)) == "MODTAGET"
    wait_for(service, right, "ACCEPTERET")

    refused = fresh(message(folder, "refused.xml"))
    assert code(service.ModtagFinansbilag(**refused)) == "MODTAGET"
    answer = wait_for(service, refused, "AFVIST")
    assert answer.Bilagskvittering[0].Positionsfejl[0].FejlKode == "F0501", answer

    held = fresh(message(folder, "held.xml"))
    service.ModtagFinansbilag(**held)
    status = service.HentStatus(
        **header(held),
        AfsenderSystem=held["Afsendelse"]["AfsenderSystem"],
        TransaktionsID=held["RequestHeader"]["TransactionUUID"],
    )
    assert status.Bilagsstatus[0].Tilstand == "TILBAGEHOLDT", status

    year = sound["Afsendelse"]["Finansbilag"][0]["Regnskabsaar"]
    totals = service.HentKontroltotal(**header(sound), Fra=f"{year}-01-01", Til=f"{year}-12-31")
    assert sum(int(total.AntalBilag) for total in totals.Systemtotal) >= 2, totals

    other = fresh(sound)
    other["RequestHeader"] = sound["RequestHeader"]
    try:
        service.ModtagFinansbilag(**other)
    except Fault as fault:
        detail = etree.tostring(fault.detail).decode()
        assert "F0202" in detail and "FEJL" in detail, detail
    else:
        raise AssertionError("an id was used for other content and nobody said so")


def main():
    url, folder = sys.argv[1], Path(sys.argv[2])
    client = Client(f"{url}?wsdl")
    ports = [port for service in client.wsdl.services.values() for port in service.ports.values()]
    assert len(ports) == 2, "one port for each version of SOAP"
    for port in ports:
        talk(client.bind(list(client.wsdl.services)[0], port.name), folder)
        print(f"{port.name}: sent, refused, corrected, asked")


if __name__ == "__main__":
    main()
