//! Telling X-Ray of a restore: documents for the daemon that Lambda runs beside a function, by UDP, without waiting for
//! anything. What gets lost is lost: no handler may be slower or fail for it.

use std::net::{SocketAddr, UdpSocket};

use jiff::Timestamp;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::trace::{self, Call, Document, JobTime, Step, Trace};
use tracing::{debug, warn};

use crate::batch::Delivery;
use crate::engine::Engine;
use crate::store::LogEntry;

/// Where documents go.
pub struct Daemon {
    socket: Option<UdpSocket>,
}

impl Daemon {
    /// The daemon whose address Lambda gives (Lambda developer guide, X-Ray); nobody hears anything if it gives none.
    pub fn from_env() -> Self {
        let address = std::env::var("AWS_XRAY_DAEMON_ADDRESS").unwrap_or_default();
        let socket = udp_address(&address).and_then(|address| match connect(address) {
            Ok(socket) => Some(socket),
            Err(error) => {
                warn!(%error, "no way to the X-Ray daemon; nothing is traced");
                None
            }
        });
        Self { socket }
    }

    fn tell(&self, document: &Document) {
        let Some(socket) = &self.socket else {
            return;
        };
        let Some(line) = trace::daemon_line(document) else {
            warn!("a document is too large for the X-Ray daemon, and isn't told");
            return;
        };
        // The socket doesn't block. Nobody listening, a full buffer and EMSGSIZE are all the same.
        if let Err(error) = socket.send(line.as_bytes()) {
            debug!(%error, "the X-Ray daemon didn't take a document");
        }
    }
}

/// `127.0.0.1:2000`, or `tcp:127.0.0.1:2000 udp:127.0.0.1:2001` (X-Ray developer guide, configuring the daemon). Names aren't
/// looked up: that could take time.
fn udp_address(text: &str) -> Option<SocketAddr> {
    let mut parts = text.split_whitespace();
    let chosen = parts.clone().find_map(|part| part.strip_prefix("udp:"));
    chosen.or_else(|| parts.next())?.parse().ok()
}

fn connect(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let any = if address.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any)?;
    socket.set_nonblocking(true)?;
    socket.connect(address)?;
    Ok(socket)
}

/// What is known of a step besides its log entry.
#[derive(Default)]
pub(crate) struct Doing {
    /// When it began; with its log entry if that isn't known.
    pub began: Option<Timestamp>,
    /// What it called.
    pub calls: Vec<Call>,
    /// Jobs whose end it found.
    pub jobs: Vec<JobTime>,
    /// Why it had to stop.
    pub trouble: Option<ErrorKind>,
}

/// The trace of an attempt that begins with this message; none if the deployment traces nothing, since a header that says
/// `Sampled=1` would have its receivers traced, and billed, below a segment that nobody tells. None also if the system has
/// no random numbers.
pub(crate) fn begin(delivery: &Delivery) -> Option<Trace> {
    if std::env::var("TRACING").is_ok_and(|tracing| tracing == "off") {
        return None;
    }
    let mut random = [0; 20];
    if let Err(error) = getrandom::fill(&mut random) {
        warn!(%error, "no random numbers for the id of a trace");
        return None;
    }
    let now = Timestamp::now();
    let since = delivery.sent_at.map_or(now, |sent_at| sent_at.min(now));
    Some(Trace::begin(delivery.trace.as_ref(), random, since))
}

impl Engine {
    /// Tells of a step that was saved; `before` is none if it opened the restore.
    pub(crate) fn trace(
        &self,
        before: Option<&Restore>,
        after: &Restore,
        entry: &LogEntry,
        doing: Doing,
    ) {
        let step = Step {
            handler: self.config.handler,
            cause: entry.cause.clone(),
            name: entry.name.clone(),
            of: entry.message_id.clone(),
            began: doing.began.unwrap_or(entry.at),
            ended: Timestamp::now(),
            moved: entry.moved,
            trouble: doing.trouble,
            calls: doing.calls,
            jobs: doing.jobs,
        };
        let deployment = &self.config.setting.deployment.name;
        for document in trace::story(deployment, before, after, &step) {
            self.daemon.tell(&document);
        }
    }

    /// Tells of a request that was rejected before it had a record.
    pub(crate) fn trace_rejection(&self, id: &RestoreId, trace: Option<&Trace>, causes: &[Cause]) {
        let Some(trace) = trace else {
            return;
        };
        let deployment = &self.config.setting.deployment.name;
        let kind = causes.first().map(|cause| cause.kind);
        let document = trace::refusal(deployment, id, trace, kind, Timestamp::now());
        if let Some(document) = document {
            self.daemon.tell(&document);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemons_address_may_name_one_port_or_two() {
        let address = |text| udp_address(text).map(|address| address.to_string());
        let one = Some("169.254.100.1:2000".to_owned());
        assert_eq!(address("169.254.100.1:2000"), one);
        assert_eq!(address("tcp:127.0.0.1:2000 udp:169.254.100.1:2000"), one);
        for nobody in ["", "localhost:2000", "nonsense", "tcp:127.0.0.1:2000"] {
            assert_eq!(address(nobody), None, "{nobody:?}");
        }
    }

    #[test]
    fn a_daemon_that_is_not_there_is_no_failure() {
        let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = closed.local_addr().unwrap();
        drop(closed);
        let daemon = Daemon {
            socket: Some(connect(address).unwrap()),
        };
        // The second finds out that nobody took the first: UDP tells by the next call.
        for _ in 0..3 {
            daemon.tell(&document());
        }
    }

    #[test]
    fn what_is_told_arrives_with_the_daemons_header() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let daemon = Daemon {
            socket: Some(connect(listener.local_addr().unwrap()).unwrap()),
        };
        daemon.tell(&document());
        let mut buffer = [0; 4096];
        let length = listener.recv(&mut buffer).unwrap();
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        let (header, document) = text.split_once('\n').unwrap();
        assert_eq!(header, r#"{"format": "json", "version": 1}"#);
        let document: serde_json::Value = serde_json::from_str(document).unwrap();
        assert_eq!(document["annotations"]["outcome"], "REJECTED");
    }

    fn document() -> Document {
        let trace = Trace::begin(None, [7; 20], Timestamp::UNIX_EPOCH);
        let id = RestoreId::parse("abcdefghijkl").unwrap();
        trace::refusal("tenant-restore", &id, &trace, None, Timestamp::UNIX_EPOCH).unwrap()
    }
}
