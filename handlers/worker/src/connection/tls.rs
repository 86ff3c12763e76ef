//! TLS as libpq's `sslmode=verify-full`: a trusted chain and the server's name in the certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres_rustls::MakeRustlsConnect;

/// TLS that trusts only the certificates of this bundle.
pub fn verify_full(ca_bundle: &Path) -> Result<MakeRustlsConnect, Cause> {
    let unusable = |why: String| {
        Cause::new(
            ErrorKind::ConnectionFailed,
            format!(
                "could not read the CA bundle {}: {why}",
                ca_bundle.display()
            ),
        )
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(ca_bundle).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("it holds no certificate".to_owned()));
    }
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
