import { describe, expect, it } from '@jest/globals';

import { isSameOrigin } from '../../../src/console/http/visit.js';

describe('a form is of the console itself', () => {
  it.each([
    { 'sec-fetch-site': 'same-origin' },
    // A proxy has changed the host: the browser's word counts.
    { 'sec-fetch-site': 'same-origin', origin: 'https://ops.test', host: 'app:3000' },
    { origin: 'http://ops.test', host: 'ops.test' },
    { origin: 'https://ops.test', host: 'ops.test' },
    { origin: 'https://ops.test', host: 'OPS.test:443' },
    { origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' },
    { origin: 'http://[::1]:3000', host: '[::1]:3000' },
  ])('by the headers %j', (headers) => {
    expect(isSameOrigin({ headers })).toBe(true);
  });

  it.each([
    {},
    { host: 'ops.test' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://ops.test', host: 'ops.test' },
    { 'sec-fetch-site': 'same-site', origin: 'http://ops.test', host: 'ops.test' },
    { 'sec-fetch-site': 'none', origin: 'http://ops.test', host: 'ops.test' },
    { 'sec-fetch-site': '', origin: 'http://ops.test', host: 'ops.test' },
    { 'sec-fetch-site': ['same-origin', 'cross-site'], host: 'ops.test' },
    { origin: 'http://ops.test' },
    { origin: 'null', host: 'null' },
    { origin: '', host: '' },
    { origin: 'http://ops.test', host: 'ops.test.evil.test' },
    { origin: 'http://evil.test', host: 'ops.test' },
    { origin: 'http://ops.test:8080', host: 'ops.test' },
    { origin: 'http://ops.test', host: 'ops.test:8080' },
    { origin: 'https://ops.test', host: 'ops.test:80' },
    { origin: 'file://ops.test', host: 'ops.test' },
    { origin: 'http://ops.test', host: 'user@ops.test/?#' },
    { origin: ['http://ops.test'], host: 'ops.test' },
  ])('but not by the headers %j', (headers) => {
    expect(isSameOrigin({ headers })).toBe(false);
  });
});
