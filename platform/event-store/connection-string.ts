/** Returns a connection string as the client knows it: KurrentDB's later names of the schemes mean the same. */
export const asEsdb = (url: string): string => url.replace(/^kurrentdb(?=(?:\+discover)?:)/, 'esdb');
