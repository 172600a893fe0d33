/** The console's script. Every page works without it. */
export const SCRIPT = `'use strict';
`;
