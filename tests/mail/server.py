"""A mail server for the tests: aiosmtpd, on a free port of this machine.

Says its port, then one line of JSON for each letter it takes. Refuses `gone@…` for good and
`busy@…` for now. Ends when its standard input does.

Usage: server.py [start|whole FOLDER]: with TLS by STARTTLS or from the first byte, and with
a certificate for 127.0.0.1 made now, whose issuer is left in FOLDER/issuer.pem.
"""

import asyncio
import datetime
import email
import email.policy
import ipaddress
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(name, issuer, key, signer, extension):
    now = datetime.datetime.now(datetime.timezone.utc)
    named = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    made = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(hours=1))
    made = made.not_valid_after(now + datetime.timedelta(days=1))
    return made.add_extension(*extension).sign(signer, hashes.SHA256())


def tls(folder):
    issuer, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = (x509.BasicConstraints(ca=True, path_length=0), True)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    root = certificate("Opdigtet udsteder", "Opdigtet udsteder", issuer, issuer, authority)
    leaf = certificate("Opdigtet server", "Opdigtet udsteder", own, issuer, (here, False))
    pem = serialization.Encoding.PEM
    (folder / "issuer.pem").write_bytes(root.public_bytes(pem))
    key = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(leaf.public_bytes(pem) + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 no such mailbox"
        if address.startswith("busy@"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        headers = {name: str(value) for name, value in message.items()}
        headers["To"] = "|".join(
            part for to in message["To"].addresses for part in (to.display_name, to.addr_spec)
        )
        said = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": headers,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "body": message.get_content().replace("\r\n", "\n"),
        }
        print(json.dumps(said), flush=True)
        return "250 OK"


async def serve():
    loop = asyncio.get_running_loop()
    way, context = "nothing", None
    if len(sys.argv) > 1:
        way, context = sys.argv[1], tls(pathlib.Path(sys.argv[2]))
    start = {"tls_context": context, "require_starttls": True} if way == "start" else {}
    whole = {"ssl": context} if way == "whole" else {}
    server = await loop.create_server(lambda: SMTP(Handler(), **start), "127.0.0.1", 0, **whole)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(serve())
