//! A walked project on which formats look for their evidence, each in the folders no earlier one has claimed.
//!
//! Reads heads of samples and configuration files; a folder of 50,000 files costs a few dozen openings.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use segue_model::{ProjectProblem, SourceText, Tool};

use crate::SourceError;
use crate::access::{Access, Place, text_of};
use crate::locate::NativeDefault;
use crate::tree::{Folder, Tree};
use crate::unit::Unit;

/// Bytes of a sampled file that are looked at.
const HEAD_BYTES: u64 = 16 * 1024;
/// Files of a folder that are sampled, spread evenly; the newest are always among them.
const SAMPLES: usize = 24;
/// Folders above the root whose configuration files count.
const ABOVE_MAX: usize = 4;

/// The project as the formats see it.
pub(crate) struct Survey {
    /// Folders and files.
    pub(crate) tree: Tree,
    /// What a folder with dbmate's markers is.
    pub(crate) native_default: NativeDefault,
    claimed: RefCell<Vec<bool>>,
    heads: RefCell<BTreeMap<usize, Rc<Vec<String>>>>,
}

/// What one format made of a folder.
#[derive(Debug, Default)]
pub(crate) struct Project {
    /// The folder with the migrations.
    pub(crate) folder: usize,
    /// Every folder it uses, so that no later format does.
    pub(crate) claims: Vec<usize>,
    /// The migrations in the tool's order.
    pub(crate) units: Vec<Unit>,
    /// What is wrong with it.
    pub(crate) problems: Vec<ProjectProblem>,
    /// The database it is written for, in its own word.
    pub(crate) written_for: Option<String>,
}

impl Project {
    /// A project in one folder, with nothing found yet.
    pub(crate) fn at(folder: usize) -> Self {
        Self {
            folder,
            claims: vec![folder],
            ..Self::default()
        }
    }
}

impl Survey {
    /// A survey in which nothing is claimed.
    pub(crate) fn new(tree: Tree, native_default: NativeDefault) -> Self {
        let claimed = RefCell::new(vec![false; tree.folders.len()]);
        Self {
            tree,
            native_default,
            claimed,
            heads: RefCell::default(),
        }
    }

    /// The folders that nobody has claimed, with their numbers.
    pub(crate) fn free(&self) -> Vec<(usize, &Folder)> {
        let claimed = self.claimed.borrow();
        self.tree
            .folders
            .iter()
            .enumerate()
            .filter(|(index, _)| claimed.get(*index) == Some(&false))
            .collect()
    }

    /// True when nobody has claimed the folder.
    pub(crate) fn is_free(&self, index: usize) -> bool {
        self.claimed.borrow().get(index) == Some(&false)
    }

    /// Takes the folders of a project out of the search.
    pub(crate) fn claim(&self, project: &Project) {
        let mut claimed = self.claimed.borrow_mut();
        for index in &project.claims {
            if let Some(slot) = claimed.get_mut(*index) {
                *slot = true;
            }
        }
    }

    /// The folder of this number.
    pub(crate) fn folder(&self, index: usize) -> Option<&Folder> {
        self.tree.folders.get(index)
    }

    /// The folders in a folder.
    pub(crate) fn inside(&self, index: usize) -> Vec<(usize, &Folder)> {
        self.folder(index).map_or_else(Vec::new, |folder| {
            folder
                .folders
                .iter()
                .filter_map(|child| Some((*child, self.folder(*child)?)))
                .collect()
        })
    }

    /// The folder and everything below it.
    pub(crate) fn below(&self, index: usize) -> Vec<usize> {
        let mut found = vec![index];
        let mut next = 0;
        while let Some(current) = found.get(next).copied() {
            found.extend(self.folder(current).map_or(&[][..], |f| &f.folders[..]));
            next += 1;
        }
        found
    }

    /// The folder itself and those it is in, nearest first.
    pub(crate) fn upwards(&self, index: usize) -> Vec<usize> {
        let mut found = vec![index];
        let mut current = index;
        while let Some(parent) = self.folder(current).and_then(|folder| folder.parent) {
            found.push(parent);
            current = parent;
        }
        found
    }

    /// The folder's path as people see it.
    pub(crate) fn shown(&self, index: usize) -> String {
        self.folder(index)
            .map_or_else(String::new, |folder| self.tree.shown(&folder.path))
    }

    /// A file of a folder as text.
    pub(crate) fn text(&self, folder: &Folder, name: &str) -> Result<SourceText, SourceError> {
        self.tree.access().text(&self.tree.place(folder, name))
    }

    /// The start of a file, as far as it is text.
    pub(crate) fn head(&self, folder: &Folder, name: &str) -> String {
        let place = self.tree.place(folder, name);
        let bytes = self.tree.access().head(&place, HEAD_BYTES);
        let head = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        match head.strip_prefix('\u{FEFF}') {
            Some(rest) => rest.to_owned(),
            None => head,
        }
    }

    /// True when the start of one of the folder's sampled SQL files fits. Heads are read once for all formats.
    pub(crate) fn any_sql(&self, index: usize, fits: impl Fn(&str) -> bool) -> bool {
        let cached = self.heads.borrow().get(&index).map(Rc::clone);
        let heads = cached.unwrap_or_else(|| {
            let read: Vec<String> = self.folder(index).map_or_else(Vec::new, |folder| {
                let names: Vec<&str> = folder.sql().collect();
                sample(&names)
                    .into_iter()
                    .map(|name| self.head(folder, name))
                    .collect()
            });
            let heads = Rc::new(read);
            self.heads.borrow_mut().insert(index, Rc::clone(&heads));
            heads
        });
        heads.iter().any(|head| fits(head))
    }

    /// True when the start of one of the sampled files fits.
    pub(crate) fn any_head(
        &self,
        folder: &Folder,
        names: &[&str],
        fits: impl Fn(&str) -> bool,
    ) -> bool {
        sample(names)
            .into_iter()
            .any(|name| fits(&self.head(folder, name)))
    }

    /// The nearest file of this name in the folder or above it, also a little above the root.
    pub(crate) fn nearest(&self, index: usize, name: &str) -> Option<SourceText> {
        for above in self.upwards(index) {
            let folder = self.folder(above)?;
            if folder.has(name) {
                return self.text(folder, name).ok();
            }
        }
        self.above_root()
            .into_iter()
            .find_map(|(shown, path)| read_beside(&shown, path, name))
    }

    /// True when one of the files of this name, in the folder or above it, contains the word.
    pub(crate) fn any_above_says(&self, index: usize, name: &str, word: &str) -> bool {
        let inside = self.upwards(index).into_iter().any(|above| {
            self.folder(above)
                .filter(|folder| folder.has(name))
                .and_then(|folder| self.text(folder, name).ok())
                .is_some_and(|file| file.text.contains(word))
        });
        inside
            || self.above_root().into_iter().any(|(shown, path)| {
                read_beside(&shown, path, name).is_some_and(|file| file.text.contains(word))
            })
    }

    /// True when a folder, or one above it, holds a file of this name.
    pub(crate) fn has_above(&self, index: usize, name: &str) -> bool {
        self.upwards(index)
            .into_iter()
            .filter_map(|above| self.folder(above))
            .any(|folder| folder.has(name))
            || self
                .above_root()
                .into_iter()
                .any(|(_, path)| path.join(name).is_file())
    }

    /// A few folders above the root, nearest first, no further than the repository's own.
    fn above_root(&self) -> Vec<(String, PathBuf)> {
        let Ok(mut path) = self.tree.root().canonicalize() else {
            return Vec::new();
        };
        let mut shown = String::new();
        let mut found = Vec::new();
        while found.len() < ABOVE_MAX && !path.join(".git").exists() && path.pop() {
            shown.push_str("../");
            found.push((shown.clone(), path.clone()));
        }
        found
    }

    /// What has the name of a migration in this folder and is none.
    pub(crate) fn refused(&self, folder: &Folder) -> Vec<ProjectProblem> {
        folder
            .refused
            .iter()
            .map(|(name, reason)| ProjectProblem::Unreadable {
                path: self.tree.place(folder, name).shown,
                reason: reason.clone(),
            })
            .collect()
    }

    /// A file whose name does not fit.
    pub(crate) fn ignored(&self, folder: &Folder, name: &str, reason: &str) -> ProjectProblem {
        ProjectProblem::Ignored {
            path: self.tree.place(folder, name).shown,
            reason: reason.to_owned(),
        }
    }

    /// A unit in one file, to be refined by the format.
    pub(crate) fn unit(&self, tool: Tool, id: &str, folder: &Folder, name: &str) -> Unit {
        Unit::in_file(
            tool,
            id.to_owned(),
            self.tree.place(folder, name),
            self.tree.access(),
        )
    }
}

/// A configuration file of a folder above the root.
fn read_beside(shown: &str, path: PathBuf, name: &str) -> Option<SourceText> {
    let place = Place {
        path: path.join(name),
        shown: format!("{shown}{name}"),
    };
    let access = Access::below(path);
    let bytes = access.head(&place, 1 << 20).ok()?;
    Some(SourceText {
        text: text_of(bytes, &place.shown).ok()?,
        path: place.shown,
    })
}

/// A few names, spread evenly, the last ones always among them.
fn sample<'name>(names: &[&'name str]) -> Vec<&'name str> {
    if names.len() <= SAMPLES {
        return names.to_vec();
    }
    let newest = names.len() - SAMPLES / 2;
    let step = (newest / (SAMPLES / 2)).max(1);
    names
        .iter()
        .take(newest)
        .step_by(step)
        .chain(names.iter().skip(newest))
        .copied()
        .collect()
}
