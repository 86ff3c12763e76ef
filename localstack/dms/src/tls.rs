//! TLS to the databases, as strict as the endpoint's `SslMode` asks.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// What of the server's certificate is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    /// No encryption (`none`).
    Off,
    /// Encryption without a look at the certificate (`require`).
    Unverified,
    /// The certificate comes from this authority, in PEM (`verify-ca`).
    Authority(String),
    /// … and names the host (`verify-full`).
    AuthorityAndName(String),
}

/// A certificate that can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("read the certificate: {0}; it must be in PEM")]
    Pem(#[from] rustls_pki_types::pem::Error),
    #[error("there is no certificate in the PEM text")]
    Empty,
    #[error("use the certificate: {0}")]
    Unusable(#[from] Error),
    #[error("check certificates of this authority: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The certificates of authorities in a PEM text.
pub(crate) fn authorities(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate?)?;
    }
    if roots.is_empty() {
        Err(TlsError::Empty)
    } else {
        Ok(roots)
    }
}

/// The client's configuration; nothing without encryption.
pub(crate) fn client(tls: &Tls) -> Result<Option<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
    };
    let lax = |chain| -> Arc<dyn ServerCertVerifier> {
        Arc::new(Lax {
            chain,
            provider: Arc::clone(&provider),
        })
    };
    let verifier = match tls {
        Tls::Off => return Ok(None),
        Tls::AuthorityAndName(pem) => {
            return Ok(Some(
                builder()?
                    .with_root_certificates(authorities(pem)?)
                    .with_no_client_auth(),
            ));
        }
        Tls::Unverified => lax(None),
        Tls::Authority(pem) => {
            let roots = Arc::new(authorities(pem)?);
            lax(Some(
                WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                    .build()?,
            ))
        }
    };
    let config = builder()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(Some(config.with_no_client_auth()))
}

/// Checks the chain if there is one to check, and never the name.
#[derive(Debug)]
struct Lax {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lax {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_certificates_is_refused() {
        assert!(matches!(authorities("hello"), Err(TlsError::Empty)));
        assert!(client(&Tls::AuthorityAndName(String::new())).is_err());
        assert!(client(&Tls::Off).unwrap().is_none());
    }
}
