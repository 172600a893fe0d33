import { describe, expect, it } from '@jest/globals';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';

import { StorageConsoleModule } from '../../../src/console/index.js';
import { StorageHealthModule } from '../../../src/health/index.js';
import { StorageMetricsModule } from '../../../src/metrics/index.js';
import { StorageOpenTelemetryModule } from '../../../src/opentelemetry/index.js';

const storage = 'archive';

describe('an application without the StorageModule that is named', () => {
  it.each([
    ['StorageConsoleModule', StorageConsoleModule.forRoot({ guards: 'none', storage })],
    ['StorageHealthModule', StorageHealthModule.forRoot({ storage })],
    ['StorageMetricsModule', StorageMetricsModule.forRoot({ storage })],
    ['StorageOpenTelemetryModule', StorageOpenTelemetryModule.forRoot({ storage })],
  ])('is told so by %s', async (name, module) => {
    const starting = Test.createTestingModule({ imports: [TerminusModule, module] }).compile();
    await expect(starting).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: `${name} found no StorageModule of the name 'archive': import StorageModule.forRoot({ name: 'archive', … }) in the application`,
    });
  });
});
