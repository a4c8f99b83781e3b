"""A broker and a database as they should be run: certificates made for the test, SCRAM users with the
ACLs of `gridcase topics acl`, MongoDB users with the roles of `gridcase database roles`.

    Certificates ─► kafka (SASL_SSL, authorizer) ─┐
                 └► mongod (TLS, users, keyFile) ─┴─► four services, each under its own name
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from confluent_kafka import admin
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from schemas.topics import SERVICES
from services.shell.acl_admin import admin_client
from services.shell.database_admin import apply as apply_roles
from services.shell.database_plan import role_of, roles
from services.shell.embedded import find_mongod, start_kafka
from services.shell.embedded.child import Child, choose_port
from services.shell.settings import Settings

ADDRESS = "127.0.0.1"
PASSWORD = secrets.token_urlsafe(16)
BROKER = """
listeners=BROKER://127.0.0.1:{{port}},OUTSIDE://127.0.0.1:{outside},CONTROLLER://127.0.0.1:{{controller}}
advertised.listeners=BROKER://127.0.0.1:{{port}},OUTSIDE://127.0.0.1:{outside}
listener.security.protocol.map=BROKER:PLAINTEXT,OUTSIDE:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.outside.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.outside.ssl.keystore.type=PEM
listener.name.outside.ssl.keystore.location={pem}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
# The broker talks to itself in the clear, on a listener that no outsider reaches.
super.users=User:ANONYMOUS
"""


# ── certificates ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Certificates:
    """An authority, a server's key and certificate under it, and an authority of somebody else."""

    ca: Path
    server: Path
    stranger: Path


def make_certificates(folder: Path) -> Certificates:
    key, authority = _authority("county")
    server_key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(ADDRESS))]
    )
    server = _certificate("broker", server_key, authority.subject, key, names)
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "stranger.pem")
    made.ca.write_bytes(_pem(authority))
    made.server.write_bytes(_key_pem(server_key) + _pem(server) + _pem(authority))
    made.stranger.write_bytes(_pem(_authority("stranger")[1]))
    return made


def _authority(name: str) -> tuple[Any, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    limits = x509.BasicConstraints(ca=True, path_length=0)
    return key, _certificate(name, key, subject, key, limits)


def _certificate(
    name: str, key: Any, issuer: x509.Name, signed_by: Any, extension: x509.ExtensionType
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .sign(signed_by, hashes.SHA256())
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: Any) -> bytes:
    plain = serialization.NoEncryption()
    made: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
    )
    return made


# ── broker and database ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Secured:
    certificates: Certificates
    inside: Settings
    """Past all locks: for setting up."""
    kafka: str
    mongo_port: int

    def settings(self, user: str, **changes: Any) -> Settings:
        """Those of one party, under its own name."""
        known: dict[str, Any] = {
            "kafka": self.kafka,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_username": user,
            "kafka_password": PASSWORD,
            "kafka_ca_file": str(self.certificates.ca),
            "mongo": self.mongo(user),
        }
        return Settings(**(known | changes))

    def mongo(self, user: str | None, tls: bool = True) -> str:
        who = f"{quote(user)}:{quote(PASSWORD)}@" if user else ""
        locks = f"&tls=true&tlsCAFile={quote(str(self.certificates.ca))}" if tls else ""
        return (
            f"mongodb://{who}{ADDRESS}:{self.mongo_port}/?directConnection=true&authSource=admin"
            f"&serverSelectionTimeoutMS=5000{locks}"
        )

    def environment(self, service: str) -> dict[str, str]:
        """What a service is given: its own names, its own rights."""
        user = f"gridcase-{service}"
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "GRIDCASE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "GRIDCASE_KAFKA_USERNAME": user,
            "GRIDCASE_KAFKA_PASSWORD": PASSWORD,
            "GRIDCASE_KAFKA_CA_FILE": str(self.certificates.ca),
            "MONGO_URL": self.mongo(user),
            "GRIDCASE_INSTANCE": "one",
        }


@contextmanager
def secured(folder: Path, users: list[str]) -> Iterator[Secured]:
    certificates = make_certificates(folder)
    outside = choose_port()
    more = BROKER.format(outside=outside, pem=certificates.server)
    with ExitStack() as stack:
        broker = stack.enter_context(start_kafka(folder, say=lambda _: None, more=more))
        port = stack.enter_context(_mongod(folder, certificates))
        found = Secured(certificates, Settings(kafka=broker.url), f"{ADDRESS}:{outside}", port)
        _add_kafka_users(found.inside, users)
        _add_mongo_users(found)
        yield found


def _add_kafka_users(settings: Settings, users: list[str]) -> None:
    scram: Any = admin
    info = scram.ScramCredentialInfo(scram.ScramMechanism.SCRAM_SHA_512, 4096)
    added = [scram.UserScramCredentialUpsertion(user, info, PASSWORD.encode()) for user in users]
    client = admin_client(settings)
    for future in client.alter_user_scram_credentials(added).values():
        future.result(timeout=30)


@contextmanager
def _mongod(folder: Path, certificates: Certificates) -> Iterator[int]:
    """A replica set of one that takes TLS alone, and nobody without a name."""
    port, key, data = choose_port(), folder / "mongo.key", folder / "secured-mongod"
    key.write_text(secrets.token_hex(64))
    key.chmod(0o600)
    data.mkdir()
    tls = {
        "mode": "requireTLS", "certificateKeyFile": str(certificates.server),
        "CAFile": str(certificates.ca), "allowConnectionsWithoutCertificates": True,
    }  # fmt: skip
    config = {
        "net": {
            "bindIp": ADDRESS,
            "port": port,
            "tls": tls,
            "unixDomainSocket": {"enabled": False},
        },
        "storage": {"dbPath": str(data), "wiredTiger": {"engineConfig": {"cacheSizeGB": 0.25}}},
        "replication": {"replSetName": "rs0", "oplogSizeMB": 64},
        "security": {"authorization": "enabled", "keyFile": str(key)},
    }
    file = folder / "secured-mongod.conf"
    file.write_text(json.dumps(config))
    child = Child([str(find_mongod()), "--config", str(file)], folder / "secured-mongod.log")
    try:
        url = f"mongodb://{ADDRESS}:{port}/?directConnection=true&tls=true&tlsCAFile={certificates.ca}"
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=200) as client:
            child.wait_until(lambda: _first_user(client, port), 60, "See secured-mongod.log.")
        yield port
    finally:
        child.stop()


def _first_user(client: MongoClient[dict[str, Any]], port: int) -> bool:
    """Begin the set and make its administrator, as only somebody at the machine itself may."""
    try:
        hello = client.admin.command("hello")
        if not hello.get("setName"):
            members = [{"_id": 0, "host": f"{ADDRESS}:{port}"}]
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
        if not client.admin.command("hello")["isWritablePrimary"]:
            return False
        client.admin.command("createUser", "root", pwd=PASSWORD, roles=["root"])
    except PyMongoError:
        return False
    return True


def _add_mongo_users(found: Secured) -> None:
    administrator = Settings(mongo=found.mongo("root"))
    apply_roles(administrator, roles(administrator))
    apply_roles(administrator, roles(administrator))  # twice is once
    with MongoClient[dict[str, Any]](administrator.mongo) as client:
        for who in (*SERVICES, "operator"):
            role = {"role": role_of(administrator, who), "db": administrator.database}
            client.admin.command("createUser", f"gridcase-{who}", pwd=PASSWORD, roles=[role])


# ── services ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def services(found: Secured, folder: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The four of them as processes; their addresses. Each ends when the block does."""
    with ExitStack() as stack:
        http = {}
        for name in SERVICES:
            port = choose_port()
            log = stack.enter_context((folder / f"{name}.log").open("ab"))
            command = [sys.executable, "-m", "cli.main", "serve", name, "--port", str(port)]
            child = subprocess.Popen(
                command, env=environment | found.environment(name), stdout=log, stderr=log
            )
            stack.callback(_end, child)
            http[name] = f"http://{ADDRESS}:{port}"
        yield http


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(timeout=30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
