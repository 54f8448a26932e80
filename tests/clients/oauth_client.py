"""A fagsystem that signs in: finds the token endpoint, gets a token with its key, sends and asks.

Usage: oauth_client.py SERVICE CLIENT_ID CLIENT_SECRET FOLDER   (FOLDER holds sound.xml)
"""

import sys
from pathlib import Path

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from lxml import etree
from zeep import Client
from zeep.exceptions import Fault
from zeep.transports import Transport

from soap_client import ask, code, fresh, message

SCOPE = "bilag:send bilag:read"


def signed_in(endpoint, client, secret, method, scope=SCOPE):
    session = OAuth2Session(client, secret, scope=scope, token_endpoint_auth_method=method)
    token = session.fetch_token(endpoint, grant_type="client_credentials")
    assert token["token_type"] == "Bearer" and token["expires_in"] <= 3600, token.keys()
    assert token["scope"] == scope, token["scope"]
    return session


def refused(call, wanted):
    try:
        call()
    except Fault as fault:
        assert wanted in etree.tostring(fault.detail).decode(), fault
    else:
        raise AssertionError(f"{wanted} was not said")


def main():
    service, client, secret, folder = sys.argv[1:5]
    described = requests.get(f"{service}/.well-known/oauth-authorization-server", timeout=30).json()
    assert described["issuer"] == service, described
    endpoint = described["token_endpoint"]
    url = f"{service}/service/OIR/ModtagFinansbilag/2?wsdl"
    sound = message(Path(folder), "sound.xml")
    for method in described["token_endpoint_auth_methods_supported"]:
        session = signed_in(endpoint, client, secret, method)
        books = Client(url, transport=Transport(session=session)).service
        sent = fresh(sound)
        assert code(books.ModtagFinansbilag(**sent)) == "MODTAGET", method
        assert code(ask(books, sent)) in ("MODTAGET", "AFLEVERET", "ACCEPTERET"), method
        print(f"{method}: signed in, sent, asked")
    # A token for less sends nothing, and nobody without one comes in.
    session = signed_in(endpoint, client, secret, "client_secret_basic", "bilag:read")
    reader = Client(url, transport=Transport(session=session)).service
    refused(lambda: reader.ModtagFinansbilag(**fresh(sound)), "F0013")
    refused(lambda: Client(url).service.ModtagFinansbilag(**fresh(sound)), "F0012")
    # The key itself, without a token.
    direct = requests.Session()
    direct.headers["Authorization"] = f"Bearer {secret}"
    direct = Client(url, transport=Transport(session=direct)).service
    assert code(direct.ModtagFinansbilag(**fresh(sound))) == "MODTAGET"
    for wrong in [secret[:-1], secret.replace("oir_", "oat_"), "x"]:
        try:
            signed_in(endpoint, client, wrong, "client_secret_basic")
        except OAuthError as error:
            assert error.error == "invalid_client", error
        else:
            raise AssertionError("a wrong secret came in")
    print("refused what must be refused")


if __name__ == "__main__":
    main()
