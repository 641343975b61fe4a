import type { CommonProblem } from '../../schemas/kernel/problems.ts';
import type { Problem } from './api.ts';
import { language, type Phrase } from './language.ts';

/** Refusals that belong to no context, and a gateway's refusals when a side does not answer. */
const common: Readonly<Record<string, Phrase> & Record<CommonProblem, Phrase>> = {
  'malformed-json': { en: 'The request is malformed', ko: '요청 형식이 올바르지 않습니다' },
  'malformed-request': { en: 'The request is malformed', ko: '요청 형식이 올바르지 않습니다' },
  'invalid-request': { en: 'A value is missing or invalid', ko: '누락되었거나 형식이 맞지 않는 값이 있습니다' },
  unauthenticated: { en: 'Sign in first', ko: '먼저 로그인하세요' },
  forbidden: { en: 'You may not do this', ko: '권한이 없는 작업입니다' },
  'too-many-requests': {
    en: 'Too many requests; try again in a moment',
    ko: '요청이 너무 많습니다. 잠시 후 다시 시도하세요',
  },
  'sign-in-unavailable': { en: 'Signing in is not possible now', ko: '지금은 로그인할 수 없습니다' },
  'misdirected-request': {
    en: 'Open this page as localhost, or turn sign-in on',
    ko: 'localhost 주소로 접속하거나 로그인 기능을 켜세요',
  },
  'not-found': { en: 'Not found', ko: '해당 항목이 없습니다' },
  'method-not-allowed': { en: 'That can’t be done here', ko: '여기서는 할 수 없는 작업입니다' },
  'precondition-failed': { en: 'It has changed in the meantime', ko: '그사이에 변경되었습니다' },
  'body-too-large': { en: 'The request is too large', ko: '요청이 너무 큽니다' },
  'unsupported-media-type': { en: 'The request is malformed', ko: '요청 형식이 올바르지 않습니다' },
  'no-such-moment': { en: 'There is nothing at that moment', ko: '해당 시점의 기록이 없습니다' },
  'out-of-range': { en: 'A value is out of its range', ko: '허용 범위를 벗어난 값이 있습니다' },
  'idempotency-key-reused': {
    en: 'This request was already sent with other values',
    ko: '같은 요청이 이미 다른 값으로 전송되었습니다',
  },
  'replay-running': { en: 'The view is already being replayed', ko: '이미 재생성 중인 뷰입니다' },
  'demo-unavailable': {
    en: 'The demo needs an empty Plaza, or one that it filled itself',
    ko: '데모는 비어 있거나 데모 데이터만 있는 Plaza에서만 실행할 수 있습니다',
  },
  'internal-error': { en: 'An error occurred in Plaza', ko: '시스템 오류가 발생했습니다' },
  'too-many-conflicts': {
    en: 'Others changed it at the same time; try again in a moment',
    ko: '동시에 다른 변경이 많습니다. 잠시 후 다시 시도하세요',
  },
  overloaded: {
    en: 'Too many requests are waiting; try again in a moment',
    ko: '요청이 많습니다. 잠시 후 다시 시도하세요',
  },
  'event-store-unavailable': {
    en: 'No changes can be made now: the event store does not answer. Nothing was changed',
    ko: '지금은 변경할 수 없습니다. 이벤트 저장소가 응답하지 않아 아무것도 바뀌지 않았습니다',
  },
  'wrong-event-store': {
    en: 'The event store is not the one that the views were made of. An operator must decide',
    ko: '이벤트 저장소가 뷰를 만든 저장소와 다릅니다. 운영자의 결정이 필요합니다',
  },
  'written-by-newer': {
    en: 'It was changed by a newer version of Plaza',
    ko: '더 새로운 버전의 Plaza에서 변경된 항목입니다',
  },
  'foreign-event': {
    en: 'This cannot be changed: another program wrote to its history. Tell the operator',
    ko: '다른 프로그램이 이력에 기록하여 변경할 수 없습니다. 운영자에게 문의하세요',
  },
  'stream-truncated': {
    en: 'This cannot be changed: a part of its history was deleted. Tell the operator',
    ko: '이력의 일부가 삭제되어 변경할 수 없습니다. 운영자에게 문의하세요',
  },
  'views-unavailable': { en: 'The read models do not answer', ko: '조회 모델이 응답하지 않습니다' },
  'view-behind': { en: 'The view does not show the latest change yet', ko: '최근 변경이 아직 반영되지 않았습니다' },
  unreachable: { en: 'Plaza does not answer', ko: 'Plaza가 응답하지 않습니다' },
  unavailable: {
    en: 'This is not possible now. Nothing was changed',
    ko: '지금은 처리할 수 없습니다. 아무것도 바뀌지 않았습니다',
  },
  'write-side-unavailable': {
    en: 'The write side does not answer. Check whether the change was made before you try again',
    ko: '쓰기 서버가 응답하지 않습니다. 다시 시도하기 전에 변경되었는지 확인하세요',
  },
  'context-not-served': {
    en: 'No changes can be made here now: no write side serves this',
    ko: '지금은 변경할 수 없습니다. 이 기능을 맡은 쓰기 서버가 없습니다',
  },
  'read-api-unavailable': { en: 'The read API does not answer', ko: '조회 서버가 응답하지 않습니다' },
  'projections-unavailable': { en: 'The projections do not answer', ko: '프로젝션이 응답하지 않습니다' },
};

/** Returns a problem's name: the last part of its type. */
export const problemName = ({ type }: Problem): string => type.replace('/problems/', '');

/** Returns the reason of a refusal that belongs to no context in words: Plaza's title when it is an unknown one. */
export const commonProblemWords = (problem: Problem): string =>
  common[problemName(problem)]?.[language.get()] ?? problem.title;
