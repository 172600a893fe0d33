import { describe, expect, it } from '@jest/globals';

import { classifyFault, type FaultKind, isTransient } from '../../../src/postgres/faults/sqlstate.js';

const fault = (code: string | undefined, message = 'm') => Object.assign(new Error(message), { code });

const CODES: Readonly<Record<FaultKind, readonly string[]>> = {
  row: ['22001', '22003', '22007', '22P02', '22P05', '23502', '23503', '23505', '23514', '23P01', '54000', '54001'],
  contention: ['40001', '40P01', '55P03'],
  connection: [
    '53300',
    '57P01',
    '57P02',
    '57P03',
    '08000',
    '08001',
    '08003',
    '08004',
    '08006',
    '25P03',
    '25006',
    'ECONNRESET',
    'EPIPE',
    'ECONNREFUSED',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'EAI_AGAIN',
  ],
  cancelled: ['57014'],
  schema: ['42P01', '42703'],
  uncertain: [
    '42501',
    '42601',
    '3F000',
    '0A000',
    '54011',
    '21000',
    'XX000',
    'P0001',
    'P0002',
    '2F003',
    '38000',
    '428C9',
    'HV000',
    'APP01',
    'U0001',
  ],
  terminal: [
    '22P04',
    '28000',
    '28P01',
    '3D000',
    '53100',
    '53200',
    '53400',
    '25P02',
    '40002',
    '57P04',
    '08P01',
    'XX001',
    'ENOTFOUND',
    'EPERM',
    'EBUSY',
    '58030',
    'UNKNOWN',
    'ROWS_SUPPRESSED',
  ],
};

describe('an error of Postgres', () => {
  it.each(Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [kind, code])))(
    'is %s: %s',
    (kind, code) => {
      expect(classifyFault(fault(code))).toBe(kind);
      expect(isTransient(fault(code))).toBe(kind === 'contention' || kind === 'connection');
    },
  );

  it.each<[FaultKind, string | undefined, string]>([
    ['connection', undefined, 'Connection terminated unexpectedly'],
    ['connection', undefined, 'Connection terminated due to connection timeout'],
    ['connection', undefined, 'Client has encountered a connection error and is not queryable'],
    ['connection', undefined, 'timeout exceeded when trying to connect'],
    ['connection', '08P01', 'query_wait_timeout'],
    ['connection', '08P01', 'server conn crashed?'],
    ['connection', '08P01', 'server login has been failing, try again later (server_login_retry)'],
    ['connection', '08P01', 'server login failed: FATAL the database system is shutting down'],
    ['connection', '08P01', 'server login failed: FATAL the database system is starting up'],
    ['connection', '08P01', 'client_login_timeout (server down)'],
    ['terminal', '08P01', 'server login failed: FATAL password authentication failed for user "u"'],
    ['connection', 'XX000', 'connection to the remote node 10.0.0.1:5432 failed'],
    ['connection', 'XX000', 'SSL SYSCALL error: EOF detected'],
    ['connection', 'XX000', 'server closed the connection unexpectedly'],
    ['connection', 'XX000', 'failure on connection marked as essential: 10.0.0.1:5432'],
    ['connection', 'XX000', 'could not connect to any active placements'],
    ['connection', '58030', 'failed to COPY to shard 102008 on 10.0.0.1:5432'],
    ['terminal', '58030', 'could not read block 5 in file "base/1/2"'],
    ['terminal', undefined, 'Cannot read properties of undefined'],
    ['terminal', '08P01', 'insufficient data left in message'],
    ['uncertain', 'XX000', 'cache lookup failed for type 5'],
  ])('is %s by its message: %s %s', (kind, code, message) => {
    expect(classifyFault(fault(code, message))).toBe(kind);
  });

  it.each<[FaultKind, string, string | undefined]>([
    ['connection', 'the pooler has a text that nobody listed', undefined],
    ['terminal', 'the pooler has a text that nobody listed', 'exec_stmt_raise'],
    ['terminal', 'no such database: app', undefined],
    ['terminal', 'SASL authentication failed', undefined],
    ['terminal', 'unsupported startup parameter: options', undefined],
    ['terminal', 'server login failed: FATAL password authentication failed for user "u"', undefined],
  ])('is %s where a connection ends with a protocol violation: %s, routine %s', (kind, message, routine) => {
    expect(classifyFault(Object.assign(fault('08P01', message), { severity: 'FATAL', routine }))).toBe(kind);
  });

  it.each([[undefined], [null], ['40001'], [{}], [5]])('is terminal when it is none: %j', (value) => {
    expect(classifyFault(value)).toBe('terminal');
  });
});
