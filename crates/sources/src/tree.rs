//! The folders and file names of a project, from one walk.
//!
//! Opens no file and follows no link to a folder, so a loop of links ends here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::SourceError;
use crate::access::{Access, Place};
use crate::names::is_sql;

/// Deeper folders are not looked into.
const DEPTH_MAX: usize = 24;
/// Folders beyond this number are not looked into.
const FOLDERS_MAX: usize = 200_000;
/// Folders that hold other people's code or build results.
const FOREIGN: [&str; 6] = [
    "node_modules",
    "target",
    "vendor",
    "__pycache__",
    "site-packages",
    "venv",
];

/// One folder.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Relative to the root, with `/`; empty for the root.
    pub(crate) path: String,
    /// Its files by name, in text order.
    pub(crate) files: Vec<String>,
    /// What has a name like a migration's and is none: name and reason.
    pub(crate) refused: Vec<(String, String)>,
    /// The folders in it, in text order.
    pub(crate) folders: Vec<usize>,
    /// The folder it is in.
    pub(crate) parent: Option<usize>,
}

impl Folder {
    /// The last part of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// True when it holds a file of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.files
            .binary_search_by(|file| file.as_str().cmp(name))
            .is_ok()
    }

    /// The files whose name ends in `.sql`.
    pub(crate) fn sql(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str).filter(|f| is_sql(f))
    }
}

/// All folders of a project; the first is the root.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    shown_root: String,
    access: Access,
    /// Every folder.
    pub(crate) folders: Vec<Folder>,
    by_path: BTreeMap<String, usize>,
}

/// What one entry of a folder is.
enum EntryKind {
    Folder,
    File,
    Refused(String),
}

impl Tree {
    /// Walks the folder `root`.
    pub(crate) fn walk(root: &Path) -> Result<Self, SourceError> {
        Self::walk_to(root, DEPTH_MAX)
    }

    /// Walks the folder `root`, no deeper than `depth_max` folders below it.
    pub(crate) fn walk_to(root: &Path, depth_max: usize) -> Result<Self, SourceError> {
        let shown_root = shown_root(root);
        let real_root = root
            .canonicalize()
            .map_err(|error| SourceError::io(&root.to_string_lossy(), error))?;
        let mut tree = Self {
            root: root.to_path_buf(),
            shown_root,
            access: Access::below(real_root),
            folders: Vec::new(),
            by_path: BTreeMap::new(),
        };
        // Only the root itself must be readable: one closed folder does not hide the others.
        let inside = tree.add(String::new(), None)?;
        let mut waiting = vec![(0, 0, inside)];
        while let Some((index, depth, names)) = waiting.pop() {
            for name in names {
                if depth >= depth_max || tree.folders.len() >= FOLDERS_MAX {
                    break;
                }
                let path = tree.child_path(index, &name);
                let child = tree.folders.len();
                if let Ok(inside) = tree.add(path, Some(index)) {
                    waiting.push((child, depth + 1, inside));
                }
            }
        }
        Ok(tree)
    }

    /// Adds one folder and returns the names of the folders in it that are worth a look, in text order.
    fn add(&mut self, path: String, parent: Option<usize>) -> Result<Vec<String>, SourceError> {
        let place = self.root.join(&path);
        let shown = self.shown(&path);
        let entries = std::fs::read_dir(&place).map_err(|error| SourceError::io(&shown, error))?;
        let mut folder = Folder {
            path: path.clone(),
            files: Vec::new(),
            refused: Vec::new(),
            folders: Vec::new(),
            parent,
        };
        let mut inside: Vec<String> = entries
            .flatten()
            .filter_map(|entry| self.sort_in(&mut folder, &entry))
            .collect();
        inside.sort_unstable();
        folder.files.sort_unstable();
        if parent.is_some() && (folder.has("pyvenv.cfg") || folder.has("CACHEDIR.TAG")) {
            inside.clear();
        }
        folder.refused.sort_unstable();
        let index = self.folders.len();
        self.folders.push(folder);
        self.by_path.insert(path, index);
        if let Some(above) = parent.and_then(|parent| self.folders.get_mut(parent)) {
            above.folders.push(index);
        }
        Ok(inside)
    }

    /// Puts one entry where it belongs; a folder worth a look is given back.
    fn sort_in(&self, folder: &mut Folder, entry: &std::fs::DirEntry) -> Option<String> {
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            let lossy = name.to_string_lossy().into_owned();
            if is_sql(&lossy) {
                let reason = "its name is not UTF-8".to_owned();
                folder.refused.push((lossy, reason));
            }
            return None;
        };
        match self.kind(entry) {
            EntryKind::Folder if is_sql(name) => {
                let reason = "a folder, not a regular file".to_owned();
                folder.refused.push((name.to_owned(), reason));
            }
            EntryKind::Folder if name.starts_with('.') || FOREIGN.contains(&name) => {}
            EntryKind::Folder => return Some(name.to_owned()),
            EntryKind::File => folder.files.push(name.to_owned()),
            EntryKind::Refused(reason) if is_sql(name) => {
                folder.refused.push((name.to_owned(), reason));
            }
            EntryKind::Refused(_) => {}
        }
        None
    }

    fn kind(&self, entry: &std::fs::DirEntry) -> EntryKind {
        let Ok(kind) = entry.file_type() else {
            return EntryKind::Refused("could not be looked at".to_owned());
        };
        if kind.is_dir() {
            return EntryKind::Folder;
        }
        if kind.is_file() {
            return EntryKind::File;
        }
        if !kind.is_symlink() {
            return EntryKind::Refused("not a regular file".to_owned());
        }
        let path = entry.path();
        match std::fs::metadata(&path) {
            Err(_) => EntryKind::Refused("a symbolic link that leads nowhere".to_owned()),
            Ok(_) if !self.access.contains(&path) => {
                EntryKind::Refused("a symbolic link that leads out of the project".to_owned())
            }
            Ok(behind) if behind.is_file() => EntryKind::File,
            Ok(_) => EntryKind::Refused("not a regular file".to_owned()),
        }
    }

    fn child_path(&self, index: usize, name: &str) -> String {
        match self.folders.get(index) {
            Some(folder) if !folder.path.is_empty() => format!("{}/{name}", folder.path),
            Some(_) | None => name.to_owned(),
        }
    }

    /// The right to open files of this tree.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// The folder of this path relative to the root.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// Where the root is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path relative to the root as people see it.
    pub(crate) fn shown(&self, path: &str) -> String {
        match (self.shown_root.as_str(), path) {
            ("", "") => ".".to_owned(),
            ("", path) => path.to_owned(),
            (root, "") => root.to_owned(),
            ("/", path) => format!("/{path}"),
            (root, path) => format!("{root}/{path}"),
        }
    }

    /// A file of a folder.
    pub(crate) fn place(&self, folder: &Folder, name: &str) -> Place {
        let path = if folder.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", folder.path)
        };
        Place {
            path: self.root.join(&path),
            shown: self.shown(&path),
        }
    }
}

/// The root as it was given, with `/` and without a leading `./`.
fn shown_root(root: &Path) -> String {
    let text = root.to_string_lossy().replace('\\', "/");
    let mut text = text.as_str();
    while let Some(rest) = text.strip_prefix("./") {
        text = rest.trim_start_matches('/');
    }
    if text == "." {
        return String::new();
    }
    match text.trim_end_matches('/') {
        "" if text.starts_with('/') => "/".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}
