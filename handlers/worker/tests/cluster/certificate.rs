//! A certificate authority for one test server.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// PEM texts.
pub struct Chain {
    /// The authority's certificate.
    pub ca: String,
    /// The server's certificate, for `localhost`.
    pub certificate: String,
    /// The server's key.
    pub key: String,
}

/// A new authority of this name and a certificate for `localhost`.
///
/// Names differ, because OpenSSL finds an authority in a bundle by its name.
pub fn for_localhost(authority: &str) -> Chain {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    // OpenSSL takes a certificate with its issuer's name for a self-signed one.
    ca.distinguished_name
        .push(DnType::CommonName, "test authority");
    ca.distinguished_name.push(DnType::CommonName, authority);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let mut server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    server
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    let certificate = server.signed_by(&key, &issuer).unwrap();
    Chain {
        ca: ca_certificate.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}
