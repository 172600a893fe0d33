import { describe, expect, it } from '@jest/globals';

import { nearestName } from '../../../src/errors/nearest-name.js';

const FIELDS = ['submission_id', 'submissionId', 'reddit_id', 'title', 'url'];

describe('the most similar name', () => {
  it.each([
    ['submision_id', 'submission_id'],
    ['submissionid', 'submissionId'],
    ['subbmission_idd', 'submission_id'],
    ['titel', 'title'],
    ['tytle', 'title'],
    ['Url', 'url'],
    ['subm', undefined],
    ['red', 'reddit_id'],
    ['ups', undefined],
    ['id', undefined],
    ['anything', undefined],
    ['', undefined],
  ])('to %j is %j', (name, meant) => {
    expect(nearestName(name, FIELDS)).toBe(meant);
  });
});
