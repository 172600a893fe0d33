import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { OnApplicationShutdown } from '@nestjs/common';

import { errorCode } from '../errors/error-text.js';
import { StorageError, type StorageErrorCode } from '../errors/index.js';
import type { LoadJob } from '../loader/model/load-job.js';
import type { NormalizedRecords, RecordBytes, RecordThreads } from '../loader/model/record-threads.js';
import { type JobData, jobDataOf, type WorkerReply, type WorkerRequest } from './worker-job.js';

/** A .js file where the built package runs, a .ts file where its sources do, as in tests. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

interface Pending {
  resolve(normalized: NormalizedRecords): void;
  reject(error: StorageError): void;
}

/** A thread, and what it has been asked for. */
interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

/** The worker threads of a module. They start with the first file that is loaded, and end with the application. */
export class RecordWorkers implements RecordThreads, OnApplicationShutdown {
  private readonly threads = new Set<Thread>();
  private readonly jobs = new WeakMap<LoadJob, JobData>();
  private requests = 0;

  /**
   * @param count - how many threads prepare records; 1: the thread of the load does
   * @param entities - path of the module that exports the application's entities
   */
  constructor(
    readonly count: number,
    private readonly entities: string | undefined,
  ) {}

  async normalize(job: LoadJob, records: RecordBytes): Promise<NormalizedRecords> {
    const data = this.jobs.get(job) ?? jobDataOf(job);
    this.jobs.set(job, data);
    const { worker, pending } = this.leastBusy();
    const id = (this.requests += 1);
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      // Its work keeps the process alive, its being there does not.
      worker.ref();
      worker.postMessage({ id, job: data, records } satisfies WorkerRequest, [records.bytes]);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(Array.from(this.threads, ({ worker }) => worker.terminate()));
  }

  private leastBusy(): Thread {
    if (this.threads.size < this.count) {
      return this.start();
    }
    return Array.from(this.threads).reduce((a, b) => (b.pending.size < a.pending.size ? b : a));
  }

  private start(): Thread {
    const worker = new Worker(WORKER, { workerData: { entities: this.entities } });
    const thread: Thread = { worker, pending: new Map() };
    this.threads.add(thread);
    worker.on('message', ({ id, normalized, fault }: WorkerReply) => {
      const asked = thread.pending.get(id);
      thread.pending.delete(id);
      if (thread.pending.size === 0) {
        worker.unref();
      }
      if (normalized === undefined) {
        asked?.reject(new StorageError(fault?.code as StorageErrorCode, fault?.message ?? ''));
      } else {
        asked?.resolve(normalized);
      }
    });
    let why = '';
    worker.on('error', (error) => {
      const code = errorCode(error);
      why = ` (${code === undefined ? error.name : code})`;
    });
    worker.on('exit', () => {
      // The next load starts another.
      this.threads.delete(thread);
      const failure = new StorageError(
        'WORKER_FAILED',
        `A worker thread ended${why}, and the records it had are not loaded. Load with fewer workers or a smaller batchSize.`,
      );
      thread.pending.forEach(({ reject }) => reject(failure));
    });
    return thread;
  }
}
