import { writeFileSync } from 'node:fs';
import { generateHybridSample, SAMPLE_SEED, SAMPLE_SIZE } from './hybrid-sample.js';

// Run with: node --import @swc-node/register/esm-register sample/generate-sample.ts
const lines = generateHybridSample(SAMPLE_SEED, SAMPLE_SIZE);
writeFileSync(new URL('hybrid-records.jsonl', import.meta.url), lines.map((line) => `${line}\n`).join(''));
