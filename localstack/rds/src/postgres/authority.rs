//! The local certificate authority, and the servers' certificates from it.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber, date_time_ymd,
};

/// Signs the certificates of the servers. Its own certificate is `ca.pem` in the local cloud's home.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate and private key, both as PEM.
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

/// The authority can't be read, made or used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its files.
    #[error("keep the certificate authority: {0}")]
    Files(#[from] io::Error),
    /// Its cryptography.
    #[error("sign a certificate: {0}")]
    Signing(#[from] rcgen::Error),
}

impl Authority {
    /// The authority in that folder (`ca.pem`, `ca.key`), which is made if it isn't there.
    ///
    /// # Errors
    /// The files can't be read or written.
    pub fn open(home: &Path) -> Result<Self, AuthorityError> {
        let (certificate, key) = (home.join("ca.pem"), home.join("ca.key"));
        if certificate.exists() && key.exists() {
            let key = KeyPair::from_pem(&fs::read_to_string(key)?)?;
            return Ok(Self {
                issuer: Issuer::new(parameters(), key),
            });
        }
        let pair = KeyPair::generate()?;
        fs::write(&key, "")?;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        fs::write(&key, pair.serialize_pem())?;
        fs::write(&certificate, parameters().self_signed(&pair)?.pem())?;
        fs::set_permissions(&certificate, fs::Permissions::from_mode(0o644))?;
        Ok(Self {
            issuer: Issuer::new(parameters(), pair),
        })
    }

    /// A new certificate for servers on this machine.
    ///
    /// # Errors
    /// No randomness for a key.
    pub fn identity(&self) -> Result<Identity, AuthorityError> {
        let mut leaf = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        leaf.distinguished_name
            .push(DnType::CommonName, "localhost");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        leaf.not_before = date_time_ymd(2024, 1, 1);
        leaf.not_after = date_time_ymd(2049, 1, 1);
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &self.issuer)?;
        Ok(Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// The authority's own certificate but for its key. Always the same, so only certificate and key need to be kept.
fn parameters() -> CertificateParams {
    let mut authority = CertificateParams::default();
    authority
        .distinguished_name
        .push(DnType::CommonName, "Tenant Restore local cloud");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.serial_number = Some(SerialNumber::from(1));
    authority.not_before = date_time_ymd(2024, 1, 1);
    authority.not_after = date_time_ymd(2049, 1, 1);
    authority
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_stays_the_same_over_restarts_and_its_key_stays_private() {
        let home =
            std::env::temp_dir().join(format!("local-cloud-ca-{}", local_cloud_wire::ids::hex(6)));
        fs::create_dir_all(&home).unwrap();
        Authority::open(&home).unwrap();
        let first = fs::read_to_string(home.join("ca.pem")).unwrap();
        Authority::open(&home).unwrap().identity().unwrap();
        assert_eq!(fs::read_to_string(home.join("ca.pem")).unwrap(), first);
        assert_eq!(
            fs::metadata(home.join("ca.key"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
        fs::remove_dir_all(home).unwrap();
    }
}
