//! A service's state on disk: one JSON file, replaced as a whole.

use std::fs;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where a service keeps its state of type `T` between two runs of the server.
#[derive(Debug)]
pub struct Store<T> {
    path: PathBuf,
    state: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned + Default> Store<T> {
    /// A store in the given file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            state: PhantomData,
        }
    }

    /// The state as last saved, or an empty one if none was ever saved.
    ///
    /// # Errors
    /// The file can't be read, or isn't a state of this type: remove it to start anew.
    pub fn load(&self) -> io::Result<T> {
        match fs::read(&self.path) {
            Ok(text) => {
                serde_json::from_slice(&text).map_err(|error| self.explain("read", &error.into()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
            Err(error) => Err(self.explain("read", &error)),
        }
    }

    /// Saves the state. A crash leaves either the old or the new one.
    ///
    /// # Errors
    /// The file or its folder can't be written.
    pub fn save(&self, state: &T) -> io::Result<()> {
        self.replace(state)
            .map_err(|error| self.explain("write", &error))
    }

    fn replace(&self, state: &T) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = self.path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        file.write_all(&serde_json::to_vec_pretty(state)?)?;
        fs::rename(new, &self.path)
    }

    fn explain(&self, verb: &str, error: &io::Error) -> io::Error {
        io::Error::new(
            error.kind(),
            format!("{verb} the state in {}: {error}", self.path.display()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store in a folder of its own, gone with the test.
    struct Temporary {
        folder: PathBuf,
        store: Store<Vec<u8>>,
    }

    impl Temporary {
        fn new() -> Self {
            let folder =
                std::env::temp_dir().join(format!("local-cloud-store-{}", crate::ids::hex(6)));
            let store = Store::new(folder.join("state.json"));
            Self { folder, store }
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.folder).unwrap();
        }
    }

    #[test]
    fn a_saved_state_is_loaded_again() {
        let Temporary { store, .. } = &Temporary::new();
        assert_eq!(store.load().unwrap(), Vec::<u8>::new());
        store.save(&vec![1, 2]).unwrap();
        assert_eq!(store.load().unwrap(), [1, 2]);
    }

    #[test]
    fn a_damaged_state_is_an_error_and_not_an_empty_state() {
        let Temporary { store, .. } = &Temporary::new();
        store.save(&vec![1]).unwrap();
        fs::write(&store.path, "{").unwrap();
        assert!(
            store
                .load()
                .unwrap_err()
                .to_string()
                .starts_with("read the state in")
        );
    }
}
