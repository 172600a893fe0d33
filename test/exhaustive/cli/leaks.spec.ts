import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { MARK } from '../../support/app/leaks.js';
import { runCli } from '../../support/cli/run-cli.js';
import { runCommand } from '../../support/cli/run-command.js';

const LOAD = ['load', '-', '--into', 'submissions', '--format'];
const GOOD = `{"submission_id":"${MARK}1","title":"${MARK}"}\n`;

/** Arguments of a command, and the expected exit code. */
const RECORDS: readonly (readonly [when: string, args: readonly string[], input: string, exitCode: number])[] = [
  ['records are loaded', [...LOAD, 'jsonl'], GOOD, 0],
  ['lines are no JSON', [...LOAD, 'jsonl'], `{"title":"${MARK}\n${MARK}\n[${MARK}]\n{"title":${MARK}}\n`, 3],
  ['csv is broken', [...LOAD, 'csv'], `submission_id,title\na,${MARK}"\nb,${MARK},c\n`, 3],
  ['csv has no header', [...LOAD, 'csv'], `${MARK},${MARK}\n`, 1],
  ['a check rejects it', [...LOAD, 'jsonl'], `${GOOD}{"submission_id":"${MARK}","title":"${MARK} broken"}\n`, 3],
  ['a trigger raises', [...LOAD, 'jsonl'], `${GOOD}{"submission_id":"x","title":"${MARK}","author":"raise"}\n`, 3],
  ['a trigger builds SQL', [...LOAD, 'jsonl'], `{"submission_id":"x","title":"${MARK}","author":"build"}\n`, 1],
  ['too many are rejected', [...LOAD, 'jsonl', '--max-rejects', '0'], `${GOOD}${MARK}\n`, 1],
  ['it is a dry run', [...LOAD, 'jsonl', '--dry-run'], `${GOOD}${MARK}\n{"submission_id":"${MARK}","title":1}\n`, 3],
  ['the dry run fails', [...LOAD, 'jsonl', '--dry-run'], `{"submission_id":"x","title":"${MARK}","author":"raise"}`, 1],
  ['the history is shown', ['loads'], '', 0],
  ['rejected records are replayed', ['rejects', 'replay'], '', 1],
  ['statistics are shown', ['stats'], '', 0],
];

/** Output of Node itself, and output after the end of the command, can be checked only of a process. */
const AS_PROCESS: ReadonlySet<string> = new Set(['csv is broken', 'a trigger raises', 'no server answers']);

/** The last three are usage errors: no server could make them right. */
const URLS: readonly (readonly [when: string, exitCode: number, url: (url: URL) => string])[] = [
  ['no server answers', 1, (url) => `postgres://user:${MARK}@127.0.0.1:1${url.pathname}`],
  ['it is wrong', 1, (url) => `postgres://${url.username}:${MARK}@${url.host}${url.pathname}`],
  ['it holds a slash, unescaped', 1, (url) => `postgres://user:1/${MARK}@${url.host}/x`],
  ['it holds a percent sign', 2, (url) => `postgres://user:%zz${MARK}@${url.host}/x`],
  ['it makes the url none', 2, (url) => `postgres://user:a/${MARK}@${url.host}/x`],
  ['the scheme is another', 2, (url) => `mysql://user:${MARK}@${url.host}/x`],
];

describe('a secret on the command line', () => {
  let cli: CommandLine;
  beforeAll(async () => {
    cli = await startCommandLine();
    await cli.rows(`
      ALTER TABLE submissions ADD CHECK (title NOT LIKE '%broken');
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE WARNING 'row %', NEW;
        IF NEW.author = 'raise' THEN
          RAISE EXCEPTION '%', NEW USING DETAIL = NEW::text, HINT = NEW::text, TABLE = NEW.title, CONSTRAINT = NEW.title;
        ELSIF NEW.author = 'build' THEN
          EXECUTE format('SELECT %I', NEW.title);
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail BEFORE INSERT ON submissions FOR EACH ROW EXECUTE FUNCTION fail()`);
  });
  afterAll(() => cli.close());

  describe.each([[['--verbose']], [['--verbose', '--json']]])('with %j', (flags) => {
    it.each(RECORDS)('in a record is not printed when %s', async (when, args, input, exitCode) => {
      const run = flags.length === 1 && AS_PROCESS.has(when) ? cli.run : cli.runHere;
      const outcome = await run([...args, ...flags], input);
      expect(outcome).toMatchObject({ exitCode });
      expect(outcome.stdout + outcome.stderr).not.toContain(MARK);
    });
  });

  it.each(URLS)('password is not printed when %s', async (when, exitCode, urlOf) => {
    const run = AS_PROCESS.has(when) ? runCli : runCommand;
    const url = urlOf(new URL(cli.url));
    for (const command of [
      [...LOAD, 'jsonl'],
      ['migrate', 'status'],
    ]) {
      const outcome = await run('', [...command, '--url', url, '--verbose'], GOOD);
      expect(outcome).toMatchObject({ exitCode });
      expect(outcome.stdout + outcome.stderr).not.toContain(MARK);
    }
  });
});
