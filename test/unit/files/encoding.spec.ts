import { describe, expect, it } from '@jest/globals';
import { decode, parseEncoding } from '../../../src/files/encoding.js';
import { rereadRecord } from '../../../src/files/reread-record.js';
import type { Reading } from '../../../src/records/source-record.js';
import { collect, contentOf, outcome } from '../../support/records/collect.js';

const utf16 = (text: string, encoding: 'utf-16le' | 'utf-16be') => {
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
};
const FILES = {
  csv: 'id,title\r\n1,"é 😀, ""ਊ"""\r\n\r\n2,x\r\n',
  jsonl: '{"id":"1","title":"é 😀, \\"ਊ\\""}\r\n \r\n{"id":"2","title":"x"}',
  json: ' [{"id":"1","title":"é 😀, \\"ਊ\\""}, {"id":"2","title":"x"}]\n',
};
const RECORDS = [
  { id: '1', title: 'é 😀, "ਊ"' },
  { id: '2', title: 'x' },
];

describe.each(['utf-16le', 'utf-16be'] as const)('a file in %s', (encoding) => {
  it.each(['csv', 'jsonl', 'json'] as const)(
    'is read as %s, by its mark or by name, however it is cut',
    async (format) => {
      const bytes = utf16(FILES[format], encoding);
      const marked = Buffer.concat([utf16('\ufeff', encoding), bytes]);
      const cuts = [...marked.keys()];
      expect((await collect(marked, { format })).map(outcome)).toEqual(RECORDS);
      const records = await collect(marked, { format }, cuts);
      expect(records.map(outcome)).toEqual(RECORDS);
      expect((await collect(bytes, { format, encoding }, cuts)).map(contentOf)).toEqual(records.map(contentOf));
      // Quarantine keeps the bytes of the file, and reads them again.
      expect(bytes.includes(records[0]?.raw as Buffer)).toBe(true);
      const again = records.map(({ raw, reading }) =>
        rereadRecord(raw, JSON.parse(JSON.stringify(reading)) as Reading),
      );
      expect(again.map(contentOf)).toEqual(records.map(contentOf));
    },
  );

  it('without a mark is named in the error', async () => {
    await expect(collect(utf16('id,title\n1,x\n', encoding), { format: 'csv' })).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: `the source is not UTF-8, but probably ${encoding}. Add --encoding ${encoding}`,
    });
  });

  it('that has half a surrogate pair or half a unit loses these records only', async () => {
    const bytes = Buffer.concat([utf16('id,title\n1,\ud800\n2,x\n3', encoding), Buffer.from([0x2c])]);
    const records = await collect(bytes, { format: 'csv', encoding });
    expect(records.map(outcome)).toEqual(['invalid_encoding', { id: '2', title: 'x' }, 'invalid_encoding']);
  });
});

describe('a file in an encoding of its name', () => {
  it('is read as windows-1252, also by the name of latin1, and keeps its bytes', async () => {
    const line = Buffer.from('1,caf\xe9 \x80 \x93x\x94', 'latin1');
    const bytes = Buffer.concat([Buffer.from('id,tit\xe4l\n', 'latin1'), line, Buffer.from('\n2,\x81\n', 'latin1')]);
    const records = await collect(bytes, { format: 'csv', encoding: parseEncoding('latin1') });
    expect(records.map(outcome)).toEqual([{ id: '1', titäl: 'café € “x”' }, 'invalid_encoding']);
    expect(records[0]?.raw.equals(line)).toBe(true);
    expect(records[1]?.rejection?.message).toContain('is not valid windows-1252');
  });

  it.each([
    ['Shift_JIS', Buffer.from('1,\x83\x5c\x83\x7c', 'latin1'), 'ソポ'],
    ['iso-8859-15', Buffer.from('1,\xa4', 'latin1'), '€'],
    ['koi8-r', Buffer.from('1,\xc1', 'latin1'), 'а'],
  ])('is read as %s', async (label, line, title) => {
    const bytes = Buffer.concat([Buffer.from('id,title\n'), line, Buffer.from('\n')]);
    const encoding = parseEncoding(label);
    expect((await collect(bytes, { format: 'csv', encoding })).map(outcome)).toEqual([{ id: '1', title }]);
  });

  it('is rejected without it, by record and in the header, with what to do', async () => {
    const line = Buffer.from('1,caf\xe9\n2,x\n', 'latin1');
    const records = await collect(Buffer.concat([Buffer.from('id,title\n'), line]), { format: 'csv' });
    expect(records.map(outcome)).toEqual(['invalid_utf8', { id: '2', title: 'x' }]);
    expect(records[0]?.rejection?.message).toContain('--encoding windows-1252');
    await expect(collect(Buffer.from('id,tit\xe4l\n1,x\n', 'latin1'), { format: 'csv' })).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringContaining('--encoding windows-1252'),
    });
  });

  it('is not read against its byte order mark', async () => {
    const reading = collect('\ufeffid\n1\n', { format: 'csv', encoding: 'windows-1252' });
    await expect(reading).rejects.toThrow('has the byte order mark of utf-8, but --encoding is windows-1252');
  });
});

describe('parseEncoding', () => {
  it.each([
    ['UTF8', 'utf-8'],
    ['utf-16', 'utf-16le'],
    ['cp1252', 'windows-1252'],
    ['ISO-8859-1', 'windows-1252'],
    ['gb2312', 'gbk'],
  ])('takes %s for %s', (label, name) => {
    expect(parseEncoding(label)).toBe(name);
  });

  it.each(['', 'klingon', 'iso-2022-jp', 'x-user-defined'])('rejects %j, with examples', (label) => {
    expect(() => parseEncoding(label)).toThrow(/Unknown encoding .* windows-1252/);
  });
});

it('windows-1252 has the characters that the Encoding Standard gives it', () => {
  // TextDecoder of some releases of Node leaves these bytes as control characters.
  const bytes = Buffer.from('\x80\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8e\x91\x92\x93\x94\x95\x96', 'latin1');
  expect(decode(bytes, 'windows-1252')).toBe('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–');
  expect(decode(Buffer.from('\x97\x98\x99\x9a\x9b\x9c\x9e\x9f\xa0\xff \x7f', 'latin1'), 'windows-1252')).toBe(
    '—˜™š›œžŸ\xa0ÿ \x7f',
  );
});
