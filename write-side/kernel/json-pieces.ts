/** Approximate characters of a piece: some tenths of a millisecond of work. */
const PIECE = 16 * 1024;

function* texts(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) {
    yield JSON.stringify(value);
  } else if (Symbol.iterator in value) {
    let text = '[';
    let separator = '';
    for (const element of value as Iterable<unknown>) {
      text += separator + JSON.stringify(element);
      separator = ',';
      if (text.length < PIECE) continue;
      yield text;
      text = '';
    }
    yield `${text}]`;
  } else {
    let separator = '{';
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${separator}${JSON.stringify(name)}:`;
      yield* texts(member);
      separator = ',';
    }
    yield separator === '{' ? '{}' : '}';
  }
}

/**
 * Generates the JSON text of a value in pieces. Each piece is made on demand, so that a writer lets other work run
 * between them. Lists may be any iterables; their elements are made on demand too.
 */
export function* jsonPieces(value: unknown): Generator<string> {
  let piece = '';
  for (const text of texts(value)) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece) yield piece;
}
