/** The console's stylesheet. */
export const STYLESHEET = `:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; }
`;
