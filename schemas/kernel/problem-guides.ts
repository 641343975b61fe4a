import type { CommonProblem } from './problems.ts';

/** The text of a problem's page: its cause, and the remedy for a client. */
export type ProblemGuide = { when: string; advice: string };

/** Returns the guide of a problem that passes by itself. */
const temporary = (when: string): ProblemGuide => ({
  when,
  advice:
    'Repeat the request after the seconds in Retry-After; a command with the same Idempotency-Key, so that it is done once.',
});

/** The guides of the problems that requests of every context may meet. */
export const problemGuides: Readonly<Record<CommonProblem, ProblemGuide>> = {
  'malformed-json': {
    when: 'The body is not JSON, is not UTF-8, or ends too early.',
    advice: 'Send the body as JSON with the media type application/json.',
  },
  'malformed-request': {
    when: 'A header or the path cannot be read; `detail` names it.',
    advice: 'Correct the header or the path as the reference describes it.',
  },
  'invalid-request': {
    when: 'A parameter or a property is missing, unknown, or of the wrong type; `errors` names up to 20 places.',
    advice: 'Correct the places in `errors`. If it names /cursor, start the list at its first page.',
  },
  unauthenticated: {
    when: 'The request has no access token, or one that has expired or is not valid for Plaza.',
    advice: 'Get a token as /sign-in describes, and send it in Authorization: Bearer.',
  },
  forbidden: {
    when: 'None of the roles in the token has access, or the request names another owner.',
    advice: 'Use a token whose roles have access; the reference lists them as x-access.',
  },
  'not-found': {
    when: 'The resource does not exist, or you have no access to it.',
    advice:
      'Check the ids in the path. After a command, send its Event-Position as Min-Event-Position to see its effect.',
  },
  'method-not-allowed': {
    when: 'The resource exists, but not with this method.',
    advice: 'Use one of the methods in Allow.',
  },
  'replay-running': {
    when: 'A replay of one of the views was requested before and has not finished.',
    advice: 'Wait until GET /operations/replays shows its end, or stop it.',
  },
  'demo-unavailable': {
    when: 'The demo was requested in a Plaza that holds other data, or that is not run by `npm start` with embedded stores and the payment sandbox.',
    advice: 'Start a Plaza with another PLAZA_DATA folder: `PLAZA_DATA=./demo npm start`.',
  },
  'precondition-failed': {
    when: 'The resource is not at the revision in If-Match, or exists although If-None-Match is *.',
    advice: 'Read the resource again, decide again, and send the command with its current revision.',
  },
  'body-too-large': {
    when: 'The body has more than 64 KiB, or the command would make an event that is too large.',
    advice: 'Send less in one command.',
  },
  'unsupported-media-type': {
    when: 'The body is not application/json in UTF-8, or is compressed.',
    advice: 'Send plain JSON with Content-Type: application/json.',
  },
  'misdirected-request': {
    when: 'Plaza listens on this machine only, without sign-in, and the Host header names another host.',
    advice: 'Use the address that Plaza prints when it starts, or turn sign-in on.',
  },
  'out-of-range': {
    when: 'A value has the right type but is too small, too large, too short or too long.',
    advice: 'Correct the values that `errors` names.',
  },
  'no-such-moment': {
    when: 'As-Of or Accept-Datetime names a moment before the first event, or one that has not come yet; `detail` names the limit.',
    advice: 'Name a moment between the first event and now.',
  },
  'idempotency-key-reused': {
    when: 'The Idempotency-Key belongs to another command.',
    advice: 'Use a new key for each command, and the same key only to repeat it.',
  },
  'too-many-requests': temporary('This client or this token sent too many requests, or holds too many event streams.'),
  'internal-error': {
    when: 'Plaza has a defect, or its configuration does not fit. The log of the process has the cause.',
    advice: 'Report it. A command may have been done: repeat it with the same Idempotency-Key.',
  },
  'too-many-conflicts': temporary(
    'Another write side changed the resource each time that this one had decided the command, which was not done.',
  ),
  overloaded: temporary('The process has reached its limit of requests in flight and waiting.'),
  'event-store-unavailable': temporary('The event store did not answer in time.'),
  'wrong-event-store': {
    when: 'The event store lacks events that the views have: it was emptied or restored from an older copy, or it is another one. `detail` names one of them. Commands and queries wait until an operator decides.',
    advice:
      'Ask an operator, who finds the steps in docs/restoring.md. Then repeat a command with the same Idempotency-Key.',
  },
  'written-by-newer': temporary('A newer version of Plaza changed the resource, as happens during an upgrade.'),
  'foreign-event': {
    when: 'Another program appended an event to the stream; `detail` names both. Plaza cannot know what it means.',
    advice: 'Tell the operator, or use a resource with another id: a repeat is answered the same.',
  },
  'stream-truncated': {
    when: 'The stream was deleted, or truncated by $maxCount, $maxAge or $tb; `detail` names it. Nothing can be decided without its events.',
    advice: 'Tell the operator: the events have to be restored. A repeat is answered the same until then.',
  },
  'sign-in-unavailable': temporary('The keys of the identity provider cannot be fetched.'),
  'views-unavailable': temporary('MongoDB does not answer, or a view is being built for the first time.'),
  'view-behind': {
    when: 'The view has not reached the position in Min-Event-Position; `position` is the position it has reached.',
    advice: 'Repeat the request, or send Prefer: wait=N to wait for the view.',
  },
};

/** Problems that only a gateway answers with. */
export const gatewayProblems: Readonly<Record<string, { status: number; title: string } & Partial<ProblemGuide>>> = {
  unavailable: { status: 503, title: 'No process is there to answer' },
  'write-side-unavailable': { status: 503, title: 'The write side is not available' },
  'read-api-unavailable': { status: 503, title: 'The read API is not available' },
  'projections-unavailable': { status: 503, title: 'The process of the projections is not available' },
  'context-not-served': {
    status: 503,
    title: 'The write side does not serve this context',
    when: 'The command came to a write side that runs other contexts: the gateway has no route to the right one, or there is none.',
    advice:
      'Tell those who run this Plaza: PLAZA_CONTEXTS of a write side must have the context, and the gateway must know it.',
  },
};

export const gatewayGuide: ProblemGuide = temporary('The gateway runs, but the process that should answer does not.');

/** The guides of a context's own problems, by status. */
export const guidesByStatus: Readonly<Record<402 | 404 | 409 | 422 | 503, ProblemGuide>> = {
  402: {
    when: 'The payment provider declined the payment.',
    advice: 'Nothing was charged. Send a new command with another payment method.',
  },
  404: {
    when: 'The command names a resource that does not exist.',
    advice: 'Check the ids in the path and in the body. Nothing was changed.',
  },
  409: {
    when: 'The resource is in a state that does not allow the command.',
    advice: 'Nothing was changed. Read the resource, and give the command again when its state allows it.',
  },
  422: {
    when: 'A value has the right shape but cannot be accepted.',
    advice: 'Nothing was changed. Correct the value, and send the command again.',
  },
  503: temporary('A limit of the context, or a service that it depends on, does not allow the command now.'),
};
