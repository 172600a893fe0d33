import { SampleRandom } from './sample-random.js';
import { CLOSERS, OPENERS, THEMES, type Theme, TITLES } from './themes.js';

/** The seed and the number of lines of `hybrid-records.jsonl`. */
export const SAMPLE_SEED = 20_240_501;
export const SAMPLE_SIZE = 300;

/** A hybrid record in a file: keys are column names. */
export type SampleRecord = Record<string, unknown>;

const FIRST_CREATED = 1_704_067_200;
const NAME_STARTS = ['quiet', 'mossy', 'brave', 'late', 'plain', 'odd', 'paper', 'winter'];
const NAME_ENDS = ['kettle', 'harbor', 'ledger', 'otter', 'pencil', 'lantern', 'radish', 'anvil'];

/** Lines that a load must reject, each by a different rule. */
const FAULTS: readonly ((record: SampleRecord) => string)[] = [
  (record) => JSON.stringify({ ...record, problem_description: 'cut off\u0000here' }),
  (record) => JSON.stringify({ ...record, title: 'half an emoji \ud83d' }),
  (record) => JSON.stringify({ ...record, opportunity_score: 'high' }),
  (record) => JSON.stringify({ ...record, submission_id: ' ', reddit_id: ' ' }),
  (record) => JSON.stringify({ ...record, created_utc: '01/02/2024' }),
  (record) => JSON.stringify({ ...record, app_name: { en: 'Nested', de: 'Verschachtelt' } }),
  (record) => JSON.stringify([record]),
  (record) => JSON.stringify(record).slice(0, -20),
];
const KEYLESS = 3;

/**
 * The lines of a file of hybrid records, the same for the same arguments. Of 300 lines: 234 full records (some with
 * aliases, some with fields without a column), 30 without a problem_description, 20 partial records of a later stage for
 * earlier submissions, 5 exact repetitions, 3 without any key, and 8 that must be rejected.
 *
 * @param size - number of lines, at least 20
 */
export function generateHybridSample(seed: number, size: number): string[] {
  const partial = Math.round(size / 15);
  const repeated = Math.round(size / 60);
  const profileOnly = Math.round(size / 10);
  const full = size - partial - repeated - profileOnly - KEYLESS - FAULTS.length;
  const random = new SampleRandom(seed);
  const records = generateHybridRecords(seed, size);

  const sound = records.slice(0, full).map((record, index) => varied(record, index));
  const profiles = records.slice(full, full + profileOnly).map(profileOf);
  const keyless = records.slice(-KEYLESS).map((record) => ({ ...record, submission_id: undefined }));
  const faulty = FAULTS.map((fault, index) => fault(records[full + profileOnly + index] ?? {}));
  const lines = random.shuffled([
    ...[...sound, ...profiles, ...keyless].map((each) => JSON.stringify(each)),
    ...faulty,
  ]);

  // A line that refers to an earlier one comes after it: in one load the two are duplicates.
  for (let i = 0; i < partial + repeated; i++) {
    const earlier = random.pick(sound);
    const position = lines.indexOf(JSON.stringify(earlier)) + 1;
    const line = JSON.stringify(i < partial ? trustOf(earlier, random) : earlier);
    lines.splice(random.integer(position, lines.length), 0, line);
  }
  return lines;
}

/** Full records with distinct keys, valid for both tables. */
export function generateHybridRecords(seed: number, size: number): SampleRecord[] {
  const random = new SampleRandom(seed);
  let id = 36 ** 5 + random.integer(0, 36 ** 4);
  return Array.from({ length: size }, () => {
    id += random.integer(1, 900);
    return fullRecord(`t3_h${id.toString(36)}`, random);
  });
}

function fullRecord(submissionId: string, random: SampleRandom): SampleRecord {
  const theme = random.pick(THEMES);
  const fill = (text: string) => text.replace('{chore}', theme.chore).replace('{rival}', theme.rival);
  const created = FIRST_CREATED + random.integer(0, 120 * 86_400);
  const app = random.pick(theme.apps);
  const score = random.score();
  return {
    submission_id: submissionId,
    title: fill(random.pick(TITLES)),
    selftext: selftextOf(theme, random),
    author: `${random.pick(NAME_STARTS)}_${random.pick(NAME_ENDS)}_${random.integer(10, 9999)}`,
    subreddit: theme.subreddit,
    url: `https://reddit.example/r/${theme.subreddit}/comments/${submissionId.slice(3)}`,
    created_utc: random.chance(0.5) ? created : new Date(created * 1000).toISOString(),
    reddit_score: random.integer(0, 4200),
    num_comments: random.integer(0, 380),
    problem_description: `${withArticle(theme.profession, 'A')} loses hours ${theme.chore}: ${random.some(theme.pains, 2).join(', and ')}.`,
    app_concept: `${app} takes over ${theme.chore}. ${random.pick(theme.functions)} – without ${theme.rival}.`,
    core_functions: random.some(theme.functions, random.integer(1, 3)),
    value_proposition: theme.value,
    target_user: `${theme.profession}, working alone or with a small team`,
    monetization_model: random.pick(['subscription', 'one-time purchase', 'freemium', 'pay per use']),
    opportunity_score: score,
    ...(random.chance(0.7) && { final_score: random.near(score) }),
    status: random.pick(['discovered', 'discovered', 'validated', 'shortlisted']),
    ai_profile: profileFor(theme, random),
    app_name: app,
    app_category: theme.category,
    profession: theme.profession,
    core_problems: random.some(theme.pains, random.integer(1, 3)),
    dimension_scores: Object.fromEntries(
      ['pain', 'frequency', 'willingness_to_pay', 'competition'].map((name) => [name, random.near(score)]),
    ),
    priority: score > 66 ? 'high' : score > 33 ? 'medium' : 'low',
    confidence: random.integer(30, 99) / 100,
    evidence_based: random.chance(0.6),
    ...(random.chance(0.6) && trustFields(random)),
    ...(random.chance(0.8) && { monetization_score: random.near(score) }),
    ...(random.chance(0.5) && marketFields(theme, random)),
    analyzed_at: new Date((created + random.integer(3600, 9 * 86_400)) * 1000).toISOString(),
    ...(random.chance(0.3) && { enrichment_version: 'v3.1.0', pipeline_source: 'nightly_batch' }),
  };
}

function selftextOf(theme: Theme, random: SampleRandom): string {
  const pains = random.some(theme.pains, random.integer(1, 3)).map((pain) => `- ${pain}`);
  const paragraphs = [
    random.pick(OPENERS),
    `I'm ${withArticle(theme.profession, 'a')} and I spend too much time ${theme.chore}. What makes it worse:`,
    pains.join('\n'),
    `Right now my "system" is ${theme.rival}.`,
    random.pick(CLOSERS),
  ];
  return random.chance(0.1) ? '' : paragraphs.join('\n\n');
}

function withArticle(noun: string, article: 'a' | 'A'): string {
  return `${article}${/^[aeiou]/.test(noun) ? 'n' : ''} ${noun}`;
}

function profileFor(theme: Theme, random: SampleRandom): object {
  return {
    summary: `${theme.profession} who wants to stop ${theme.chore}`,
    tools_in_use: [theme.rival],
    sentiment: { frustration: random.integer(1, 10) / 10, hope: random.integer(0, 10) / 10 },
    quotes: random.some(theme.pains, 1).map((pain) => `“${pain}”`),
    budget_usd: random.chance(0.4) ? random.integer(5, 90) : null,
  };
}

function trustFields(random: SampleRandom): SampleRecord {
  const trust = random.score();
  return {
    trust_score: trust,
    trust_badge: trust > 75 ? 'gold' : trust > 50 ? 'silver' : 'basic',
    activity_score: random.near(trust),
    trust_level: trust > 66 ? 'high' : trust > 33 ? 'medium' : 'low',
    trust_badges: random.some(
      ['active_thread', 'verified_problem', 'long_account', 'no_promotion'],
      random.integer(0, 3),
    ),
  };
}

function marketFields(theme: Theme, random: SampleRandom): SampleRecord {
  const competitors = [{ name: theme.rival, price_usd: random.integer(0, 40) }];
  return {
    market_validation: { competitors, sources: random.integer(1, 12) },
    market_validation_score: random.score(),
  };
}

/** A record of a later pipeline stage: the key and new findings only. */
function trustOf(record: SampleRecord, random: SampleRandom): SampleRecord {
  const { submission_id = record['reddit_id'], problem_description } = record;
  return { submission_id, problem_description, status: 'validated', ...trustFields(random) };
}

function profileOf(record: SampleRecord): SampleRecord {
  const { submission_id, title, selftext, author, subreddit, url, created_utc, reddit_score, num_comments } = record;
  return { submission_id, title, selftext, author, subreddit, url, created_utc, reddit_score, num_comments };
}

/** Some records use aliases or have fields without a column. */
function varied(record: SampleRecord, index: number): SampleRecord {
  switch (index % 24) {
    case 3:
      return renamed(record, { submission_id: 'reddit_id' });
    case 7:
      return renamed(record, { core_functions: 'function_list' });
    case 11:
      return renamed(record, { core_functions: 'functions', monetization_score: 'llm_monetization_score' });
    case 15:
      return renamed({ ...record, final_score: undefined }, { opportunity_score: 'total_score' });
    case 19:
      return { ...record, upvote_ratio: 0.5 + (index % 50) / 100, link_flair_text: 'Question' };
    default:
      return record;
  }
}

function renamed(record: SampleRecord, names: Readonly<Record<string, string>>): SampleRecord {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [names[name] ?? name, value]));
}
