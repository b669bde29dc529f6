//! A file tool for the directories that the workload was given, and for nothing else:
//! `files ls DIR | tree DIR | stat PATH | cat FILE… | cp FROM TO | mkdir DIR | rm PATH | mv FROM TO`.
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

const USAGE: &str = "usage: files ls DIR | tree DIR | stat PATH | cat FILE... | cp FROM TO | mkdir DIR | rm PATH | mv FROM TO";

/// A failure that names the path it happened on.
struct Failure {
    path: PathBuf,
    cause: io::Error,
}

type Outcome = Result<(), Failure>;

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, Failure> {
    result.map_err(|cause| Failure { path: path.to_path_buf(), cause })
}

fn kind_of(metadata: &fs::Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_symlink() {
        "link"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_file() {
        "file"
    } else {
        "other"
    }
}

/// Entries in the order of their names: the order of fd_readdir is the host's business.
fn sorted_entries(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut entries = Vec::new();
    for entry in at(directory, fs::read_dir(directory))? {
        entries.push(at(directory, entry)?.path());
    }
    entries.sort();
    Ok(entries)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn list(out: &mut dyn Write, directory: &Path) -> Outcome {
    for path in sorted_entries(directory)? {
        let metadata = at(&path, fs::symlink_metadata(&path))?;
        let size = if metadata.is_file() { metadata.len() } else { 0 };
        at(&path, writeln!(out, "{:<9} {:>10} {}", kind_of(&metadata), size, file_name(&path)))?;
    }
    Ok(())
}

/// Walks with a list of its own instead of recursion, so depth costs no stack.
fn tree(out: &mut dyn Write, root: &Path) -> Outcome {
    let mut pending = vec![(root.to_path_buf(), 0)];
    let (mut directories, mut files, mut bytes) = (0u64, 0u64, 0u64);
    while let Some((path, depth)) = pending.pop() {
        let metadata = at(&path, fs::symlink_metadata(&path))?;
        let name = if depth == 0 { path.display().to_string() } else { file_name(&path) };
        let mark = if metadata.is_dir() && name != "/" { "/" } else { "" };
        at(&path, writeln!(out, "{}{}{}", "  ".repeat(depth), name, mark))?;
        if metadata.is_dir() {
            directories += 1;
            let entries = sorted_entries(&path)?;
            pending.extend(entries.into_iter().rev().map(|entry| (entry, depth + 1)));
        } else {
            files += 1;
            bytes += if metadata.is_file() { metadata.len() } else { 0 };
        }
    }
    at(root, writeln!(out, "{} directories, {} files, {} bytes", directories, files, bytes))
}

fn stat(out: &mut dyn Write, path: &Path) -> Outcome {
    let metadata = at(path, fs::symlink_metadata(path))?;
    at(path, writeln!(out, "path: {}", path.display()))?;
    at(path, writeln!(out, "kind: {}", kind_of(&metadata)))?;
    if metadata.is_file() {
        at(path, writeln!(out, "size: {}", metadata.len()))?;
        let contents = at(path, fs::read(path))?;
        at(path, writeln!(out, "sum: {:016x}", fnv1a(&contents)))?;
    }
    Ok(())
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325u64;
    bytes.iter().fold(start, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

fn cat(out: &mut dyn Write, path: &Path) -> Outcome {
    let mut file = at(path, fs::File::open(path))?;
    at(path, io::copy(&mut file, out)).map(|_| ())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let metadata = at(from, fs::metadata(from))?;
    if !metadata.is_dir() {
        let mut source = at(from, fs::File::open(from))?;
        let mut target = at(to, fs::File::create(to))?;
        return at(to, io::copy(&mut source, &mut target)).map(|_| ());
    }
    // Listed before the target exists: a target inside the source must not be copied into itself.
    let entries = sorted_entries(from)?;
    at(to, fs::create_dir(to))?;
    for entry in entries {
        copy(&entry, &to.join(file_name(&entry)))?;
    }
    Ok(())
}

fn remove(path: &Path) -> Outcome {
    let metadata = at(path, fs::symlink_metadata(path))?;
    if !metadata.is_dir() {
        return at(path, fs::remove_file(path));
    }
    for entry in sorted_entries(path)? {
        remove(&entry)?;
    }
    at(path, fs::remove_dir(path))
}

fn run(arguments: &[PathBuf], out: &mut dyn Write) -> Option<Outcome> {
    let (command, paths) = arguments.split_first()?;
    let outcome = match (command.to_str()?, paths) {
        ("ls", [directory]) => list(out, directory),
        ("tree", [root]) => tree(out, root),
        ("stat", [path]) => stat(out, path),
        ("cat", [_, ..]) => paths.iter().try_for_each(|path| cat(out, path)),
        ("cp", [from, to]) => copy(from, to),
        ("mkdir", [directory]) => at(directory, fs::create_dir_all(directory)),
        ("rm", [path]) => remove(path),
        ("mv", [from, to]) => at(from, fs::rename(from, to)),
        _ => return None,
    };
    Some(outcome)
}

fn main() {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let outcome = run(&arguments, &mut out);
    let flushed = at(Path::new("standard output"), out.flush());
    match outcome.map(|result| result.and(flushed)) {
        None => {
            eprintln!("{}", USAGE);
            process::exit(2);
        }
        Some(Ok(())) => {}
        Some(Err(failure)) => {
            // The kind and not the text: texts of errno values differ between C libraries.
            eprintln!("files: {}: {:?}", failure.path.display(), failure.cause.kind());
            process::exit(1);
        }
    }
}
