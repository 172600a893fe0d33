import { constants } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
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
    const account = (await ServerAccount.named('postgres')) ?? (await ServerAccount.named('nobody'));
    if (account) return account;
    throw new StorageError(
      'EMBEDDED_POSTGRES_NO_ACCOUNT',
      `Postgres cannot run as root, and neither the user "postgres" nor "nobody" exists. ` +
        `Give ${directory} to an ordinary user, or set DATABASE_URL to your own server.`,
    );
  }

  private static async named(name: string): Promise<ServerAccount | undefined> {
    const [uid, gid] = [await runCommand('id', ['-u', name]), await runCommand('id', ['-g', name])];
    return uid.ok && gid.ok ? new ServerAccount(Number(uid.output), Number(gid.output), false) : undefined;
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
      await this.giveOpen(handle, directory);
    } finally {
      await handle.close();
    }
  }

  /** Changes the owner of an open file or directory to the account. */
  async giveOpen(handle: FileHandle, path: string): Promise<void> {
    if (this.isSelf) return;
    const found = await handle.stat();
    if (found.uid === this.uid) return;
    if (found.uid !== process.getuid?.() || (found.isFile() && found.nlink !== 1)) {
      throw untrusted(path, `belongs to uid ${found.uid}, or has more than one name`);
    }
    await handle.chown(this.uid, this.gid);
  }

  /**
   * Removes a directory inside a directory of the account. Root uses the rights of the account only: the account could
   * replace parts of it with symbolic links in the meantime.
   */
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
