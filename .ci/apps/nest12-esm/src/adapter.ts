import { ExpressAdapter } from '@nestjs/platform-express';

export function makeAdapter(): ExpressAdapter {
  return new ExpressAdapter();
}
