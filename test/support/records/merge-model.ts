import fc from 'fast-check';

/** A stored opportunity, as far as the model knows it. */
export type ModelRow = Record<string, unknown>;

const SET = ['app_name', 'status', 'opportunity_score', 'evidence_based', 'ai_profile', 'enrichment_version'] as const;
const PRESERVED = ['trust_score', 'trust_badge', 'activity_score', 'trust_level', 'trust_badges'] as const;
const FINAL_STAND_INS = ['opportunity_score', 'total_score', 'overall_score'];
const DEFAULTS = { enrichment_version: 'v3.0.0', pipeline_source: 'unified_pipeline' };

/** Every column the model speaks of. */
export const MODEL_COLUMNS = [...SET, ...PRESERVED, 'pipeline_source', 'final_score', 'core_functions', 'extra'];

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const text = fc.constantFrom('a', 'b', '', null);
const score = fc.constantFrom(0, 1, 72.5, null);
const json = fc.constantFrom(['x'], {}, [], 0, false, '', null);

const fields = fc.record(
  {
    app_name: text,
    status: text,
    opportunity_score: score,
    evidence_based: fc.constantFrom(true, false, null),
    ai_profile: json,
    enrichment_version: text,
    trust_score: score,
    trust_badge: text,
    activity_score: score,
    trust_level: text,
    trust_badges: json,
    final_score: score,
    total_score: score,
    overall_score: score,
    core_functions: json,
    function_list: json,
    functions: json,
    mood: fc.constantFrom('good', 'bad', 0, null),
    season: json,
    untold: fc.constant(undefined),
  },
  { requiredKeys: [] },
);

/** A partial opportunity with one of a few keys, its fields under column names or property names. */
export const partialOpportunity = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fields, fc.boolean())
  // What an explicit null beside a fallback field means is left open: "null erases" and "a fallback field fills" both apply.
  .filter(([, given]) => given.final_score !== null)
  .map(([key, given, asProperties]) => {
    const named = Object.entries(given).map(([name, value]) => [asProperties ? camel(name) : name, value] as const);
    return {
      columns: { key: `t3_${key}`, given: given as Record<string, unknown>, asProperties },
      record: {
        submission_id: `t3_${key}`,
        problem_description: 'p',
        ...Object.fromEntries(named),
      },
    };
  });

export type PartialOpportunity = typeof partialOpportunity extends fc.Arbitrary<infer T> ? T : never;

/** What a merge of one record leaves of the stored row. */
export function mergeIntoModel(stored: ModelRow | undefined, { columns }: PartialOpportunity): ModelRow {
  const { given, asProperties } = columns;
  const row: ModelRow = { ...(stored ?? { ...DEFAULTS }) };
  const present = (name: string): boolean => given[name] !== undefined && given[name] !== null;
  const used = new Set<string>();
  for (const name of SET) {
    if (given[name] !== undefined) row[name] = given[name];
  }
  for (const name of PRESERVED) {
    if (present(name)) row[name] = given[name];
  }
  const functions = ['core_functions', 'function_list', 'functions'].find(present);
  if (functions !== undefined) {
    row['core_functions'] = given[functions];
    used.add(functions);
  } else if (given['core_functions'] === null) {
    row['core_functions'] = null;
  }
  const fallback = FINAL_STAND_INS.find(present);
  if (present('final_score')) {
    row['final_score'] = given['final_score'];
  } else if (fallback !== undefined) {
    row['final_score'] ??= given[fallback];
    used.add(fallback);
  }
  const extra: Record<string, unknown> = {};
  for (const name of ['total_score', 'overall_score', 'function_list', 'functions']) {
    if (present(name) && !used.has(name)) extra[asProperties ? camel(name) : name] = given[name];
  }
  for (const name of ['mood', 'season']) {
    if (given[name] !== undefined) extra[name] = given[name];
  }
  if (Object.keys(extra).length > 0) {
    row['extra'] = { ...(row['extra'] as object | undefined), ...extra };
  }
  return Object.fromEntries(MODEL_COLUMNS.map((name) => [name, row[name] ?? null]));
}
