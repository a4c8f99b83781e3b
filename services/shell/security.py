"""Kafka TLS and SASL, from the settings, in the form that FastStream's broker takes."""

from __future__ import annotations

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from services.shell.settings import Settings

SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def broker_security(settings: Settings) -> BaseSecurity | None:
    """None for plain text. Raises KeyError for an unknown SASL mechanism."""
    protocol = settings.kafka_security_protocol
    context = settings.kafka_client().get("ssl_context")
    if protocol == "PLAINTEXT":
        return None
    if protocol == "SSL":
        return BaseSecurity(ssl_context=context, use_ssl=True)
    return SASL[settings.kafka_sasl_mechanism](
        username=settings.kafka_username or "",
        password=settings.kafka_password or "",
        ssl_context=context,
        use_ssl=protocol == "SASL_SSL",
    )
