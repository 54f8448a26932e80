"""The parts of our messages that are KOMBIT's, against KOMBIT's own schemas.

Usage: official.py OFFICIAL-FOLDER MESSAGE…
"""

import sys
from pathlib import Path

from lxml import etree

PARTS = {
    "{http://kombit.dk/xml/schemas/RequestHeader/1/}RequestHeader": "klassifikation/xsd/common/RequestHeader.xsd",
    "{http://serviceplatformen.dk/xml/schemas/AuthorityContext/1/}AuthorityContext": "serviceplatformen/AuthorityContext_1.xsd",
    "{http://serviceplatformen.dk/xml/schemas/kvittering/1/}TransportKvittering": "serviceplatformen/Kvittering_1.xsd",
    "{http://serviceplatformen.dk/xml/schemas/kvittering/1/}Forretningskvittering": "serviceplatformen/Kvittering_1.xsd",
}

folder = Path(sys.argv[1])
seen = dict.fromkeys(PARTS, 0)
for file in sys.argv[2:]:
    for element in etree.parse(file).iter(*PARTS):
        schema = etree.XMLSchema(etree.parse(str(folder / PARTS[element.tag])))
        # A part is judged as a document of its own, without what follows it.
        part = etree.fromstring(etree.tostring(element, with_tail=False))
        schema.assertValid(part)
        seen[element.tag] += 1
missing = [part for part, count in seen.items() if count == 0]
assert not missing, f"no message had {missing}"
print(seen)
