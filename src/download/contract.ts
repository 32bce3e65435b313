// The words of this room: what a repository lists, what a plan says, what a download tells while it runs. Plain data.
// Order of calls: readHubSettings -> openHub -> listRepo -> selectFiles -> planDownload -> startDownload.
// Knows files and their digests; what is in them (weights, tokenizers, GGUF) is the caller's to know.

export type HubSource = 'huggingface' | 'modelscope';

/** Where to ask and where to keep; from `readHubSettings`. Reading them touches neither disk nor network. */
export interface HubSettings {
  source: HubSource;
  /** Origin and path prefix, without a trailing slash. */
  endpoint: string;
  /** The token itself, or the file that may hold it; null = ask without one. */
  token: { value: string } | { file: string } | null;
  /** Folder in the hub's own cache layout, shared with Python's tools. */
  cacheFolder: string;
  /** No network at all: what is not cached is a fault. */
  offline: boolean;
  /** False = copies instead of links in snapshots. */
  symlinks: boolean;
  proxies: { http: string; https: string; except: string };
  timing: HubTiming;
}

/** Milliseconds, but for `tries`: attempts without a single new byte before a fault. */
export interface HubTiming {
  tries: number;
  connectMs: number;
  /** Longest silence of a listing. */
  listingMs: number;
  /** Longest wait for the head of an answer, and between two pieces of its body. */
  idleMs: number;
  /** First wait before another try; doubles up to `longestWaitMs`. */
  firstWaitMs: number;
  longestWaitMs: number;
  /** A longer wait that the hub asks for (429) is a fault instead. */
  patienceMs: number;
  /** A lock whose holder shows no life for so long is taken over. */
  lockStaleMs: number;
  /** How often a file's connections are looked at, whether others would bring anything; 0: all at once. */
  lookMs: number;
}

/** What content must hash to: sha256 of the bytes, or git's sha1 over a `blob SIZE` head and the bytes. */
interface Digest {
  kind: 'sha256' | 'gitSha1';
  hex: string;
}

export interface RepoFile {
  /** Relative, with `/`; never leaves the repository's folder. */
  path: string;
  sizeBytes: number;
  digest: Digest;
}

export interface RepoListing {
  source: HubSource;
  /** `owner/name` */
  repo: string;
  /** What the caller asked for: a branch, a tag or a commit. */
  revision: string;
  /** 40 hex digits; every later request and folder uses this, not `revision`. */
  commit: string;
  files: readonly RepoFile[];
  /**
   * `hub`: asked just now. `cache`: a list kept on disk. `snapshot`: only the files that lie there, so it may lack some
   * that the repository has.
   */
  from: 'hub' | 'cache' | 'snapshot';
  /** Why the hub's own word is missing though it was asked for (the hub could not be reached), else null. */
  notice: string | null;
}

/** Pattern lists in the manner of huggingface_hub: `*` also crosses `/`, case counts, `onnx/` means `onnx/*`. */
export interface FileChoice {
  include?: readonly string[];
  exclude?: readonly string[];
}

export type Destination = { kind: 'cache' } | { kind: 'folder'; path: string };

export interface PlannedFile extends RepoFile {
  /** `cached`: to be copied from the cache into the chosen folder, without any request. */
  state: 'complete' | 'cached' | 'partial' | 'missing';
  /** Bytes of it on disk already, whole or partial. */
  presentBytes: number;
  /** Where it is, or will be once verified. */
  finalPath: string;
  /** Where a complete file's content is, which need not have its final name in this snapshot yet; else null. */
  contentPath: string | null;
}

export interface DownloadPlan {
  listing: RepoListing;
  destination: Destination;
  /** Folder that holds the files under their names: a snapshot of the cache, or the chosen folder. */
  folder: string;
  /** In the order in which the caller wants them. */
  files: readonly PlannedFile[];
  totalBytes: number;
  /** Still to be fetched. */
  missingBytes: number;
  /** The most that the destination's file system must have free for it, whatever comes and goes on the way. */
  peakBytes: number;
  /** On the destination's file system; null where it does not tell. */
  freeBytes: number | null;
}

export interface Snapshot {
  folder: string;
  commit: string;
  /** Absolute paths by name in the repository. */
  files: ReadonlyMap<string, string>;
}

export type DownloadEvent =
  | {
      kind: 'listed';
      repo: string;
      commit: string;
      fileCount: number;
      totalBytes: number;
      missingBytes: number;
    }
  | { kind: 'file-started'; path: string; sizeBytes: number; doneBytes: number }
  /** `doneBytes` falls back when a file has to start again. At most about ten a second and file. */
  | { kind: 'file-progress'; path: string; sizeBytes: number; doneBytes: number }
  | { kind: 'file-retried'; path: string; problem: string; waitMs: number }
  /** Size and digest are right and the file has its final name. */
  | { kind: 'file-verified'; path: string; sizeBytes: number; finalPath: string }
  /** It was complete before. */
  | { kind: 'file-skipped'; path: string; sizeBytes: number; finalPath: string }
  | { kind: 'waiting'; reason: 'rate-limit'; path: string; host: string; waitMs: number }
  | { kind: 'waiting'; reason: 'lock'; path: string; holder: string }
  /** A sentence to show once: a warning that the hub sends along, a token that goes to a mirror. */
  | { kind: 'notice'; text: string }
  | { kind: 'done'; folder: string; commit: string; fetchedBytes: number };

export type ReportDownload = (event: DownloadEvent) => void;

/** How far a file on its way can be read already, by those who can wait with what they make of it. */
export interface FileGrowth {
  path: string;
  /** The file that grows; whoever has opened it may go on reading after it has got its final name. */
  partialPath: string;
  /** All bytes before this one are there, not verified. Falls when they proved wrong: what was read of them is void. */
  leadingBytes: number;
}

export interface DownloadOptions {
  report?: ReportDownload;
  /** Called with every write, and when a file starts again. */
  onGrowth?: (growth: FileGrowth) => void;
  signal?: AbortSignal;
  /** Requests in flight at once, over all files. */
  connections?: number;
  /** Large files are fetched in parts of this size, several at once. */
  partBytes?: number;
  /** Awaited before a file is fetched, unless all of it is needed to read a range; by default nothing is waited for. */
  turnOf?: (path: string) => Promise<void>;
}

/** A download that is running. An abort or fault rejects everything below and leaves a state to go on from. */
export interface RunningDownload {
  /** Settles when every file has its final name. Must be awaited. */
  done: Promise<Snapshot>;
  /** The file's absolute path, once it is verified. Faults: those of `done`, REPO_FILE_UNKNOWN. */
  ready(path: string): Promise<string>;
  /** Bytes [start, end) of a file, fetched apart if they are not on disk; not verified before `ready` settles. */
  readRange(path: string, range: { start: number; end: number }): Promise<Buffer>;
}
