import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';

import { StorageConsoleModule } from '../../../src/console/index.js';
import { QuarantineService } from '../../../src/index.js';
import { emptyTables } from '../app/quarantine.js';
import { type ConsoleApp, type ConsoleAppOptions, startConsole } from './console-app.js';

const EVIL = `"><script>alert('x')</script>\u202E`;
const SECRET = 'never-shown-unasked';

/** The fields of the form of a page. */
function formOf(page: string): Record<string, string> {
  const inputs = [...page.slice(page.indexOf('class="confirm"')).matchAll(/<input\s+([^>]*?)\s*\/?>/g)];
  const fields = inputs.map(([, attributes = '']) =>
    ['name', 'value'].map((name) => new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1] ?? ''),
  );
  return Object.fromEntries(fields) as Record<string, string>;
}

/** The text of a page. */
function textOf(page: string): string {
  return page.replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ');
}

/** What the console does with rejected records: on Express with every change, on Fastify in CI. */
export function describeRejects(platform: ConsoleAppOptions['platform']): void {
  describe(`the rejected records on ${platform}`, () => {
    let console: ConsoleApp;
    let quarantine: QuarantineService;
    let log: string[];

    beforeAll(async () => {
      const canSee = (visitor: object, table: string): boolean =>
        decodeURIComponent(String((visitor as { headers: Record<string, unknown> }).headers['x-sees']))
          .split(',')
          .includes(table);
      console = await startConsole({
        platform,
        console: { canSee },
        imports: [StorageConsoleModule.forRoot({ path: 'watch', guards: 'none', readOnly: true })],
      });
      quarantine = console.module.get(QuarantineService);
      const note = (message: unknown): void => void log.push(String(message));
      console.module.useLogger({ log: note, warn: note, error: note });
    });
    afterAll(() => console.close());
    beforeEach(async () => {
      log = [];
      await emptyTables(console);
    });

    const see = (path: string, tables = 'submissions') => console.get(path).set('x-sees', encodeURIComponent(tables));
    /** Three blank keys and two wrong types. */
    const reject = async () => {
      const blank = Array.from({ length: 3 }, (_, n) => ({ submission_id: ' ', title: `${SECRET} ${n}` }));
      const wrong = [
        { submission_id: 'a', title: 4711 },
        { submission_id: 'b', title: 4712 },
      ];
      const { loadId } = await console.profiles.untyped().store([...blank, ...wrong]);
      const records = await quarantine.list();
      return { loadId, records, wrong: records.filter(({ reason }) => reason !== 'blank_key') };
    };
    const open = async () => (await quarantine.list({ limit: 100 })).map(({ key, reason }) => [key, reason]);

    it('are listed by table and reason, by any filter, and without their content', async () => {
      const { loadId, wrong } = await reject();
      const { status, text } = await console.get('/storage/rejects');
      expect(status).toBe(200);
      expect(text).toMatch(/<b>5 records<\/b>: open/);
      expect(text.match(/<a href="[^"]*rejects\/[0-9a-f-]{36}"/g)).toHaveLength(5);
      expect(text).not.toContain(SECRET);
      const filtered = await console.get(
        `/storage/rejects?reason=${wrong[0]?.reason}&loadId=${loadId}&table=submissions`,
      );
      expect(filtered.text).toMatch(/<b>2 records<\/b>/);
      expect((await console.get('/storage/rejects?to=2020-01-01')).text).toContain('No rejected records match');
      expect((await console.get('/storage/rejects?state=replayed')).text).toMatch(/<b>0 records<\/b>: replayed/);
    });

    it('are paged, and no page has a record of another', async () => {
      const many = Array.from({ length: 120 }, () => ({ submission_id: ' ' }));
      await console.profiles.storeBatch(many, { batchSize: 50 });
      const seen: string[] = [];
      let path: string | undefined = '/storage/rejects?reason=blank_key';
      let pages = 0;
      while (path !== undefined) {
        const { text }: { text: string } = await console.get(path);
        seen.push(...[...text.matchAll(/rejects\/([0-9a-f-]{36})"/g)].map(([, id]) => String(id)));
        const older = /<a href="([^"]*)" rel="next"/.exec(text)?.[1];
        path =
          older &&
          new URL(older.replaceAll('&amp;', '&'), `${console.origin}${path}`).href.slice(console.origin.length);
        pages += 1;
      }
      expect([pages, seen.length, new Set(seen).size]).toEqual([3, 120, 120]);
    });

    it.each([
      ['rejects?colour=red', 400],
      ['rejects?from=yesterday', 400],
      ['rejects?loadId=1', 400],
      ['rejects?after=1', 400],
      ['rejects?table=a%00b', 400],
      ['rejects/nonsense', 404],
      ['rejects/00000000-0000-4000-8000-000000000000', 404],
      ['rejects/00000000-0000-4000-8000-000000000000/content', 404],
      ['rejects/replay?state=any', 400],
      ['rejects/purge', 400],
      ['rejects/purge?state=any', 400],
      ['rejects/export?format=xml', 400],
    ])('answer %s with a page of %i', async (path, status) => {
      const answer = await see(`/storage/${path}`);
      expect([answer.status, answer.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
    });

    it('show one record with its reason, and its content on demand, to whom may see it', async () => {
      const { wrong } = await reject();
      const { id, reason, loadId } = wrong[0] as NonNullable<(typeof wrong)[0]>;
      const page = await console.get(`/storage/rejects/${id}`);
      expect(page.text).toContain(`<b>${reason}</b> in column <mark>title</mark>`);
      expect(page.text).toContain(`href="./../loads/${loadId}"`);
      expect(page.text).not.toContain('/content"');
      const refused = await console.get(`/storage/rejects/${id}/content`);
      expect(refused.status).toBe(403);
      expect(refused.text).not.toMatch(/471[12]/);
      expect(log.join()).not.toContain('saw rejected record');

      expect((await see(`/storage/rejects/${id}`)).text).toContain(`href="./../rejects/${id}/content"`);
      const shown = await see(`/storage/rejects/${id}/content`);
      expect(shown.text).toMatch(/<mark>&quot;title&quot;:471[12]<\/mark>/);
      expect(log).toContain(`saw rejected record ${id} of table "submissions", by ada`);
      const whole = await see(`/storage/rejects/${id}/content?download=1`).buffer(true).parse(bytes);
      expect(whole.headers['content-disposition']).toBe(`attachment; filename="rejected-${id}.json"`);
      expect(whole.body).toEqual((await quarantine.get(id, { withRaw: true }))?.raw);
    });

    it('are replayed, exactly those of the filter, and not those that come later', async () => {
      const { records, wrong } = await reject();
      const reason = String(wrong[0]?.reason);
      const preview = await console.get(`/storage/rejects/replay?reason=${reason}`);
      expect(preview.text).toContain('Replay 2 records');
      // Both would load now; so would one that is rejected after the preview.
      await console.profiles.untyped().store([{ submission_id: 'later', title: 1 }]);
      await console.rows(
        `UPDATE storage_rejected_records SET raw = convert_to('{"submission_id":"' || record_key || '"}', 'UTF8') WHERE reason = $1`,
        [reason],
      );
      const done = await console.post('/storage/rejects/replay', formOf(preview.text));
      expect([done.status, done.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(textOf(done.text)).toContain('Replayed 2 records: 2 loaded, 0 skipped, 0 rejected again');
      expect(await console.rows('SELECT submission_id FROM submissions ORDER BY 1')).toEqual([
        { submission_id: 'a' },
        { submission_id: 'b' },
      ]);
      expect(await open()).toEqual([
        ['later', reason],
        ...records.filter((record) => record.reason === 'blank_key').map(() => [' ', 'blank_key']),
      ]);
      expect(log.filter((line) => line.endsWith(', by ada'))).toEqual([
        expect.stringContaining('replays 2 rejected records (open, with reason'),
        expect.stringContaining('received 2, loaded 2, skipped 0, rejected again 0'),
      ]);
      expect((await console.post('/storage/rejects/replay', formOf(preview.text))).status).toBe(409);
    });

    it('that are rejected again are told with their reason', async () => {
      await reject();
      const preview = await console.get('/storage/rejects/replay?table=submissions');
      const done = await console.post('/storage/rejects/replay', formOf(preview.text));
      expect(textOf(done.text)).toContain('Replayed 5 records: 0 loaded, 0 skipped, 5 rejected again');
      expect(done.text).toContain('blank_key');
      expect(await quarantine.count()).toBe(5);
    });

    it('are purged, exactly those of the filter, when the box is ticked', async () => {
      await reject();
      const preview = await console.get('/storage/rejects/purge?reason=blank_key');
      expect(preview.text).toContain('Purge 3 records');
      await console.profiles.store([{ submission_id: ' ' }]);
      const { confirm, ...unticked } = formOf(preview.text);
      expect((await console.post('/storage/rejects/purge', unticked)).status).toBe(400);
      expect(await quarantine.count()).toBe(6);
      const done = await console.post('/storage/rejects/purge', { ...unticked, confirm: String(confirm) });
      expect(done.text).toContain('Deleted 3 records, of which 3 were open');
      expect(await quarantine.countByReason()).toEqual([
        { reason: expect.not.stringMatching('blank_key'), count: 2 },
        { reason: 'blank_key', count: 1 },
      ]);
      expect(log).toContainEqual(expect.stringMatching(/^purges 3 rejected records \(.*\), by ada$/));
      expect(log).toContainEqual(expect.stringMatching(/^purged 3 rejected records, 3 of them open \(.*\), by ada$/));
    });

    it('are left alone when the filter matches another number than the preview has shown', async () => {
      const { records } = await reject();
      const preview = await console.get('/storage/rejects/purge?table=submissions&state=any');
      await quarantine.purge({ reason: 'blank_key' });
      const done = await console.post('/storage/rejects/purge', formOf(preview.text));
      expect([done.status, done.text]).toEqual([409, expect.stringContaining('the preview showed 5 records')]);
      expect(await quarantine.count()).toBe(records.length - 3);
    });

    it.each(['replay', 'purge'])(
      'are not touched by a %s of another site, nor in a read-only console',
      async (action) => {
        await reject();
        const fields = formOf((await console.get(`/storage/rejects/${action}?table=submissions`)).text);
        const foreign = await console.post(`/storage/rejects/${action}`, fields).set('sec-fetch-site', 'cross-site');
        expect([foreign.status, foreign.text]).toEqual([403, '']);
        const watching = await console.post(`/watch/rejects/${action}`, fields);
        expect([watching.status, watching.text]).toEqual([405, '']);
        expect((await console.get(`/watch/rejects/${action}?table=submissions`)).status).toBe(403);
        const list = (await console.get('/watch/rejects?table=submissions')).text;
        expect(list).not.toMatch(/rejects\/(?:replay|purge)/);
        expect(await quarantine.count()).toBe(5);
        expect(
          (await request(console.origin).post(`/storage/rejects/${action}`).type('form').send(fields)).status,
        ).toBe(401);
      },
    );

    it('have a log without characters that a terminal acts on', async () => {
      await console.post('/storage/rejects/replay', { table: '\u202E\u009B', to: '2026-01-01', records: '0' });
      expect(log[0]).toContain(String.raw`"\u202e\x9b"`);
    });

    it('are exported as by the service, to whom may see every table of them', async () => {
      await reject();
      await console.rows(
        `UPDATE storage_rejected_records SET raw = '\\x7b0a7d', reading = '{"format":"json"}' WHERE position = 0`,
      );
      const expected: Buffer[] = [];
      for await (const line of quarantine.export({}, 'jsonl', () => {})) expected.push(line);
      const exported = await see('/storage/rejects/export?format=jsonl').buffer(true).parse(bytes);
      expect(exported.body).toEqual(Buffer.concat(expected));
      expect(exported.headers).toMatchObject({
        'content-type': 'application/x-ndjson',
        'content-disposition': 'attachment; filename="rejects.jsonl"',
        'cache-control': 'no-store',
      });
      expect(log).toContainEqual(
        expect.stringMatching(
          /^exported 5 rejected records as jsonl, left out 0 \(open, rejected before \S+\), by ada$/,
        ),
      );

      const page = await see('/storage/rejects/export');
      expect(page.text).toMatch(/As jsonl: 5 records[\s\S]*As csv: 0 records[\s\S]*the record was not read as csv/);
      expect((await see('/storage/rejects/export?format=csv')).text).toContain(
        'No record can be exported in this format',
      );
      await console.opportunities.untyped().store([{ submission_id: ' ', problem_description: SECRET }]);
      for (const path of ['/storage/rejects/export?format=jsonl', '/storage/rejects/export']) {
        const refused = await see(path);
        expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('app_opportunities')]);
        expect(refused.text).not.toContain(SECRET);
      }
    });

    it('show text from anywhere as text', async () => {
      const { loadId } = await reject();
      await console.rows(
        `UPDATE storage_rejected_records SET table_name = $1, reason = $1, column_name = $1, message = $1, record_key = $1,
              raw = convert_to($2, 'UTF8')`,
        [EVIL, JSON.stringify({ [EVIL]: EVIL })],
      );
      const [first] = await quarantine.list();
      const filter = new URLSearchParams({ table: EVIL, reason: EVIL, loadId }).toString();
      const paths = [
        `rejects?${filter}`,
        `rejects/${first?.id}`,
        `rejects/${first?.id}/content`,
        `rejects/replay?${filter}`,
        `rejects/purge?${filter}`,
        `rejects/export?${filter}`,
        `rejects?${new URLSearchParams({ [EVIL]: EVIL }).toString()}`,
      ];
      for (const path of paths) {
        const { text } = await see(`/storage/${path}`, EVIL);
        expect([path, text.includes('<script>alert'), textOf(text).includes('\u202E')]).toEqual([path, false, false]);
        expect(text).toContain('&lt;script&gt;');
      }
      const exported = await see(`/storage/rejects/export?format=jsonl&${filter}`, EVIL);
      expect(exported.headers['content-disposition']).toMatch(/^attachment; filename="[\w.-]+\.jsonl"$/);
    });
  });
}

function bytes(response: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => done(null, Buffer.concat(chunks)));
}
