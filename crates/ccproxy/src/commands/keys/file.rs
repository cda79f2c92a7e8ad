//! The file of keys, changed as a whole or not at all, and read by nobody but its owner.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use crate::failure::Failure;

/// A file of keys. While it is open, nobody else changes it.
pub(super) struct KeyFile {
    path: PathBuf,
    document: DocumentMut,
    /// The folder, whose lock is held.
    folder: File,
}

impl KeyFile {
    /// Reads the file, or begins one where it is not there and may be made.
    pub(super) fn open(path: PathBuf, make: bool) -> Result<Self, Failure> {
        // A link stays one.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let failed = |error| Failure::io(format!("cannot open {}", path.display()), error);
        let folder = File::open(folder(&path)).map_err(failed)?;
        folder.lock().map_err(failed)?;
        let text = match fs::read_to_string(&path) {
            Err(error) if make && error.kind() == ErrorKind::NotFound => String::new(),
            read => read.map_err(failed)?,
        };
        let document = text
            .parse()
            .map_err(|error| Failure::Usage(format!("{} is no TOML: {error}", path.display())))?;
        Ok(Self { path, document, folder })
    }

    /// For people.
    pub(super) fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// The entry of a key.
    pub(super) fn key(&mut self, name: &str) -> Result<&mut Table, Failure> {
        let missing = Failure::Usage(format!("there is no key named {name:?} in {}", self.path()));
        let is_it = |key: &&mut Table| key.get("name").and_then(Item::as_str) == Some(name);
        self.keys()?.iter_mut().find(is_it).ok_or(missing)
    }

    pub(super) fn add(&mut self, key: Table) -> Result<(), Failure> {
        self.keys()?.push(key);
        Ok(())
    }

    fn keys(&mut self) -> Result<&mut ArrayOfTables, Failure> {
        let otherwise =
            Failure::Usage(format!("{} has its keys in a list; write them as [[keys]]", self.path()));
        let keys = self.document.entry("keys").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        keys.as_array_of_tables_mut().ok_or(otherwise)
    }

    /// Writes the file beside itself and puts it in its place.
    pub(super) fn save(&self) -> Result<(), Failure> {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        let new = PathBuf::from(name);
        let saved = self.write(&new).and_then(|()| fs::rename(&new, &self.path));
        let saved = saved.and_then(|()| self.folder.sync_all());
        saved.map_err(|error| {
            // What is left of it says nothing that the file does not.
            let _ = fs::remove_file(&new);
            Failure::io(format!("cannot write {}", self.path.display()), error)
        })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        // One that was left by an interrupted change may be readable by others.
        let _ = fs::remove_file(path);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        if let Ok(before) = fs::metadata(&self.path) {
            // Whoever runs the proxy has to be able to read it still.
            chown(path, Some(before.uid()), Some(before.gid()))?;
        }
        file.write_all(self.document.to_string().as_bytes())?;
        file.sync_all()
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
