import type { CommonProblem } from '../../schemas/kernel/problems.ts';
import type { Problem } from './api.ts';
import type { ContextView } from './context.ts';
import { language, type Phrase } from './language.ts';

/** Refusals that belong to no context, and those of a gateway whose side is away. */
const common: Readonly<
  Record<
    | CommonProblem
    | 'unreachable'
    | 'unavailable'
    | 'write-side-unavailable'
    | 'read-api-unavailable'
    | 'projections-unavailable',
    Phrase
  >
> = {
  'malformed-json': { en: 'The request could not be read', ko: '요청을 읽을 수 없습니다' },
  'malformed-request': { en: 'The request could not be read', ko: '요청을 읽을 수 없습니다' },
  'invalid-request': { en: 'Something is missing or of the wrong kind', ko: '빠졌거나 형식이 맞지 않는 값이 있습니다' },
  unauthenticated: { en: 'Sign in first', ko: '먼저 로그인하세요' },
  forbidden: { en: 'You may not do this', ko: '권한이 없는 작업입니다' },
  'too-many-requests': {
    en: 'Too many requests in a short time; wait a moment',
    ko: '짧은 시간에 요청이 너무 많습니다. 잠시 기다리세요',
  },
  'sign-in-unavailable': { en: 'Signing in is not possible now', ko: '지금은 로그인을 확인할 수 없습니다' },
  'misdirected-request': {
    en: 'Open this page as localhost, or turn sign-in on',
    ko: 'localhost 주소로 여시거나 로그인을 켜세요',
  },
  'not-found': { en: 'There is nothing here', ko: '해당하는 항목이 없습니다' },
  'method-not-allowed': { en: 'That can’t be done here', ko: '여기서는 할 수 없는 작업입니다' },
  'precondition-failed': { en: 'It was changed meanwhile', ko: '그 사이에 변경되었습니다' },
  'body-too-large': { en: 'That is too much at once', ko: '한 번에 보내기에는 너무 큽니다' },
  'unsupported-media-type': { en: 'The request could not be read', ko: '요청을 읽을 수 없습니다' },
  'out-of-range': { en: 'A value is out of its range', ko: '허용 범위를 벗어난 값이 있습니다' },
  'idempotency-key-reused': {
    en: 'This was sent before, with other values',
    ko: '같은 요청이 다른 값으로 이미 전송되었습니다',
  },
  'replay-running': { en: 'The view is being replayed already', ko: '이미 재생성 중인 뷰입니다' },
  'internal-error': { en: 'Something went wrong in Plaza', ko: '시스템 오류가 발생했습니다' },
  overloaded: {
    en: 'Too many requests are waiting; try again in a moment',
    ko: '요청이 많습니다. 잠시 후 다시 시도하세요',
  },
  'event-store-unavailable': {
    en: 'No changes can be made now: the event store is away. Nothing was changed',
    ko: '지금은 변경할 수 없습니다. 이벤트 저장소가 응답하지 않아 아무것도 바뀌지 않았습니다',
  },
  'written-by-newer': {
    en: 'It was changed by a newer version of Plaza',
    ko: '더 새로운 버전의 Plaza에서 변경된 항목입니다',
  },
  'views-unavailable': { en: 'The read models are away', ko: '조회 모델이 응답하지 않습니다' },
  'view-behind': { en: 'The view has not come so far yet', ko: '뷰가 아직 따라오지 못했습니다' },
  unreachable: { en: 'Plaza does not answer', ko: 'Plaza가 응답하지 않습니다' },
  unavailable: {
    en: 'Nobody is there to do this now. Nothing was changed',
    ko: '지금은 처리할 수 없습니다. 아무것도 바뀌지 않았습니다',
  },
  'write-side-unavailable': {
    en: 'No changes can be made now: the write side is away. Nothing was changed',
    ko: '지금은 변경할 수 없습니다. 쓰기 서버가 응답하지 않아 아무것도 바뀌지 않았습니다',
  },
  'read-api-unavailable': { en: 'The read API is away', ko: '조회 서버가 응답하지 않습니다' },
  'projections-unavailable': { en: 'The projections are away', ko: '프로젝션이 응답하지 않습니다' },
};

/** Why something was refused, in words. A context's own refusals are told in English as Plaza tells them. */
export const problemWords = ({ type, title }: Problem, context?: ContextView): string => {
  const name = type.replace('/problems/', '');
  const own = context?.problems[name];
  if (own !== undefined) return language.get() === 'ko' ? own : title;
  return (common as Readonly<Record<string, Phrase>>)[name]?.[language.get()] ?? title;
};
