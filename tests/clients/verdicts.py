"""The schema's own verdict by libxml2, for messages that come on standard input.

Each message is four bytes of length and the message; each answer is one line: valid, invalid
(well-formed, but not as the schema says) or broken (not well-formed, or with a DTD, or not UTF-8).
Usage: verdicts.py SCHEMA
"""

import struct
import sys

from lxml import etree

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
OIR = "{urn:oir:finans:modtagfinansbilag:2}"
schema = etree.XMLSchema(etree.parse(sys.argv[1]))


def request(root):
    """The one element of the body, in an envelope of SOAP 1.1."""
    children = [child for child in root if isinstance(child.tag, str)]
    if children and children[0].tag == SOAP + "Header":
        children = children[1:]
    if root.tag != SOAP + "Envelope" or [child.tag for child in children] != [SOAP + "Body"]:
        return None
    inside = [child for child in children[0] if isinstance(child.tag, str)]
    texts = [root.text, children[0].text] + [child.tail for part in (root, children[0]) for child in part]
    if len(inside) != 1 or any(text and text.strip(" \t\r\n") for text in texts):
        return None
    return inside[0]


def verdict(message):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(message, parser)
    except (etree.XMLSyntaxError, ValueError):
        return "broken"
    info = root.getroottree().docinfo
    if info.doctype or (info.encoding or "UTF-8").upper() not in ("UTF-8", "UTF8"):
        return "broken"
    found = request(root)
    if found is None or not found.tag.startswith(OIR) or not found.tag.endswith("Request"):
        return "invalid"
    return "valid" if schema.validate(etree.ElementTree(found)) else "invalid"


while len(head := sys.stdin.buffer.read(4)) == 4:
    (length,) = struct.unpack(">I", head)
    print(verdict(sys.stdin.buffer.read(length)), flush=True)
