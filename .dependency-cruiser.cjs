/** Layers of ARCHITECTURE.md, top to bottom: a folder or file may import only what stands below it. */
const LAYERS = [
  ['src/cli/(?:main|run-command-line|program|cli-command)\\.ts', 'src/testing/', 'src/health/'],
  ['src/cli/commands/'],
  ['src/cli/load/', 'src/cli/context/', 'src/cli/console/', 'src/cli/interrupts\\.ts'],
  ['src/cli/output/', 'src/cli/flags/'],
  ['src/cli/(?:exit-codes|usage-error)\\.ts'],
  ['src/index\\.ts', 'src/console/(?:index|storage-console\\.module)\\.ts'],
  ['src/console/console-controllers\\.ts'],
  ['src/console/(?:overview|loads|rejects|schema)/', 'src/console/assets/assets\\.controller\\.ts'],
  ['src/console/http/'],
  ['src/console/console-context\\.ts'],
  ['src/console/console-options\\.ts', 'src/console/html/layout\\.ts', 'src/console/plots/'],
  ['src/console/assets/(?:assets|script|stylesheet)\\.ts'],
  ['src/console/html/(?!layout)'],
  ['src/metrics/', 'src/opentelemetry/'],
  ['src/instruments/'],
  ['src/module/'],
  ['src/replay/', 'src/workers/(?:record-workers|worker|worker-jobs)\\.ts'],
  ['src/enrichment/', 'src/hybrid/', 'src/repositories/'],
  ['src/loader/loader\\.service\\.ts', 'src/workers/worker-job\\.ts'],
  ['src/loader/(?:entity|combined)-loader\\.ts'],
  ['src/loader/buffer/', 'src/loader/upsert/'],
  ['src/loader/run/'],
  ['src/loader/plan/'],
  ['src/loader/replace/'],
  ['src/loader/pipelined/'],
  ['src/loader/isolate/'],
  ['src/loader/write/'],
  ['src/loader/distributed/'],
  ['src/loader/merge/'],
  ['src/loader/read/'],
  ['src/loader/normalize/'],
  ['src/loader/model/'],
  ['src/loader/values/'],
  ['src/operations/'],
  ['src/stats/', 'src/schema/schema\\.service\\.ts'],
  ['src/schema/propose/(?:columns|widen)/'],
  ['src/schema/propose/source/'],
  ['src/schema/propose/alter/', 'src/schema/propose/read-all-rows\\.ts'],
  ['src/schema/check-schema\\.ts'],
  ['src/schema/migrations/'],
  ['src/schema/compare/'],
  ['src/schema/table/'],
  ['src/quarantine/'],
  ['src/files/', 'src/embedded/(?:embedded-postgres|temporary-postgres|resolve-database|default-data-dir)\\.ts'],
  ['src/embedded/server/'],
  ['src/embedded/home/'],
  ['src/embedded/system/'],
  ['src/postgres/'],
  ['src/entities/', 'src/records/'],
  ['src/errors/'],
  ['src/results/'],
];

/** The only files that load Nest or rxjs when they are imported. */
const NEST =
  '^src/(?:cli/console/|console/|health/(?:index|storage-health)|instruments/instrument-module|metrics/(?:index|storage-metrics)|opentelemetry/(?:index|storage-opentelemetry)|testing/|stats/load-stats\\.service|module/(?:find-storage|second-module|enrichment\\.module|storage-(?:exception\\.filter|providers|tokens)|storage\\.module))';

/** Modules that an application imports by a subpath of the package. */
const SUBPATHS = '^src/(?:console|health|metrics|opentelemetry)/';

const anyOf = (layers) => `^(?:${layers.flat().join('|')})`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Type-only imports count: two files that need each other are one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'every-file-has-a-layer',
      severity: 'error',
      from: { path: '^src/', pathNot: anyOf(LAYERS) },
      to: {},
    },
    {
      name: 'nest-in-few-files',
      severity: 'error',
      from: { path: '^src/', pathNot: NEST },
      to: { path: 'node_modules/(?:@nestjs|rxjs)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'command-line-without-nest',
      comment: 'Its modules take longer to load than a small file. `console` imports it when it is run.',
      severity: 'error',
      from: { path: '^src/(?:cli|loader|hybrid|replay|workers)/', pathNot: '^src/cli/console/' },
      to: { path: NEST, dependencyTypesNot: ['type-only', 'dynamic-import'] },
    },
    {
      name: 'core-without-subpaths',
      comment: 'An application that does not import them needs none of their peers.',
      severity: 'error',
      from: { path: '^src/', pathNot: `${SUBPATHS}|^src/cli/console/` },
      to: { path: SUBPATHS },
    },
    ...LAYERS.slice(1).map((layer, index) => ({
      name: `no-upward-import-from-layer-${index + 2}`,
      severity: 'error',
      from: { path: anyOf([layer]) },
      to: { path: anyOf(LAYERS.slice(0, index + 1)) },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
