import { readFile } from 'node:fs/promises';
import { errorCode } from '../../errors/error-text.js';
import { runCommand } from './run-command.js';
import { ignoring } from './system-errors.js';

interface ProcessState {
  readonly name: string;
  readonly zombie: boolean;
}

/** Whether the process runs; false for a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  if (!hasProcess(pid)) return false;
  return (await processState(pid))?.zombie !== true;
}

/** Whether the process runs and is a Postgres. If in doubt, true: it protects a data directory in use. */
export async function isLivingPostgres(pid: number): Promise<boolean> {
  if (!hasProcess(pid)) return false;
  const state = await processState(pid);
  return state === undefined || (state.name === 'postgres' && !state.zombie);
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** From /proc if it exists (slim images have no `ps`), else from `ps`; `undefined` if neither works. */
async function processState(pid: number): Promise<ProcessState | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(ignoring('ENOENT', 'ESRCH', 'EACCES', 'EPERM'));
  const fromProc = stat === undefined ? null : /^\d+ \((.*)\) (\S)/s.exec(stat);
  if (fromProc) return { name: fromProc[1] ?? '', zombie: fromProc[2] === 'Z' };

  const { ok, output } = await runCommand('ps', ['-o', 'stat=', '-o', 'comm=', '-p', String(pid)]);
  const fromPs = ok ? /^(\S)\S*\s+(?:.*\/)?([^/]*)$/.exec(output) : null;
  return fromPs ? { name: fromPs[2] ?? '', zombie: fromPs[1] === 'Z' } : undefined;
}
