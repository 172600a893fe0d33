/** The avoided words in a line, each with the plain word. */
export function findWords(line: string): { readonly word: string; readonly say: string }[];
