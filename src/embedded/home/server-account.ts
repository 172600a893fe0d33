import { chown, stat } from 'node:fs/promises';
import { StorageError } from '../../errors/storage-error.js';
import { ignoring } from '../system/system-errors.js';
import { type CommandOptions, type CommandResult, runCommand } from '../system/run-command.js';

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

  /** Changes the owner of our file or directory to the account. */
  async give(path: string): Promise<void> {
    if (!this.isSelf) await chown(path, this.uid, this.gid);
  }

  toString(): string {
    return `uid ${this.uid}`;
  }
}
