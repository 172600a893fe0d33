import { closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { errorCode } from '../../errors/error-text.js';
import { StorageError } from '../../errors/storage-error.js';
import type { ServerAccount } from '../home/server-account.js';

const WRITE = constants.O_WRONLY | constants.O_NONBLOCK;
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
/**
 * After a plain `fstatSync` of a pipe, Node's next import does not follow a link to a package: it loads a second copy of a
 * package that is linked, as in workspaces and by pnpm. Node keeps numbers as bigint elsewhere.
 */
const BIGINT = { bigint: true } as const;

/**
 * One user's right to a running server: an open writing end of a named pipe. The system closes it when the process ends
 * in any way; the supervisor, which reads the pipe, then sees whether it was the last one. A bare file descriptor does
 * not keep Node running.
 */
export class Lease {
  private constructor(
    readonly path: string,
    /** The open pipe, for the supervisor to inherit until it reads. */
    readonly fd: number,
    private readonly account: ServerAccount,
  ) {}

  /** Creates the pipe of a new server and takes the first lease. */
  static async create(path: string, account: ServerAccount): Promise<Lease> {
    const { ok, output } = await account.run('mkfifo', ['-m', '600', path]);
    if (!ok) throw new StorageError('EMBEDDED_POSTGRES_NOT_STARTED', `Could not create the pipe ${path}: ${output}`);
    // The writing end cannot be opened without a reader, and the supervisor does not read yet.
    const reader = openPipe(path, READ, account);
    try {
      return new Lease(path, openPipe(path, WRITE, account), account);
    } finally {
      closeSync(reader);
    }
  }

  /** Takes a lease on a running server; `undefined` if the server is ending. */
  static join(path: string, account: ServerAccount): Lease | undefined {
    let fd: number | undefined;
    try {
      fd = openPipe(path, WRITE, account);
      // Before it stops the server, the supervisor renames the pipe and then checks it for a line from a late joiner. So the
      // order is: open, write, check that the pipe still has its path.
      writeSync(fd, '\n');
      if (fstatSync(fd, BIGINT).ino === statSync(path, BIGINT).ino) return new Lease(path, fd, account);
    } catch (error) {
      if (!['ENOENT', 'ENXIO', 'EPIPE'].includes(errorCode(error) ?? '')) throw error;
    }
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }

  /**
   * Releases the lease.
   *
   * @returns whether it was the last one; reliable only while nobody can take a new lease
   */
  release(): boolean {
    const reader = openReader(this.path, this.account);
    closeSync(this.fd);
    if (reader === undefined) return true;
    try {
      return isEndOfFile(reader);
    } finally {
      closeSync(reader);
    }
  }
}

/**
 * Opens a pipe of the server's account. The account chooses the path, and could name a file that only root may write to.
 * @throws StorageError `EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY` for anything else
 */
function openPipe(path: string, mode: number, account: ServerAccount): number {
  const fd = openSync(path, mode | constants.O_NOFOLLOW);
  const found = fstatSync(fd, BIGINT);
  if (found.isFIFO() && account.owns({ uid: Number(found.uid) })) return fd;
  closeSync(fd);
  throw new StorageError(
    'EMBEDDED_POSTGRES_UNTRUSTED_DIRECTORY',
    `${path} is not a pipe of ${account}. Nothing was written.`,
  );
}

/** `undefined` when the pipe and its server are gone. */
function openReader(path: string, account: ServerAccount): number | undefined {
  // Renamed while the supervisor decides, and renamed back if there is another user.
  for (const place of [path, `${path}.closing`, path]) {
    try {
      return openPipe(place, READ, account);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** An empty pipe is at its end if nobody has it open for writing; otherwise reading would block. */
function isEndOfFile(reader: number): boolean {
  try {
    // It may contain lines of joiners that the supervisor has not read yet.
    while (readSync(reader, Buffer.alloc(64)) > 0);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return false;
    throw error;
  }
}
