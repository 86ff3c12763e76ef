//! The place where CloudFormation waits for the answers of custom resources; here a small server of HTTP.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::error::{Context, Error, Result};
use crate::wait;

const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// What was put here, in its order. The first calls may be refused, as S3 does when it is busy.
#[derive(Debug)]
pub struct Mailbox {
    /// Where answers are put; a path of it is an address.
    pub address: String,
    letters: Arc<Mutex<Vec<Letter>>>,
    server: JoinHandle<()>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The path that it was put to, with its query.
    pub path: String,
    /// The body, as JSON.
    pub body: Value,
}

impl Mailbox {
    /// Listens on a port of its own; refuses the first `refusals` calls.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn open(refusals: usize) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("listen for answers")?;
        let address = listener.local_addr().context("listen for answers")?;
        let letters = Arc::new(Mutex::new(Vec::new()));
        let server = tokio::spawn(serve(listener, Arc::clone(&letters), refusals));
        Ok(Self {
            address: format!("http://{address}"),
            letters,
            server,
        })
    }

    /// The answer that was put to a path.
    ///
    /// # Errors
    /// When none comes within a minute.
    pub async fn letter(&self, path: &str) -> Result<Letter> {
        wait::until(
            &format!("an answer at {path}"),
            ANSWERED_WITHIN,
            async || {
                let letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(letters.iter().find(|letter| letter.path == path).cloned())
            },
        )
        .await
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, letters: Arc<Mutex<Vec<Letter>>>, refusals: usize) {
    let mut calls = 0;
    while let Ok((stream, _)) = listener.accept().await {
        calls += 1;
        // A caller that breaks off has put nothing, and its test misses the answer.
        if let Ok(letter) = receive(stream, calls <= refusals).await {
            let mut letters = letters.lock().unwrap_or_else(PoisonError::into_inner);
            letters.extend(letter);
        }
    }
}

/// Reads one call and answers it; gives the letter unless it was refused.
async fn receive(mut stream: TcpStream, refuse: bool) -> Result<Option<Letter>> {
    let doing = "receive an answer";
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    let mut first = String::new();
    reader.read_line(&mut first).await.context(doing)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.context(doing)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().context(doing)?;
        }
        if name.eq_ignore_ascii_case("content-type") {
            return Err(Error::new("the signature covers an empty content type"));
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.context(doing)?;
    let status = if refuse { "503 Slow Down" } else { "200 OK" };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    writer.write_all(answer.as_bytes()).await.context(doing)?;
    if refuse {
        return Ok(None);
    }
    let path = first
        .strip_prefix("PUT ")
        .and_then(|rest| rest.split(' ').next())
        .context(doing)?
        .to_owned();
    let body = serde_json::from_slice(&body).context(doing)?;
    Ok(Some(Letter { path, body }))
}
