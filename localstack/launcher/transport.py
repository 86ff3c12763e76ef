"""The transport and signatures as ministack's IAM sees them."""

from typing import Any

from launcher import internals

UNSIGNED = "0"
"""The signature that our server puts on its requests."""


def install() -> None:
    """Count plain HTTP on loopback as TLS, and take our server at its word."""
    # Queues, topics and buckets deny requests with `aws:SecureTransport` false (`enforceSSL` in the CDK). Requests
    # never leave this machine, and the template must deploy unchanged.
    app = internals.module("app")
    internals.replace(app, "pin_request_origin", lambda pin: lambda address, _secure: pin(address, True))
    internals.replace(internals.module("core.sigv4"), "header_signature_failure", accept_unsigned)


def accept_unsigned(check: internals.Private) -> internals.Private:
    """The check of a signature, except that `0` names a caller without proof.

    Our server acts for AWS (events) and for roles that it has assumed (DMS); ministack enforces the policies of those
    roles all the same. The keys of this cloud are public, so a signature would prove nothing.
    """

    def check_signed(signature: Any, *args: Any, **kwargs: Any) -> Any:
        return None if signature.signature == UNSIGNED else check(signature, *args, **kwargs)

    return check_signed
