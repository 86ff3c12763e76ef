//! As much of S3 and Secrets Manager as the worker calls, over HTTP on the loopback interface.

#![allow(dead_code, reason = "each test program uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The endpoint of both services; it serves until the test's process ends.
pub struct Aws {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: HashMap<String, Vec<u8>>,
    secrets: HashMap<String, String>,
    secrets_read: usize,
}

impl Aws {
    /// An endpoint without objects and secrets.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&served);
                std::thread::spawn(move || serve(&stream.unwrap(), &state));
            }
        });
        Self { port, state }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stores an object; the path begins with the bucket.
    pub fn put_object(&self, path: &str, content: Vec<u8>) {
        self.state
            .lock()
            .unwrap()
            .objects
            .insert(path.to_owned(), content);
    }

    pub fn object(&self, path: &str) -> Option<Vec<u8>> {
        self.state.lock().unwrap().objects.get(path).cloned()
    }

    pub fn put_secret(&self, name: &str, text: &str) {
        self.state
            .lock()
            .unwrap()
            .secrets
            .insert(name.to_owned(), text.to_owned());
    }

    /// How often a secret was read.
    pub fn secrets_read(&self) -> usize {
        self.state.lock().unwrap().secrets_read
    }
}

/// Answers requests of one connection until the client closes it.
fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split_whitespace();
        let method = words.next().unwrap().to_owned();
        let path = words.next().unwrap().split('?').next().unwrap().to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let Some((name, value)) = header.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, content) = answer(&method, path, body, &mut state.lock().unwrap());
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n",
            content.len()
        );
        let mut writer = stream;
        writer.write_all(head.as_bytes()).unwrap();
        writer.write_all(&content).unwrap();
    }
}

fn answer(method: &str, path: String, body: Vec<u8>, state: &mut State) -> (&'static str, Vec<u8>) {
    match method {
        "GET" => match state.objects.get(&path) {
            Some(content) => ("200 OK", content.clone()),
            None => (
                "404 Not Found",
                b"<Error><Code>NoSuchKey</Code></Error>".to_vec(),
            ),
        },
        "PUT" => {
            state.objects.insert(path, body);
            ("200 OK", Vec::new())
        }
        _ => secret(&body, state),
    }
}

fn secret(body: &[u8], state: &mut State) -> (&'static str, Vec<u8>) {
    state.secrets_read += 1;
    let request: serde_json::Value = serde_json::from_slice(body).unwrap();
    match state.secrets.get(request["SecretId"].as_str().unwrap()) {
        Some(text) => (
            "200 OK",
            serde_json::json!({ "SecretString": text })
                .to_string()
                .into_bytes(),
        ),
        None => (
            "400 Bad Request",
            br#"{"__type":"ResourceNotFoundException"}"#.to_vec(),
        ),
    }
}
