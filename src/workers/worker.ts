import 'reflect-metadata';

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { StorageError } from '../errors/index.js';
import { normalizeBytes } from '../loader/read/normalize-bytes.js';
import type { WorkerReply, WorkerRequest } from './worker-job.js';
import { WorkerJobs } from './worker-jobs.js';

const { entities } = workerData as { readonly entities: string | undefined };
const port = parentPort as MessagePort;
const jobs = new WorkerJobs(entities);

port.on('message', (request: WorkerRequest) => void answer(request));

async function answer({ id, job, records }: WorkerRequest): Promise<void> {
  try {
    const normalized = normalizeBytes(await jobs.of(job), records);
    port.postMessage({ id, normalized } satisfies WorkerReply, [normalized.bytes]);
  } catch (error) {
    port.postMessage({ id, fault: faultOf(error) } satisfies WorkerReply);
  }
}

/** The message of an error that is not ours may quote values. */
function faultOf(error: unknown): NonNullable<WorkerReply['fault']> {
  if (error instanceof StorageError) {
    return { code: error.code, message: error.message };
  }
  const name = error instanceof Error ? error.name : typeof error;
  return { code: 'WORKER_FAILED', message: `A worker thread could not prepare records: it threw ${name}` };
}
