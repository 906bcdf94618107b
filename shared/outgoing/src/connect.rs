//! Connecting to a machine: its name is resolved here, and only an address that may be called is connected to. So a
//! name that leads elsewhere from one moment to the next leads nowhere.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tower::Service;

use crate::address::is_public;

/// How far calls may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To machines of the internet.
    Internet,
    /// To those, and to this very machine.
    InternetAndThisMachine,
}

impl Reach {
    fn allows(self, address: IpAddr, is_protected: bool) -> bool {
        match self {
            Self::Internet => is_protected && is_public(address),
            Self::InternetAndThisMachine => {
                address.is_loopback() || (is_protected && is_public(address))
            }
        }
    }
}

/// None of the addresses that a name stands for may be called.
#[derive(Debug)]
pub(crate) struct NoneAllowed;

impl fmt::Display for NoneAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("none of the addresses may be called")
    }
}

impl Error for NoneAllowed {}

/// Connects where it may.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connect {
    pub(crate) reach: Reach,
}

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, Box<dyn Error + Send + Sync>>> + Send>>;

impl Service<Uri> for Connect {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let reach = self.reach;
        Box::pin(async move {
            let is_protected = uri.scheme_str() == Some("https");
            let host = uri.host().unwrap_or_default();
            // A number of IPv6 stands in brackets.
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let port = uri
                .port_u16()
                .unwrap_or(if is_protected { 443 } else { 80 });
            let found = lookup_host((host, port)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| reach.allows(address.ip(), is_protected))
                .collect();
            if allowed.is_empty() {
                return Err(NoneAllowed.into());
            }
            // One after the other, until one answers.
            let stream = TcpStream::connect(allowed.as_slice()).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unprotected_calls_go_to_this_machine_or_nowhere() {
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let there: IpAddr = "1.1.1.1".parse().unwrap();
        let nearby: IpAddr = "192.168.0.1".parse().unwrap();
        for (reach, address, is_protected, allowed) in [
            (Reach::Internet, there, true, true),
            (Reach::Internet, there, false, false),
            (Reach::Internet, here, true, false),
            (Reach::Internet, here, false, false),
            (Reach::InternetAndThisMachine, there, true, true),
            (Reach::InternetAndThisMachine, there, false, false),
            (Reach::InternetAndThisMachine, here, true, true),
            (Reach::InternetAndThisMachine, here, false, true),
            (Reach::InternetAndThisMachine, nearby, true, false),
            (Reach::InternetAndThisMachine, nearby, false, false),
        ] {
            let allows = reach.allows(address, is_protected);
            assert_eq!(allows, allowed, "{reach:?} {address} {is_protected}");
        }
    }
}
