/** Layers of ARCHITECTURE.md, top to bottom: a folder may import only what stands below it. */
const LAYERS = [
  ['src/cli/', 'src/testing/'],
  ['src/index\\.ts'],
  ['src/module/'],
  ['src/replay/'],
  ['src/hybrid/', 'src/repositories/'],
  ['src/loader/'],
  ['src/stats/', 'src/quarantine/', 'src/schema/'],
  ['src/files/', 'src/embedded/'],
  ['src/postgres/'],
  ['src/entities/', 'src/records/'],
  ['src/errors/'],
];

const anyOf = (layers) => `^(?:${layers.flat().join('|')})`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
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
