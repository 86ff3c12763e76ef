//! Certificates of authorities that endpoints trust.

use jiff::Timestamp;
use local_cloud_wire::time::epoch_seconds;
use local_cloud_wire::{AwsError, Call};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Field, page, select};
use crate::failure::{exists, invalid, not_found, wrong_state};
use crate::identifier::new_arn;
use crate::request::{Arns, Describe, Tag, read};
use crate::state::State;
use crate::tls;

/// An imported certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) identifier: String,
    pub(crate) arn: String,
    pub(crate) pem: String,
    imported_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Import {
    certificate_identifier: String,
    certificate_pem: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

const FILTERS: [Field<Certificate>; 2] = [
    ("certificate-arn", |one| &one.arn),
    ("certificate-id", |one| &one.identifier),
];

impl State {
    /// ImportCertificate, in PEM.
    pub(crate) fn import_certificate(
        &mut self,
        call: &Call,
        body: Value,
    ) -> Result<Value, AwsError> {
        let input: Import = read(body)?;
        if self
            .certificates
            .iter()
            .any(|one| one.identifier == input.certificate_identifier)
        {
            return Err(exists("Certificate", &input.certificate_identifier));
        }
        let pem = input
            .certificate_pem
            .ok_or_else(|| invalid("CertificatePem is missing"))?;
        tls::authorities(&pem)
            .map_err(|error| AwsError::new("InvalidCertificateFault", error.to_string()))?;
        let certificate = Certificate {
            arn: new_arn(&call.region, "cert", None)?,
            identifier: input.certificate_identifier,
            pem,
            imported_at: Timestamp::now(),
        };
        self.tags.insert(certificate.arn.clone(), input.tags);
        let answer = json!({"Certificate": certificate.view()});
        self.certificates.push(certificate);
        Ok(answer)
    }

    /// DescribeCertificates.
    pub(crate) fn describe_certificates(&self, body: Value) -> Result<Value, AwsError> {
        let input: Describe = read(body)?;
        let selected = select(&self.certificates, &input.filters, &FILTERS)?;
        page(
            "Certificates",
            selected.into_iter().map(Certificate::view).collect(),
            &input,
        )
    }

    /// DeleteCertificate: only one that no endpoint uses.
    pub(crate) fn delete_certificate(&mut self, body: Value) -> Result<Value, AwsError> {
        let Arns {
            certificate_arn: arn,
            ..
        } = read(body)?;
        if self
            .endpoints
            .iter()
            .any(|one| one.certificate_arn.as_ref() == Some(&arn))
        {
            return Err(wrong_state(format!("The certificate {arn} is in use")));
        }
        let position = self.certificates.iter().position(|one| one.arn == arn);
        let position = position.ok_or_else(|| not_found(format!("Certificate {arn} not found")))?;
        self.tags.remove(&arn);
        Ok(json!({"Certificate": self.certificates.remove(position).view()}))
    }
}

impl Certificate {
    fn view(&self) -> Value {
        json!({
            "CertificateIdentifier": self.identifier,
            "CertificateArn": self.arn,
            "CertificatePem": self.pem,
            "CertificateCreationDate": epoch_seconds(self.imported_at),
            "CertificateOwner": local_cloud_wire::arn::ACCOUNT,
        })
    }
}
