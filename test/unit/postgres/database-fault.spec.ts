import { createContext, runInContext } from 'node:vm';
import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { CONDITIONS } from '../../../src/postgres/faults/conditions.js';
import { describeFault, PostgresError } from '../../../src/postgres/faults/database-fault.js';
import { classifyFault } from '../../../src/postgres/faults/sqlstate.js';

const SECRET = 'xyzzy-4711';
/** Classes 22 and 23 of the appendix of error codes, Postgres 18. */
const ROW_CODES = `22000 2202E 22021 22008 22012 22005 2200B 22022 22015 2201E 22014 22016 2201F 2201G 22018 22007 22019 2200D
22025 22P06 22010 22023 22013 2201B 2201W 2201X 2202H 2202G 22009 2200C 2200G 22004 22002 22003 2200H 22026
22001 22011 22027 22024 2200F 22P01 22P02 22P03 22P04 22P05 2200L 2200M 2200N 2200S 2200T 22030 22031 22032
22033 22034 22035 22036 22037 22038 22039 2203A 2203B 2203C 2203D 2203E 2203F 2203G 23000 23001 23502 23503
23505 23514 23P01`;

const error = (code: string | undefined, message: string, fields: object = {}) =>
  Object.assign(
    new Error(message),
    { code, detail: SECRET, where: SECRET, hint: SECRET, internalQuery: SECRET },
    fields,
  );

describe('what is said of a database error', () => {
  it.each<[string, Error, string]>([
    [
      'the condition and the places',
      error('23505', SECRET, { table: 't', constraint: 'c' }),
      'duplicate key (table t, constraint c) [23505]',
    ],
    [
      'the column',
      error('23502', SECRET, { table: 't', column: 'c' }),
      'null in a NOT NULL column (table t, column c) [23502]',
    ],
    ['the code alone where the message may quote a row', error('22P99', SECRET), 'rejected [22P99]'],
    ['the condition, not the text, of another class', error('40001', SECRET), 'serialization failure [40001]'],
    [
      'the condition of a read-only database',
      error('25006', SECRET),
      'the database is read-only; check that this is the primary, and that default_transaction_read_only is off [25006]',
    ],
    ['the code alone where a class has no name', error('55P99', SECRET), 'rejected [55P99]'],
    [
      'the condition of an internal error',
      error('XX000', SECRET),
      'internal error of the server or of an extension [XX000]',
    ],
    [
      'the condition of an exception raised by a trigger',
      error('P0001', SECRET),
      'exception raised by a function or trigger [P0001]',
    ],
    ['the code alone of a class of an application', error('APP01', SECRET), 'rejected [APP01]'],
    [
      'the condition where the text may quote a value',
      error('42601', `syntax error in tsvector: "'${SECRET}"`, { where: undefined }),
      'syntax error, in SQL or in the text of a value [42601]',
    ],
    [
      'nothing of an error of the operating system beside rows',
      error('ENOSPC', SECRET, { syscall: 'write' }),
      'rejected [ENOSPC]',
    ],
    ['nothing of a bug of ours', error(undefined, SECRET), 'unexpected error [UNKNOWN]'],
    [
      'no name that was raised',
      error('23514', SECRET, { routine: 'exec_stmt_raise', table: SECRET, column: SECRET, constraint: SECRET }),
      'check violation [23514]',
    ],
    [
      'what a socket says',
      error('ECONNREFUSED', 'connect ECONNREFUSED'),
      'connection refused; check that Postgres is running at this address [ECONNREFUSED]',
    ],
    [
      'what pg says of the connection',
      error(undefined, 'Connection terminated unexpectedly', { where: undefined }),
      'Connection terminated unexpectedly [UNKNOWN]',
    ],
  ])('is %s', (_, given, message) => {
    expect(describeFault(given).message).toBe(message);
    expect(inspect(PostgresError.from(given), { depth: 5, showHidden: true })).not.toContain(SECRET);
  });

  it('is the text that names objects, where no row was in the statement', () => {
    const plain = error('42703', 'column "x" does not exist', { where: undefined });
    expect(describeFault(plain, 'schema').message).toBe('column "x" does not exist [42703]');
    expect(describeFault(error('22P02', SECRET), 'schema').message).toBe('invalid text representation [22P02]');
    expect(describeFault(error('42703', SECRET), 'schema').message).toBe('column does not exist [42703]');
    const ofFile = error('ENOSPC', "ENOSPC: no space left on device, mkdir '/x'", { syscall: 'mkdir' });
    expect(describeFault(ofFile, 'schema').message).toBe("ENOSPC: no space left on device, mkdir '/x' [ENOSPC]");
  });

  it('is a condition for every code of classes 22 and 23 that Postgres has', () => {
    expect(ROW_CODES.split(/\s+/).filter((code) => CONDITIONS[code] === undefined)).toEqual([]);
  });

  it('is not the message of an exception that a function raised under the code of another error', () => {
    const raised = error('42P01', `row ${SECRET}`, { routine: 'exec_stmt_raise', file: 'pl_exec.c' });
    expect(describeFault(raised).message).not.toContain(SECRET);
    expect(describeFault(raised, 'schema').message).not.toContain(SECRET);
  });

  it('is the same for an error of another realm, as the sockets of a test runner throw them', () => {
    const foreign = runInContext(
      'Object.assign(new Error("connect"), { code: "ECONNREFUSED" })',
      createContext(),
    ) as Error;
    expect(describeFault(foreign).code).toBe('ECONNREFUSED');
    expect(classifyFault(foreign)).toBe('connection');
  });

  it.each([[undefined], [null], ['text'], [5]])('is nothing of a thrown %j', (thrown) => {
    expect(describeFault(thrown)).toMatchObject({ code: 'UNKNOWN', message: 'unknown error [UNKNOWN]' });
  });
});
