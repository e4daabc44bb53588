"""A certificate authority for one run, and a certificate for localhost."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reference.faults import CERTIFICATE_ENDS_SOON, CERTIFICATE_UNKNOWN, CERTIFICATE_WRONG_NAME, Fault


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where the files are: the authority's certificate, the server's chain, and its private key."""

    ca: Path
    chain: Path
    key: Path

    def client_context(self) -> ssl.SSLContext:
        """Return a context for clients that trust this authority and no other."""
        return ssl.create_default_context(cafile=str(self.ca))


def make_certificates(folder: Path, faults: frozenset[Fault] = frozenset()) -> Certificates:
    """Make them in `folder`, which must be closed to others."""
    import trustme  # takes a tenth of a second, and only --tls needs it

    certificates = Certificates(folder / "ca.pem", folder / "chain.pem", folder / "key.pem")
    authority = trustme.CA()
    signer = trustme.CA() if CERTIFICATE_UNKNOWN in faults else authority
    names = ("elsewhere.test",) if CERTIFICATE_WRONG_NAME in faults else ("localhost", "127.0.0.1")
    ends = datetime.now(UTC) + timedelta(days=5 if CERTIFICATE_ENDS_SOON in faults else 90)
    server = signer.issue_cert(*names, not_after=ends)
    authority.cert_pem.write_to_path(str(certificates.ca))
    for part in server.cert_chain_pems:
        part.write_to_path(str(certificates.chain), append=True)
    certificates.key.touch(mode=0o600)
    server.private_key_pem.write_to_path(str(certificates.key))
    return certificates
