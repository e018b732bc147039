//! How a server proves who it is.
//!
//! Verification fails closed: without a root certificate that can be read there is no connection that asked for one.
//!
//! Source: `PostgreSQL` manual, 34.19.1.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::settings::Settings;
use super::{Sources, TargetError, TlsMode};

/// The word that means the certificates of the system.
pub(super) const SYSTEM: &str = "system";

/// What the driver needs for TLS in this mode.
pub(super) fn config(
    mode: TlsMode,
    settings: &Settings,
    sources: &Sources,
) -> Result<ClientConfig, TargetError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trust = Trust::new(mode, roots(mode, settings, sources)?, &provider)?;
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| TargetError::new(format!("TLS cannot be used: {cause}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    match client(settings, sources) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(certificate), Some(key)) => {
            let chain = certificates(&certificate, sources)?;
            let key = private_key(&key, sources)?;
            builder.with_client_auth_cert(chain, key).map_err(|cause| {
                TargetError::new(format!("the client's certificate cannot be used: {cause}"))
            })
        }
        (Some(_), None) | (None, Some(_)) => Err(TargetError::new(
            "sslcert and sslkey are given together or not at all",
        )),
    }
}

/// The files of the client's certificate and key: named, or libpq's own in the home directory when they are there.
///
/// Source: `PostgreSQL` manual, 34.19.2.
fn client(settings: &Settings, sources: &Sources) -> (Option<PathBuf>, Option<PathBuf>) {
    let named = |keyword| settings.value(keyword).map(PathBuf::from);
    let (certificate, key) = (named("sslcert"), named("sslkey"));
    if certificate.is_some() || key.is_some() {
        return (certificate, key);
    }
    let certificate = sources
        .at_home(".postgresql/postgresql.crt")
        .filter(|path| (sources.read)(path).is_ok());
    let key = certificate
        .is_some()
        .then(|| sources.at_home(".postgresql/postgresql.key"))
        .flatten();
    (certificate, key)
}

/// The certificates to trust; none when the mode asks for none and none are there.
fn roots(
    mode: TlsMode,
    settings: &Settings,
    sources: &Sources,
) -> Result<Option<RootCertStore>, TargetError> {
    let named = settings.value("sslrootcert");
    if named == Some(SYSTEM) {
        return system().map(Some);
    }
    let path = named.map(PathBuf::from).or_else(|| {
        sources
            .at_home(".postgresql/root.crt")
            .filter(|path| (sources.read)(path).is_ok())
    });
    let Some(path) = path else {
        return match mode {
            TlsMode::Disable | TlsMode::Allow | TlsMode::Prefer | TlsMode::Require => Ok(None),
            TlsMode::VerifyCa | TlsMode::VerifyFull => system().map(Some),
        };
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&path, sources)? {
        roots
            .add(certificate)
            .map_err(|cause| TargetError::new(format!("{}: {cause}", path.display())))?;
    }
    Ok(Some(roots))
}

fn system() -> Result<RootCertStore, TargetError> {
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err(TargetError::new(
            "the system has no root certificates; name a file with sslrootcert",
        ));
    }
    Ok(roots)
}

fn certificates(
    path: &Path,
    sources: &Sources,
) -> Result<Vec<CertificateDer<'static>>, TargetError> {
    let found = (sources.read)(path).map_err(|cause| TargetError::unreadable(path, cause))?;
    let certificates = CertificateDer::pem_slice_iter(&found.bytes)
        .collect::<Result<Vec<_>, _>>()
        .unwrap_or_default();
    if certificates.is_empty() {
        let path = path.display();
        return Err(TargetError::new(format!("{path} holds no PEM certificate")));
    }
    Ok(certificates)
}

fn private_key(path: &Path, sources: &Sources) -> Result<PrivateKeyDer<'static>, TargetError> {
    let found = (sources.read)(path).map_err(|cause| TargetError::unreadable(path, cause))?;
    let path = path.display();
    if found.mode & 0o077 != 0 {
        return Err(TargetError::new(format!(
            "the private key {path} can be read by others; run `chmod 600 {path}`"
        )));
    }
    PrivateKeyDer::from_pem_slice(&found.bytes).map_err(|_| {
        TargetError::new(format!(
            "{path} holds no PEM private key without a passphrase"
        ))
    })
}

/// What a certificate has to show.
#[derive(Debug)]
enum Trust {
    /// Nothing; the traffic is secret from those who only listen.
    Anyone(Arc<CryptoProvider>),
    /// A known authority; the name is not compared.
    Authority(Arc<WebPkiServerVerifier>),
    /// A known authority and the host's name.
    Name(Arc<WebPkiServerVerifier>),
}

impl Trust {
    fn new(
        mode: TlsMode,
        roots: Option<RootCertStore>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TargetError> {
        let Some(roots) = roots else {
            return Ok(Self::Anyone(Arc::clone(provider)));
        };
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .build()
                .map_err(|cause| TargetError::new(format!("root certificates: {cause}")))?;
        Ok(match mode {
            TlsMode::VerifyFull => Self::Name(verifier),
            // A root certificate that is there is used by every mode, as libpq does.
            TlsMode::Disable
            | TlsMode::Allow
            | TlsMode::Prefer
            | TlsMode::Require
            | TlsMode::VerifyCa => Self::Authority(verifier),
        })
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verify = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        match self {
            Self::Anyone(_) => Ok(ServerCertVerified::assertion()),
            Self::Name(verifier) => verify(verifier),
            // The chain is judged before the name.
            Self::Authority(verifier) => match verify(verifier) {
                Err(rustls::Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                )) => Ok(ServerCertVerified::assertion()),
                other => other,
            },
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self {
            Self::Anyone(provider) => rustls::crypto::verify_tls12_signature(
                message,
                certificate,
                signed,
                &provider.signature_verification_algorithms,
            ),
            Self::Authority(verifier) | Self::Name(verifier) => {
                verifier.verify_tls12_signature(message, certificate, signed)
            }
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self {
            Self::Anyone(provider) => rustls::crypto::verify_tls13_signature(
                message,
                certificate,
                signed,
                &provider.signature_verification_algorithms,
            ),
            Self::Authority(verifier) | Self::Name(verifier) => {
                verifier.verify_tls13_signature(message, certificate, signed)
            }
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match self {
            Self::Anyone(provider) => provider
                .signature_verification_algorithms
                .supported_schemes(),
            Self::Authority(verifier) | Self::Name(verifier) => verifier.supported_verify_schemes(),
        }
    }
}
