import { closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { errorCode } from '../../errors/error-text.js';
import { StorageError } from '../../errors/storage-error.js';
import type { ServerAccount } from '../home/server-account.js';

const WRITE = constants.O_WRONLY | constants.O_NONBLOCK;
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * The right of one user to a running server: an open writing end of a named pipe. The system closes it when the
 * process ends in whatever way, and the supervisor, which reads the pipe, learns when the last one is gone. A bare file
 * descriptor does not keep Node running either.
 */
export class Lease {
  private constructor(
    readonly path: string,
    /** The open pipe, for the supervisor to inherit until it reads. */
    readonly fd: number,
  ) {}

  /** Makes the pipe of a new server and takes the first lease on it. */
  static async create(path: string, account: ServerAccount): Promise<Lease> {
    const { ok, output } = await account.run('mkfifo', ['-m', '600', path]);
    if (!ok) throw new StorageError('EMBEDDED_POSTGRES_NOT_STARTED', `Cannot make the pipe ${path}: ${output}`);
    // Without a reader the writing end cannot be opened, and the supervisor does not read yet.
    const reader = openSync(path, READ);
    try {
      return new Lease(path, openSync(path, WRITE));
    } finally {
      closeSync(reader);
    }
  }

  /** Takes a lease on a running server; `undefined` when the server is ending. */
  static join(path: string): Lease | undefined {
    let fd: number | undefined;
    try {
      fd = openSync(path, WRITE);
      // The supervisor takes the pipe off its path before it stops the server, and then looks for a line of somebody
      // who came in between. So the order is: open, write, look whether the pipe is still at its path.
      writeSync(fd, '\n');
      if (fstatSync(fd).ino === statSync(path).ino) return new Lease(path, fd);
    } catch (error) {
      if (!['ENOENT', 'ENXIO', 'EPIPE'].includes(errorCode(error) ?? '')) throw error;
    }
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }

  /**
   * Gives the lease back.
   *
   * @returns whether it was the last one. Only sure while nobody can take a new one.
   */
  release(): boolean {
    const reader = openReader(this.path);
    closeSync(this.fd);
    if (reader === undefined) return true;
    try {
      return isEndOfFile(reader);
    } finally {
      closeSync(reader);
    }
  }
}

/** `undefined` when the pipe is gone, and with it the server. */
function openReader(path: string): number | undefined {
  // Off its path while the supervisor decides, and back on it when there is somebody left.
  for (const place of [path, `${path}.closing`, path]) {
    try {
      return openSync(place, READ);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** An empty pipe is at its end when nobody has it open for writing; else reading it would block. */
function isEndOfFile(reader: number): boolean {
  try {
    // There may be lines of those who joined, which the supervisor has not read yet.
    while (readSync(reader, Buffer.alloc(64)) > 0);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return false;
    throw error;
  }
}
