//! One look at a repository: what is there, what becomes a version, and the sentence about what does not.

use crate::http::Materials;
use nbcourier_auth::Secret;
use nbcourier_domain::{BlobRef, ByteSize, Count, ObjectName, RelativePath, Sha256Sum};
use nbcourier_exchange::files::intake::Intake;
use nbcourier_exchange::files::parcel::Claim;
use nbcourier_exchange::sources::{self, Job, Material};
use nbcourier_exchange::{self as exchange, Exchange};
use nbcourier_fetching::{
    Access, Entry, Failure, Markers, Objects, Remote, Repository, Selected, Selection, Token,
    lfs_pointer, select,
};
use nbcourier_work::blocking;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::runtime::Handle;

/// The longest pointer of Git LFS in bytes.
const LONGEST_POINTER: u64 = 1024;
/// Number of files with solutions that are named.
const NAMED: usize = 10;

/// The reason why a run made no version.
enum Stop {
    Repository(Failure),
    Exchange(exchange::Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Repository(failure)
    }
}

impl From<exchange::Error> for Stop {
    fn from(error: exchange::Error) -> Self {
        Self::Exchange(error)
    }
}

impl From<nbcourier_work::Bug> for Stop {
    fn from(bug: nbcourier_work::Bug) -> Self {
        Self::Exchange(bug.into())
    }
}

/// Looks at the repository of a source and notes the outcome. It never fails.
pub async fn run(exchange: &Exchange, materials: &Materials, job: Job) {
    let mut found = None;
    let Err(stop) = attempt(exchange, materials, &job, &mut found).await else {
        return;
    };
    let (is_refused, report) = match stop {
        Stop::Repository(Failure::Refused(sentence)) => (true, sentence),
        Stop::Repository(Failure::Failed(sentence)) => (false, sentence),
        Stop::Exchange(error) => told(&error),
    };
    log::info!(
        "The repository of the directory {} of {} made no version: {}",
        job.address.name.as_str().escape_debug(),
        job.address.owner.to_string().escape_debug(),
        report.escape_debug()
    );
    let noted = sources::fail(exchange, job.looking(), is_refused, found, &report).await;
    if let Err(error) = noted {
        log::error!("The end of a look at a repository could not be noted: {error}");
    }
}

/// Returns whether a rule refused the files, and the sentence about it.
fn told(error: &exchange::Error) -> (bool, String) {
    use exchange::Error as E;
    let is_refused = matches!(
        error,
        E::FileTooLarge(_)
            | E::TooManyFiles(_)
            | E::PathsTooLong(_)
            | E::TreeTooLarge(_)
            | E::OverQuota { .. }
            | E::TooManyEntries(_)
            | E::TooManyPaths
            | E::Conflicts { .. }
            | E::UnusableFact(_)
    );
    let sentence = match error {
        E::Bug(_) => {
            log::error!("A look at a repository failed: {error}");
            "An internal error. The log of the exchange has its cause".to_owned()
        }
        E::Store(_) | E::Disk(_) | E::Damaged(..) => {
            log::error!("A look at a repository failed: {error}");
            "The exchange could not store the files. It tries again later".to_owned()
        }
        E::NoSpace { .. } => "The exchange is short of disk space. Tell its operator".to_owned(),
        E::OverQuota { .. } => format!("The course would exceed its quota: {error}"),
        error => error.to_string(),
    };
    (is_refused, sentence)
}

async fn attempt(
    exchange: &Exchange,
    materials: &Materials,
    job: &Job,
    found: &mut Option<ObjectName>,
) -> Result<(), Stop> {
    let remote = Remote {
        url: job.settings.url.clone(),
        branch: job.settings.branch.clone(),
        token: token(materials, job)?,
    };
    let (access, number) = (Arc::clone(&materials.access), job.directory);
    let looked = {
        let (access, remote) = (Arc::clone(&access), remote.clone());
        blocking(move || Repository::new(&access, number).look(&remote)).await??
    };
    *found = Some(looked.clone());
    if job.commit.as_ref() == Some(&looked) {
        sources::unchanged(exchange, job.looking(), looked).await?;
        return Ok(());
    }
    let gathering = Gathering {
        exchange: exchange.clone(),
        access,
        job: job.clone(),
        runtime: Handle::current(),
    };
    let gathered = blocking(move || gathering.gather(&remote)).await??;
    *found = Some(gathered.commit.clone());
    let delivered = gathered.deliver(exchange, job).await?;
    if delivered.changed {
        log::info!(
            "The directory {} of {} got version {} from its repository",
            job.address.name.as_str().escape_debug(),
            job.address.owner.to_string().escape_debug(),
            delivered.version
        );
    }
    Ok(())
}

fn token(materials: &Materials, job: &Job) -> Result<Option<Token>, Failure> {
    let Some(sealed) = &job.token else {
        return Ok(None);
    };
    let opened = materials.vault.open(Secret::RepositoryToken, sealed);
    let token = opened.as_deref().and_then(Token::parse);
    token.map(Some).ok_or_else(|| {
        Failure::Refused(
            "The token was sealed with another signing key than this server has. Set the token again".to_owned(),
        )
    })
}

/// The state of the blocking part of a run.
struct Gathering {
    exchange: Exchange,
    access: Arc<Access>,
    job: Job,
    runtime: Handle,
}

/// The files of a commit on their way into the exchange.
struct Gathered {
    commit: ObjectName,
    intake: Intake,
    files: BTreeMap<RelativePath, (BlobRef, bool)>,
    /// Pointers of Git LFS, with the bytes that they stand for.
    pointers: BTreeMap<RelativePath, (Sha256Sum, u64, bool)>,
    left_out: Vec<String>,
}

/// The bytes of an object.
#[derive(Clone, Copy)]
enum Content {
    Bytes(BlobRef),
    Pointer(Sha256Sum, u64),
}

impl Gathering {
    fn gather(self, remote: &Remote) -> Result<Gathered, Stop> {
        let repository = Repository::new(&self.access, self.job.directory);
        let commit = repository.fetch(remote)?;
        let settings = &self.job.settings;
        let most = self.exchange.limits().files.saturating_mul(10);
        let entries = repository.entries(&commit, settings.folder.as_ref(), most)?;
        let mut objects = repository.objects()?;
        let read = self.read(&commit, &entries, &mut objects);
        read.map_err(|stop| match stop {
            // git may have been stopped, which explains more.
            Stop::Repository(failure) => objects.fail(failure).into(),
            stop @ Stop::Exchange(_) => stop,
        })
    }

    fn read(
        &self,
        commit: &ObjectName,
        entries: &[Entry],
        objects: &mut Objects,
    ) -> Result<Gathered, Stop> {
        let settings = &self.job.settings;
        let Selection { files, left_out } = select(
            entries,
            settings.folder.as_ref(),
            |path| settings.excludes(path),
            |link| objects.whole(&link.object, link.size),
        )?;
        if files.is_empty() {
            return Err(nothing(settings.folder.as_ref(), &left_out).into());
        }
        self.check_sizes(&files)?;
        let mut gathered = Gathered {
            commit: commit.clone(),
            intake: Intake::new(&self.exchange),
            files: BTreeMap::new(),
            pointers: BTreeMap::new(),
            left_out,
        };
        let mut known: HashMap<ObjectName, (Content, Option<&'static str>)> = HashMap::new();
        let mut solutions = Vec::new();
        for file in files {
            let (content, mark) = if let Some(known) = known.get(&file.object) {
                *known
            } else {
                let taken = self.take(&mut gathered.intake, objects, &file)?;
                known.insert(file.object.clone(), taken);
                taken
            };
            if let Some(mark) = mark.filter(|_| !settings.allow_solutions) {
                solutions.push(format!("{} has {mark}", file.path));
            }
            match content {
                Content::Bytes(blob) => {
                    gathered.files.insert(file.path, (blob, file.executable));
                }
                Content::Pointer(sum, size) => {
                    let pointer = (sum, size, file.executable);
                    gathered.pointers.insert(file.path, pointer);
                }
            }
        }
        if solutions.is_empty() {
            Ok(gathered)
        } else {
            Err(with_solutions(&solutions).into())
        }
    }

    /// Refuses what is too large before anything of it is read.
    fn check_sizes(&self, files: &[Selected]) -> Result<(), Failure> {
        let limits = self.exchange.limits();
        if files.len() > limits.files {
            return Err(Failure::Refused(format!(
                "The material has {}, and {} is the limit (--max-files). Follow a folder with fewer, or exclude some",
                Count(files.len(), "file"),
                limits.files
            )));
        }
        if let Some(large) = files.iter().find(|file| file.size > limits.file_bytes) {
            return Err(Failure::Refused(format!(
                "{} has {}, and the limit of a file is {} (--max-file-size). Exclude it",
                large.path,
                ByteSize(large.size).rounded(),
                ByteSize(limits.file_bytes).rounded()
            )));
        }
        let whole = files
            .iter()
            .fold(0_u64, |whole, file| whole.saturating_add(file.size));
        if whole > limits.tree_bytes {
            return Err(Failure::Refused(format!(
                "The files have {} together, and the limit is {} (--max-request-size). Follow a smaller folder, or exclude \
                 some",
                ByteSize(whole).rounded(),
                ByteSize(limits.tree_bytes).rounded()
            )));
        }
        Ok(())
    }

    /// Takes the bytes of a file in. Returns them, and a mark of solutions in them.
    fn take(
        &self,
        intake: &mut Intake,
        objects: &mut Objects,
        file: &Selected,
    ) -> Result<(Content, Option<&'static str>), Stop> {
        if file.size < LONGEST_POINTER {
            let bytes = objects.whole(&file.object, file.size)?;
            if let Some((sum, size)) = lfs_pointer(&bytes) {
                return Ok((Content::Pointer(sum, size), None));
            }
            let mut markers = Markers::default();
            markers.look(&bytes);
            intake.begin_sized(file.size)?;
            intake.write(&bytes)?;
            return Ok((self.end(intake)?, markers.found()));
        }
        let mut markers = Markers::default();
        intake.begin_sized(file.size)?;
        objects.read(&file.object, file.size, |piece| {
            markers.look(piece);
            intake.write(piece).map_err(Stop::from)
        })?;
        Ok((self.end(intake)?, markers.found()))
    }

    fn end(&self, intake: &mut Intake) -> Result<Content, Stop> {
        let blob = intake.end_unplaced();
        if let Some(overflow) = intake.take_overflow() {
            self.runtime.block_on(overflow.store())?;
        }
        let blob = blob.ok_or_else(|| nbcourier_work::Bug::new("a file that was not begun"))?;
        Ok(Content::Bytes(blob))
    }
}

fn nothing(folder: Option<&RelativePath>, left_out: &[String]) -> Failure {
    let first = match folder {
        Some(folder) => format!(
            "The branch has no files in the folder {folder}; the directory keeps the ones that it has. Check --folder and \
             --exclude"
        ),
        None => "The branch has no files; the directory keeps the ones that it has".to_owned(),
    };
    let lines =
        std::iter::once(first).chain(left_out.iter().map(|line| format!("Left out: {line}")));
    Failure::Refused(lines.collect::<Vec<_>>().join("\n"))
}

fn with_solutions(found: &[String]) -> Failure {
    let mut lines = vec![
        "Files have solutions or hidden tests for nbgrader, so nothing was delivered. Follow another folder with --folder, \
         leave the files out with --exclude, or deliver them all the same with --allow-solutions"
            .to_owned(),
    ];
    lines.extend(found.iter().take(NAMED).cloned());
    if found.len() > NAMED {
        lines.push(format!("… and {} more", found.len() - NAMED));
    }
    Failure::Refused(lines.join("\n"))
}

impl Gathered {
    async fn deliver(
        self,
        exchange: &Exchange,
        job: &Job,
    ) -> Result<sources::Delivered, exchange::Error> {
        let Self {
            commit,
            intake,
            files,
            pointers,
            mut left_out,
        } = self;
        let claim = |path: &RelativePath, sha256, size| Claim {
            path: path.clone(),
            sha256,
            size,
        };
        let mut claims: Vec<Claim> = Vec::new();
        let mut wanted = BTreeMap::new();
        for (path, (blob, executable)) in files {
            claims.push(claim(&path, blob.sha256, blob.size));
            wanted.insert(path, (blob.sha256, executable));
        }
        let sums = pointers.values().map(|(sum, ..)| *sum).collect();
        let in_reach = job.in_reach(exchange, sums).await?;
        for (path, (sum, size, executable)) in pointers {
            if in_reach.get(&sum) == Some(&size) {
                claims.push(claim(&path, sum, size));
                wanted.insert(path, (sum, executable));
            } else {
                left_out.push(format!(
                    "{path}: it is a pointer of Git LFS, and no directory of the course has its bytes. Upload them with \
                     nbcourier dir put"
                ));
            }
        }
        let parcel = blocking(move || intake.finish_claimed(claims)).await??;
        let material = Material {
            commit,
            files: wanted,
            left_out,
        };
        job.deliver(exchange, material, parcel).await
    }
}
