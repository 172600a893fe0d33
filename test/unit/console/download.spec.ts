import { Readable } from 'node:stream';

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller, Get, Inject, type INestApplication, Req, Res } from '@nestjs/common';
import { Test } from '@nestjs/testing';

import { CONSOLE_CONTEXT } from '../../../src/console/console-context.js';
import { ConsoleResponder } from '../../../src/console/http/console-responder.js';

@Controller()
class CutFile {
  constructor(@Inject(ConsoleResponder) private readonly responder: ConsoleResponder) {}

  @Get('file')
  async file(@Req() request: object, @Res() response: object): Promise<void> {
    const lines = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('first line\n');
      throw Object.assign(new Error('invalid input: value of a row'), { code: '22P02', severity: 'ERROR' });
    };
    await this.responder.answer(request, response, 1, () => ({
      type: 'text/plain',
      fileName: 'rejects.jsonl',
      stream: Readable.from(lines(), { objectMode: false }),
    }));
  }
}

let app: INestApplication;
const log: string[] = [];

beforeAll(async () => {
  const module = await Test.createTestingModule({
    controllers: [CutFile],
    providers: [ConsoleResponder, { provide: CONSOLE_CONTEXT, useValue: {} }],
  }).compile();
  app = module.createNestApplication({ logger: false });
  const note = (...parts: unknown[]): void => void log.push(parts.map(String).join(' '));
  app.useLogger({ log: note, warn: note, error: note });
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());

it('a file that is cut does not look complete, and the log has no value', async () => {
  const reading = (async () => (await fetch(`${await app.getUrl()}/file`)).text())();
  await expect(reading).rejects.toThrow(/terminated|fetch failed/);
  expect(log.filter((line) => line.includes('StorageConsole'))).toHaveLength(1);
  expect(log.join('\n')).not.toContain('value of a row');
});
