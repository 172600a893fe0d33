import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { CsvOptions } from '../../../src/files/csv/csv-reader.js';
import { readRecords } from '../../../src/files/read-records.js';
import { rereadRecord } from '../../../src/files/reread-record.js';
import type { Reading, SourceRecord } from '../../../src/records/source-record.js';
import { collect, contentOf, outcome, streamOf } from '../../support/records/collect.js';
import { propertyRuns } from '../../support/sizes/sizes.js';

const KNOWN = new Set(['id', 'title', 'n']);

async function read(text: string, csv: CsvOptions = {}) {
  const file = readRecords(streamOf(text), { format: 'csv', csv: { knownNames: KNOWN, ...csv } });
  const records: SourceRecord[] = [];
  const values: unknown[] = [];
  for await (const record of file) {
    records.push(record);
    values.push(outcome(record));
  }
  return { records, values, raw: records.map((record) => record.raw.toString()), findings: file.findings.csv };
}

describe('the delimiter of a csv file', () => {
  it.each([';', '\t', '|'])('is recognised by the header, though records hold commas and quotes: %j', async (d) => {
    const text = `id${d}"title"\n1${d}"a ""b""${d}\nc"\n2${d}x, y\n`;
    const { values, findings } = await read(text);
    expect(values).toEqual([
      { id: '1', title: `a "b"${d}\nc` },
      { id: '2', title: 'x, y' },
    ]);
    expect(findings).toMatchObject({ delimiter: d, header: ['id', 'title'] });
  });

  it.each([
    ['id', 'a header of one name'],
    ['id,a;b', 'a name with another candidate'],
    ['id;n,title', 'one that a comma splits into a known name'],
    ['id;n|title', 'one that two others split into known names'],
    ['x;y', 'one without a known name'],
    ['id;', 'one that leaves a name empty'],
  ])('is a comma after %j: %s', async (header) => {
    const { findings } = await read(`${header}\n`).catch(() => ({ findings: { delimiter: ',' } }));
    expect(findings?.delimiter).toBe(',');
  });

  it('is a comma where no name is known', async () => {
    expect((await collect('id;title\n1;x\n', { format: 'csv' })).map(outcome)).toEqual([{ 'id;title': '1;x' }]);
  });

  it('is the one that is named, whatever the header shows', async () => {
    expect((await read('id,n;title\n1,2;x\n', { delimiter: ';' })).values).toEqual([{ 'id,n': '1,2', title: 'x' }]);
  });

  it.each(['sep=;\r\n', 'sep=;\r', '"sep=;"\n', '\nSEP=;\n'])('is the one that Excel names by %j', async (line) => {
    expect((await read(`${line}a,b;c\r\n1,2;"x"\r\n`)).values).toEqual([{ 'a,b': '1,2', c: 'x' }]);
  });
});

describe('the line ends of a csv file', () => {
  it('may be CR', async () => {
    const { values, raw } = await read('id,title\r1,"a\rb\n"\r\r2,\r3,x');
    expect(values).toEqual([{ id: '1', title: 'a\rb\n' }, { id: '2' }, { id: '3', title: 'x' }]);
    expect(raw).toEqual(['1,"a\rb\n"', '2,', '3,x']);
  });

  it('may be mixed', async () => {
    const { values, raw } = await read('id,title\n1,a\r2,"b\r"\r\n3,c\r\n4,d\r5,e');
    expect(values.map((value) => (value as { id: string }).id)).toEqual(['1', '2', '3', '4', '5']);
    expect(raw).toEqual(['1,a', '2,"b\r"', '3,c', '4,d', '5,e']);
    expect((await read('id,title\r1,a\n2,b\r\n3,c\r4,d')).raw).toEqual(['1,a', '2,b', '3,c', '4,d']);
  });

  it('leave a CR inside a cell where it is', async () => {
    const { values, raw } = await read('id,title\n1,a\rb\n2,\r\r\n3,x,y\rz\n');
    expect(values).toEqual([{ id: '1', title: 'a\rb' }, { id: '2', title: '\r' }, 'wrong_field_count']);
    expect(raw).toEqual(['1,a\rb', '2,\r', '3,x,y\rz']);
    expect((await read('id\na\rb\n')).values).toEqual([{ id: 'a\rb' }]);
  });

  it('and the delimiter are found however the file is cut', async () => {
    const unit = fc.constantFrom('a', '"', ';', ',', '\n', '\r', '\r\n', '1;2\r', '3;"4"\n');
    const options = { format: 'csv', csv: { knownNames: KNOWN } } as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('id;title\r', 'id;title\r\n', 'id;title\n', '\r\nsep=;\rid;n\r'),
        fc.array(unit, { maxLength: 12 }),
        fc.array(fc.nat()),
        async (head, units, cuts) => {
          const text = head + units.join('');
          const whole = await collect(text, options);
          expect((await collect(text, options, cuts)).map(contentOf)).toEqual(whole.map(contentOf));
        },
      ),
      propertyRuns(),
    );
  });
});

describe('null in a csv file', () => {
  it('is an unquoted cell with the text that means it', async () => {
    const csv = { nullText: String.raw`\N` };
    expect((await read('id,title,n\n1,\\N,"\\N"\n2,,""\n', csv)).values).toEqual([
      { id: '1', title: null, n: '\\N' },
      { id: '2', n: '' },
    ]);
    expect((await read('id,title,n\n1,,""\n', { nullText: '' })).values).toEqual([{ id: '1', title: null, n: '' }]);
  });

  it('is text where nothing means it, and the reader tells so', async () => {
    const { values, findings } = await read('id,title\n1,\\N\n');
    expect(values).toEqual([{ id: '1', title: '\\N' }]);
    expect(findings?.hasNullText).toBe(true);
    const other = await read('id,title\n1,a\\N\n');
    expect(other.values).toHaveLength(1);
    expect(other.findings?.hasNullText).toBe(false);
  });
});

describe('lines before the header of a csv file', () => {
  it.each(['\n', '\r\n', '\r'])('are skipped, blank ones and stray quotes too, at %j', async (eol) => {
    const text = ['"Report of 12" disks', '', 'id,title', '1,x', ''].join(eol);
    expect((await read(text, { skipLines: 2 })).values).toEqual([{ id: '1', title: 'x' }]);
  });

  it('are found out when the header has no known name', async () => {
    expect((await read('Report\n\nid;title\n1;x\n')).findings).toMatchObject({ headerLine: 3 });
    expect((await read('id,x\nn,title\n')).findings).toMatchObject({ headerLine: undefined });
  });

  it('leave nothing of a file that is shorter', async () => {
    expect((await read('a\nb\n', { skipLines: 5 })).values).toEqual([]);
  });
});

it('records of any csv file are read again as they were', async () => {
  const { records } = await read('id;title\r1;\\N\r2;"x"\r3;\r4\r', { nullText: String.raw`\N` });
  const again = records.map(({ raw, reading }) => rereadRecord(raw, JSON.parse(JSON.stringify(reading)) as Reading));
  expect(again.map(contentOf)).toEqual(records.map(contentOf));
  expect(records[0]?.reading).toEqual({ format: 'csv', header: ['id', 'title'], delimiter: ';', nullText: '\\N' });
});
