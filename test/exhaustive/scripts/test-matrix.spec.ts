import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { errorCode } from '../../../src/errors/error-text.js';
import { errorOf } from '../../support/parity/faults.js';

const SCRIPT = ['--import', '@swc-node/register/esm-register', 'scripts/test-matrix.ts'];
const FEW_TESTS = ['--workers', '1', '--tests', 'test/integration/schema/compare/schema-check-keys'];

/** `npm run test:matrix`, and what it has said. */
function startMatrix(args: readonly string[]): { child: ChildProcess; stdout: () => string; stderr: () => string } {
  const env = { ...process.env, NODE_OPTIONS: '', HARBOR_TEST_VIA: '', TEST_DATABASE_URL: '' };
  const child = spawn(process.execPath, [...SCRIPT, ...args], { env });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  return { child, stdout: () => said.stdout, stderr: () => said.stderr };
}

const SERVER = /Postgres 14\.\S+, port (\d+)/;

/** What the server answers of whose port the matrix has told. */
async function answerOf(stderr: string): Promise<string | undefined> {
  const port = Number(SERVER.exec(stderr)?.[1]);
  return errorCode(await errorOf(new Client({ host: '127.0.0.1', port }).connect()));
}

/** The first run installs the binaries of version 14 from the registry of npm. */
describe('npm run test:matrix', () => {
  it('runs the tests on a server of the version, and lists those that the version cannot do', async () => {
    const { child, stdout, stderr } = startMatrix(['14', ...FEW_TESTS]);
    const [exitCode] = (await once(child, 'close')) as [number | null];
    expect([exitCode, stdout()]).toEqual([0, expect.stringMatching(/^14 +14\.\d+ +1 +\d+ +0 +2 +\d+$/m)]);
    expect(stdout()).toMatch(/^ {2}14: test\/integration\/schema\/.*: .*\(needs Postgres 18: NOT ENFORCED\)/m);
    expect(stderr().match(/^Tests:.* passed/gm)).toHaveLength(1);
    expect(await answerOf(stderr())).toBe('ECONNREFUSED');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends its server on %s', async (signal) => {
    const { child, stderr } = startMatrix(['14', ...FEW_TESTS]);
    while (!SERVER.test(stderr())) await once(child.stderr as NonNullable<typeof child.stderr>, 'data');
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await answerOf(stderr())).toBe('ECONNREFUSED');
  });

  it('names a version that it does not know, and runs nothing', async () => {
    const { child, stdout, stderr } = startMatrix(['14', '9']);
    expect(await once(child, 'close')).toEqual([2, null]);
    expect([stdout(), stderr()]).toEqual(['', expect.stringContaining('Unknown: 9. Known are 14, ')]);
  });
});
