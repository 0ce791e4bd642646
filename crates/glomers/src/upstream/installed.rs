//! Where an installed Maelstrom is: `MAELSTROM_HOME`, or `PATH`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How Maelstrom is started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Installed {
    /// By the script that comes with it.
    Script(PathBuf),
    /// By Java, from its archive.
    Jar(PathBuf),
}

/// What a folder of Maelstrom's may hold: the script of a release, its archive
/// beside it, or an archive that was built from the sources.
const SCRIPT: &str = "maelstrom";
const JARS: [&str; 2] = ["lib/maelstrom.jar", "maelstrom.jar"];

impl Installed {
    /// Looks where the environment points.
    ///
    /// # Errors
    /// A text that says which ways were tried, and where to get Maelstrom.
    pub(crate) fn find() -> Result<Self, String> {
        let (home, path) = (env::var_os("MAELSTROM_HOME"), env::var_os("PATH"));
        Self::find_in(home.as_deref(), path.as_deref())
    }

    fn find_in(home: Option<&OsStr>, path: Option<&OsStr>) -> Result<Self, String> {
        let folder = home.map(Path::new);
        let in_home = folder.and_then(|folder| {
            let script = Some(folder.join(SCRIPT)).filter(|file| file.is_file());
            let mut jars = JARS.iter().map(|jar| folder.join(jar));
            let jar = jars.find(|file| file.is_file());
            script.map(Self::Script).or(jar.map(Self::Jar))
        });
        let in_path = || {
            let folders: Vec<PathBuf> = env::split_paths(path?).collect();
            let mut files = folders.iter().map(|folder| folder.join(SCRIPT));
            files.find(|file| file.is_file()).map(Self::Script)
        };
        in_home.or_else(in_path).ok_or_else(|| {
            let home = match folder {
                None => "is not set".to_owned(),
                Some(folder) => format!(
                    "is {}, which holds neither `{SCRIPT}` nor `{}`",
                    folder.display(),
                    JARS[0]
                ),
            };
            format!(
                "Maelstrom is not installed here. Tried:\n\
                 \x20 MAELSTROM_HOME {home}\n\
                 \x20 PATH has no folder with `{SCRIPT}` in it\n\
                 Get it from https://github.com/jepsen-io/maelstrom/releases and unpack it; it needs Java 11 \
                 or newer, graphviz and gnuplot. Then put its folder into PATH, or set MAELSTROM_HOME to it. \
                 Without --upstream the challenge runs on the embedded workbench, which needs none of them."
            )
        })
    }

    /// A command to which Maelstrom's own words are added.
    pub(super) fn command(&self) -> Command {
        match self {
            Self::Script(script) => Command::new(absolute(script)),
            Self::Jar(jar) => {
                let mut command = Command::new("java");
                let options = [
                    OsString::from("-Djava.awt.headless=true"),
                    OsString::from("-jar"),
                ];
                command.args(options).arg(absolute(jar));
                command
            }
        }
    }

    /// The file that is run.
    pub(super) fn file(&self) -> &Path {
        let (Self::Script(file) | Self::Jar(file)) = self;
        file
    }
}

/// The same file from whichever folder it is run in.
fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_home_comes_before_the_path_and_the_script_before_the_archive() {
        let folder = tempfile::tempdir().expect("a folder to try in");
        let (home, other) = (folder.path().join("home"), folder.path().join("bin"));
        fs::create_dir_all(home.join("lib")).expect("a folder of our own");
        fs::create_dir_all(&other).expect("a folder of our own");
        let path = env::join_paths([Path::new("/nowhere"), &other]).expect("paths without colons");
        let find = || Installed::find_in(Some(home.as_os_str()), Some(&path));

        let error = find().unwrap_err();
        for part in [
            home.to_str().expect("a path of plain letters"),
            "lib/maelstrom.jar",
            "PATH",
            "jepsen-io/maelstrom",
        ] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
        fs::write(other.join("maelstrom"), "").expect("a folder of our own");
        assert_eq!(find(), Ok(Installed::Script(other.join("maelstrom"))));
        fs::write(home.join("lib/maelstrom.jar"), "").expect("a folder of our own");
        assert_eq!(find(), Ok(Installed::Jar(home.join("lib/maelstrom.jar"))));
        fs::write(home.join("maelstrom"), "").expect("a folder of our own");
        assert_eq!(find(), Ok(Installed::Script(home.join("maelstrom"))));
    }

    #[test]
    fn nothing_set_is_said_too() {
        let error = Installed::find_in(None, None).unwrap_err();
        assert!(error.contains("MAELSTROM_HOME is not set"), "{error}");
    }
}
