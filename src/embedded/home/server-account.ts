import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';
import { poll } from '../system/poll.js';
import { type CommandOptions, type CommandResult, runCommand } from '../system/run-command.js';

/** Opens a directory, and fails for a symbolic link to one. */
const DIRECTORY_ITSELF = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const REMOVE_TIMEOUT_MS = 20_000;

function untrusted(path: string, why: string, cause?: unknown): StorageError {
  return new StorageError(
    'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY',
    `${path} ${why}. It was not changed. Remove it, or choose another data directory.`,
    { cause },
  );
}

function requireOk({ ok, output }: CommandResult, path: string): void {
  if (!ok) throw new StorageError('EMBEDDED_POSTGRES_DATA_DIR', `Could not write ${path}: ${output}`);
}

/**
 * The system account of the server. Postgres cannot run as root, so root uses another account; ordinary users use their
 * own.
 */
export class ServerAccount {
  private constructor(
    private readonly uid: number,
    private readonly gid: number,
    private readonly isSelf: boolean,
  ) {}

  /** The account for a server with its data in `directory`. */
  static async forDirectory(directory: string): Promise<ServerAccount> {
    const uid = process.getuid?.() ?? -1;
    if (uid !== 0) return new ServerAccount(uid, process.getgid?.() ?? -1, true);

    const existing = await stat(directory).catch(ignoring('ENOENT', 'ENOTDIR'));
    if (existing && existing.uid !== 0) return new ServerAccount(existing.uid, existing.gid, false);
    const account = await ServerAccount.ofRoot();
    if (account) return account;
    throw new StorageError(
      'EMBEDDED_POSTGRES_NO_ACCOUNT',
      `Postgres cannot run as root, and neither the user "postgres" nor "nobody" exists. ` +
        `Give ${directory} to an ordinary user, or set DATABASE_URL to your own server.`,
    );
  }

  /** The account that root uses by default: `postgres`, else `nobody`. */
  static async ofRoot(): Promise<ServerAccount | undefined> {
    return (await ServerAccount.named('postgres')) ?? (await ServerAccount.named('nobody'));
  }

  private static async named(name: string): Promise<ServerAccount | undefined> {
    const [uid, gid] = [await runCommand('id', ['-u', name]), await runCommand('id', ['-g', name])];
    // Some systems print -2 for `nobody`, but the owner of a file is 4294967294 there.
    return uid.ok && gid.ok ? new ServerAccount(Number(uid.output) >>> 0, Number(gid.output) >>> 0, false) : undefined;
  }

  /** Options to spawn a child process under this account. */
  get spawnOptions(): CommandOptions {
    // `nobody` is 4294967294 on some systems, but Node takes signed numbers here.
    return this.isSelf ? {} : { uid: this.uid | 0, gid: this.gid | 0 };
  }

  run(file: string, args: string[]): Promise<CommandResult> {
    return runCommand(file, args, this.spawnOptions);
  }

  /** Asks the system, so that every parent directory, group and access list counts. */
  async canEnter(directory: string): Promise<boolean> {
    return (await this.run('/bin/sh', ['-c', 'test -x "$1"', 'sh', directory])).ok;
  }

  /**
   * Changes the owner of our directory to the account. Another account may be able to replace the directory with a
   * symbolic link, so no link is followed, and only what belongs to us is given away.
   * @throws StorageError `EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY`
   */
  async give(directory: string): Promise<void> {
    if (this.isSelf) return;
    const handle = await open(directory, DIRECTORY_ITSELF).catch((cause: unknown) => {
      throw untrusted(directory, 'is not a directory, or is a symbolic link', cause);
    });
    try {
      const { uid } = await handle.stat();
      if (uid === this.uid) return;
      if (uid !== process.getuid?.()) throw untrusted(directory, `belongs to uid ${uid}`);
      await handle.chown(this.uid, this.gid);
    } finally {
      await handle.close();
    }
  }

  /** Whether a file belongs to the account. */
  owns({ uid }: { readonly uid: number }): boolean {
    return uid === this.uid;
  }

  // Inside a directory of the account, root uses the rights of the account only: the account could replace any part of a
  // path with a symbolic link at any time, and root would create, give away, move or remove something else.

  /**
   * Creates a directory inside a directory of the account, unless it exists.
   * @throws StorageError `EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY` if the path is anything else, or a directory of others
   */
  async makeDirectory(path: string): Promise<void> {
    let made: CommandResult | undefined;
    if (this.isSelf) {
      await mkdir(path, { mode: 0o700 }).catch(ignoring('EEXIST'));
    } else if ((await lstat(path).catch(ignoring('ENOENT'))) === undefined) {
      made = await this.run('mkdir', ['-m', '700', path]);
    }
    const found = await lstat(path).catch(ignoring('ENOENT'));
    if (found?.isDirectory() !== true || !(this.owns(found) || found.uid === process.getuid?.())) {
      throw untrusted(path, `is not a directory of ${this}${made?.ok === false ? ` (${made.output})` : ''}`);
    }
  }

  /** Writes or replaces a file that only the account can read, inside a directory of the account. */
  async writeFile(path: string, text: string): Promise<void> {
    const aside = `${path}.new`;
    if (this.isSelf) {
      await writeFile(aside, text, { mode: 0o600 });
    } else {
      const command = ['-c', 'umask 077 && cat >"$1"', 'sh', aside];
      requireOk(await runCommand('/bin/sh', command, { ...this.spawnOptions, input: text }), aside);
    }
    await this.move(aside, path);
  }

  /** Renames a file or a directory inside a directory of the account; `to` may be a file, which is replaced. */
  async move(from: string, to: string): Promise<void> {
    if (this.isSelf) {
      await rename(from, to);
      return;
    }
    requireOk(await this.run('mv', ['-f', from, to]), to);
  }

  /** Removes a file or a directory inside a directory of the account. */
  async remove(path: string): Promise<void> {
    if (this.isSelf) {
      // With retries, because the initdb of a killed start may still write there.
      await rm(path, { recursive: true, force: true, maxRetries: 20 });
      return;
    }
    const removed = await poll(REMOVE_TIMEOUT_MS, async () => {
      const { ok } = await this.run('rm', ['-rf', '--', path]);
      return ok || undefined;
    });
    if (removed === undefined) throw untrusted(path, `could not be removed by ${this}`);
  }

  toString(): string {
    return `uid ${this.uid}`;
  }
}
