/**
 * Texts in their order, as chunks in their order. They never change: `withText` and `withoutText` return others, which
 * share all chunks but one. A change copies one chunk and the list of chunks, which takes some microseconds with
 * 100,000 texts. Arrays of text are plain data, so a state may contain them.
 */
export type SortedTexts = readonly (readonly string[])[];

/** The most texts of a chunk; a fuller one is split. */
const CHUNK = 256;

export const noTexts: SortedTexts = [];

/**
 * Returns the index of the first item for which `isBehind` holds. The items before it are those for which it does not.
 */
const firstWhere = <Item>(items: readonly Item[], isBehind: (item: Item) => boolean): number => {
  let [from, to] = [0, items.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isBehind(items[middle]!)) to = middle;
    else from = middle + 1;
  }
  return from;
};

/** Returns the index of the chunk in which a text is, or would be. */
const chunkOf = (chunks: SortedTexts, text: string): number =>
  Math.max(0, firstWhere(chunks, ([first]) => first! > text) - 1);

/** Adds a text. One that is there already changes nothing. */
export const withText = (chunks: SortedTexts, text: string): SortedTexts => {
  if (chunks.length === 0) return [[text]];
  const index = chunkOf(chunks, text);
  const chunk = chunks[index]!;
  const at = firstWhere(chunk, (each) => each >= text);
  if (chunk[at] === text) return chunks;
  const longer = chunk.toSpliced(at, 0, text);
  if (longer.length <= CHUNK) return chunks.with(index, longer);
  // Texts that are added in their order leave full chunks behind.
  const half = at === chunk.length ? CHUNK : CHUNK / 2;
  return chunks.toSpliced(index, 1, longer.slice(0, half), longer.slice(half));
};

/** Removes a text. One that is not there changes nothing. */
export const withoutText = (chunks: SortedTexts, text: string): SortedTexts => {
  if (chunks.length === 0) return chunks;
  const index = chunkOf(chunks, text);
  const chunk = chunks[index]!;
  const at = firstWhere(chunk, (each) => each >= text);
  if (chunk[at] !== text) return chunks;
  return chunk.length === 1 ? chunks.toSpliced(index, 1) : chunks.with(index, chunk.toSpliced(at, 1));
};

/** Returns the first text. */
export const firstText = (chunks: SortedTexts): string | undefined => chunks[0]?.[0];

/** Returns the texts before another one, in order. @param most texts that are returned */
export const textsBefore = (chunks: SortedTexts, end: string, most: number): string[] => {
  const found: string[] = [];
  for (const chunk of chunks) {
    for (const text of chunk) {
      if (text >= end || found.length >= most) return found;
      found.push(text);
    }
  }
  return found;
};
