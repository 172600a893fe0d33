import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type CommandLine, startCommandLine } from '../../../support/cli/command-line.js';
import { emptyTables } from '../../../support/app/quarantine.js';

const LOAD = ['load', '-', '--format', 'jsonl', '--into', 'submissions'];
const RECORDS = '{"submission_id":"t3_1"}\n{"name": oops}\n{"submission_id":"t3_2"}\n[]\n';

describe('a stopped load', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
  });
  afterAll(() => cli.close());
  beforeEach(() => emptyTables(cli));

  it('prints on stderr its rejected records and the batch that was rolled back', async () => {
    const outcome = await cli.runHere([...LOAD, '--max-rejects', '1', '--batch-size', '2'], RECORDS);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^error: The load into submissions was stopped: more than 1 record was rejected/);
    expect(outcome.stderr).toMatch(/ 1 +invalid_json +the record is not valid JSON/);
    expect(outcome.stderr).toMatch(/ 1 +2 +2 +REJECT_LIMIT_EXCEEDED +more records were rejected than allowed/);
    expect(outcome.stderr).toMatch(/rolled back, so not in quarantine:[^]* 3 +not_an_object /);
  });

  it('puts the error and its result into one JSON object', async () => {
    const outcome = await cli.runHere([...LOAD, '--max-rejects', '1', '--batch-size', '2', '--json'], RECORDS);
    expect(outcome.exitCode).toBe(1);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      error: {
        code: 'REJECT_LIMIT_EXCEEDED',
        message: expect.stringContaining('was stopped'),
        rejects: [{ position: 3 }],
      },
      result: { inserted: 1, rejected: 1, failed: 2, rejects: [{ position: 1, reason: 'invalid_json' }] },
    });
  });

  it('prints how to see the rejected records of a batch that was rolled back', async () => {
    const { stderr } = await cli.runHere([...LOAD, '--max-rejects', '0'], RECORDS);
    expect(stderr).toContain('run again with a higher --max-rejects');
  });
});
