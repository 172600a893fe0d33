import { chown, stat } from 'node:fs/promises';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';
import { type CommandOptions, type CommandResult, runCommand } from '../system/run-command.js';

/**
 * The system account the server runs under. Postgres rejects to run as root, so for root this is someone else; for an
 * ordinary user it is the user.
 */
export class ServerAccount {
  private constructor(
    private readonly uid: number,
    private readonly gid: number,
    private readonly isSelf: boolean,
  ) {}

  /** The account of a server whose data is, or will be, in `directory`. */
  static async forDirectory(directory: string): Promise<ServerAccount> {
    const uid = process.getuid?.() ?? -1;
    if (uid !== 0) return new ServerAccount(uid, process.getgid?.() ?? -1, true);

    const existing = await stat(directory).catch(ignoring('ENOENT', 'ENOTDIR'));
    if (existing && existing.uid !== 0) return new ServerAccount(existing.uid, existing.gid, false);
    const account = (await ServerAccount.named('postgres')) ?? (await ServerAccount.named('nobody'));
    if (account) return account;
    throw new StorageError(
      'EMBEDDED_POSTGRES_NO_ACCOUNT',
      `Postgres rejects to run as root, and there is neither a user "postgres" nor "nobody" to run it. ` +
        `Give ${directory} to an ordinary user, or set DATABASE_URL to a server of your own.`,
    );
  }

  private static async named(name: string): Promise<ServerAccount | undefined> {
    const [uid, gid] = [await runCommand('id', ['-u', name]), await runCommand('id', ['-g', name])];
    return uid.ok && gid.ok ? new ServerAccount(Number(uid.output), Number(gid.output), false) : undefined;
  }

  /** What makes a child process run under this account. */
  get spawnOptions(): CommandOptions {
    // `nobody` is 4294967294 on some systems, and Node takes signed numbers here.
    return this.isSelf ? {} : { uid: this.uid | 0, gid: this.gid | 0 };
  }

  run(file: string, args: string[]): Promise<CommandResult> {
    return runCommand(file, args, this.spawnOptions);
  }

  /** Asks the system itself, so that every parent directory, group and access list counts. */
  async canEnter(directory: string): Promise<boolean> {
    return (await this.run('/bin/sh', ['-c', 'test -x "$1"', 'sh', directory])).ok;
  }

  /** Gives a file or directory we made to the account. */
  async give(path: string): Promise<void> {
    if (!this.isSelf) await chown(path, this.uid, this.gid);
  }

  toString(): string {
    return `uid ${this.uid}`;
  }
}
