//! From what the HTTP client reports to what a call reports.

use std::error::Error;

use ccproxy_plugin_api::{CallError, CallErrorKind};
use hyper_util::client::legacy;

use crate::connect::{ConnectTimedOut, NoRoots, TunnelError, Unfit};
use crate::resolve::Unresolved;

/// Why there was no response. Addresses and system texts stay out of the message: the client may be anybody.
pub(crate) fn of_request(error: &legacy::Error) -> CallError {
    if let Some(ConnectTimedOut(limit)) = find(error) {
        let message = format!("the provider could not be reached within {limit:?}; try again later");
        return CallError::new(CallErrorKind::ConnectTimeout, message);
    }
    if let Some(reason) = cannot_begin(error) {
        return CallError::new(CallErrorKind::Internal, reason);
    }
    if error.is_connect() {
        let reason = connect_reason(error);
        let advice =
            if find::<rustls::Error>(error).is_some() { "check the instance" } else { "try again later" };
        let message = format!("the provider could not be reached ({reason}); {advice}");
        return CallError::new(CallErrorKind::Connect, message);
    }
    find::<hyper::Error>(error)
        .map_or_else(|| broken("before it answered"), |inner| of_hyper(inner, "before it answered"))
}

/// Why a body broke off.
pub(crate) fn of_body(error: &hyper::Error) -> CallError {
    of_hyper(error, "in the middle of its answer")
}

fn of_hyper(error: &hyper::Error, when: &str) -> CallError {
    if error.is_parse() || error.is_parse_too_large() {
        let message = "the provider's answer is not valid HTTP; check the instance's base_url";
        return CallError::new(CallErrorKind::NotHttp, message);
    }
    broken(when)
}

fn broken(when: &str) -> CallError {
    CallError::new(CallErrorKind::Reset, format!("the provider closed the connection {when}; try again"))
}

/// Why there was no connection.
pub(crate) fn connect_reason(error: &(dyn Error + 'static)) -> &'static str {
    if find::<Unresolved>(error).is_some() {
        return "its name does not resolve";
    }
    if let Some(error) = find::<rustls::Error>(error) {
        return tls_reason(error);
    }
    match find::<TunnelError>(error) {
        Some(TunnelError::ProxyAuthRequired) => {
            return "the proxy wants a user and password; put them into the proxy's URL";
        }
        Some(TunnelError::ConnectFailed(_)) => return "the proxy cannot be reached",
        Some(_) => return "the proxy does not let it through",
        None => {}
    }
    match find::<std::io::Error>(error).map(std::io::Error::kind) {
        Some(std::io::ErrorKind::ConnectionRefused) => "connection refused",
        Some(std::io::ErrorKind::ConnectionReset) => "connection reset",
        Some(std::io::ErrorKind::HostUnreachable | std::io::ErrorKind::NetworkUnreachable) => "no route",
        Some(std::io::ErrorKind::InvalidData) => "TLS failed",
        _ => "no connection",
    }
}

/// What has to be mended here before anybody can be connected to. Paths stay out of it.
pub(crate) fn cannot_begin(error: &(dyn Error + 'static)) -> Option<String> {
    if find::<Unfit>(error).is_some() {
        return Some("a file of the instance's tls cannot be used; its log says which".to_owned());
    }
    find::<NoRoots>(error).map(ToString::to_string)
}

/// The same for whoever runs the service.
pub(crate) fn of_files(error: &(dyn Error + 'static)) -> String {
    find::<Unfit>(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn tls_reason(error: &rustls::Error) -> &'static str {
    use rustls::{AlertDescription, CertificateError, Error};
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "this machine does not trust the authority of its certificate; name that authority's in tls.ca"
        }
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has expired"
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name",
        Error::InvalidCertificate(_) => "its certificate is not valid",
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "it wants a certificate of ours; name one in tls.client"
        }
        _ => "TLS failed",
    }
}

/// The first error of type `E` in the chain of causes.
pub(crate) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| cause(error)).find_map(|error| error.downcast_ref())
}

/// What is behind an error. An I/O error names as its source the source of what it wraps, and so hides that itself.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
